from dataclasses import replace

import numpy as np
import pytest

from mmm_core.analysis.intervals import bands
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.domain.planning import SpendPlan
from tests.unit.analysis_company import company, posterior


def slow_contribution(data: ModelData, post: Posterior, draw: int, media: np.ndarray) -> np.ndarray:
    """(G, T, C) for one draw, written out as the definition says."""
    p = {name: values.reshape(-1, *values.shape[2:])[draw] for name, values in post.draws.items()}
    out = np.zeros_like(media)
    for g, t, c in np.ndindex(*media.shape):
        lag = np.arange(post.max_lag)
        power = lag if post.adstock == "geometric" else (lag - p["adstock_theta"][c]) ** 2
        weight = p["adstock_alpha"][c] ** power
        weight = weight / weight.sum()
        x = sum(weight[k] * media[g, t - k, c] / data.media_scale[g, c] for k in lag if t - k >= 0)
        if post.saturation == "logistic":
            e = np.exp(-p["saturation_lam"][c] * x)
            y = (1 - e) / (1 + e)
        else:
            s, k = p["saturation_slope"][c], p["saturation_kappa"][c]
            y = 1 - k**s / (k**s + x**s)
        effect = p["saturation_beta"] if len(data.geos) == 1 else p["saturation_beta"][g]
        out[g, t, c] = effect[c] * y * data.target_scale[g]
    return out


@pytest.mark.parametrize("adstock", ["geometric", "delayed"])
@pytest.mark.parametrize("saturation", ["logistic", "hill"])
def test_contributions_are_the_definition(adstock: str, saturation: str) -> None:
    data = company(channels=3, periods=20, geos=2)
    post = posterior(data, adstock=adstock, saturation=saturation, draws=3)
    found = ResponseModel(data, post, dtype=np.float64).contributions()
    assert found.shape == (6, 2, 20, 3)
    np.testing.assert_allclose(found[4], slow_contribution(data, post, 4, data.media), rtol=1e-9)


def test_single_precision_changes_nothing_that_matters() -> None:
    data = company()
    post = posterior(data)
    exact = ResponseModel(data, post, dtype=np.float64)
    quick = ResponseModel(data, post)
    assert quick.contributions().dtype == np.float32
    np.testing.assert_allclose(quick.contributions(), exact.contributions(), rtol=2e-5, atol=1e-2)
    np.testing.assert_allclose(quick.mu(), exact.mu(), rtol=1e-5)


def test_components_add_up_to_the_expected_kpi() -> None:
    data = company(geos=2)
    model = ResponseModel(data, posterior(data), dtype=np.float64)
    g = 1
    total = model.baseline(g) + model.controls(g) + model.seasonality(g)
    total = total + sum(model.channel_contribution(c, g) for c in range(4))
    np.testing.assert_allclose(model.mu()[:, g].T, total)
    gamma = model.posterior.flat("gamma_control")[:, g]
    np.testing.assert_allclose(model.controls(g)[7], data.linear[g, 7, 0] * gamma[:, 0] * data.target_scale[g])
    trend = data.linear[g, 7, 1] * gamma[:, 1] + model.posterior.flat("intercept_contribution")[:, g]
    np.testing.assert_allclose(model.baseline(g)[7], trend * data.target_scale[g])


