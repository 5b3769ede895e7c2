from dataclasses import replace

import numpy as np
import pytest

from mmm_core.analysis import convergence, parts, results, verdict
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import DataError
from mmm_core.domain.results import Action, Evidence, Interval, Results
from tests.unit.analysis_company import company, posterior, specification

WIDE = Interval(5.0, 0.0, 5.0, 1e6)
TIGHT = Interval(1.0, 1.0, 1.0, 1.0 + 1e-9)


def everywhere(found: Interval, names: tuple[str, ...]) -> dict[str, Interval | None]:
    return dict.fromkeys(names, found)


def summarised(**options: object) -> tuple[Results, ResponseModel]:
    data = company(**options)  # type: ignore[arg-type]
    post = posterior(data)
    spec = specification(data, count=not np.isfinite(data.value_per_unit).all())
    prior = everywhere(WIDE, data.channels)
    found = results.summarise(data, post, spec, roi_prior=prior, share_prior=prior)
    return found, ResponseModel(data, post, dtype=np.float64)


def test_totals_and_returns_follow_the_definitions() -> None:
    found, model = summarised(geos=2, value=3.0)
    data = model.data
    draws = model.contributions()
    tv = found.channels[0]
    by_hand = draws[..., 0].sum(axis=(1, 2))
    assert tv.contribution.p95 == pytest.approx(np.percentile(by_hand, 95))
    assert tv.contribution_share.mean == pytest.approx(by_hand.mean() / data.target.sum())
    assert tv.spend == pytest.approx(data.spend[..., 0].sum())
    assert tv.roi is not None
    assert tv.roi.p5 == pytest.approx(np.percentile(3.0 * by_hand / tv.spend, 5))
    louder = replace(data, media=data.media * np.array([1.01, 1, 1, 1]))
    more = ResponseModel(louder, model.posterior, dtype=np.float64).contributions()[..., 0].sum(axis=(1, 2))
    assert tv.marginal_roi is not None
    assert tv.marginal_roi.p50 == pytest.approx(np.median(3.0 * (more - by_hand) / (0.01 * tv.spend)))
    assert tv.marginal_roi.mean < tv.roi.mean
    assert sum(c.spend_share or 0 for c in found.channels) == pytest.approx(1.0)
    base = sum(model.baseline(g).sum(axis=0) for g in range(2))
    assert found.baseline_share.p50 == pytest.approx(np.median(base) / data.target.sum())


def test_a_lever_has_an_interval_of_its_total_and_is_no_part_of_the_baseline() -> None:
    data = company(geos=2)
    lowest = data.linear.min(axis=1)
    lowest[:, 1] = 0.0
    data = replace(data, linear_groups=("treatment", "trend"), reference=lowest)
    prior = everywhere(WIDE, data.channels)
    post = posterior(data)
    found = results.summarise(data, post, specification(data), roi_prior=prior, share_prior=prior)
    model = ResponseModel(data, post, dtype=np.float64)
    by_hand = sum(model.treatment(0, g).sum(axis=0) for g in range(2))
    (price,) = found.treatments
    assert price.treatment == "price"
    assert price.contribution.p5 == pytest.approx(np.percentile(by_hand, 5))
    assert price.contribution.p5 < price.contribution.p95
    assert price.contribution_share.p95 == pytest.approx(np.percentile(by_hand, 95) / data.target.sum())
    line = next(s for s in found.series if s.name == "price" and not s.geo)
    assert sum(line.mean) == pytest.approx(price.contribution.mean)
    (lever,) = parts.levers(found)
    known = {f.key: f.value for f in parts.facts(found)}
    assert known["lever.price.total"] == lever.total == price.contribution_share.mean
    assert known["lever.price.total.p95"] == price.contribution_share.p95


def test_series_add_up_and_predict() -> None:
    found, model = summarised()
    of = {s.name: s for s in found.series}
    assert list(of) == [*model.channels, "baseline", "controls", "seasonality", "predicted", "actual"]
    shares = [np.array(s.mean) for s in found.series if s.group not in ("predicted", "actual")]
    np.testing.assert_allclose(sum(shares), of["predicted"].mean)
    np.testing.assert_allclose(of["actual"].p95, model.data.target[0])
    residual = model.data.target[0] - model.mu().mean(axis=0)[0]
    assert found.fit.mape == pytest.approx(np.abs(residual / model.data.target[0]).mean())
    spread = model.data.target[0] - model.data.target[0].mean()
    assert found.fit.r2 == pytest.approx(1 - (residual**2).sum() / (spread**2).sum())
    width = np.array(of["predicted"].p95) - np.array(of["predicted"].p5)
    noise = model.posterior.flat("y_sigma").mean() * model.data.target_scale[0]
    assert width.min() > 2.5 * noise


