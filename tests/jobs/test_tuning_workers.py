"""Tuning sessions on real workers, queue and database, each of them killed on the way."""

from contextlib import suppress
from pathlib import Path

import pytest

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import StepStatus, Study
from mmm_core.domain.tuning import TuningOptions
from mmm_core.domain.workflow import Awaited, EventKind, Verdict, WorkflowStatus
from mmm_core.use_cases import approvals, studies, tuning, tuning_history, workflows
from tests.jobs import test_workflow_workers
from tests.jobs.conftest import Shop
from tests.jobs.test_workflow_workers import kill, kill_postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

house = test_workflow_workers.house


class Session:
    """A tuning session of one iteration in a shop's project."""

    def __init__(self, shop: Shop, *, queued: bool = True) -> None:
        self.services, self.actor, self.project_id = shop.services, shop.actor, shop.project_id
        spec, _ = tuning.begun_from(self.services, self.actor, self.project_id)
        begin = tuning.start if queued else tuning.create
        self.id = begin(
            self.services, self.actor, self.project_id, spec, "", TuningOptions(iterations=1, threshold=1.0)
        ).id

    @property
    def now(self) -> workflows.Watch:
        return workflows.watch(self.services, self.actor, self.id)

    @property
    def trials(self) -> list[Study]:
        return [t for t in studies.list_studies(self.services, self.actor, self.project_id) if t.kind == "trial"]

    def in_trial(self) -> bool:
        """Whether the first trial has done one of its steps and not all; a database that is away is asked again."""
        with suppress(CarryoverError):
            steps = studies.watch_study(self.services, self.actor, self.trials[0].id).steps if self.trials else ()
            return [t.status for t in steps] == [StepStatus.DONE, StepStatus.RUNNING]
        return False

    def over(self) -> bool:
        with suppress(CarryoverError):
            seen = self.now
            if seen.asked is not None and seen.workflow.awaited is Awaited.APPROVAL:
                key = seen.asked.question.key
                approvals.answer(self.services, self.actor, self.id, key, Verdict.REJECT, "Enough.")
            return seen.workflow.status.ended
        return False

    def done_once(self) -> None:
        """Every act of the session is there, and there once."""
        seen = self.now
        assert seen.workflow.status in (WorkflowStatus.DONE, WorkflowStatus.STOPPED), seen.workflow.error
        acts = [str(e.detail["key"]) for e in seen.events if e.kind is EventKind.ACT]
        assert len(acts) == len(set(acts))
        assert len(self.trials) == sum(key.startswith("trial:") for key in acts)
        assert {t.status for t in self.trials} == {RunStatus.DONE}
        assert tuning_history.replay(tuning_history.history(seen)) == ()


def test_a_worker_killed_in_a_trial(shop: Shop) -> None:
    one = Session(shop)
    shop.worker("prior")
    shop.wait(one.in_trial)
    kill(shop)
    assert one.now.workflow.awaited is Awaited.STUDY
    shop.worker("prior")
    shop.wait(one.over, 300)
    one.done_once()


def test_web_and_postgres_killed_before_it_begins_and_while_it_works(house: tuple[Shop, Path]) -> None:
    shop, home = house
    # The web process dies between the row and the queue.
    one = Session(shop, queued=False)
    assert (one.now.workflow.status, one.now.workflow.job_id) == (WorkflowStatus.QUEUED, None)
    shop.worker("prior")
    shop.wait(lambda: one.now.workflow.status is not WorkflowStatus.QUEUED)
    # The roles work, and the database dies.
    kill_postgres(home)
    shop.wait(one.in_trial, 300)
    # The session waits and its trial works, and the database dies.
    kill_postgres(home)
    shop.wait(one.over, 300)
    one.done_once()
