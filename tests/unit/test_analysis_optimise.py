from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from mmm_core.analysis.limits import limits
from mmm_core.analysis.objectives import STYLES, Objective
from mmm_core.analysis.optimise import optimise, stationary
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import Bounds, SpendPlan
from tests.unit.analysis_company import company, posterior


def model(channels: int = 4, saturation: str = "logistic", draws: int = 150, **options: object) -> ResponseModel:
    data = company(channels=channels, **options)  # type: ignore[arg-type]
    return ResponseModel(data, posterior(data, saturation=saturation, draws=draws), dtype=np.float64)


def every_channel_organic() -> ResponseModel:
    data = company()
    silent = replace(data, spend=np.full_like(data.spend, np.nan))
    return ResponseModel(silent, posterior(silent))


def free(found: ResponseModel, total: float) -> dict[str, Bounds]:
    return {name: Bounds(0.0, total) for name in found.paid}


@pytest.mark.parametrize("style", list(STYLES))
@pytest.mark.parametrize("saturation", ["logistic", "hill"])
def test_gradients_are_finite_differences(style: str, saturation: str) -> None:
    found = model(saturation=saturation)
    goal = Objective(STYLES[style], found.window(13))
    e = found.vector(found.current_plan(13)) * np.array([1.3, 0.7, 1.0, 0.4])
    _, slope = goal(e)
    step = 1e-5 * e
    numeric = [(goal(e + step * axis)[0] - goal(e - step * axis)[0]) / (2 * step @ axis) for axis in np.eye(4)]
    np.testing.assert_allclose(slope, numeric, rtol=1e-5)


@pytest.mark.parametrize("style", list(STYLES))
@pytest.mark.parametrize("saturation", ["logistic", "hill"])
def test_interior_optimum_beats_every_split_of_a_fine_grid(style: str, saturation: str) -> None:
    found = model(3, saturation, draws=60)
    today = 2.5 * found.vector(found.current_plan(13))
    total = float(today.sum())
    plan = optimise(found, total, 13, {**free(found, total), "tv": Bounds(0.1 * total, 0.8 * total)}, style)
    goal = Objective(STYLES[style], found.window(13))
    wish = STYLES[style].wish
    grid = np.linspace(0, total, 81)
    splits = [np.array([a, b, total - a - b]) for a, b in product(grid, grid) if a + b <= total]
    allowed = [s for s in splits if 0.1 * total <= s[0] <= 0.8 * total]
    if wish is not None:
        allowed = [s for s in allowed if (s >= wish[0] * today).all() and (s <= wish[1] * today).all()]
    best = max(goal(s)[0] for s in allowed)
    mine = goal(found.vector(plan.outcome.plan))[0]
    assert mine >= best * (1 - 1e-6)
    assert plan.converged
    if wish is None:
        assert plan.binding == ()
        assert mine > goal(today)[0] * 1.0001


def test_base_optimum_has_one_marginal_return_inside_the_limits() -> None:
    found = model(6)
    total = sum(found.current_plan(13).spend.values())
    plan = optimise(found, total, 13, free(found, total))
    point = found.vector(plan.outcome.plan)
    slope = Objective(STYLES["base"], found.window(13))(point)[1]
    inside = np.array([name not in plan.binding for name in found.paid])
    assert inside.sum() >= 4
    np.testing.assert_allclose(slope[inside], slope[inside].mean(), rtol=5e-3)
    allowed = limits(found.paid, point, total, free(found, total), (0.5, 1.5), None)
    goal = Objective(STYLES["base"], found.window(13))
    assert stationary(goal, point, allowed, total)
    moved = point + total * np.array([0.1, -0.1, 0, 0, 0, 0])
    assert not stationary(goal, moved, allowed, total)


def test_s_shaped_responses_find_the_better_hill() -> None:
    """Two steep S-curves and money for one of them: an even split, a stationary point, is the worst of all."""
    data = company(channels=2, periods=40)
    data = replace(data, media=data.spend, media_scale=np.array([[8000.0, 8000.0]]))
    post = posterior(data, saturation="hill", draws=20)
    ones = np.ones_like(post.draws["saturation_beta"])
    post.draws.update(
        saturation_slope=6.0 * ones, saturation_kappa=0.5 * ones, saturation_beta=0.1 * ones * np.array([1.0, 1.02])
    )
    found = ResponseModel(data, post)
    total = 13 * 5000.0
    plan = optimise(found, total, 13, free(found, total))
    split = plan.outcome.plan.spend
    even = found.outcome(SpendPlan(13, dict.fromkeys(found.paid, total / 2)))
    assert plan.outcome.kpi.mean > 1.3 * even.kpi.mean
    assert split["search"] > 0.85 * total


