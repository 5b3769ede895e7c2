"""Services on real servers, a project that can be fitted, and workers in processes of their own."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from jobs import addresses, wiring
from jobs.queue import RqFitQueue
from mmm_core.data import read, simulate
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Sampling
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, fits, plans, projects
from tests.conftest import Database
from tests.jobs.nursery import ROOT, Worker, nursery


@dataclass
class Shop:
    """One database and queue with a project in it, and the workers that a test started."""

    settings: Settings
    wired: wiring.Wired
    actor: Actor
    folder: Path
    project_id: str = ""
    workers: list[Worker] = field(default_factory=list)

    @property
    def services(self) -> Services:
        return self.wired.services

    @property
    def queue(self) -> RqFitQueue:
        return RqFitQueue(self.wired.redis)

    def request(self, name: str = "", **sampling: object) -> Run:
        return fits.request_fit(self.services, self.actor, self.project_id, spec(**sampling), name=name)

    def run(self, run_id: str) -> Run:
        return fits.get_run(self.services, self.actor, run_id)

    def chunks(self, run_id: str) -> int:
        with self.services.work(self.actor) as work:
            return len(work.runs.chunks(run_id))

    def draws(self, run_id: str) -> bytes:
        with self.services.work(self.actor) as work:
            return work.blobs.get(work.runs.draws_blob(run_id))

    def worker(self, fit: str = "stand-in", *, silent: float = 2.0) -> Worker:
        environment = {
            **os.environ,
            "DATABASE_URL": addresses.admin_url(self.settings),
            "REDIS_URL": addresses.redis_url(self.settings),
            "CARRYOVER_HOME": str(self.settings.home),
            "CARRYOVER_TEST_FIT": fit,
            "CARRYOVER_TEST_SILENT": str(silent),
            "PYTHONPATH": str(ROOT),
        }
        process = nursery().worker(environment, self.folder / "worker.log")
        self.workers.append(process)
        return process

    def log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def wait(self, what: Callable[[], bool], seconds: float = 150.0) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert time.monotonic() < deadline, f"{seconds:.0f} s in vain; the worker's log:\n{self.log()[-6000:]}"
            time.sleep(0.05)

    def wait_for(self, run_id: str, status: RunStatus, seconds: float = 150.0) -> Run:
        self.wait(lambda: self.run(run_id).status is status, seconds)
        return self.run(run_id)

    def end_workers(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.workers:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.workers.clear()


def spec(**sampling: object) -> ModelSpec:
    few = {"draws": 50, "tune": 50, "chains": 2, **sampling}
    return ModelSpec(
        kpi=KpiSpec(column="revenue"),
        date="week",
        channels=(ChannelSpec(name="tv", spend="tv_spend"), ChannelSpec(name="search", spend="search_spend")),
        sampling=Sampling.model_validate(few),
    )


def open_shop(database_url: str, redis_url: str, folder: Path) -> Shop:
    settings = Settings(database_url=SecretStr(database_url), redis_url=SecretStr(redis_url), home=folder / "home")
    wired = wiring.wire(settings)
    shop = Shop(settings, wired, wired.people.local(), folder)
    services, actor = shop.services, shop.actor
    project = projects.create_project(services, actor, name="Shop", kpi_name="revenue")
    upload = datasets.Upload(read.to_parquet(simulate.company("national", 3).frame), "shop.parquet")
    datasets.add_dataset(services, actor, project.id, [upload])
    plans.skip_plan(services, actor, project.id, "A test needs no plan.")
    shop.project_id = project.id
    return shop


@pytest.fixture(scope="module")
def open_house(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop with one worker for every test of the module that does it no harm."""
    opened = open_shop(database.admin, redis_url, tmp_path_factory.mktemp("shop"))
    opened.worker()
    yield opened
    opened.end_workers()
    opened.wired.close()


@pytest.fixture
def shop(fresh_database: Database, redis_url: str, tmp_path: Path) -> Iterator[Shop]:
    opened = open_shop(fresh_database.admin, redis_url, tmp_path)
    opened.wired.redis.flushdb()
    yield opened
    opened.end_workers()
    opened.wired.close()
