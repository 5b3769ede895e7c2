"""The workflow on real workers, queue and database, each of them killed on the way."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from db import migrate
from mmm_core.data import simulate
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.workflow import Awaited, EventKind, Verdict, Workflow, WorkflowStatus
from mmm_core.use_cases import approvals, datasets, fits, plans, projects, reports, what_if, workflows
from server import embedded
from tests.jobs.conftest import Shop, open_shop
from tests.jobs.test_fit_server import gone
from tests.jobs.test_worker import children

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


class Analysis:
    """A workflow of a shop's second project, whose plan nobody has decided yet."""

    def __init__(self, shop: Shop) -> None:
        self.shop, self.services, self.actor = shop, shop.services, shop.actor
        self.project_id = projects.create_project(self.services, self.actor, name="Whole", question="What works?").id
        content = simulate.company("national", 5, weeks=110, channels=3).frame.to_csv(index=False).encode()
        datasets.add_dataset(self.services, self.actor, self.project_id, [datasets.Upload(content, "whole.csv")])
        self.id = workflows.start(self.services, self.actor, self.project_id).id

    @property
    def now(self) -> Workflow:
        return workflows.get(self.services, self.actor, self.id)

    def reach(self, gate: str) -> None:
        """Wait for a question; a database that is away is asked again."""
        self.shop.wait(lambda: self._asked() == gate)

    def _asked(self) -> str | None:
        with suppress(CarryoverError):
            now = self.now
            assert not now.status.ended, now.outcome
            if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.APPROVAL and now.awaited_id:
                return now.awaited_id.partition(":")[0]
        return None

    def approve(self) -> None:
        key = self.now.awaited_id
        assert key is not None
        approvals.answer(self.services, self.actor, self.id, key, Verdict.APPROVE, "Yes.")

    def in_fit(self, chunks: int) -> bool:
        now = self.now
        return now.awaited is Awaited.FIT and now.awaited_id is not None and self.shop.chunks(now.awaited_id) >= chunks

    def done_once(self) -> None:
        """Every act of the analysis is there, and there once."""
        s, a, project = self.services, self.actor, self.project_id
        plan = plans.latest_plan(s, a, project)
        assert plan is not None
        assert (plan.version, plan.status.value) == (1, "approved")
        assert len(fits.list_runs(s, a, project)) == 1
        assert len(reports.list_reports(s, a, project)) == 1
        assert len(what_if.list_scenarios(s, a, project)) == 1
        events = workflows.watch(s, a, self.id).events
        acts = [e.detail["key"] for e in events if e.kind is EventKind.ACT]
        assert len(acts) == len(set(acts))
        with s.work(a) as work:
            trail = [row[2] for row in work.audit.list(1000) if row[3] == self.id]
            assert work.audit.first_broken() is None
        assert trail.count("workflow.done") == 1
        assert trail.count("approval.approve") == trail.count("approval.asked")


@pytest.fixture
def house(short_folder: Path) -> Iterator[tuple[Shop, Path]]:
    home = short_folder / "servers"
    with embedded.servers(home) as urls:
        migrate.upgrade(urls.admin)
        shop = open_shop(urls.admin, urls.redis, short_folder)
        yield shop, home
        shop.end_workers()
        shop.wired.close()


def kill(shop: Shop) -> None:
    """The worker as the machine's memory killer ends it, and everything below it."""
    worker = shop.workers.pop()
    below = children(worker.pid)
    worker.kill()
    worker.wait()
    assert all(gone(pid) for pid in below)


def kill_postgres(home: Path) -> None:
    """Its keeper starts it again in a moment; every connection is cut."""
    keeper = str(json.loads((home / "servers.json").read_text())["pid"])
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
                if name == "postgres" and rest.split()[1] == keeper:
                    os.kill(int(entry.name), signal.SIGKILL)
                    return
    raise AssertionError("no Postgres runs")


def test_web_worker_and_postgres_killed_in_turn_while_it_waits_and_works(house: tuple[Shop, Path]) -> None:
    shop, home = house
    one = Analysis(shop)
    shop.worker("prior")
    one.reach("plan")
    # It waits and holds no worker: a fit of somebody else goes through.
    other = shop.request("Meanwhile")
    shop.wait(lambda: shop.run(other.id).status.ended)
    # The worker dies, and the web process dies between the answer and the queue.
    kill(shop)
    approvals.record_answer(one.services, one.actor, one.id, "plan:1", Verdict.APPROVE, "Yes.")
    assert (one.now.status, one.now.job_id) == (WorkflowStatus.QUEUED, None)
    shop.worker("prior")
    # It works: the worker dies in the middle of a stretch.
    shop.wait(lambda: one.now.status is WorkflowStatus.RUNNING)
    kill(shop)
    shop.worker("prior")
    one.reach("data")
    # It waits, and the database dies.
    kill_postgres(home)
    one.reach("data")
    one.approve()
    one.reach("baseline")
    one.approve()
    one.reach("fit")
    one.approve()
    # Its fit works, as a job of its own: the database dies, then the worker.
    shop.wait(lambda: one.in_fit(2))
    assert one.now.status is WorkflowStatus.WAITING
    kill_postgres(home)
    one_more = time.monotonic() + 3
    shop.wait(lambda: time.monotonic() > one_more)
    kill(shop)
    shop.worker("prior")
    one.reach("budget")
    one.approve()
    # It works, and the database dies.
    shop.wait(lambda: one.now.status is not WorkflowStatus.QUEUED)
    kill_postgres(home)
    one.reach("publication")
    one.approve()
    shop.wait(lambda: one.now.status is WorkflowStatus.DONE)
    one.done_once()


def test_sigterm_hands_it_back_and_two_workers_do_each_stretch_once(shop: Shop) -> None:
    one = Analysis(shop)
    worker = shop.worker("prior")
    shop.wait(lambda: one.now.status is WorkflowStatus.RUNNING)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert one.now.status in (WorkflowStatus.QUEUED, WorkflowStatus.WAITING)
    shop.workers.clear()
    shop.worker("prior")
    shop.worker("prior")
    one.reach("plan")
    before = one.now.attempt
    one.approve()
    one.reach("data")
    assert one.now.attempt == before + 1
    workflows.cancel(one.services, one.actor, one.id)
    assert one.now.status is WorkflowStatus.CANCELLED