def test_no_spend_and_no_value_have_no_returns() -> None:
    organic, _ = summarised(organic=3)
    email = organic.channels[3]
    assert (email.spend, email.roi, email.marginal_roi, email.spend_share) == (None, None, None, None)
    assert email.action is Action.HOLD
    unvalued, _ = summarised(value=float("nan"))
    assert not unvalued.has_value
    assert all(c.roi is None and c.marginal_roi is None for c in unvalued.channels)
    assert all(c.spend is not None for c in unvalued.channels)
    data = company()
    silent = replace(data, spend=data.spend * np.array([1, 1, 1, 0]))
    prior = everywhere(WIDE, data.channels)
    found = results.summarise(silent, posterior(data), specification(data), roi_prior=prior, share_prior=prior)
    assert found.channels[3].spend == 0.0
    assert found.channels[3].roi is None


def test_evidence_compares_widths_and_never_ranks_the_unidentified() -> None:
    data = company()
    post, spec = posterior(data), specification(data)
    tight, wide = everywhere(TIGHT, data.channels), everywhere(WIDE, data.channels)
    learned = results.summarise(data, post, spec, roi_prior=wide, share_prior=wide)
    assert {c.evidence for c in learned.channels} == {Evidence.DATA}
    believed = results.summarise(data, post, spec, roi_prior=tight, share_prior=tight, tested=("tv",))
    assert [c.evidence for c in believed.channels] == [Evidence.TESTED, *[Evidence.PRIOR] * 3]
    assert {c.action for c in believed.channels[1:]} == {Action.TEST}
    suspect = Check("demand_capture", "Demand capture", Status.REVIEW, "moves with the season", columns=("tv_spend",))
    doubted = results.summarise(data, post, spec, (suspect,), roi_prior=wide, share_prior=wide)
    assert doubted.channels[0].action is Action.TEST
    assert "test tv" in doubted.verdict


def test_width_exactly_half_is_not_yet_learned() -> None:
    prior = Interval(2.0, 1.0, 2.0, 3.0)
    assert verdict.evidence(False, Interval(1.5, 1.0, 1.5, 2.0), prior, "return")[0] is Evidence.PRIOR
    assert verdict.evidence(False, Interval(1.4, 1.0, 1.4, 1.99), prior, "return")[0] is Evidence.DATA
    assert verdict.evidence(False, Interval(1.4, 1.0, 1.4, 1.5), None, "return")[0] is Evidence.PRIOR


@pytest.mark.parametrize(
    ("pays", "marginal", "expected"),
    [
        (0.95, Interval(2.0, 1.2, 2.0, 3.0), Action.SCALE),
        (0.05, Interval(0.5, 0.2, 0.5, 0.9), Action.PULL_BACK),
        (0.60, Interval(1.1, 0.8, 1.1, 1.4), Action.HOLD),
        (0.60, Interval(2.0, 0.1, 1.5, 6.0), Action.TEST),
        (0.85, Interval(2.0, 0.1, 1.5, 6.0), Action.HOLD),
        (0.15, Interval(0.5, 0.1, 0.5, 1.3), Action.HOLD),
    ],
)
def test_actions_follow_the_next_money(pays: float, marginal: Interval, expected: Action) -> None:
    found, reason = verdict.action(Evidence.DATA, pays, marginal, None, organic=False, has_value=True)
    assert found is expected
    assert reason.endswith(".")
    assert not any(sign.isdigit() for sign in reason)


def test_a_channel_whose_money_as_a_whole_does_not_pay_is_tested_before_it_is_scaled() -> None:
    rising, poor = Interval(2.2, 1.4, 2.1, 3.0), Interval(0.65, 0.42, 0.64, 1.04)
    found, reason = verdict.action(Evidence.DATA, 0.97, rising, None, organic=False, has_value=True, average=poor)
    assert found is Action.TEST
    assert "as a whole returns less" in reason
    fine, _ = verdict.action(Evidence.DATA, 0.97, rising, None, organic=False, has_value=True, average=rising)
    assert fine is Action.SCALE


