"""The collapsed density against dense Gaussian algebra and numerical derivatives."""

import jax
import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling import density
from mmm_core.modeling import parameters as par
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.conditional import draw_linear
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.transforms import EFFECT, adstock_weights, saturate
from tests.model.cases import EACH_ONCE, IN_FREQUENCY, by_frequency, design, national, priors_for


@pytest.fixture(params=[*((*families, ()) for families in EACH_ONCE), *IN_FREQUENCY], ids=str)
def case(request: pytest.FixtureRequest) -> tuple[ModelData, Priors, Collapsed]:
    adstock, saturation, own = request.param
    data = national(periods=45, channels=3, seed=3)
    data = by_frequency(data, own) if own else data
    priors = priors_for(data, adstock, saturation)
    return data, priors, collapse(data, priors)


def _media(data: ModelData, priors: Priors, values: dict[str, np.ndarray]) -> np.ndarray:
    """Media effect (T,) by the definition, one period and channel at a time."""
    weights = adstock_weights(priors.adstock, priors.max_lag, values, shape=values[EFFECT].shape)
    scaled = data.scaled_media[0]
    out = np.zeros(scaled.shape[0])
    for c in range(scaled.shape[1]):
        curve = {k: v[c] for k, v in values.items() if v.ndim}
        if c in data.by_frequency:
            assert data.scaled_frequency is not None
            impact = scaled[:, c] * saturate(priors.saturation, data.scaled_frequency[0, :, c], curve)
            out += values[EFFECT][c] * np.convolve(impact, weights[c])[: scaled.shape[0]]
            continue
        carried = np.convolve(scaled[:, c], weights[c])[: scaled.shape[0]]
        out += values[EFFECT][c] * saturate(priors.saturation, carried, curve)
    return out


def _points(model: Collapsed, count: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=(count, model.plan.size))


def test_collapsed_density_equals_dense_gaussian_marginal(case: tuple[ModelData, Priors, Collapsed]) -> None:
    data, priors, model = case
    x, mean, sd = design(data, priors)
    for z in _points(model, 4):
        values = model.constrain(z)
        covariance = (x * sd**2) @ x.T + values["y_sigma"] ** 2 * np.eye(len(x))
        centre = _media(data, priors, values) + x @ mean
        expected = stats.multivariate_normal(centre, covariance).logpdf(data.scaled_target[0])
        for name, prior in {**priors.media, "y_sigma": priors.sigma}.items():
            expected += prior.log_density(values[name]).sum()
        expected += par.log_jacobian(model.plan, values) + np.log(model.inputs.scale).sum()
        found = float(density.log_density(model.plan, z, density.expand(model.plan, model.inputs)))
        assert found == pytest.approx(expected, rel=1e-9)


def test_joint_density_is_likelihood_times_priors(case: tuple[ModelData, Priors, Collapsed]) -> None:
    data, priors, model = case
    x, mean, sd = design(data, priors)
    rng = np.random.default_rng(8)
    for z in _points(model, 4):
        values = model.constrain(z)
        coefficients = mean + sd * rng.normal(size=mean.size)
        mu = _media(data, priors, values) + x @ coefficients
        expected = stats.norm(mu, values["y_sigma"]).logpdf(data.scaled_target[0]).sum()
        expected += stats.norm(mean, sd).logpdf(coefficients).sum()
        for name, prior in {**priors.media, "y_sigma": priors.sigma}.items():
            expected += prior.log_density(values[name]).sum()
        assert model.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-9)


def test_gradient_is_finite_and_matches_differences(case: tuple[ModelData, Priors, Collapsed]) -> None:
    _, _, model = case
    big = density.expand(model.plan, model.inputs)

    def value(z: np.ndarray) -> float:
        return float(density.log_density(model.plan, z, big))

    gradient = jax.jit(jax.grad(lambda z: density.log_density(model.plan, z, big)))
    z = _points(model, 1)[0]
    step = 1e-6
    numeric = [(value(z + step * e) - value(z - step * e)) / (2 * step) for e in np.eye(z.size)]
    np.testing.assert_allclose(gradient(z), numeric, rtol=1e-4, atol=1e-4)
    for far in (-4.0, 4.0):
        assert np.isfinite(gradient(np.full(z.size, far))).all()


def test_constraining_is_undone_by_unconstraining(case: tuple[ModelData, Priors, Collapsed]) -> None:
    _, _, model = case
    z = _points(model, 7)
    x = model.inputs
    back = par.unconstrain(model.plan, model.constrain(z), x.loc, x.scale, x.level)
    np.testing.assert_allclose(back, z, atol=1e-8)


