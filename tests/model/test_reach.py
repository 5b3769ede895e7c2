"""Channels by reach and frequency: one definition in the density, PyMC's graph, the draws and the lift tests."""

import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmm_core.analysis import results
from mmm_core.analysis.frequency import frequency_curves
from mmm_core.analysis.response import ResponseModel
from mmm_core.analysis.ridge_fit import RidgeProblem
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.results import ChannelResult
from mmm_core.modeling import engine, pymc_model
from mmm_core.modeling.collapsed import collapse
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.predict import media_blocks, saturated_exposure
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import LiftTest, ModelSpec, Trend
from mmm_core.modeling.transforms import EFFECT
from mmm_core.modeling.unit_effect import unit_effect
from tests.model.company import REACHED, panel_specification, panel_table, specification, table, with_reach
from tests.model.test_equals_pymc import _point, _pymc_point, _theirs

TESTED = (
    LiftTest(
        channel="tv",
        start=datetime.date(2022, 3, 7),
        end=datetime.date(2022, 4, 17),
        lift=30_000.0,
        standard_error=4_000.0,
        share=0.5,
    ),
    LiftTest(
        channel="search", start=datetime.date(2022, 5, 2), end=datetime.date(2022, 5, 29), lift=9e3, standard_error=3e3
    ),
)


def _case(panel: bool = False, saturation: str = "hill", **changes: object) -> tuple[ModelSpec, ModelData]:
    make, frame = (panel_specification, panel_table()) if panel else (specification, table())
    spec = make("geometric", saturation, channels=REACHED, **changes)
    return spec, prepare(with_reach(frame), spec)


def _posterior(spec: ModelSpec, data: ModelData, draws: int = 12) -> Posterior:
    model = collapse(data, resolve(spec, data))
    z = np.random.default_rng(3).normal(size=(2, draws, model.plan.size)) * 0.5
    return Posterior(spec.adstock.value, spec.saturation.value, spec.max_lag, model.draws(z, seed=1))


@pytest.mark.parametrize("saturation", ["hill", "michaelis_menten", "tanh"])
def test_joint_density_with_lift_tests_is_that_of_pymcs_graph(saturation: str) -> None:
    spec, data = _case(saturation=saturation, lift_tests=TESTED)
    priors, tests = resolve(spec, data), lift_data(spec, data)
    ours, model = collapse(data, priors, tests), pymc_model.build(data, priors, tests).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng, controls = np.random.default_rng(17), data.linear.shape[-1]
    for _ in range(6):
        values, coefficients = _point(priors, rng)
        linear = {
            "intercept_contribution": coefficients[0],
            "gamma_control": coefficients[1 : 1 + controls],
            "gamma_fourier": coefficients[1 + controls :],
        }
        expected = float(theirs(_pymc_point(model, {**_theirs(values, saturation), **linear})))
        assert ours.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-6)


def test_joint_density_of_a_panel_is_that_of_pymcs_graph() -> None:
    spec, data = _case(panel=True)
    priors = resolve(spec, data)
    ours, model = collapse(data, priors), pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng = np.random.default_rng(23)
    for _ in range(3):
        values = ours.constrain(rng.normal(size=ours.plan.size) * 0.5)
        centre, spread = ours.block.mean, ours.block.shared
        assert spread is not None
        shared = centre + spread * rng.normal(size=centre.size)
        own = shared + ours.block.own * rng.normal(size=(len(data.geos), centre.size))
        linear = ours.block.split(own) | {f"{n}_mu": v for n, v in ours.block.split(shared).items()}
        shocks = values["shocks_sigma"] * rng.normal(size=len(data.dates))
        expected = float(theirs(_pymc_point(model, {**_theirs({**values, "shocks": shocks}, "hill"), **linear})))
        assert ours.joint_log_density(values, own, shared, shocks) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("panel", [False, True])
def test_history_is_the_same_in_the_metric_service_and_the_model(panel: bool) -> None:
    spec, data = _case(panel)
    posterior = _posterior(spec, data)
    model = ResponseModel(data, posterior, dtype=np.float64)
    (expected,) = (values for _, values in media_blocks(data, posterior))
    np.testing.assert_allclose(model.contributions(), expected * data.target_scale[:, None, None], rtol=1e-10)


def test_twice_the_reach_brings_twice_as_much_and_twice_the_frequency_less() -> None:
    spec, data = _case()
    posterior = _posterior(spec, data)
    assert data.frequency is not None

    def brought(changed: ModelData) -> Array:
        return ResponseModel(changed, posterior, np.float64).channel_contribution(0).sum(axis=0)

    once = brought(data)
    factor = np.array([2.0, 1.0, 1.0])
    np.testing.assert_allclose(brought(replace(data, media=data.media * factor)), 2 * once)
    more = brought(replace(data, frequency=data.frequency * factor))
    assert (more > once).all()
    assert (more < 2 * once).any()


