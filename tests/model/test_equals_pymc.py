"""PyMC-Marketing is the definition: our density plus the linear block's conditional is its joint log density."""

from typing import Any

import jax
import numpy as np
import pytest

from mmm_core.modeling import pymc_model
from mmm_core.modeling.collapsed import collapse
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, resolve
from tests.model.cases import FAMILIES
from tests.model.company import panel_specification, panel_table, specification, table

FIRST = (("geometric", "logistic"), ("geometric", "hill"), ("delayed", "logistic"), ("delayed", "hill"))
NEWER = (("weibull_pdf", "michaelis_menten"), ("weibull_cdf", "tanh"), ("none", "linear"))
FAST = FIRST + NEWER
COMBINATIONS = [
    pytest.param(*pair, marks=() if pair in FAST else pytest.mark.slow)
    for pair in (*FAST, *sorted({*FAMILIES} - {*FAST}))
]


def _point(priors: Priors, rng: np.random.Generator) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Media parameters with the noise, and the linear block's coefficients, drawn from the priors."""
    values = {name: prior.sample(rng, 1)[0] for name, prior in priors.media.items()}
    values["y_sigma"] = priors.sigma.sample(rng, 1)[0] + 0.05
    blocks = [np.atleast_1d(d.sample(rng, 1)[0]) for d in (priors.intercept, priors.control, priors.fourier)]
    return values, np.concatenate(blocks)


def _theirs(values: dict[str, np.ndarray], saturation: str) -> dict[str, np.ndarray]:
    return {pymc_model.their_name(name, saturation): v for name, v in values.items()}


def _pymc_point(model: Any, values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    out = {}
    for variable in model.free_RVs:
        name, x = model.rvs_to_values[variable].name, values[variable.name]
        out[name] = (
            np.log(x) - np.log1p(-x) if name.endswith("logodds__") else np.log(x) if name.endswith("log__") else x
        )
    return out


@pytest.mark.parametrize(("adstock", "saturation"), COMBINATIONS)
def test_joint_log_density_is_pymc_marketings(adstock: str, saturation: str) -> None:
    spec = specification(adstock, saturation)
    data = prepare(table(), spec)
    priors = resolve(spec, data)
    ours = collapse(data, priors)
    model = pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    controls = data.linear.shape[-1]
    rng = np.random.default_rng(17)
    for _ in range(12):
        values, coefficients = _point(priors, rng)
        linear = {
            "intercept_contribution": coefficients[0],
            "gamma_control": coefficients[1 : 1 + controls],
            "gamma_fourier": coefficients[1 + controls :],
        }
        expected = float(theirs(_pymc_point(model, {**_theirs(values, saturation), **linear})))
        assert ours.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("adstock", "saturation"), [("geometric", "hill"), ("delayed", "michaelis_menten")])
def test_joint_log_density_of_a_panel_is_pymc_marketings(adstock: str, saturation: str) -> None:
    spec = panel_specification(adstock, saturation)
    data = prepare(panel_table(), spec)
    priors = resolve(spec, data)
    ours = collapse(data, priors)
    model = pymc_model.build(data, priors).model
    theirs = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    rng = np.random.default_rng(23)
    for _ in range(6):
        z = rng.normal(size=ours.plan.size) * 0.5
        values = ours.constrain(z)
        centre, spread = ours.block.mean, ours.block.shared
        assert spread is not None
        shared = centre + spread * rng.normal(size=centre.size)
        own = shared + ours.block.own * rng.normal(size=(len(data.geos), centre.size))
        linear = ours.block.split(own) | {f"{n}_mu": v for n, v in ours.block.split(shared).items()}
        shocks = values["shocks_sigma"] * rng.normal(size=len(data.dates))
        expected = float(theirs(_pymc_point(model, {**_theirs({**values, "shocks": shocks}, saturation), **linear})))
        assert ours.joint_log_density(values, own, shared, shocks) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("style", ["by_spend", "pymc_marketing"])
def test_second_route_has_pymcs_density_and_variables(style: str) -> None:
    spec = specification("delayed", "hill", media_prior={"style": style})
    data = prepare(table(), spec)
    priors = resolve(spec, data)
    model = pymc_model.build(data, priors).model
    target = pymc_model.jax_target(model)
    theirs = model.compile_logp(mode="FAST_COMPILE")
    rng = np.random.default_rng(5)
    vectors = target.initial + 0.3 * rng.standard_normal((2, 3, target.size))
    draws = pymc_model.posterior_draws(target, vectors, data)
    density = jax.jit(jax.value_and_grad(target.log_density))
    for chain in range(2):
        for draw in range(3):
            at = {name: values[chain, draw] for name, values in draws.items()}
            value, gradient = density(vectors[chain, draw])
            assert float(value) == pytest.approx(float(theirs(_pymc_point(model, at))), rel=1e-9)
            assert np.isfinite(np.asarray(gradient)).all()
    assert draws["gamma_control"].shape == (2, 3, data.linear.shape[-1])
    assert draws["saturation_kappa"].shape == (2, 3, 3)
    assert (draws["adstock_alpha"] < 1).all()


def test_prepared_season_is_yearly_fourier() -> None:
    spec = specification()
    data = prepare(table(), spec)
    model = pymc_model.build(data, resolve(spec, data)).model
    at = model.initial_point()
    at["gamma_fourier"] = np.array([1.0, 20.0, 300.0, 4000.0])
    (season,) = model.replace_rvs_by_values([model["yearly_seasonality_contribution"]])
    found = model.compile_fn(season, inputs=model.value_vars, on_unused_input="ignore", mode="FAST_COMPILE")(at)
    np.testing.assert_allclose(found, data.fourier @ at["gamma_fourier"], rtol=1e-10, atol=1e-9)


def test_columns_that_clash_with_the_librarys_names_still_build() -> None:
    frame = table().rename(columns={"tv": "date", "price": "y", "mail": "channel_x"})
    spec = specification(
        channels=({"name": "date", "spend": "date"}, {"name": "trend", "spend": "search"}), controls=("y",)
    )
    data = prepare(frame, spec)
    priors = resolve(spec, data)
    model = pymc_model.build(data, priors).model
    assert np.isfinite(model.compile_logp(mode="FAST_COMPILE")(model.initial_point()))
