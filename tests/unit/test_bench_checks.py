"""Spoilings do what they say, and the tables of checks and speed count what they should."""

import inspect

import numpy as np
import pandas as pd
import pytest

from benchmarks import checks, speed, spoilings, suite, worlds
from mmm_core.data import quality, recognise
from mmm_core.domain.checks import Status

SURE = ("duplicate_periods", "gap", "short", "leak", "constant", "collinear", "copied", "nulls", "negative", "outlier")
"""Faults in the table itself: a check that misses one of these is broken."""


@pytest.mark.parametrize("spoil", list(spoilings.SEEN_BY), ids=lambda s: s.__name__)
def test_a_spoiled_table_is_another_table(spoil: spoilings.Spoil) -> None:
    world = worlds.make("small", checks.FIRST_SPOILED)
    good = pd.DataFrame(world.columns())
    before = good.copy()
    spoiled = spoil(good, np.random.default_rng(5), world)
    assert not spoiled.equals(before)
    assert good.equals(before)
    assert inspect.getdoc(spoil)


@pytest.mark.parametrize("name", SURE)
def test_a_fault_of_the_table_is_noticed_by_the_check_made_for_it(name: str) -> None:
    spoil = next(s for s in spoilings.SEEN_BY if s.__name__ == name)
    world = worlds.make("small", checks.FIRST_SPOILED + 4)
    frame = spoil(pd.DataFrame(world.columns()), np.random.default_rng(6), world)
    report = quality.check(frame, recognise.recognise(frame, kpi="revenue"))
    spoke = {c.id for c in report.checks if c.status is not Status.PASS}
    assert spoke & set(spoilings.SEEN_BY[spoil])


def test_every_named_check_exists() -> None:
    world = worlds.make("small", 0)
    frame = pd.DataFrame(world.columns())
    data = {c.id for c in quality.check(frame, recognise.recognise(frame)).checks}
    model = {"fit", "autocorrelation", "unidentified", "vif", "demand_capture", "predictive", "media_share"}
    named = {name for names in spoilings.SEEN_BY.values() for name in names}
    assert named <= data | model


def test_good_and_spoiled_take_turns_and_every_spoiling_comes_up() -> None:
    found = list(checks.patients())
    assert [p.spoil is None for p in found[:4]] == [True, False, True, False]
    assert len(found) == 2 * checks.COMPANIES
    assert len({p.number for p in found}) == len(found)
    assert all(worlds.kind_of(p.number) == "in" for p in found)
    assert {p.name for p in found} == {"good", *(s.__name__ for s in spoilings.SEEN_BY)}


def test_the_table_counts_alarms_hits_and_refusals() -> None:
    rows = [
        {"number": 1, "sort": "good", "data": ["outliers:REVIEW"], "model": [], "refused": None},
        {"number": 2, "sort": "good", "data": [], "model": ["autocorrelation:FAIL"], "refused": None},
        {"number": 3, "sort": "gap", "data": ["gaps:REVIEW"], "model": [], "refused": None},
        {"number": 4, "sort": "gap", "data": ["outliers:REVIEW"], "model": [], "refused": None},
        {"number": 5, "sort": "gap", "data": [], "model": [], "refused": "no"},
    ]
    table = checks.summary(pd.DataFrame(rows))
    assert "in 50% of the cases from the data checks, in 50% from the model checks" in table
    assert "made for its fault in 33%, by any check in 100%" in " ".join(table.split())
    assert "| data: outliers | 1 of 2 | 0 of 2 |" in table
    assert "| model: autocorrelation | 0 of 2 | 1 of 2 |" in table
    assert "| gap (gaps) | 3 | 1 | 3 | 1 | gaps 1, outliers 1 |" in table


def test_the_exponent_of_linear_and_of_quadratic_growth() -> None:
    cells = (1e3, 1e4, 1e5)
    assert speed.exponent([{"cells": c, "microseconds": 0.01 * c} for c in cells]) == pytest.approx(1)
    assert speed.exponent([{"cells": c, "microseconds": c**2} for c in cells]) == pytest.approx(2)


def test_speed_is_told_against_the_better_peer_and_memory_against_the_leaner() -> None:
    def row(ess: float, peak: float) -> dict[str, object]:
        return {"seconds": 2.0, "import_seconds": 1.0, "ess_min": 2 * ess, "ess_per_second": ess, "peak_mb": peak,
                "load": 0.1}  # fmt: skip

    fits = {"small": {"ours": [row(300, 400)], "meridian": [row(10, 1600)], "pymc-marketing": [row(20, 800)]}}
    table = speed.summary({"fits": fits})
    assert "| small | Carryover | 1 | 2.0 | 1.0 | 600 | 300.0 | 15.0 | 400 | 0.50 | 0.1 |" in table
    late = speed.summary({"fits": {"large": {"meridian": [{"failed": "not done within 14400 s"}]}}})
    assert "| large | Meridian, defaults | 0 | not done within 14400 s |" in late


def test_the_suite_names_what_can_be_chosen() -> None:
    assert {"contributions", "speed", "checks"} <= set(suite.PARTS)
    assert suite.sizes() == ("small", "medium", "panel", "large")
    assert suite.contestants()[0] == "ours"


def test_what_takes_hours_runs_only_where_it_is_asked_for() -> None:
    assert set(suite.chosen([])) == {"engine", "what-if", "slider", "truth"}
    assert suite.chosen(["speed"]) == ["speed"]
    assert suite.chosen(["all"]) == list(suite.PARTS)
