"""Studies carried out by workers as real processes, and by the command's own process."""

import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.fit_server import FitKilled, ForkServerFitProcess
from mmm_core.domain.errors import BadInput, Cancelled, NotFound, SpecError
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import StepStatus, Study
from mmm_core.studies import registry
from mmm_core.use_cases import pulse, studies
from mmm_core.use_cases.execute_study import execute_study
from tests.jobs import counting_study
from tests.jobs.conftest import Shop, spec
from tests.jobs.test_fit_server import gone
from tests.jobs.test_worker import children


@pytest.fixture(autouse=True)
def counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "KINDS", dict(registry.KINDS))
    counting_study.register()


@pytest.fixture(scope="module")
def process() -> ForkServerFitProcess:
    return ForkServerFitProcess(
        target="tests.jobs.fake_fit:by_seed",
        preload=("tests.jobs.counting_study",),
        study_target="tests.jobs.counting_study:main",
    )


def ask(shop: Shop, kind: str = "counting", **options: object) -> Study:
    return studies.request_study(shop.services, shop.actor, shop.project_id, kind, spec=spec(), options=options)


def here(shop: Shop, process: ForkServerFitProcess, kind: str = "counting", **options: object) -> Study:
    """Carried out without a worker, as the command does."""
    made = studies.create_study(shop.services, shop.actor, shop.project_id, kind, spec=spec(), options=options)
    execute_study(replace(shop.services, fit_process=process), shop.actor, made.id)
    return now(shop, made)


def now(shop: Shop, study: Study) -> Study:
    return studies.get_study(shop.services, shop.actor, study.id)


def steps(shop: Shop, study: Study) -> list[dict[str, object] | None]:
    with shop.services.work(shop.actor) as work:
        return [s.result for s in work.studies.steps(study.id)]


def done(shop: Shop, study: Study) -> int:
    return studies.watch_study(shop.services, shop.actor, study.id).done


def test_the_command_carries_a_study_out_itself(shop: Shop, process: ForkServerFitProcess) -> None:
    told = []
    made = studies.create_study(shop.services, shop.actor, shop.project_id, "counting", spec=spec())
    execute_study(
        replace(shop.services, fit_process=process), shop.actor, made.id, on_step=lambda m: told.append(m.name)
    )
    study = now(shop, made)
    assert study.status is RunStatus.DONE
    assert study.outcome is not None
    assert study.outcome.verdict == "Counted 4 of 4 to 6."
    results = steps(shop, study)
    assert [r["before"] for r in results if r] == [[f"count {i}" for i in range(n)] for n in range(4)]
    assert len({r["pid"] for r in results if r}) == 1, "one process for all steps"
    assert told == [name for n in range(4) for name in (f"count {n}", f"count {n}")]
    with shop.services.work(shop.actor) as work:
        assert [row[2] for row in work.audit.list(2)] == ["study.done", "study.requested"]
        lineage = work.graph.lineage("study", study.id)
    assert {"study", "dataset"} <= {s.kind for s in lineage}


def test_a_process_killed_once_goes_on_where_it_was(shop: Shop, process: ForkServerFitProcess, tmp_path: Path) -> None:
    study = here(shop, process, die_at=2, mark=str(tmp_path / "died"))
    results = steps(shop, study)
    assert study.status is RunStatus.DONE
    pids = [r["pid"] for r in results if r]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert results[3] is not None
    assert results[3]["before"] == ["count 0", "count 1", "count 2"]


def test_a_process_killed_twice_in_a_step_fails_the_study(shop: Shop, process: ForkServerFitProcess) -> None:
    with pytest.raises(FitKilled):
        here(shop, process, die_at=1)
    study = studies.list_studies(shop.services, shop.actor, shop.project_id)[0]
    assert study.status is RunStatus.FAILED
    assert study.error is not None
    assert "memory" in study.error
    assert done(shop, study) == 1


def test_a_failed_step_ends_a_study_or_is_kept(shop: Shop, process: ForkServerFitProcess) -> None:
    with pytest.raises(SpecError, match="third column"):
        here(shop, process, fail_at=2)
    failed = studies.list_studies(shop.services, shop.actor, shop.project_id)[0]
    assert failed.error == "The third column is gone."
    tolerant = here(shop, process, "counting_on", fail_at=2)
    assert tolerant.outcome is not None
    assert tolerant.outcome.verdict == "Counted 3 of 4 to 4."
    with shop.services.work(shop.actor) as work:
        kept = work.studies.steps(tolerant.id)[2]
    assert (kept.status, kept.error) == (StepStatus.FAILED, "The third column is gone.")


