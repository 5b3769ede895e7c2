"""The sampler's coordinates change nothing but its pace: exact changes of variables, chosen by a rough fit."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from mmm_core.analysis.convergence import ess_bulk
from mmm_core.domain.fit import ModelData
from mmm_core.modeling import collapsed, density
from mmm_core.modeling import coordinates as co
from mmm_core.modeling.collapsed import Collapsed, collapse, jittered
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.nuts import Target
from mmm_core.modeling.parameters import OWN, SPREAD
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.sampler import Settings, sample
from mmm_core.modeling.spec import Belief
from mmm_core.modeling.transforms import EFFECT
from tests.model.cases import national, priors_for
from tests.model.company import panel_specification, panel_table


def _panel(geos: int = 3) -> Collapsed:
    spec = panel_specification("geometric", "hill", season={"yearly_terms": 1}, trend={"kind": "linear"})
    data = prepare(panel_table(60, geos), spec)
    return collapse(data, resolve(spec, data))


def _national() -> Collapsed:
    data = national(periods=60, channels=3, seed=3)
    return collapse(data, priors_for(data, "geometric", "logistic"))


def _believed() -> Collapsed:
    """One channel whose effect the prior knows far better than the data."""
    data = national(periods=60, channels=3, seed=3)
    priors = priors_for(data, "geometric", "logistic")
    effect = priors.media["saturation_beta"].parameters
    known = Distribution("LogNormal", {"mu": effect["mu"], "sigma": np.array([1.0, 1.0, 0.05])})
    return collapse(data, replace(priors, media=priors.media | {"saturation_beta": known}))


def _straight() -> Collapsed:
    """Neither memory nor saturation: no parameter but the effects says what a channel does."""
    data = national(periods=60, channels=3, seed=3)
    return collapse(data, priors_for(data, "none", "linear"))


def _lagging() -> Collapsed:
    data = national(periods=60, channels=3, seed=3)
    return collapse(data, priors_for(data, "geometric", "linear"))


def _believed_panel() -> Collapsed:
    """A return of all geos that is known to a few percent."""
    spec = panel_specification("geometric", "hill")
    known = Belief(kind="roi", low=1.9, high=2.1)
    channels = [c.model_copy(update={"belief": known}) if c.name == "tv" else c for c in spec.channels]
    spec = spec.model_copy(update={"channels": channels})
    data = prepare(panel_table(60), spec)
    return collapse(data, resolve(spec, data))


def _placed(model: Collapsed, where: co.Coordinates) -> Callable[[Any], tuple[Any, Any]]:
    return lambda w: co.to_parameters(model.plan, w, where, model.inputs.loc, model.inputs.scale)


@pytest.mark.parametrize("make", [_national, _panel, _believed, _believed_panel, _straight, _lagging])
def test_the_jacobian_is_that_of_the_change_of_variables(make: Callable[[], Collapsed]) -> None:
    model = make()
    where, rng = model.coordinates(), np.random.default_rng(1)
    placed = _placed(model, where)
    slope = jax.jit(jax.jacfwd(lambda w: placed(w)[0]))
    for _ in range(3):
        w = rng.normal(size=model.plan.size)
        expected = np.linalg.slogdet(np.asarray(slope(w)))[1]
        found = float(placed(jnp.asarray(w))[1]) + co.constant(model.plan, where, model.inputs.scale)
        assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("make", [_national, _panel, _believed, _believed_panel])
def test_the_target_is_the_density_in_its_coordinates(make: Callable[[], Collapsed]) -> None:
    """What the sampler keeps of a point, and the density there, are the model's own."""
    model = make()
    target = model.to_sample(2, 1)
    big, plain = target.expand(target.inputs), density.expand(model.plan, model.inputs)
    placed = _placed(model, model.coordinates())
    ours = jax.jit(lambda w: (target.log_density(w, big), target.kept(w, big)))
    theirs = jax.jit(lambda z: density.log_density(model.plan, z, plain))
    for seed in range(4):
        w = np.random.default_rng(seed).normal(size=model.plan.size)
        found, z = ours(w)
        there, jacobian = placed(jnp.asarray(w))
        np.testing.assert_allclose(z, there, atol=1e-12)
        assert float(found) == pytest.approx(float(theirs(z)) + float(jacobian), abs=1e-8)


@pytest.mark.parametrize("make", [_panel, _believed_panel])
def test_there_and_back_again(make: Callable[[], Collapsed]) -> None:
    model = make()
    where, x = model.coordinates(), model.inputs
    assert (where.unshifted.share[1:] > 0).all()
    z = np.random.default_rng(5).normal(size=(4, model.plan.size))
    q = co.to_round(model.plan, z, where, x.loc, x.scale)
    back, _ = co.from_round(model.plan, q, where, x.loc, x.scale, np)
    np.testing.assert_allclose(back, z, atol=1e-10)


