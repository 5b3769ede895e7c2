"""Workers as real processes on a real queue and database; the fit's process is a stand-in that needs no JAX."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.worker import NEVER_IMPORTED
from mmm_core.domain.fit import RunStatus
from mmm_core.use_cases import fits
from tests.jobs.conftest import ROOT, Shop, spec
from tests.jobs.test_fit_server import gone

WHOLE = b"".join(f"{chain}:{number};".encode() for chain in (0, 1) for number in range(10))


def children(pid: int) -> list[int]:
    """Every living descendant."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == pid:
                found += [int(entry.name), *children(int(entry.name))]
    return found


@pytest.mark.slow
def test_two_workers_share_a_queue_and_do_each_run_once(shop: Shop) -> None:
    runs = [shop.request(f"Run {n}", tune=200) for n in range(6)]
    shop.worker()
    shop.worker()
    shop.wait(lambda: shop.services.queue.workers() == 2)
    for run in runs:
        done = shop.wait_for(run.id, RunStatus.DONE)
        assert done.attempt == 1
        assert shop.draws(run.id) == WHOLE
    spans = [(shop.run(r.id).started_at, shop.run(r.id).ended_at) for r in runs]
    assert any(a[0] < b[1] and b[0] < a[1] for i, a in enumerate(spans) for b in spans[:i]), "both worked at once"  # type: ignore[operator]


@pytest.mark.slow
def test_a_killed_worker_takes_its_fit_along_and_another_goes_on(shop: Shop) -> None:
    run = shop.request(tune=300)
    worker = shop.worker()
    shop.wait(lambda: shop.chunks(run.id) >= 6)
    below = children(worker.pid)
    assert len(below) >= 3, "work horse, fork server, fit"
    worker.kill()
    worker.wait()
    assert all(gone(pid) for pid in below)
    kept = shop.chunks(run.id)
    assert shop.run(run.id).status is RunStatus.RUNNING
    shop.worker()
    done = shop.wait_for(run.id, RunStatus.DONE)
    assert done.attempt == 2
    assert shop.draws(run.id) == WHOLE
    rows = fits.progress_history(shop.services, shop.actor, run.id)
    assert len(rows) < 20 + kept, "it went on from its chunks and did not begin anew"
    assert "put back" in shop.log()


@pytest.mark.slow
def test_sigterm_hands_the_fit_back_within_seconds(shop: Shop) -> None:
    run = shop.request(tune=500)
    worker = shop.worker()
    shop.wait(lambda: shop.chunks(run.id) >= 2)
    below = children(worker.pid)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert all(gone(pid) for pid in below)
    back = shop.run(run.id)
    assert back.status is RunStatus.QUEUED
    assert shop.queue.position(str(back.job_id)) == 0
    shop.worker()
    assert shop.wait_for(run.id, RunStatus.DONE).attempt == 2
    assert shop.draws(run.id) == WHOLE


def test_an_idle_worker_ends_at_sigterm_and_leaves_nothing(shop: Shop) -> None:
    worker = shop.worker()
    shop.wait(lambda: shop.services.queue.workers() == 1)
    below = children(worker.pid)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert all(gone(pid) for pid in below)
    assert shop.services.queue.workers() == 0


def test_a_job_that_the_queue_forgot_is_put_back(shop: Shop) -> None:
    run = shop.request()
    shop.wired.redis.flushdb()
    time.sleep(2)
    shop.worker()
    assert shop.wait_for(run.id, RunStatus.DONE).attempt == 1


def test_a_run_of_a_command_that_was_stopped_is_ended(shop: Shop) -> None:
    run = fits.create_run(shop.services, shop.actor, shop.project_id, spec())
    with shop.services.work(shop.actor) as work:
        work.runs.begin_attempt(run.id)
    time.sleep(2)
    shop.worker()
    assert shop.wait_for(run.id, RunStatus.FAILED).error == "The command that ran this fit was stopped."


def test_a_run_whose_workers_die_every_time_is_given_up(shop: Shop) -> None:
    run = shop.request()
    with shop.services.work(shop.actor) as work:
        for _ in range(5):
            work.runs.begin_attempt(run.id)
    shop.wired.redis.flushdb()
    time.sleep(2)
    shop.worker()
    error = shop.wait_for(run.id, RunStatus.FAILED).error
    assert error is not None
    assert "worker died 5 times" in error


def test_a_worker_refuses_to_hold_what_must_not_be_forked() -> None:
    jax = "import sys, types; sys.modules['jax'] = types.ModuleType('jax')"
    done = python(f"{jax}; from tests.jobs import run_worker; run_worker.main()")
    assert done.returncode != 0
    assert "A worker must not import jax" in done.stderr


def test_worker_and_task_import_none_of_it() -> None:
    done = python("import sys, jobs.worker, server.cli_run; print(*sys.modules)")
    assert not NEVER_IMPORTED & set(done.stdout.split())
    assert "jobs.tasks" in done.stdout.split()


def python(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
