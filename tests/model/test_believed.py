"""What is believed of a channel's return is the prior of that return, whatever memory and saturation are."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from mmm_core.domain.fit import ModelData
from mmm_core.modeling import density, engine, export_script, pymc_model, rough_fit
from mmm_core.modeling import parameters as par
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.implied import picture
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, resolve, roi_prior
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import EFFECT
from mmm_core.modeling.unit_effect import MORE
from mmm_core.studies import handover, imagined
from tests.model.cases import priors_draws
from tests.model.company import REACHED, panel_specification, panel_table, specification, table, with_reach
from tests.model.test_equals_pymc import _point, _pymc_point, _theirs

ROI = {"kind": "roi", "low": 1.0, "high": 1.5}
MARGINAL = {"kind": "marginal_roi", "low": 0.5, "high": 2.0}
SHARE = {"kind": "contribution_share", "low": 0.02, "high": 0.06}
COST = {"kind": "cost_per_target", "low": 0.4, "high": 0.6}
FAMILIES = (
    ("geometric", "hill"), ("weibull_pdf", "logistic"), ("geometric", "michaelis_menten"), ("weibull_cdf", "tanh"),
    ("geometric", "linear"),
)  # fmt: skip


def _channels(tv: dict[str, Any] | None, search: dict[str, Any] | None, mail: dict[str, Any] | None) -> Any:
    return (
        {"name": "tv", "spend": "tv", "belief": tv},
        {"name": "search", "spend": "search", "exposure": "clicks", "belief": search},
        {"name": "mail", "exposure": "mail", "belief": mail},
    )


def _national(adstock: str, saturation: str, channels: Any, **more: Any) -> tuple[ModelSpec, ModelData, Priors]:
    spec = specification(adstock, saturation, channels=channels, **more)
    data = prepare(table(), spec)
    return spec, data, resolve(spec, data)


def _panel(adstock: str, saturation: str, channels: Any) -> tuple[ModelSpec, ModelData, Priors]:
    spec = panel_specification(adstock, saturation, channels=channels)
    data = prepare(panel_table(), spec)
    return spec, data, resolve(spec, data)


def _brought(data: ModelData, priors: Priors, values: dict[str, np.ndarray], times: float = 1.0) -> np.ndarray:
    """(S, G, T, C) KPI units of draws (S, C), in a panel of effects (S, G, C)."""
    shapes = {n: v for n, v in values.items() if n in priors.media and n != EFFECT}
    effect = values[EFFECT] if values[EFFECT].ndim == 3 else values[EFFECT][:, None]
    exposure = saturated_exposure(
        times * data.scaled_media, priors.adstock, priors.saturation, priors.max_lag, shapes, effect[:, 0].shape,
        data.scaled_frequency,
    )  # fmt: skip
    return np.asarray(exposure * effect[:, :, None, :] * data.target_scale[:, None, None])


def _returns(kind: str, data: ModelData, priors: Priors, values: dict[str, np.ndarray], c: int) -> np.ndarray:
    """(S,) what a belief of that kind is about, by its definition."""
    brought = _brought(data, priors, values)[..., c]
    if kind == "contribution_share":
        return np.asarray(brought.sum(axis=(1, 2)) / np.abs(data.target).sum())
    spent = float(data.spend[..., c].sum())
    if kind == "cost_per_target":
        return np.asarray(spent / brought.sum(axis=(1, 2)))
    if kind == "marginal_roi":
        brought = (_brought(data, priors, values, MORE)[..., c] - brought) / (MORE - 1.0)
    return np.asarray((brought * data.value_per_unit).sum(axis=(1, 2)) / spent)


def _holds(data: ModelData, priors: Priors, values: dict[str, np.ndarray], stated: list[dict[str, Any]]) -> None:
    for c, belief in enumerate(stated):
        found = _returns(belief["kind"], data, priors, values, c)
        assert np.quantile(found, 0.05) == pytest.approx(belief["low"], rel=0.1)
        assert np.quantile(found, 0.95) == pytest.approx(belief["high"], rel=0.1)


def _drawn(data: ModelData, priors: Priors, draws: int) -> dict[str, np.ndarray]:
    """Prior draws by the parts of a prior: shapes, then the effect given them."""
    rng = np.random.default_rng(3)
    values = {name: prior.sample(rng, draws) for name, prior in priors.media.items()}
    assert priors.believed is not None
    shift = priors.believed.shift(priors.families, data, values, draws)
    return values | {EFFECT: values[EFFECT] / np.exp(shift)}


@pytest.mark.parametrize(("adstock", "saturation"), FAMILIES)
@pytest.mark.parametrize("width", [4.0, pytest.param(3.0, marks=pytest.mark.slow), 1.5])
def test_prior_draws_have_the_stated_ranges(adstock: str, saturation: str, width: float) -> None:
    kinds = {"tv": "marginal_roi", "search": "cost_per_target", "mail": "contribution_share"}
    stated = [{"kind": kind, "low": 0.03, "high": 0.03 * width} for kind in kinds.values()]
    _, data, priors = _national(adstock, saturation, _channels(*stated))
    _holds(data, priors, _drawn(data, priors, 2500), stated)


def test_a_return_is_held_whatever_the_earlier_ranges_were() -> None:
    spec, data, priors = _national("geometric", "hill", _channels({"kind": "roi", "low": 1.9, "high": 2.0}, None, None))
    found = roi_prior(spec, data, priors)["tv"]
    assert found is not None
    assert (found.p5, found.p95) == (pytest.approx(1.9, rel=0.01), pytest.approx(2.0, rel=0.01))
    pictured = picture(spec, data).channels.roi["tv"]
    assert pictured is not None
    assert pictured.p95 / pictured.p5 == pytest.approx(2.0 / 1.9, rel=0.02)


def test_all_geos_together_have_the_stated_return() -> None:
    stated = [dict(ROI), dict(MARGINAL), dict(SHARE)]
    _, data, priors = _panel("weibull_cdf", "tanh", _channels(*stated))
    rng = np.random.default_rng(5)
    points = [imagined.parameters(priors, data, rng) for _ in range(300)]
    values = {n: np.stack([p.flat(n)[0] for p in points]) for n in priors.media}
    _holds(data, priors, values, stated)
    apart = np.log(values[EFFECT]).std(axis=1).mean(axis=0)
    assert (apart > 0.15).all()


def test_channels_without_a_belief_keep_their_prior() -> None:
    _, data, plain = _national("geometric", "hill", _channels(None, None, None))
    _, _, held = _national("geometric", "hill", _channels(ROI, None, None))
    assert plain.believed is None
    for name, prior in plain.media.items():
        for key, numbers in prior.parameters.items():
            np.testing.assert_array_equal(held.media[name].parameters[key][1:], numbers[1:])
    model, other = collapse(data, held), collapse(data, plain)
    rng = np.random.default_rng(2)
    for _ in range(3):
        values = model.constrain(rng.normal(size=model.plan.size))
        moved = values | {EFFECT: values[EFFECT] * np.array([1.0, 1.3, 0.8])}
        found = [_prior(model, v) - _prior(other, v) for v in (values, moved)]
        assert found[0] == pytest.approx(found[1], abs=1e-9)


def _prior(model: Collapsed, values: dict[str, np.ndarray]) -> float:
    x = model.inputs
    big = density.expand(model.plan, x)
    z = par.unconstrain(model.plan, values, x.loc, x.scale, x.level)
    u = par.unconstrained(model.plan, z, x.loc, x.scale, x.level, np)
    meant = density.returns(model.plan, u, density.media_curve(model.plan, u, big), big)
    return float(par.log_prior_kernel(model.plan, meant, x.numbers, np))


@pytest.mark.parametrize(
    ("adstock", "saturation", "channels"),
    [
        ("geometric", "hill", _channels(ROI, MARGINAL, None)),
        pytest.param("delayed", "michaelis_menten", _channels(MARGINAL, None, SHARE), marks=pytest.mark.slow),
        pytest.param("weibull_pdf", "logistic", _channels(COST, MARGINAL, None), marks=pytest.mark.slow),
        pytest.param("weibull_cdf", "tanh", _channels(None, MARGINAL, SHARE), marks=pytest.mark.slow),
        pytest.param("none", "linear", _channels(ROI, None, None), marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_joint_log_density_is_that_of_the_graph(adstock: str, saturation: str, channels: Any) -> None:
    _, data, priors = _national(adstock, saturation, channels)
    ours, model = collapse(data, priors), pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    controls, rng = data.linear.shape[-1], np.random.default_rng(17)
    for _ in range(8):
        values, coefficients = _point(priors, rng)
        linear = {
            "intercept_contribution": coefficients[0],
            "gamma_control": coefficients[1 : 1 + controls],
            "gamma_fourier": coefficients[1 + controls :],
        }
        expected = float(theirs(_pymc_point(model, {**_theirs(values, saturation), **linear})))
        assert ours.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_joint_log_density_of_a_panel_is_that_of_the_graph() -> None:
    _, data, priors = _panel("geometric", "hill", _channels(ROI, MARGINAL, SHARE))
    ours, model = collapse(data, priors), pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng = np.random.default_rng(23)
    for _ in range(4):
        values = ours.constrain(rng.normal(size=ours.plan.size) * 0.5)
        centre, spread = ours.block.mean, ours.block.shared
        assert spread is not None
        shared = centre + spread * rng.normal(size=centre.size)
        own = shared + ours.block.own * rng.normal(size=(len(data.geos), centre.size))
        linear = ours.block.split(own) | {f"{n}_mu": v for n, v in ours.block.split(shared).items()}
        shocks = values["shocks_sigma"] * rng.normal(size=len(data.dates))
        expected = float(theirs(_pymc_point(model, {**values, "shocks": shocks, **linear})))
        assert ours.joint_log_density(values, own, shared, shocks) == pytest.approx(expected, rel=1e-6)


@pytest.mark.slow
def test_reach_and_frequency_are_held_alike() -> None:
    channels = tuple(dict(c, belief=b) for c, b in zip(REACHED, (MARGINAL, ROI, SHARE), strict=True))
    spec = specification("geometric", "hill", channels=channels)
    data = prepare(with_reach(table()), spec)
    priors = resolve(spec, data)
    _holds(data, priors, _drawn(data, priors, 1500), [MARGINAL, ROI, SHARE])
    ours, model = collapse(data, priors), pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    values, coefficients = _point(priors, np.random.default_rng(4))
    controls = data.linear.shape[-1]
    linear = {
        "intercept_contribution": coefficients[0],
        "gamma_control": coefficients[1 : 1 + controls],
        "gamma_fourier": coefficients[1 + controls :],
    }
    expected = float(theirs(_pymc_point(model, {**values, **linear})))
    assert ours.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("panel", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_the_gradient_is_that_of_differences(panel: bool) -> None:
    _, data, priors = (_panel if panel else _national)("geometric", "hill", _channels(ROI, MARGINAL, SHARE))
    model = collapse(data, priors)
    big = density.expand(model.plan, model.inputs)
    both = jax.jit(jax.value_and_grad(lambda z: density.log_density(model.plan, z, big)))
    z, step = np.random.default_rng(5).normal(size=model.plan.size), 1e-6
    numeric = [float(both(z + step * e)[0] - both(z - step * e)[0]) / (2 * step) for e in np.eye(z.size)]
    np.testing.assert_allclose(both(z)[1], numeric, rtol=1e-4, atol=1e-3)
    for far in (-4.0, 4.0):
        assert np.isfinite(both(np.full(z.size, far))[1]).all()


@pytest.mark.parametrize("panel", [False, True])
def test_the_rough_fits_prior_is_the_densitys(panel: bool) -> None:
    _, data, priors = (_panel if panel else _national)("geometric", "hill", _channels(ROI, MARGINAL, None))
    model = collapse(data, priors)
    x = model.inputs
    made = rough_fit.problem(model.plan, data, model.block, x.loc, x.scale, x.level, model.held)
    z = 0.5 * np.random.default_rng(6).normal(size=model.plan.size)
    apart, slope = made.prior(z)
    big = density.expand(model.plan, x)
    u = par.unconstrained(model.plan, z, x.loc, x.scale, x.level, np)
    meant = density.returns(model.plan, u, density.media_curve(model.plan, u, big), big)[model.plan.shifted]
    numbers, here = x.numbers[model.plan.shifted], made.at(model.plan.shifted)
    np.testing.assert_allclose(apart[here], (np.asarray(meant) - numbers[0]) / numbers[1], atol=1e-6)
    step = 1e-5
    nudged = [(made.prior(z + step * e)[0] - made.prior(z - step * e)[0]) / (2 * step) for e in np.eye(z.size)]
    np.testing.assert_allclose(slope[here], np.array(nudged).T[here], rtol=1e-2, atol=1e-2)


def test_what_is_handed_over_leaves_beliefs_alone() -> None:
    _, data, priors = _national("geometric", "hill", _channels(ROI, None, None))
    before = handover.moments(priors_draws(priors, 8, 1, 40, geos=1), data)
    narrowed, names = handover.widened(priors, before, data)
    assert EFFECT in names
    for key, numbers in priors.media[EFFECT].parameters.items():
        assert narrowed.media[EFFECT].parameters[key][0] == numbers[0]
    assert narrowed.media[EFFECT].parameters["mu"][1] != priors.media[EFFECT].parameters["mu"][1]


@pytest.mark.slow
@pytest.mark.parametrize("panel", [False, True])
def test_the_script_holds_the_beliefs_too(panel: bool, tmp_path: Path) -> None:
    spec, data, priors = (_panel if panel else _national)("delayed", "hill", _channels(ROI, MARGINAL, SHARE))
    export_script.write_script(tmp_path / "model.py", spec, data, priors)
    built = runpy.run_path(str(tmp_path / "model.py"))["mmm"].model
    ours = pymc_model.build(data, priors).model
    point = {name: value + 0.1 for name, value in ours.initial_point().items()}
    found, expected = (float(m.compile_logp(mode="FAST_COMPILE")(point)) for m in (built, ours))
    assert found == pytest.approx(expected, rel=1e-10)
    bare = pymc_model.build(data, replace(priors, believed=None)).model
    assert float(bare.compile_logp(mode="FAST_COMPILE")(point)) != pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_fit_to_little_data_keeps_a_tight_belief() -> None:
    belief = {"kind": "roi", "low": 1.2, "high": 1.5}
    spec = specification(
        "geometric", "hill", channels=_channels(belief, None, None), controls=(), holidays=(),
        season={"yearly_terms": 0}, trend={"kind": "none"},
        sampling={"draws": 300, "tune": 300, "chains": 2, "seed": 3},
    )  # fmt: skip
    data = prepare(table(30), spec)
    fitted = engine.fit(spec, data, lambda message: None)
    draws = {name: fitted.posterior.flat(name) for name in fitted.priors.media}
    found = _returns("roi", data, fitted.priors, draws, 0)
    assert fitted.posterior.divergences < 12
    assert 1.2 < np.median(found) < 1.5
    assert np.quantile(found, 0.05) > 1.1
    assert np.quantile(found, 0.95) < 1.6


@pytest.mark.slow
def test_media_that_drift_count_in_the_return() -> None:
    """Without saturation 1% more exposure brings 1% more, whatever the drift: a sum over periods tells both returns."""
    channels = _channels(ROI, MARGINAL, None)
    _, data, priors = _national("geometric", "linear", channels, time_varying={"media": True}, trend={"kind": "none"})
    model, held = pymc_model.build(data, priors).model, priors.believed
    assert held is not None
    at = {
        name: value + 0.1 * np.arange(value.size).reshape(value.shape) for name, value in model.initial_point().items()
    }
    wanted = [model[n].values for n in ("channel_contribution", "saturation_beta", "media_temporal_latent_multiplier")]
    wanted = model.replace_rvs_by_values([*wanted, model["believed"]])
    found = model.compile_fn(wanted, inputs=model.value_vars, on_unused_input="ignore", mode="FAST_COMPILE")(at)
    brought, effect, drift, potential = found
    assert np.ptp(drift) > 0.01
    mu, sigma = (priors.media[EFFECT].parameters[name][:2] for name in ("mu", "sigma"))
    total = np.einsum("tc,ct->c", brought[:, :2], held.worth[:2, 0]) * np.array([1.0, MORE - 1.0])
    expected = np.sum(((np.log(effect[:2]) - mu) ** 2 - (np.log(total) - mu) ** 2) / (2 * sigma**2))
    assert float(potential) == pytest.approx(expected, rel=1e-6)