def test_effect_is_sampled_at_the_mean_level(case: tuple[ModelData, Priors, Collapsed]) -> None:
    _, priors, model = case
    x = model.inputs
    values = model.constrain(_points(model, 1)[0])
    z = par.unconstrain(model.plan, values, x.loc, x.scale, x.level)
    sampled = model.plan.blocks(x.loc + x.scale * z)[EFFECT]
    at_level = saturate(priors.saturation, x.level, values)
    np.testing.assert_allclose(sampled, np.log(values[EFFECT] * at_level))


@pytest.mark.parametrize("periods", [33, 45, 64])
def test_padding_does_not_change_the_density(periods: int) -> None:
    data = national(periods=periods, channels=2, seed=4)
    model = collapse(data, priors_for(data, "geometric", "logistic"))
    x, block = model.inputs, model.block
    tight = x._replace(
        target=x.target[:, :periods],
        mask=x.mask[:, :periods],
        media=x.media[..., :periods],
        basis=np.swapaxes(block.basis, 1, 2),
        power=block.singular**2,
    )
    z = _points(model, 1)[0]
    padded = density.log_density(model.plan, z, density.expand(model.plan, x))
    bare = density.log_density(model.plan, z, density.expand(model.plan, tight))
    assert float(padded) == pytest.approx(float(bare), rel=1e-12)


def test_data_of_like_size_share_a_program() -> None:
    shapes = []
    for periods, seed in ((104, 1), (118, 2)):
        data = national(periods=periods, channels=3, seed=seed)
        model = collapse(data, priors_for(data, "geometric", "logistic"))
        shapes.append((model.plan, jax.tree.map(np.shape, model.inputs)))
    assert shapes[0] == shapes[1]


def test_a_channel_that_was_never_on_stays_at_its_prior() -> None:
    data = national(periods=40, channels=2, seed=6, silent=1)
    priors = priors_for(data, "geometric", "hill")
    model = collapse(data, priors)
    z = _points(model, 1)[0]
    gradient = jax.grad(lambda v: density.log_density(model.plan, v, density.expand(model.plan, model.inputs)))(z)
    assert np.isfinite(gradient).all()
    assert model.inputs.level[1] == 1.0


def test_conditional_draws_have_the_exact_mean_and_covariance() -> None:
    data = national(periods=40, channels=2, seed=9)
    priors = priors_for(data, "delayed", "hill")
    model = collapse(data, priors)
    values = model.constrain(_points(model, 1)[0])
    x, mean, sd = design(data, priors)
    residual = data.scaled_target[0] - _media(data, priors, values) - x @ mean
    precision = x.T @ x / values["y_sigma"] ** 2 + np.diag(sd**-2)
    covariance = np.linalg.inv(precision)
    expected = mean + covariance @ (x.T @ residual) / values["y_sigma"] ** 2
    many = {name: np.broadcast_to(v, (1, 60_000, *np.shape(v))) for name, v in values.items()}
    drawn = draw_linear(model.plan, model.block, model.data, many, seed=2)
    flat = np.column_stack([drawn["intercept_contribution"][0], drawn["gamma_control"][0], drawn["gamma_fourier"][0]])
    errors = np.sqrt(np.diag(covariance) / len(flat))
    assert np.all(np.abs(flat.mean(axis=0) - expected) < 5 * errors)
    scale = np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))
    np.testing.assert_allclose(np.cov(flat.T) / scale, covariance / scale, atol=0.03)


def test_more_coefficients_than_periods_keep_their_prior_outside_the_data() -> None:
    data = national(periods=12, channels=1, seed=2, controls=16)
    priors = priors_for(data, "geometric", "logistic")
    model = collapse(data, priors)
    x, mean, sd = design(data, priors)
    values = model.constrain(_points(model, 1)[0])
    coefficients = mean + 0.5 * sd
    mu = _media(data, priors, values) + x @ coefficients
    expected = stats.norm(mu, values["y_sigma"]).logpdf(data.scaled_target[0]).sum()
    expected += stats.norm(mean, sd).logpdf(coefficients).sum()
    for name, prior in {**priors.media, "y_sigma": priors.sigma}.items():
        expected += prior.log_density(values[name]).sum()
    assert model.joint_log_density(values, coefficients[None]) == pytest.approx(expected, rel=1e-8)


def test_priors_outside_of_the_family_are_refused_in_words() -> None:
    data = national(periods=40, channels=2, seed=1)
    priors = priors_for(data, "geometric", "logistic")
    count = data.fourier.shape[1]
    laplace = Distribution("Laplace", {"mu": np.zeros(count), "b": np.ones(count)})
    with pytest.raises(SpecError, match="Normal priors"):
        collapse(data, Priors(**{**priors.__dict__, "fourier": laplace}))