@pytest.mark.parametrize("periods", [1, 3, 5, 13])
@pytest.mark.parametrize("geos", [1, 2])
def test_a_plan_is_the_whole_series_with_and_without_it(periods: int, geos: int) -> None:
    """History, plan and tail computed as one long series equal the few distinct weeks."""
    data = company(geos=geos, periods=30)
    post = posterior(data, adstock="delayed", saturation="hill", draws=2)
    model = ResponseModel(data, post, dtype=np.float64)
    plan = SpendPlan(periods, {"tv": 9_000.0, "search": 12_000.0, "social": 0.0, "email": 500.0})
    tail = post.max_lag - 1
    recent_spend = data.spend[:, -13:].sum(axis=(0, 1))
    per_money = data.media[:, -13:].sum(axis=1) / recent_spend
    level = per_money * np.array(list(plan.spend.values())) / periods
    ahead = np.concatenate([np.repeat(level[:, None], periods, axis=1), np.zeros((geos, tail, 4))], axis=1)
    with_plan = np.concatenate([data.media, ahead], axis=1)
    without = np.concatenate([data.media, np.zeros_like(ahead)], axis=1)
    lift = slow_contribution(data, post, 3, with_plan) - slow_contribution(data, post, 3, without)
    window = model.window(periods)
    totals, weekly = window.evaluate(model.vector(plan))
    np.testing.assert_allclose(totals[:, 3], lift.sum(axis=(0, 1)), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(window.totals(model.vector(plan)), totals, rtol=1e-9, atol=1e-9)
    by_week = weekly[window.week, 3]
    np.testing.assert_allclose(by_week, lift[:, 30:].sum(axis=(0, 2)), rtol=1e-9, atol=1e-9)
    outcome = model.outcome(plan)
    assert len(outcome.dates) == len(outcome.media_mean) == periods + tail
    np.testing.assert_allclose(sum(outcome.media_mean), outcome.kpi.mean)


def test_slope_of_a_window_is_its_finite_difference() -> None:
    for saturation in ("logistic", "hill"):
        data = company()
        model = ResponseModel(data, posterior(data, saturation=saturation), dtype=np.float64)
        window = model.window(8)
        e = model.vector(model.current_plan(8))
        _, slope = window.value_and_slope(e)
        up, _ = window.value_and_slope(e * 1.0001)
        down, _ = window.value_and_slope(e * 0.9999)
        np.testing.assert_allclose((up - down) / (0.0002 * e[:, None]), slope, rtol=1e-5)


def test_outcome_in_words_of_money() -> None:
    data = company(value=4.0)
    model = ResponseModel(data, posterior(data))
    today = model.current_plan(13)
    assert today.spend["tv"] == pytest.approx(data.spend[0, -13:, 0].sum())
    outcome = model.outcome(today)
    assert outcome.value is not None
    assert outcome.value.p95 == pytest.approx(4.0 * outcome.kpi.p95)
    assert outcome.roi is not None
    assert outcome.roi.mean == pytest.approx(outcome.value.mean / outcome.total_spend)
    assert outcome.against_current.mean == 0.0
    assert outcome.probability_better == 0.0
    more = model.outcome(SpendPlan(13, {**today.spend, "tv": 2 * today.spend["tv"]}))
    assert more.probability_better == 1.0
    assert more.against_current.mean == pytest.approx(more.kpi.mean - outcome.kpi.mean, rel=1e-4)
    assert str(outcome.dates[0]) == "2024-02-26"
    idle = model.outcome(SpendPlan(13, {}))
    assert idle.kpi.mean == 0.0
    assert idle.roi is None
    assert set(idle.channel_roi.values()) == {None}


def test_organic_media_are_held_and_unvalued_kpi_has_no_roi() -> None:
    data = company(organic=3, value=float("nan"))
    model = ResponseModel(data, posterior(data))
    assert model.paid == ("tv", "search", "social")
    outcome = model.outcome(model.current_plan(4))
    assert outcome.value is None
    assert outcome.roi is None
    assert set(outcome.channels) == set(model.paid)
    with pytest.raises(PlanError, match="email"):
        model.outcome(SpendPlan(4, {"email": 10.0}))
    with pytest.raises(PlanError, match="at least 0"):
        model.outcome(SpendPlan(4, {"tv": float("nan")}))


def test_curves_start_at_zero_rise_and_mark_today() -> None:
    data = company(organic=3)
    post = posterior(data, draws=30)
    curves = ResponseModel(data, post, dtype=np.float64).curves()
    tv = curves["tv"]
    assert tv.mean[0] == 0.0
    assert all(np.diff(tv.mean) > 0)
    assert tv.highest_seen == data.spend[0, :, 0].max()
    on = data.spend[0, :, 0]
    late = on[-13:]
    assert tv.current == pytest.approx(late[late > 0].mean())
    paused = data.media.copy()
    paused[:, -13:, 0] = 0.0
    off = ResponseModel(replace(data, media=paused, spend=paused), post).curves()["tv"].current
    assert off == pytest.approx(on[:-13][on[:-13] > 0].mean())
    assert sum(tv.carryover) == pytest.approx(1.0)
    level = tv.level[10] / data.media_scale[0, 0]
    expected = np.tanh(post.flat("saturation_lam")[:, 0] * level / 2) * post.flat("saturation_beta")[:, 0]
    assert tv.mean[10] == pytest.approx(expected.mean() * data.target_scale[0])
    assert curves["email"].highest_seen == data.media[0, :, 3].max()


def test_bands_are_numpys_percentiles() -> None:
    draws = np.random.default_rng(0).normal(size=(3, 4, 501))
    found = bands(draws)
    np.testing.assert_allclose(np.stack(found[1:]), np.percentile(draws, [5, 50, 95], axis=-1))
    one = bands(np.full((2, 1), 7.0))
    np.testing.assert_array_equal(np.stack(one), 7.0)
