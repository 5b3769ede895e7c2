"""The ladder: its steps, how they are compared, what is advised, and what is handed over."""

import warnings
from typing import Any

import arviz as az
import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.checks import Status
from mmm_core.domain.errors import BadInput
from mmm_core.modeling import priors
from mmm_core.modeling.predict import baseline, media_blocks
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec, Saturation, Season, TimeVarying, Trend
from mmm_core.modeling.transforms import EFFECT
from mmm_core.reports import files
from mmm_core.studies import handover, ladder_rungs, loo
from tests.model import company
from tests.studies.cases import carried_out, concluded, drawn, inputs, planned

FRAME, SPEC = company.table(), company.specification()


def test_each_step_has_one_thing_more_than_the_one_before() -> None:
    found = ladder_rungs.rungs(FRAME, SPEC)
    assert [r.number for r in found] == [0, 1, 2, 3, 5]
    shapes = [(r.spec.adstock.value, r.spec.saturation.value) for r in found]
    assert shapes == [("none", "linear"), ("geometric", "linear"), *[("geometric", "logistic")] * 3]
    assert [bool(r.spec.controls) for r in found] == [False, False, False, True, True]
    assert found[3].name == "Controls, holidays, season and trend"
    assert (found[3].spec.trend.kind, found[4].spec.trend) == ("linear", SPEC.trend)
    straight = ladder_rungs.rungs(FRAME, SPEC.model_copy(update={"trend": Trend()}))[-1].spec.trend
    assert (straight.kind, straight.knots) == ("spline", 4), "two knots for each of two years"


def test_a_panel_is_added_up_below_its_own_step() -> None:
    frame, spec = company.panel_table(), company.panel_specification()
    found = ladder_rungs.rungs(frame, spec)
    assert [r.number for r in found] == [0, 1, 2, 3, 4, 5]
    summed = ladder_rungs.table(frame, spec, found[3])
    assert len(summed) == 60
    assert summed["sales"].sum() == pytest.approx(frame["sales"].sum())
    assert summed["tv"].sum() == pytest.approx(frame["tv"].sum())
    assert len(prepare(ladder_rungs.table(frame, spec, found[4]), found[4].spec).geos) == 3
    assert [r.national for r in found] == [True] * 4 + [False] * 2


def test_drift_is_a_step_only_where_the_specification_asks_for_it() -> None:
    asked = SPEC.model_copy(update={"time_varying": TimeVarying(media=True)})
    found = ladder_rungs.rungs(FRAME, asked)
    assert [r.number for r in found] == [0, 1, 2, 3, 5, 6]
    assert [r.spec.time_varying.media for r in found] == [False] * 5 + [True]


def test_without_surroundings_there_is_no_third_step() -> None:
    bare = SPEC.model_copy(
        update={"controls": (), "holidays": (), "season": Season(yearly_terms=0), "trend": Trend(kind="none")}
    )
    assert [s.name for s in planned("ladder", inputs(FRAME, bare))] == ["step 0", "step 1", "step 2", "step 5"]


def test_a_step_that_the_rows_are_too_few_for_is_left_out_with_the_reason() -> None:
    many = SPEC.model_copy(update={"season": Season(yearly_terms=8)})
    found, left = ladder_rungs.carried(FRAME.head(26), many)
    assert [r.number for r in found] == [0, 1, 2]
    assert left[0].startswith("Step 3")
    assert "numbers to learn from 26 rows" in left[0]
    with pytest.raises(BadInput, match="at most 13"):
        planned("ladder", inputs(FRAME.head(26), SPEC), periods=20)


def test_a_step_whose_lift_tests_the_data_cannot_hold_is_left_out_before_anything_is_fitted() -> None:
    test = {"channel": "tv", "start": "2031-01-06", "end": "2031-02-02", "lift": 10.0, "standard_error": 5.0}
    spec = company.panel_specification()
    asked = ModelSpec.model_validate({**spec.model_dump(), "lift_tests": [test]})
    found, left = ladder_rungs.carried(company.panel_table(), asked)
    assert [r.number for r in found] == [0, 1, 2, 3], "national steps have no lift tests of geos"
    assert all("lies outside the data" in sentence for sentence in left)


