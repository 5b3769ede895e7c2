import subprocess
import sys

import numpy as np
import pytest

from mmm_core.analysis import results
from mmm_core.analysis.calendar import days
from mmm_core.analysis.optimise import optimise
from mmm_core.analysis.response import ResponseModel
from mmm_core.analysis.scenarios import compare
from mmm_core.causal import past
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import SpendPlan
from mmm_core.domain.results import Interval
from tests.unit.analysis_company import company, posterior, specification


def test_compared_numbers_are_the_outcomes_own() -> None:
    data = company(organic=3)
    model = ResponseModel(data, posterior(data))
    today = model.outcome(model.current_plan(13))
    more = model.outcome(SpendPlan(13, {**today.plan.spend, "tv": 1.5 * today.plan.spend["tv"]}))
    short = model.outcome(model.current_plan(4))
    both = compare({"Today": today, "More TV": more})
    assert both.names == ("Today", "More TV")
    assert both.kpi_change == (0.0, more.kpi.mean - today.kpi.mean)
    assert both.spend_change[1] == pytest.approx(0.5 * today.plan.spend["tv"])
    assert both.best_kpi == "More TV"
    assert both.best_roi == "Today"
    tv = both.channels[0]
    assert (tv.channel, tv.kpi, tv.spend[1]) == (
        "tv",
        (today.channels["tv"], more.channels["tv"]),
        more.plan.spend["tv"],
    )
    assert both.same_length
    assert not compare({"Today": today, "Short": short}).same_length
    with pytest.raises(PlanError, match="at least one"):
        compare({})


def test_one_quantity_has_one_value_wherever_it_is_read() -> None:
    """Results, the past and facts agree on contributions and returns; plan, curve and optimiser on the next weeks."""
    data = company(organic=3)
    post = posterior(data)
    prior: dict[str, Interval | None] = dict.fromkeys(data.channels, Interval(1.0, 0.0, 1.0, 9.0))
    found = results.summarise(data, post, specification(data), roi_prior=prior, share_prior=prior)
    model = ResponseModel(data, post, dtype=np.float64)
    facts = {f.key: f.value for f in results.facts(found)}
    for channel in found.channels[:3]:
        name = channel.channel
        off = past.answer(model, past.Question(name, *days(data.dates[[0, -1]]), factor=0.0))
        assert off.kpi.p5 == pytest.approx(-channel.contribution.p95)
        assert channel.roi is not None
        assert off.value is not None
        assert -off.value.p95 / off.spent == pytest.approx(channel.roi.p5)
        assert facts[f"channel.{name}.roi.p5"] == channel.roi.p5
    total = sum(model.current_plan(200).spend.values())
    long = model.outcome(model.current_plan(200))
    curve = model.curves()["tv"]
    steady = np.interp(long.plan.spend["tv"] / 200, curve.level, curve.mean)
    assert long.channels["tv"].mean / 200 == pytest.approx(steady, rel=0.02)
    best = optimise(model, total, 200)
    assert best.outcome == model.outcome(best.outcome.plan)


def test_the_metric_service_brings_no_compiler() -> None:
    rooms = ("response", "results", "optimise", "first_look", "scenarios")
    code = f"""
import importlib, sys
for room in {rooms!r}:
    importlib.import_module("mmm_core.analysis." + room)
heavy = sorted({{"jax", "pytensor", "pymc", "pymc_marketing", "numpyro", "arviz"}} & set(sys.modules))
sys.exit(", ".join(heavy) or 0)
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