def test_what_cannot_be_studied_is_refused_before_it_waits(shop: Shop) -> None:
    for options, words in (({"steps": 101}, "more than 100"), ({"draws": 1}, "draws"), ({"fast": 1}, "fast")):
        with pytest.raises(BadInput, match=words):
            ask(shop, **options)
    with pytest.raises(BadInput, match="no study called horoscope"):
        ask(shop, "horoscope")
    with pytest.raises(NotFound, match="needs a fitted model"):
        ask(shop, "holdout")
    assert studies.list_studies(shop.services, shop.actor, shop.project_id) == []


@pytest.mark.slow
def test_two_workers_do_each_study_once(shop: Shop) -> None:
    asked = [ask(shop, milliseconds=50) for _ in range(4)]
    shop.worker()
    shop.worker()
    shop.wait(lambda: all(now(shop, s).status is RunStatus.DONE for s in asked))
    assert [now(shop, s).attempt for s in asked] == [1] * 4


@pytest.mark.slow
def test_a_killed_worker_repeats_no_finished_step(shop: Shop) -> None:
    study = ask(shop, milliseconds=400, steps=6)
    worker = shop.worker()
    shop.wait(lambda: done(shop, study) >= 2)
    below = children(worker.pid)
    worker.kill()
    worker.wait()
    assert all(gone(pid) for pid in below)
    before = steps(shop, study)
    assert now(shop, study).status is RunStatus.RUNNING
    shop.worker()
    shop.wait(lambda: now(shop, study).status is RunStatus.DONE)
    after = steps(shop, study)
    kept = [r for r in before if r is not None]
    assert 2 <= len(kept) < 6
    assert after[: len(kept)] == kept
    assert now(shop, study).attempt == 2
    assert "abandoned study put back" in shop.log()


@pytest.mark.slow
def test_a_study_makes_way_for_a_fit_and_goes_on(shop: Shop) -> None:
    study = ask(shop, milliseconds=500, steps=6)
    shop.worker()
    shop.wait(lambda: done(shop, study) >= 1)
    run = shop.request()
    shop.wait_for(run.id, RunStatus.DONE)
    assert now(shop, study).status is not RunStatus.DONE, "the fit did not wait for its end"
    shop.wait(lambda: now(shop, study).status is RunStatus.DONE)
    assert now(shop, study).attempt == 2
    found = now(shop, study).outcome
    assert found is not None
    assert found.verdict == "Counted 6 of 6 to 15."


@pytest.mark.slow
def test_sigterm_hands_a_study_back(shop: Shop) -> None:
    study = ask(shop, milliseconds=700)
    worker = shop.worker()
    shop.wait(lambda: done(shop, study) >= 1)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert now(shop, study).status is RunStatus.QUEUED
    assert 1 <= done(shop, study) < 4


@pytest.mark.slow
def test_cancel_stops_it_and_resume_goes_on(shop: Shop) -> None:
    study = ask(shop, milliseconds=400, steps=5)
    shop.worker()
    shop.wait(lambda: done(shop, study) >= 1)
    studies.cancel_study(shop.services, shop.actor, study.id)
    shop.wait(lambda: "study cancelled" in shop.log() or now(shop, study).status is RunStatus.CANCELLED)
    time.sleep(1)
    kept = done(shop, study)
    assert kept < 5
    studies.resume_study(shop.services, shop.actor, study.id)
    shop.wait(lambda: now(shop, study).status is RunStatus.DONE)
    assert now(shop, study).attempt == 2


@pytest.mark.slow
def test_a_study_whose_workers_die_every_time_is_given_up(shop: Shop) -> None:
    study = ask(shop)
    with shop.services.work(shop.actor) as work:
        for _ in range(5):
            work.studies.begin_attempt(study.id)
    shop.wired.redis.flushdb()
    time.sleep(2)
    shop.worker()
    shop.wait(lambda: now(shop, study).status is RunStatus.FAILED)
    error = now(shop, study).error
    assert error is not None
    assert "study's worker died 5 times" in error


def test_a_cancelled_study_says_so_to_the_command(
    shop: Shop, process: ForkServerFitProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = studies.create_study(
        shop.services, shop.actor, shop.project_id, "counting", spec=spec(), options={"milliseconds": 1500}
    )
    monkeypatch.setattr(pulse, "HEARTBEAT_SECONDS", 0.1)
    with pytest.raises(Cancelled):
        execute_study(
            replace(shop.services, fit_process=process), shop.actor, made.id, on_step=lambda _: _cancel(shop, made)
        )
    assert now(shop, made).status is RunStatus.CANCELLED


def _cancel(shop: Shop, study: Study) -> None:
    if now(shop, study).status is RunStatus.RUNNING:
        studies.cancel_study(shop.services, shop.actor, study.id)
