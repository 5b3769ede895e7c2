"""The grading's arithmetic against companies graded by hand."""

import numpy as np
import pytest

from benchmarks import grading

RNG = np.random.default_rng(3)


def _found(totals: np.ndarray, weekly: np.ndarray, expected: np.ndarray) -> dict[str, np.ndarray]:
    return {"totals": totals, "weekly": weekly, "expected": expected}


def test_a_perfect_answer_has_no_error() -> None:
    brought, kpi = RNG.gamma(2.0, 1.0, (3, 40)), RNG.gamma(9.0, 1.0, 40)
    totals = brought.sum(axis=1) + 1e-9 * RNG.standard_normal((500, 3))
    graded = grading.accuracy(_found(totals, brought.T, kpi), {"brought": brought, "kpi": kpi})
    assert graded["rmse"] == pytest.approx(0, abs=1e-12)
    assert graded["smape"] == pytest.approx(0, abs=1e-9)
    assert graded["bias"] == pytest.approx(0, abs=1e-9)
    assert graded["r2"] == pytest.approx(1)


def test_errors_of_an_answer_that_is_twice_the_truth() -> None:
    brought, kpi = np.full((2, 10), 3.0), np.arange(95.0, 105.0)
    totals = np.full((100, 2), 60.0)
    graded = grading.accuracy(_found(totals, np.full((10, 2), 6.0), kpi), {"brought": brought, "kpi": kpi})
    assert graded["rmse"] == pytest.approx(3.0 / kpi.mean())
    assert graded["smape"] == pytest.approx(2 * 30 / 90)
    assert graded["bias"] == pytest.approx(1.0)
    assert graded["cover90"] == 0.0


def test_coverage_counts_channels_whose_interval_holds_the_truth() -> None:
    totals = np.linspace(0, 100, 1001)[:, None] * np.ones(4)
    # At the 50th, 20th, 3rd and 97th percentile of the draws.
    brought = np.array([50.0, 20.0, 3.0, 97.0])[:, None]
    graded = grading.accuracy(
        _found(totals, brought.T, np.array([1.0, 2.0])), {"brought": brought, "kpi": np.array([1.0, 2.0])}
    )
    assert graded["cover50"] == 0.25
    assert graded["cover90"] == 0.5


def test_the_smallest_size_counts_and_what_stands_still_does_not() -> None:
    good = RNG.standard_normal((4, 400, 3))
    slow = np.repeat(RNG.standard_normal((4, 40, 1)), 10, axis=1)
    found = {"media_a": good, "media_b": slow, "media_fixed": np.ones((4, 400, 2)), "totals": slow[0]}
    measured = grading.convergence_of(found)
    assert measured["ess_min"] < 0.3 * grading.convergence_of({"media_a": good})["ess_min"]
    stuck = good + np.arange(4)[:, None, None]
    assert grading.convergence_of({"media_a": stuck})["rhat_max"] > 1.5 > grading.convergence_of(found)["rhat_max"]