@pytest.mark.parametrize("panel", [False, True], ids=["national", "panel"])
def test_the_likelihood_is_that_of_the_conditional_draws(panel: bool) -> None:
    frame, spec = (company.panel_table(), company.panel_specification()) if panel else (FRAME, SPEC)
    data = prepare(frame, spec)
    posterior = drawn(spec, data, 8)
    seen = loo.likelihood(data, posterior)
    (block, media), *_ = media_blocks(data, posterior)
    s, t = 5, 7
    mean = ((baseline(data, posterior, block) + media.sum(axis=-1)) * data.target_scale[:, None])[s, :, t]
    noise = posterior.by_geo("y_sigma")[s] * data.target_scale
    shock = posterior.flat("shocks_sigma")[s] * data.target_scale if panel else np.zeros(1)
    covariance = np.diag(noise**2) + np.outer(shock, shock)
    assert seen.shown[s, t] == pytest.approx(stats.multivariate_normal(mean, covariance).logpdf(data.target[:, t]))
    whole = stats.norm.logpdf(data.target[:, t].sum(), mean.sum(), np.sqrt(covariance.sum()))
    assert seen.total[s, t] == pytest.approx(whole)
    assert np.allclose(seen.shown, seen.total) is not panel


@pytest.mark.slow
def test_loo_equals_arviz() -> None:
    data = prepare(FRAME, SPEC)
    posterior = drawn(SPEC, data, 400)
    # Noise wide enough that no week weighs too much for either to be exact.
    posterior.draws["y_sigma"] *= 20
    seen = loo.likelihood(data, posterior)
    ours = loo.leave_one_out(seen, posterior.chains)
    groups = {"posterior": {"mu": posterior.draws["y_sigma"]}, "log_likelihood": {"y": seen.shown.reshape(2, 200, -1)}}
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        theirs = az.loo(az.from_dict(groups), pointwise=True)
    assert ours.elpd.sum() == pytest.approx(theirs.elpd, abs=0.05)
    assert ours.effective == pytest.approx(theirs.p, abs=0.05)
    assert 0 < ours.effective < 20
    assert np.abs(ours.k - theirs.pareto_k.values).mean() < 0.05
    assert ours.limit == pytest.approx(theirs.good_k)


def test_the_difference_has_the_standard_error_of_paired_periods() -> None:
    old, new = np.array([-1.0, -2.0, -3.0]), np.array([0.0, -2.0, -1.0])
    apart, error = loo.difference(new, old)
    assert (apart, error) == (pytest.approx(3.0), pytest.approx(np.sqrt(3)))


def test_what_is_left_over_is_told_from_noise() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(200)
    assert loo.leftover(noise)[1] > 0.01
    correlation, chance = loo.leftover(np.convolve(noise, np.ones(6))[:200])
    assert correlation > 0.7
    assert chance < 1e-6


def step(elpd: float, mape: float = 0.05, chance: float = 0.5, **more: Any) -> dict[str, Any]:
    wave = np.sin(np.arange(110) * (1 + elpd)) * 0.1
    return {
        "elpd": elpd + wave, "k": np.full(110, 0.2), "k_limit": 0.64, "effective": 5.0, "correlation": 0.05,
        "chance": chance, "rhat": 1.01, "divergences": 0, "returns": {"tv": [2.0, 1.0, 3.0]},
        "forecast": {"mape": mape, "smape": mape, "r2": 0.9, "inside": 12, "count": 13}, **more,
    }  # fmt: skip


STEPS = {"step 0": step(-3.0, 0.2), "step 1": step(-2.5), "step 2": step(-2.5), "step 3": step(-1.5)}


def test_the_advice_follows_the_data_and_else_what_is_known_of_advertising() -> None:
    found = concluded("ladder", inputs(FRAME, SPEC), {**STEPS, "step 5": step(-1.5)})
    carry, curve, around, bends = found.checks[1:]
    assert "better than step 0 by 55.0 ±" in carry.message
    assert carry.status is Status.PASS
    assert "cannot be told" in curve.message
    assert "advertising is known to work so" in curve.message
    assert "keep it." in around.message
    assert "leave it out: what bends without need" in bends.message
    assert "Step 3" in found.verdict
    assert [p.name for p in found.proposals if p.recommended] == ["Step 3: Controls, holidays, season and trend"]
    taken = ModelSpec.from_yaml(next(p.spec_yaml for p in found.proposals if p.recommended))
    assert taken.trend.kind == "linear"


