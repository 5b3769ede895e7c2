"""The made-up companies that grade the model: independent of it, and counted correctly."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import companies, recovery_table


def test_the_generator_imports_nothing_of_the_product() -> None:
    tree = ast.parse(Path(companies.__file__).read_text(encoding="utf-8"))
    modules = {n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    modules |= {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert modules == {"dataclasses", "numpy", "numpy.typing"}


def test_companies_are_repeatable_and_their_returns_stay_in_range() -> None:
    first, again = companies.make(3), companies.make(3)
    assert np.array_equal(first.kpi, again.kpi)
    for number in range(40):
        company = companies.make(number)
        assert company.kpi.min() > 0
        for channel in company.channels:
            assert channel.brought.min() >= 0
            assert companies.ROI[0] <= channel.brought.sum() / channel.spend.sum() <= companies.ROI[1] * 1.0001


def test_confounding_ties_spend_to_the_season() -> None:
    def link(strength: float) -> float:
        found = []
        for number in range(12):
            company = companies.make(number, strength)
            rest = company.kpi - sum(c.brought for c in company.channels)
            found += [np.corrcoef(rest, c.spend)[0, 1] for c in company.channels]
        return float(np.mean(found))

    assert abs(link(0.0)) < 0.1
    assert link(1.0) > link(0.0) + 0.1


def test_coverage_is_counted_by_hand() -> None:
    rows = pd.DataFrame(
        {
            "company": [0, 0, 1, 1, 0, 1],
            "channel": ["a", "b", "a", "b", recovery_table.MEDIA, recovery_table.MEDIA],
            "weeks": 110, "channels": 2, "curve": "sigmoid", "retention": 0.4, "noise_sd": 0.03, "noise_memory": 0.2,
            "kpi": 1000.0, "spend": 10.0, "truth": [20.0, 20.0, 20.0, 20.0, 40.0, 40.0],
            "mean": 20.0, "sd": 5.0, "p5": [10.0, 25.0, 10.0, 10.0, 10.0, 10.0],
            "p25": [15.0, 26.0, 21.0, 15.0, 15.0, 15.0],
            "p50": 20.0, "p75": 30.0, "p95": 40.0,
            "rhat_max": 1.0, "ess_bulk_min": 900.0, "divergences": 0, "seconds": 2.0,
        }
    )  # fmt: skip
    text = recovery_table.summary(rows)
    assert "truth for 75.0% of the channels" in text
    assert "50% intervals for 50.0%" in text
    inside = pd.DataFrame({"company": [0, 0, 1, 1], "in90": [True, False, True, True]})
    assert recovery_table.clustered(inside) == pytest.approx((0.5, 1.0))
