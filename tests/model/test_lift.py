"""Lift tests measure the modelled contribution in a window, and move the posterior where they are precise."""

import datetime
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import MEDIA_DRIFT, Posterior
from mmm_core.modeling import engine, pymc_model
from mmm_core.modeling.collapsed import collapse
from mmm_core.modeling.diagnostics import checks
from mmm_core.modeling.lift import effect_of, lift_data
from mmm_core.modeling.lift_conflicts import contradictions
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, LiftTest, ModelSpec, TimeVarying
from mmm_core.modeling.transforms import EFFECT
from mmm_core.modeling.validity import look
from tests.model.cases import priors_draws
from tests.model.company import panel_specification, panel_table, specification, table
from tests.model.test_equals_pymc import _pymc_point, _theirs

TESTS: tuple[dict[str, Any], ...] = (
    {"channel": "tv", "start": "2022-03-07", "end": "2022-05-01", "lift": 9000.0, "standard_error": 2500.0},
    {
        "channel": "tv",
        "start": "2022-06-06",
        "end": "2022-06-26",
        "lift": 4000.0,
        "standard_error": 900.0,
        "share": 0.5,
    },
    {
        "channel": "search",
        "start": "2022-04-04",
        "end": "2022-05-15",
        "lift": 20_000.0,
        "standard_error": 4000.0,
        "measured_until": "2022-05-22",
    },
)


def _posterior(spec: ModelSpec, values: dict[str, np.ndarray], linear: dict[str, np.ndarray]) -> Posterior:
    draws = {name: np.asarray(v)[None, None] for name, v in {**values, **linear}.items()}
    return Posterior(spec.adstock.value, spec.saturation.value, spec.max_lag, draws)


@pytest.mark.parametrize(
    ("adstock", "saturation"), [("geometric", "hill"), ("delayed", "logistic"), ("none", "linear")]
)
def test_a_test_measures_history_with_and_without_the_tested_exposure(adstock: str, saturation: str) -> None:
    """Written out on the whole history, with the exposure of the window taken away."""
    spec = specification(adstock, saturation, lift_tests=TESTS)
    data = prepare(table(), spec)
    tests = lift_data(spec, data)
    assert tests is not None
    model = collapse(data, resolve(spec, data), tests)
    values = model.constrain(np.random.default_rng(1).normal(size=model.plan.size))
    linear = {n: v[0] for n, v in model.block.split(model.block.mean[None]).items()}
    post = _posterior(spec, values, linear)
    shapes = {n: v[None] for n, v in values.items() if n not in (EFFECT, "y_sigma")}
    effect = effect_of({EFFECT: values[EFFECT][None]})
    found = tests.modelled(adstock, saturation, spec.max_lag, shapes, effect)[0]
    for n, test in enumerate(spec.lift_tests):
        c = data.channels.index(test.channel)
        days = data.dates.astype("datetime64[D]")
        window = (days >= np.datetime64(test.start)) & (days <= np.datetime64(test.end))
        end = test.measured_until or (test.end + datetime.timedelta(days=7 * (spec.max_lag - 1)))
        counted = (days >= np.datetime64(test.start)) & (days <= np.datetime64(end))
        media = data.media.copy()
        media[0, window, c] *= 1 - test.share
        changed = type(data)(**{**data.__dict__, "media": media})
        was = ResponseModel(data, post, dtype=np.float64).channel_contribution(c)[:, 0]
        now = ResponseModel(changed, post, dtype=np.float64).channel_contribution(c)[:, 0]
        assert found[n] == pytest.approx((was - now)[counted].sum(), rel=1e-9)


@pytest.mark.parametrize("panel", [False, True])
def test_density_with_lift_tests_is_pymc_marketings(panel: bool) -> None:
    tests: list[dict[str, Any]] = [dict(test) for test in TESTS]
    if panel:
        tests[1] = {**tests[1], "geos": ["geo 1"]}
        tests[2] = {**tests[2], "geos": ["geo 0", "geo 2"]}
    make, frame = (panel_specification, panel_table()) if panel else (specification, table())
    spec = make("geometric", "hill", lift_tests=tests)
    data = prepare(frame, spec)
    priors = resolve(spec, data)
    measured = lift_data(spec, data)
    ours = collapse(data, priors, measured)
    model = pymc_model.build(data, priors, measured).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng = np.random.default_rng(3)
    for _ in range(3):
        values = ours.constrain(rng.normal(size=ours.plan.size) * 0.5)
        block = ours.block
        shared = block.mean + (0.0 if block.shared is None else block.shared * rng.normal(size=block.mean.size))
        own = shared + block.own * rng.normal(size=(len(data.geos), block.mean.size))
        linear = block.split(own if panel else own[0])
        shocks = None
        if panel:
            shocks = values["shocks_sigma"] * rng.normal(size=len(data.dates))
            linear |= {f"{n}_mu": v for n, v in block.split(shared).items()} | {"shocks": shocks}
        expected = float(theirs(_pymc_point(model, {**_theirs(values, "hill"), **linear})))
        assert ours.joint_log_density(values, own, shared, shocks) == pytest.approx(expected, rel=1e-6)


