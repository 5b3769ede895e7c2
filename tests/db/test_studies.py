"""Studies and their steps as rows."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from db.work import PostgresWork
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import Cancelled, Conflict, NotFound
from mmm_core.domain.fit import Progress, RunStatus
from mmm_core.domain.study import (
    Column,
    Line,
    Picture,
    StepEnded,
    StepStatus,
    Study,
    StudyOutcome,
    Table,
)
from tests.db import some

Open = Callable[[], PostgresWork]

FOUND = StudyOutcome(
    "It holds.",
    (Check("mape", "Error", Status.REVIEW, "It is off by 17%.", 0.17, 0.15),),
    (Table("Rows", (Column("Channel"), Column("Change", "share")), (("tv", 0.1), ("radio", None)), "A note."),),
    (Picture("Bars", "bars", ("tv", "radio"), (Line("Change", (0.1, None), (0.0, 0.0), (0.2, 0.3)),), "share"),),
)


@pytest.fixture
def study(work: Open) -> Study:
    with work() as w:
        made = some.study(some.store_run(w))
        w.studies.add(made, some.steps())
    return made


def begun(work: Open, study: Study) -> int:
    with work() as w:
        return w.studies.begin_attempt(study.id)


def test_a_study_comes_back_equal_with_its_steps(work: Open, study: Study) -> None:
    with work() as w:
        assert w.studies.get(study.id) == study
        assert w.studies.list(study.project_id) == [study]
        assert w.studies.of_run(str(study.run_id)) == [study]
        assert w.studies.steps(study.id) == some.steps()


def test_steps_are_kept_as_they_end_and_an_outcome_once(work: Open, study: Study) -> None:
    attempt = begun(work, study)
    said = Progress(0, 3, "sampling", 50, 100)
    with work() as w:
        w.studies.begin_step(study.id, attempt, "step 0")
        w.studies.note_progress(study.id, attempt, "step 0", said)
        running = w.studies.steps(study.id, results=False)[0]
        assert (running.status, running.progress, running.fraction) == (StepStatus.RUNNING, said, 0.5)
    result = {"mape": 0.1, "none": None, "nan": float("inf"), "dates": ["2025-01-06"]}
    with work() as w:
        w.studies.end_step(study.id, attempt, StepEnded("step 0", result, 2.5))
        w.studies.end_step(study.id, attempt, StepEnded("step 1", None, 0.5, "The column is gone."))
        with pytest.raises(Conflict, match="already ended"):
            w.studies.end_step(study.id, attempt, StepEnded("step 0", {}, 1.0))
    with work() as w:
        first, second = w.studies.steps(study.id)
        assert (first.status, first.result, first.seconds, first.attempt) == (StepStatus.DONE, result, 2.5, attempt)
        assert (second.status, second.error, second.result) == (StepStatus.FAILED, "The column is gone.", None)
        assert [s.result for s in w.studies.steps(study.id, results=False)] == [None, None]
        w.studies.finish(study.id, attempt, FOUND)
    with work() as w:
        done = w.studies.get(study.id)
        assert done.status is RunStatus.DONE
        assert done.outcome == FOUND
        assert done.outcome.status is Status.REVIEW
        with pytest.raises(Conflict, match="already ended"):
            w.studies.finish(study.id, attempt, FOUND)


def test_an_older_attempt_and_a_cancelled_study_can_no_longer_write(work: Open, study: Study) -> None:
    assert (begun(work, study), begun(work, study)) == (1, 2)
    with work() as w, pytest.raises(Conflict, match="Attempt 2 has taken over this study"):
        w.studies.begin_step(study.id, 1, "step 0")
    with work() as w:
        w.studies.set_status(study.id, RunStatus.CANCELLED)
    with work() as w:
        assert w.studies.heartbeat(study.id, 2) is RunStatus.CANCELLED
        with pytest.raises(Cancelled):
            w.studies.end_step(study.id, 2, StepEnded("step 0", {}, 1.0))
    with work() as w:
        w.studies.set_status(study.id, RunStatus.QUEUED)
        assert w.studies.get(study.id).status is RunStatus.QUEUED, "what was cancelled may go on"


def test_what_is_not_there_is_one_sentence(work: Open, study: Study) -> None:
    with work() as w:
        for look_up in (lambda: w.studies.get("none"), lambda: w.studies.begin_attempt("none")):
            with pytest.raises(NotFound, match="no such study"):
                look_up()


def test_a_study_goes_with_its_run(work: Open, study: Study) -> None:
    with work() as w:
        orphan = replace(study, id="orphan", run_id="gone")
        with pytest.raises(NotFound):
            _add(work, orphan)
        w.studies.add(replace(study, id=f"{study.id}-data", run_id=None), [])
        assert w.studies.get(f"{study.id}-data").run_id is None


def _add(work: Open, study: Study) -> None:
    with work() as w:
        w.studies.add(study, [])