def test_the_verdict_says_first_that_a_failed_check_forbids_acting() -> None:
    found, _ = summarised()
    bad = [Check("rhat", "Chains agree", Status.FAIL, "x"), Check("vif", "VIF", Status.REVIEW, "x")]
    said = verdict.sentence(found.channels, found.kpi, None, bad)
    assert said.startswith("Do not act on this model yet: its check “Chains agree” failed. As it stands: what media")
    assert "VIF" not in said
    assert verdict.sentence(found.channels, found.kpi, None, bad[1:]).startswith("What media")


def test_verdict_names_every_paid_channel_once_and_holds_no_figure() -> None:
    found, _ = summarised(organic=3)
    assert not any(sign.isdigit() for sign in found.verdict)
    for name in ("tv", "search", "social"):
        assert found.verdict.count(name) == 1
    assert "email" not in found.verdict


def test_json_round_trip_keeps_everything() -> None:
    found, _ = summarised(geos=2, organic=2)
    odd = replace(found, checks=(Check("rhat", "R-hat", Status.PASS, "fine", value=float("inf")),))
    assert results.from_json(results.to_json(odd)) == odd
    with pytest.raises(DataError, match="cannot be read"):
        results.from_json("{}")


def test_facts_summary_and_frames_say_the_same() -> None:
    found, _ = summarised()
    known = {f.key: f.value for f in results.facts(found)}
    assert len(known) == len(results.facts(found))
    document = results.summary(found)
    frame = results.contributions_frame(found)
    for channel in document["channels"]:
        name = channel["channel"]
        assert known[f"channel.{name}.roi.p50"] == channel["roi"]["p50"]
        total = frame.loc[frame["channel"] == name, "mean"].sum()
        assert total == pytest.approx(channel["contribution"]["mean"])
    assert list(frame.columns) == ["date", "geo", "channel", "mean", "p5", "p50", "p95"]
    assert set(frame["geo"]) == {""}
    assert set(frame["channel"]) == {"tv", "search", "social", "email", "baseline", "controls", "seasonality"}
    assert set(document) == {"kpi", "periods", "geos", "channels", "baseline_share", "fit", "checks", "versions"}
    assert set(document["fit"]) == {
        "r2", "mape", "rhat_max", "ess_bulk_min", "divergences", "draws", "chains", "seconds",
    }  # fmt: skip
    assert len(results.curves_frame(found)) == 4 * 41


@pytest.mark.parametrize(("days", "quarter"), [(7, 13), (1, 91), (30, 3)])
def test_recent_is_a_quarter_and_a_delay_is_told_in_weeks_whatever_a_period_is(days: int, quarter: int) -> None:
    data = company(periods=120)
    dates = data.dates[0] + np.arange(120) * np.timedelta64(days, "D")
    if days == 30:
        dates = (np.datetime64("2015-01") + np.arange(120)).astype("datetime64[D]")
    data = replace(data, dates=dates)
    model = ResponseModel(data, posterior(data))
    per_period = data.spend[0, -quarter:].mean(axis=0)
    assert model.current_plan(2).spend == pytest.approx(dict(zip(data.channels, 2 * per_period, strict=True)))
    prior = everywhere(WIDE, data.channels)
    found = results.summarise(data, model.posterior, specification(data), roi_prior=prior, share_prior=prior)
    told = {f.key: f for f in results.facts(found)}["channel.tv.carryover.mean_lag"]
    lag = float(np.arange(5) @ model.weights[0].mean(axis=0))
    assert told.unit == "weeks"
    assert told.value == pytest.approx(lag * found.period_days / 7, rel=1e-5)


def test_convergence_is_arviz_own() -> None:
    arrays = pytest.importorskip("arviz_stats.base").array_stats
    rng = np.random.default_rng(1)
    sticky = np.empty((4, 300))
    sticky[:, 0] = rng.normal(size=4)
    for t in range(1, 300):
        sticky[:, t] = 0.9 * sticky[:, t - 1] + rng.normal(size=4)
    shifted = rng.normal(size=(4, 250)) + np.arange(4)[:, None]
    for draws in (rng.normal(size=(4, 301)), rng.standard_cauchy((2, 200)), sticky, shifted, -np.exp(sticky)):
        np.testing.assert_allclose(convergence.rhat(draws), arrays.rhat(draws, method="rank"), rtol=1e-6)
        np.testing.assert_allclose(convergence.ess_bulk(draws), arrays.ess(draws, method="bulk"), rtol=1e-6)