@pytest.mark.parametrize("panel", [False, True])
def test_a_plan_is_linear_in_a_channel_by_reach(panel: bool) -> None:
    spec, data = _case(panel)
    model = ResponseModel(data, _posterior(spec, data), dtype=np.float64)
    window = model.window(8)
    spend = model.vector(model.current_plan(8))
    once, twice = window.totals(spend), window.totals(2 * spend)
    tv, search = model.paid.index("tv"), model.paid.index("search")
    np.testing.assert_allclose(twice[tv], 2 * once[tv])
    assert (twice[search] < 2 * once[search]).all()
    value, slope = window.value_and_slope(spend)
    np.testing.assert_allclose(value, once)
    np.testing.assert_allclose(slope[tv] * spend[tv], once[tv])
    np.testing.assert_allclose(window.evaluate(spend)[0], once)


def test_a_plan_that_goes_on_as_before_brings_what_history_says() -> None:
    """With the same reach and frequency in every week a week of the plan is a week of history."""
    spec, data = _case()
    assert data.frequency is not None
    steady = replace(
        data,
        media=np.ones_like(data.media) * data.media.max(axis=(0, 1)) * 0.4,
        spend=np.where(np.isfinite(data.spend), 100.0, np.nan),
        frequency=np.where(np.isfinite(data.frequency), 3.0, np.nan),
    )
    model = ResponseModel(steady, _posterior(spec, data), dtype=np.float64)
    week = model.channel_contribution(0)[-1]
    brought, _ = model.window(10).evaluate(model.vector(model.current_plan(10)))
    np.testing.assert_allclose(brought[0], 10 * week, rtol=1e-9)
    curve = model.curves()["tv"]
    at_today = np.interp(100.0, curve.level, curve.mean)
    assert at_today == pytest.approx(week.mean(), rel=1e-6)


def test_lift_tests_measure_history_with_and_without_the_reach() -> None:
    spec, data = _case(lift_tests=TESTED[:1])
    tests, posterior = lift_data(spec, data), _posterior(spec, data)
    assert tests is not None
    shapes = {n: posterior.flat(n) for n in ("adstock_alpha", "saturation_slope", "saturation_kappa")}
    found = tests.modelled("geometric", "hill", spec.max_lag, shapes, posterior.by_geo(EFFECT))[:, 0]
    days = data.dates.astype("datetime64[D]")
    inside = (days >= np.datetime64(TESTED[0].start)) & (days <= np.datetime64(TESTED[0].end))
    media = data.media.copy()
    media[:, inside, 0] *= 0.5
    now, without = (
        ResponseModel(d, posterior, np.float64).channel_contribution(0) for d in (data, replace(data, media=media))
    )
    np.testing.assert_allclose(found, (now - without).sum(axis=0), rtol=1e-9)


def test_priors_are_spread_by_what_an_effect_of_one_brings() -> None:
    spec, data = _case()
    posterior = _posterior(spec, data)
    shapes = {n: posterior.flat(n) for n in ("adstock_alpha", "saturation_slope", "saturation_kappa")}
    unit = unit_effect(spec, data, shapes, 24)
    brought = ResponseModel(data, posterior, np.float64).channel_contribution(0).sum(axis=0)
    np.testing.assert_allclose(unit.volume[:, 0] * posterior.flat(EFFECT)[:, 0], brought, rtol=1e-9)