def test_single_precision_finds_the_same_plan() -> None:
    found = model(5)
    total = sum(found.current_plan(13).spend.values())
    quick = optimise(ResponseModel(found.data, found.posterior), total, 13)
    exact = optimise(found, total, 13)
    for name in found.paid:
        assert quick.outcome.plan.spend[name] == pytest.approx(exact.outcome.plan.spend[name], abs=0.005 * total)


def test_total_locks_and_limits_hold() -> None:
    found = model(5, organic=4)
    today = found.current_plan(13).spend
    total = 1.1 * sum(today.values())
    bounds = {"tv": Bounds(0, 0, locked=True), "search": Bounds(0.9 * today["search"], 1.05 * today["search"])}
    for style in STYLES:
        plan = optimise(found, total, 13, bounds, style)
        spend = plan.outcome.plan.spend
        assert "radio" not in spend
        assert sum(spend.values()) == pytest.approx(total)
        assert spend["tv"] == pytest.approx(today["tv"])
        assert 0.9 * today["search"] - 1 <= spend["search"] <= 1.05 * today["search"] + 1
        assert "tv" in plan.binding


def test_styles_mean_what_they_say() -> None:
    found = model(6, draws=300)
    total = sum(found.current_plan(13).spend.values())
    plans = {style: optimise(found, total, 13, None, style).outcome for style in STYLES}
    today = found.current_plan(13).spend

    def furthest(style: str) -> float:
        return max(abs(plans[style].plan.spend[name] / today[name] - 1) for name in today)

    assert furthest("conservative") <= 0.2 + 1e-9
    assert furthest("base") <= 0.5 + 1e-9
    assert furthest("aggressive") > furthest("base")
    assert plans["base"].kpi.mean > plans["conservative"].kpi.mean
    low = Objective(STYLES["conservative"], found.window(13))
    assert low(found.vector(plans["conservative"].plan))[0] > low(found.vector(found.current_plan(13)))[0]
    narrow = {name: Bounds(0.95 * spend, 1.05 * spend) for name, spend in today.items()}
    held = optimise(found, total, 13, narrow, "aggressive").outcome.plan.spend
    assert all(abs(held[name] / today[name] - 1) <= 0.05 + 1e-6 for name in today)


def test_everything_locked_is_today() -> None:
    found = model()
    today = found.current_plan(8).spend
    locked = {name: Bounds(0, 0, locked=True) for name in today}
    plan = optimise(found, sum(today.values()), 8, locked)
    assert plan.outcome.against_current.mean == pytest.approx(0.0, abs=1e-6)
    assert plan.converged


@pytest.mark.parametrize(
    ("bounds", "total", "sentence"),
    [
        (
            {"tv": Bounds(50, 90), "search": Bounds(60, 90), "social": Bounds(5, 90), "email": Bounds(1, 9)},
            100.0,
            r"^search \(at least 60\) and tv \(at least 50\) need 110 together, but the total is 100",
        ),
        ({"tv": Bounds(500, 900)}, 100.0, r"^tv \(at least 500\), but the total is 100"),
        ({"tv": Bounds(0, 0, locked=True)}, 10.0, r"^tv \(locked at [\d,]+\), but the total is 10"),
        (
            {name: Bounds(0, 20) for name in ("tv", "search", "social", "email")},
            100.0,
            r"At most 80 of the total of 100 .*tv 20, search 20, social 20, email 20",
        ),
        ({"tv": Bounds(9, 3)}, 100.0, "tv cannot get at least 9 and at most 3"),
        ({"tv": Bounds(-1, 3)}, 100.0, "limits of tv"),
        ({"pigeons": Bounds(0, 3)}, 100.0, "pigeons"),
        ({}, 0.0, "above zero"),
        ({}, float("nan"), "above zero"),
    ],
)
def test_impossible_wishes_name_the_conflict(bounds: dict[str, Bounds], total: float, sentence: str) -> None:
    with pytest.raises(PlanError, match=sentence):
        optimise(model(draws=5), total, 13, bounds)


def test_unknown_style_and_no_paid_channel() -> None:
    with pytest.raises(PlanError, match="reckless"):
        optimise(model(draws=5), 100.0, 13, None, "reckless")
    with pytest.raises(PlanError, match="no budget"):
        optimise(every_channel_organic(), 100.0, 13)