@pytest.mark.parametrize(
    ("last", "recommended", "words"),
    [
        (step(-1.3), "5", "watch whether returns fall"),
        (step(-1.3, 0.2), "3", "forecasts worse"),
        (step(-1.8), "3", "leave it out"),
        (step(-1.3, rhat=1.3), "3", "chains do not agree"),
        (step(-1.3, k=np.r_[np.full(107, 0.1), [0.9, 0.8, 1.1]]), "5", "3 weeks of 110 weigh so much"),
    ],
    ids=["better", "forecasts worse", "worse", "not converged", "high k"],
)
def test_a_baseline_that_bends_must_earn_its_place(last: dict[str, Any], recommended: str, words: str) -> None:
    found = concluded("ladder", inputs(FRAME, SPEC), {**STEPS, "step 5": last})
    assert words in found.checks[-1].message
    assert [row[0] for row in found.tables[0].rows if row[2] == "recommended"] == [recommended]
    assert next(p for p in found.proposals if p.recommended).name.startswith(f"Step {recommended}")


def test_a_failed_step_is_told_and_the_others_are_compared() -> None:
    found = concluded("ladder", inputs(FRAME, SPEC), STEPS)
    assert "Baseline that bends failed: It ran out of luck." in found.tables[0].note
    written = files.ladder(found)
    assert written["recommended"] == "Step 3: Controls, holidays, season and trend"
    steps = written["steps"]
    assert isinstance(steps, list)
    assert [s["elpd_difference"] for s in steps] == pytest.approx([-165.0, -110.0, -110.0, 0.0], abs=3)


def test_what_is_handed_over_is_wider_than_the_posterior_and_no_wider_than_the_prior() -> None:
    data = prepare(FRAME, SPEC)
    posterior = drawn(SPEC, data, 2000)
    before = priors.resolve(SPEC, data)
    after, names = handover.widened(before, handover.moments(posterior, data), data)
    assert EFFECT in names
    assert "adstock_alpha" in names
    found = np.log(posterior.flat(EFFECT))
    assert after.media[EFFECT].parameters["sigma"] == pytest.approx(2 * found.std(axis=0), rel=0.1)
    assert np.exp(after.media[EFFECT].parameters["mu"]) == pytest.approx(np.exp(found.mean(axis=0)), rel=0.02)
    for name, old in before.media.items():
        wide, narrow = (np.subtract(*d.media[name].quantile(np.array([[0.95], [0.05]]))) for d in (before, after))
        assert (narrow < wide).all(), name
        assert old.family == after.media[name].family
    assert after.sigma == before.sigma


def test_only_what_keeps_its_meaning_is_handed_over() -> None:
    data = prepare(FRAME, SPEC)
    linear = SPEC.model_copy(update={"saturation": Saturation.LINEAR})
    moments = handover.moments(drawn(linear, data), data)
    before = priors.resolve(SPEC, data)
    after, names = handover.widened(before, moments, data)
    assert "adstock_alpha" in names
    assert EFFECT not in names
    assert after.media[EFFECT] == before.media[EFFECT]
    panel_spec = company.panel_specification()
    panel = prepare(company.panel_table(), panel_spec)
    _, names = handover.widened(priors.resolve(panel_spec, panel), handover.moments(drawn(SPEC, data), data), panel)
    assert names == ("adstock_alpha",)


@pytest.mark.slow
def test_the_ladder_finds_what_was_put_in(compiled: str) -> None:
    """The company has carry-over, a price and a season, so that the steps which bring them are clearly better."""
    spec = SPEC.model_copy(update={"trend": Trend()})
    found = carried_out("ladder", inputs(FRAME, spec), compiled, draws=100, tune=150, hand_over=True)
    apart = {row[0]: row[3] for row in found.tables[0].rows}
    assert apart["0"] < -30
    assert apart["0"] < apart["3"]
    chosen = next(p for p in found.proposals if p.recommended).name
    assert chosen.startswith(("Step 3", "Step 5"))
    holdout = {row[0]: row[5] for row in found.tables[0].rows}
    assert holdout["3"] < 0.5 * holdout["0"]
    assert "same data are used twice" in found.tables[2].note
    assert len(found.tables[2].rows) == 2, "paid channels"