def test_people_reached_without_a_frequency_are_refused() -> None:
    frame = with_reach(table())
    first = int(np.argmax(frame["people"].to_numpy() > 0))
    frame.loc[first, "contacts"] = np.nan
    with pytest.raises(SpecError, match=r"tv reached people in 1 rows without a frequency above 0 in contacts"):
        prepare(frame, specification(channels=REACHED))


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ({"name": "tv", "spend": "tv", "reach": "people"}, "needs both reach and frequency"),
        ({"name": "tv", "exposure": "grps", "reach": "people", "frequency": "contacts"}, "not on both"),
    ],
)
def test_half_a_pair_and_two_exposures_are_refused(channel: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        specification(channels=(channel,))


@pytest.mark.parametrize("panel", [False, True])
def test_the_same_contacts_at_another_frequency_bring_what_the_model_says(panel: bool) -> None:
    spec, data = _case(panel)
    assert data.frequency is not None
    posterior = _posterior(spec, data)
    known = np.isfinite(data.frequency)
    steady = replace(
        data, media=np.ones_like(data.media) * data.media_scale[:, None], frequency=np.where(known, 3.0, np.nan)
    )
    curve = frequency_curves(ResponseModel(steady, posterior, np.float64))["tv"]
    assert set(frequency_curves(ResponseModel(steady, posterior, np.float64))) == {"tv"}
    assert curve.today == pytest.approx(3.0)
    for often in (1.0, 2.0):
        factor = np.where(known, 3.0 / often, 1.0)
        other = ResponseModel(
            replace(steady, media=steady.media * factor, frequency=np.where(known, often, np.nan)),
            posterior,
            np.float64,
        )
        week = sum(other.channel_contribution(0, g)[-1] for g in range(len(data.geos)))
        assert np.interp(often, curve.level, curve.mean) == pytest.approx(float(np.mean(week)), rel=2e-3)


def test_contacts_are_those_of_a_mean_recent_week() -> None:
    spec, data = _case()
    assert data.frequency is not None
    posterior = _posterior(spec, data)
    often = np.where(np.isfinite(data.frequency), np.where(data.media > 0, 3.0, 0.0), np.nan)
    model = ResponseModel(replace(data, frequency=often), posterior, np.float64)
    curve = frequency_curves(model)["tv"]
    reach = data.media[0, -13:, 0].mean() / data.media_scale[0, 0]
    expected = model.effect[0, 0] * reach * model.per_person(0, np.array([3.0]))[0]
    assert curve.today == pytest.approx(3.0)
    assert np.interp(3.0, curve.level, curve.mean) == pytest.approx(expected.mean(), rel=2e-3)


def test_a_curve_that_is_slow_to_rise_has_its_best_frequency_inside() -> None:
    spec, data = _case()
    posterior = _posterior(spec, data)
    slope = {"saturation_slope": 3.0, "saturation_kappa": 0.5}
    shaped = {n: np.full_like(v, slope[n]) if n in slope else v for n, v in posterior.draws.items()}
    curve = frequency_curves(ResponseModel(data, replace(posterior, draws=shaped), np.float64))["tv"]
    # Contacts do most where slope x (1 - s(f)) = 1, that is f = kappa x (slope - 1)^(1 / slope).
    highest = float(np.nanmax(data.frequency))
    assert curve.best.mean == pytest.approx(highest * 0.5 * 2 ** (1 / 3), abs=highest / 40)
    assert curve.level[0] < curve.best.p5 < curve.level[-1]
    assert curve.gain.mean >= 0


def _company(periods: int = 156, seed: int = 5) -> tuple[pd.DataFrame, float]:
    """A company whose TV works best at 3.5 contacts, and what TV brought."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-03", periods=periods, freq="7D")
    people = rng.gamma(3, 40_000, periods) * (rng.random(periods) < 0.8)
    contacts = np.where(people > 0, rng.uniform(1, 9, periods), 0.0)
    impact = people * contacts**2.5 / (contacts**2.5 + 3.0**2.5)
    weights = 0.5 ** np.arange(8)
    brought = 0.12 * np.convolve(impact, weights / weights.sum())[:periods]
    search = rng.gamma(4, 500, periods)
    season = 3000 * np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365.25)
    base = 40_000 + 60 * np.arange(periods) + season + 9000 * np.tanh(search / 3000)
    sales = base + brought + rng.normal(0, 1500, periods)
    money = 0.01 * people * contacts
    columns = {"week": dates, "sales": sales, "tv": money, "people": people, "contacts": contacts, "search": search}
    return pd.DataFrame(columns), float(brought.sum())


@pytest.mark.slow
def test_a_fit_finds_what_was_brought_and_the_frequency_that_pays() -> None:
    frame, brought = _company()
    search = {"name": "search", "spend": "search"}

    def fitted(tv: dict[str, str]) -> ChannelResult:
        spec = specification(
            saturation="hill",
            channels=({"name": "tv", "spend": "tv", **tv}, search),
            controls=(),
            holidays=(),
            trend=Trend(),
        )
        data = prepare(frame, spec)
        fit = engine.fit(spec, data, lambda _: None)
        assert fit.posterior.divergences < 10
        return results.summarise(data, fit.posterior, spec).channels[0]

    both, alone = fitted({"reach": "people", "frequency": "contacts"}), fitted({"exposure": "people"})
    assert both.contribution.p5 < brought < both.contribution.p95
    assert both.contribution.p95 - both.contribution.p5 < 0.5 * (alone.contribution.p95 - alone.contribution.p5)
    assert both.frequency is not None
    assert both.frequency.best.p5 - 0.2 < 3.0 * 1.5 ** (1 / 2.5) < both.frequency.best.p95 + 0.2
    assert both.frequency.gain.p5 > 0


@pytest.mark.parametrize("panel", [False, True])
def test_the_first_look_reads_reach_and_frequency_as_the_model_does(panel: bool) -> None:
    spec, data = _case(panel)
    problem = RidgeProblem(data, spec, len(data.dates))
    values = np.array([[0.4, 2.0, 0.5], [0.7, 1.2, 0.3]])
    shapes = {name: np.repeat(values[:, p : p + 1], 3, axis=1) for p, name in enumerate(problem.names)}
    expected = saturated_exposure(
        data.scaled_media, "geometric", "hill", spec.max_lag, shapes, frequency=data.scaled_frequency
    )
    for channel in range(3):
        np.testing.assert_allclose(problem.feature(channel, values), expected[..., channel].reshape(2, -1).T)