def _confounded(periods: int = 120) -> tuple[pd.DataFrame, float, float]:
    """Spend follows a demand nobody recorded; the channel's own effect is small and known."""
    rng = np.random.default_rng(12)
    demand = np.clip(1.0 + 0.6 * np.sin(np.arange(periods) / 3.7) + 0.3 * rng.normal(size=periods), 0.05, None)
    spend = 1000.0 * demand
    carried = np.convolve(spend, 0.4 ** np.arange(8) / (0.4 ** np.arange(8)).sum())[:periods]
    brought = 1500.0 * np.tanh(carried / 1800.0)
    dates = pd.date_range("2022-01-03", periods=periods, freq="7D")
    kpi = 20_000 + 6000 * demand + brought + rng.normal(0, 300, periods)
    window = slice(60, 72)
    without = spend.copy()
    without[window] = 0.0
    left = np.convolve(without, 0.4 ** np.arange(8) / (0.4 ** np.arange(8)).sum())[:periods]
    lift = float((brought - 1500.0 * np.tanh(left / 1800.0)).sum())
    frame = pd.DataFrame({"week": dates, "sales": kpi, "tv": spend})
    return frame, float(brought.sum() / spend.sum()), lift


@pytest.mark.slow
def test_a_precise_lift_test_moves_a_confounded_channel_to_the_truth() -> None:
    frame, truth, lift = _confounded()
    sampling = {"draws": 400, "tune": 400, "chains": 2}
    spec = ModelSpec(
        kpi=KpiSpec(column="sales"), date="week", channels=(ChannelSpec(name="tv", spend="tv"),), sampling=sampling
    )
    start, end = frame["week"][60].date(), frame["week"][71].date()
    test = LiftTest(channel="tv", start=start, end=end, lift=lift, standard_error=0.03 * lift)
    tested = spec.model_copy(update={"lift_tests": (test,)})
    returns = []
    for each in (spec, tested):
        data = prepare(frame, each)
        fitted = engine.fit(each, data, lambda _: None)
        model = ResponseModel(data, fitted.posterior)
        returns.append(model.channel_contribution(0).sum(axis=0) / data.spend.sum())
    blind, told = returns
    assert np.quantile(blind, 0.05) > 1.5 * truth
    assert told.mean() == pytest.approx(truth, rel=0.1)
    assert np.quantile(told, 0.005) < truth < np.quantile(told, 0.995)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"channel": "radio"}, "no channel of this specification"),
        ({"start": "2019-01-07", "end": "2019-02-03"}, "lies outside the data"),
        ({"end": "2022-01-01"}, "before it starts"),
        ({"standard_error": 0.0}, "must be above 0"),
        ({"geos": ["Atlantis"]}, "Atlantis, which is not in the data"),
    ],
)
def test_a_test_that_cannot_be_used_is_refused_in_words(change: dict[str, Any], sentence: str) -> None:
    raw = specification().model_dump(mode="json") | {"lift_tests": [{**TESTS[0], **change}]}
    with pytest.raises(SpecError, match=sentence):
        _read(raw)


def _read(raw: dict[str, Any]) -> None:
    spec = ModelSpec.from_yaml(yaml.safe_dump(raw))
    lift_data(spec, prepare(table(), spec))


def test_contradicting_tests_are_told() -> None:
    twice = (TESTS[0], {**TESTS[0], "lift": 90_000.0}, {**TESTS[2]})
    spec = specification(lift_tests=twice)
    found = lift_data(spec, prepare(table(), spec))
    assert found is not None
    (sentence,) = contradictions(spec, found)
    assert "tv contradict each other" in sentence
    drifting = spec.model_copy(update={"time_varying": TimeVarying(media=True)})
    assert contradictions(drifting, found) == ()


def _steady() -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """TV at 1000 a week, a year of it at a quarter of that; four tests that one Hill curve without memory gave."""
    dates = pd.date_range("2021-01-04", periods=156, freq="7D")
    tv = np.where((np.arange(156) >= 52) & (np.arange(156) < 104), 250.0, 1000.0)

    def hill(spend: float) -> float:
        return 8000.0 * spend**2 / (spend**2 + 400.0**2)

    def measured(first: int, last: int, share: float, spend: float) -> dict[str, Any]:
        lift = (last - first + 1) * (hill(spend) - hill((1 - share) * spend))
        days = {"start": str(dates[first].date()), "end": str(dates[last].date() + datetime.timedelta(days=6))}
        return {"channel": "tv", **days, "lift": lift, "standard_error": 0.03 * lift, "share": share}

    tests = [measured(4, 11, 1.0, 1000), measured(20, 27, 0.1, 1000), measured(60, 67, 1.0, 250)]
    frame = pd.DataFrame({"week": dates, "sales": 20_000 + np.vectorize(hill)(tv), "tv": tv})
    return frame, tests