def test_the_sign_of_a_spread_means_nothing() -> None:
    """With a spread's sign its geos' distances turn too, and parameters and density are as they were."""
    model = _panel()
    plan, x, where = model.plan, model.inputs, model.coordinates()
    q = np.random.default_rng(6).normal(size=plan.size)
    turned = q.copy()
    turned[plan.start_of(SPREAD)] *= -1.0
    turned[plan.start_of(OWN) : plan.start_of(OWN) + plan.geos * plan.channels : plan.channels] *= -1.0
    one, other = (co.from_round(plan, v, where, x.loc, x.scale, np) for v in (q, turned))
    np.testing.assert_allclose(one[0], other[0], atol=1e-12)
    assert one[1] == pytest.approx(other[1])


def test_a_belief_takes_the_shift_of_its_effect_back() -> None:
    share = _believed().coordinates().unshifted.share
    assert share[2] > 0.9
    assert share[:2].max() < 0.5


def test_a_believed_return_is_one_coordinate_whatever_the_geos_are() -> None:
    """Geos that differ more or less leave the log of all geos' weighted effects where it was."""
    model = _believed_panel()
    plan, x, where = model.plan, model.inputs, model.coordinates()
    here = plan.start_of(OWN), plan.start_of(SPREAD)
    q = np.repeat(np.random.default_rng(7).normal(size=(1, plan.size)), 2, axis=0)
    q[1, here[0] : here[0] + plan.geos * plan.channels] *= 1.7
    q[1, here[1] : here[1] + plan.channels] *= 1.3
    z, _ = co.from_round(plan, q, where, x.loc, x.scale, np)
    effect = model.constrain(z)[EFFECT]
    total = np.log(np.sum(np.exp(where.together.weight) * effect, axis=1))
    np.testing.assert_allclose(total[0, 0], total[1, 0], atol=1e-10)
    assert abs(total[0, 1:] - total[1, 1:]).min() > 1e-3


def test_without_information_a_geo_keeps_the_prior_coordinates() -> None:
    model = _panel()
    pooling = model.coordinates().pooling
    silent = (2, 2)
    assert pooling.information[silent] == 0.0
    assert pooling.push[silent] == 0.0
    assert (np.delete(pooling.information.ravel(), 2 * model.plan.channels + 2) > 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("make", [_national, _panel, _believed])
def test_the_rough_fit_makes_the_density_rounder(make: Callable[[], Collapsed]) -> None:
    """Curvature at the coordinates' centre: widest over narrowest direction, beside the prior's coordinates there."""
    model = make()
    target, plain = model.to_sample(1, 1), density.expand(model.plan, model.inputs)
    big = target.expand(target.inputs)
    w = jnp.zeros(model.plan.size)
    ours = _condition(lambda v: target.log_density(v, big), w)
    theirs = _condition(lambda v: density.log_density(model.plan, v, plain), target.kept(w, big))
    assert ours < 0.3 * theirs


def _condition(log_density: Callable[[Any], Any], at: Any) -> float:
    size = np.abs(np.linalg.eigvalsh(np.asarray(jax.jit(jax.hessian(log_density))(at))))
    return float(size.max() / size.min())


def test_a_kpi_without_noise_and_one_without_sense_still_get_coordinates() -> None:
    for kpi in (lambda d: np.ones_like(d.target), lambda d: np.zeros_like(d.target)):
        data: ModelData = national(periods=40, channels=2, seed=2)
        object.__setattr__(data, "target", kpi(data))
        where = collapse(data, priors_for(data, "geometric", "logistic")).coordinates()
        assert np.isfinite(where.centre).all()
        assert np.linalg.slogdet(where.factor)[0] == 1.0


@pytest.mark.slow
def test_the_posterior_is_the_same_in_both_coordinates() -> None:
    model = _panel()
    plan = model.plan
    settings = Settings(chains=2, tune=400, draws=1000, seed=4)
    plain = Target(
        log_density=lambda z, data: density.log_density(plan, z, data),
        inputs=model.inputs,
        start=jittered(settings.chains, plan.size, settings.seed),
        expand=lambda x: density.expand(plan, x),
    )
    targets = plain, model.to_sample(settings.chains, settings.seed)
    theirs, ours = (sample(t, settings, lambda message: None).draws for t in targets)
    (mean, sd, size), (other_mean, other_sd, other_size) = (_figures(draws) for draws in (theirs, ours))
    error = np.sqrt(sd**2 / size + other_sd**2 / other_size)
    assert np.all(np.abs(mean - other_mean) < 4.5 * error)
    assert np.all(np.abs(np.log(sd / other_sd)) < 0.3)


def _figures(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, standard deviation and effective number of draws (chains, N, D) per parameter."""
    return draws.mean((0, 1)), draws.std((0, 1)), ess_bulk(np.moveaxis(draws, -1, 0))


def test_very_many_parameters_keep_their_own_coordinates(monkeypatch: pytest.MonkeyPatch) -> None:
    model = _panel()
    monkeypatch.setattr(collapsed, "MOST_TURNED", model.plan.size - 1)
    target, z = model.to_sample(1, 1), np.random.default_rng(4).normal(size=model.plan.size)
    big = target.expand(target.inputs)
    np.testing.assert_array_equal(target.kept(z, big), z)
    expected = float(density.log_density(model.plan, z, density.expand(model.plan, model.inputs)))
    assert float(target.log_density(z, big)) == pytest.approx(expected, rel=1e-12)
    assert co.constant(model.plan, model.coordinates(), model.inputs.scale) == 0.0
