"""How far an earlier model can be trusted."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import Study, StudyOutcome
from mmm_core.use_cases.experience import Grade, graded
from tests.fakes.some_results import some_results

NOW = datetime(2026, 11, 2, tzinfo=UTC)
ODD = Check("misfit", "Shape", Status.REVIEW, "Look at it.")
FAILED = Check("negative_baseline", "Baseline", Status.FAIL, "Below zero.")
RHAT = Check("rhat", "Chains agree", Status.FAIL, "They do not.")


def study(kind: str, status: Status) -> Study:
    outcome = StudyOutcome("So.", (Check("x", "X", status, "So."),))
    return Study("s", "p", "d", "r", None, kind, "", {}, RunStatus.DONE, 1, "Ann", NOW, outcome=outcome)


@pytest.mark.parametrize(
    ("checks", "studies", "grade", "why"),
    [
        ((), (), Grade.A, "passed every check, not validated"),
        ((), (study("holdout", Status.PASS),), Grade.A, "passed every check, and held in holdout"),
        ((ODD,), (), Grade.B, "to review: shape, not validated"),
        ((FAILED, ODD), (), Grade.C, "failed baseline"),
        ((), (study("placebo", Status.FAIL),), Grade.C, "its placebo validation failed"),
        ((), (study("ladder", Status.FAIL),), Grade.A, "passed every check, not validated"),
        ((RHAT,), (), Grade.D, "failed chains agree"),
        ((FAILED, FAILED), (), Grade.D, "failed baseline and baseline"),
    ],
)
def test_models_are_graded(checks: tuple[Check, ...], studies: tuple[Study, ...], grade: Grade, why: str) -> None:
    assert graded(replace(some_results(), checks=checks), studies) == (grade, why)