def test_tests_at_other_levels_or_of_other_parts_do_not_contradict_each_other() -> None:
    """Unless nothing but a straight line could bring them together."""
    frame, tests = _steady()
    for saturation, count in (("hill", 0), ("logistic", 0), ("linear", 3)):
        spec = _one_channel(saturation, tests)
        found = lift_data(spec, prepare(frame, spec))
        assert found is not None
        assert len(contradictions(spec, found)) == count


def _one_channel(saturation: str, tests: list[dict[str, Any]]) -> ModelSpec:
    return ModelSpec.model_validate(
        {"kpi": {"column": "sales"}, "date": "week", "channels": [{"name": "tv", "spend": "tv"}], "adstock": "none",
         "saturation": saturation, "lift_tests": tests}
    )  # fmt: skip


def test_a_model_that_agrees_with_both_tests_passes_though_they_differ() -> None:
    frame, tests = _steady()
    spec = _one_channel("hill", tests)
    data = prepare(frame, spec)
    priors = resolve(spec, data)
    post = priors_draws(priors, spec.max_lag, 2, 50, geos=1)
    jitter = np.exp(0.01 * np.random.default_rng(0).standard_normal((2, 50, 1)))
    own = {"saturation_slope": 2.0, "saturation_kappa": 0.4, EFFECT: 8000 / data.target_scale[0]}
    post = replace(post, draws={**post.draws, **{name: value * jitter for name, value in own.items()}})
    check = next(c for c in checks(post, data, spec, priors) if c.id == "lift")
    assert check.status is Status.PASS, check.message
    assert "agrees with 3 lift tests" in check.message


def test_a_test_measures_what_drifted_media_brought_then() -> None:
    spec = specification(lift_tests=TESTS)
    data = prepare(table(), spec)
    tests = lift_data(spec, data)
    assert tests is not None
    post = priors_draws(resolve(spec, data), spec.max_lag, 2, 5, geos=1)
    strength = np.linspace(0.5, 3.0, len(data.dates)) * np.ones((2, 5, 1))
    post = replace(post, draws={**post.draws, MEDIA_DRIFT: strength})
    picture = look(post, data, spec, resolve(spec, data))
    assert picture.modelled is not None
    days = data.dates.astype("datetime64[D]")
    for n, test in enumerate(spec.lift_tests):
        c = data.channels.index(test.channel)
        end = test.measured_until or (test.end + datetime.timedelta(days=7 * (spec.max_lag - 1)))
        window = (days >= np.datetime64(test.start)) & (days <= np.datetime64(test.end))
        counted = (days >= np.datetime64(test.start)) & (days <= np.datetime64(end))
        media = data.media.copy()
        media[0, window, c] *= 1 - test.share
        was = ResponseModel(data, post, dtype=np.float64).channel_contribution(c)
        now = ResponseModel(replace(data, media=media), post, dtype=np.float64).channel_contribution(c)
        np.testing.assert_allclose(picture.modelled[:, n], (was - now)[counted].sum(axis=0), rtol=1e-9)


@pytest.mark.slow
def test_the_likelihood_of_a_test_sees_the_drift() -> None:
    spec = specification(lift_tests=TESTS, time_varying={"media": True}, trend={"kind": "none"})
    data = prepare(table(), spec)
    priors = resolve(spec, data)
    measured = lift_data(spec, data)
    assert measured is not None
    model = pymc_model.build(data, priors, measured).model
    target = pymc_model.jax_target(model)
    vector = np.random.default_rng(3).normal(scale=0.3, size=target.size)
    draws = pymc_model.posterior_draws(target, vector[None, None], data)
    post = Posterior(spec.adstock.value, spec.saturation.value, spec.max_lag, draws)
    (ours,) = look(post, data, spec, priors).modelled
    without = ModelSpec.model_validate({**spec.model_dump(), "lift_tests": ()})
    plain = pymc_model.jax_target(pymc_model.build(data, resolve(without, data)).model)
    density = float(target.log_density(vector)) - float(plain.log_density(vector))
    by_hand = -0.5 * ((measured.lift - ours) / measured.sd) ** 2 - np.log(measured.sd * np.sqrt(2 * np.pi))
    assert density == pytest.approx(by_hand.sum(), rel=1e-5)


def test_the_check_tells_a_test_that_the_model_denies_from_one_it_agrees_with() -> None:
    for lift, status in ((None, Status.PASS), (400_000.0, Status.REVIEW)):
        spec = specification()
        data = prepare(table(), spec)
        priors = resolve(spec, data)
        post = priors_draws(priors, spec.max_lag, 2, 50, geos=1)
        if lift is None:
            window = slice(9, 17)
            media = data.media.copy()
            media[0, window, 0] = 0.0
            model, off = ResponseModel(data, post), ResponseModel(replace(data, media=media), post)
            lift = float((model.channel_contribution(0) - off.channel_contribution(0)).sum(axis=0).mean())
        tested = ModelSpec.model_validate({**spec.model_dump(), "lift_tests": [{**TESTS[0], "lift": lift}]})
        check = next(c for c in checks(post, data, tested, priors) if c.id == "lift")
        assert check.status is status, check.message
