"""Geos that share a part of their baseline, against dense Gaussian algebra; single precision against double."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.modeling import collapsed, density, predict, rough_fit
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.conditional import draw_linear, media_effect
from mmm_core.modeling.linear_block import linear_block
from mmm_core.modeling.parameters import NOISE, SHOCK
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from tests.model.company import panel_specification, panel_table


def _model(geos: int = 2, periods: int = 40) -> tuple[ModelData, Collapsed]:
    spec = panel_specification("geometric", "hill", season={"yearly_terms": 1}, trend={"kind": "linear"})
    data = prepare(panel_table(periods, geos), spec)
    return data, collapse(data, resolve(spec, data))


def _density(model: Collapsed) -> Callable[[Any], Any]:
    return lambda z: density.log_density(model.plan, z, density.expand(model.plan, model.inputs))


def _dense(data: ModelData, model: Collapsed) -> tuple[np.ndarray, np.ndarray]:
    """Design (G * T, P + G * P) of the standard normals: those that geos share, then each geo's own."""
    geos, periods = data.target.shape
    block = model.block
    assert block.shared is not None
    size = block.mean.size
    whole = np.zeros((geos * periods, size * (1 + geos)))
    for g in range(geos):
        x = np.column_stack([np.ones(periods), data.linear[g], data.fourier])
        rows = slice(g * periods, (g + 1) * periods)
        whole[rows, :size] = x * block.shared
        whole[rows, size * (1 + g) : size * (2 + g)] = x * block.own
    return whole, block.offset.ravel()


def _noise(data: ModelData, values: dict[str, np.ndarray]) -> np.ndarray:
    """Covariance (G * T, G * T) of each geo's own noise and of the shocks that all of them share."""
    geos, periods = data.target.shape
    shared = values[SHOCK] ** 2 * np.kron(np.ones((geos, geos)), np.eye(periods))
    return np.diag(np.repeat(values[NOISE] ** 2, periods)) + shared


def _residual(model: Collapsed, values: dict[str, np.ndarray]) -> np.ndarray:
    one = {name: v[None] for name, v in values.items()}
    return (model.data.scaled_target - model.block.offset - media_effect(model.plan, model.data, one)[0]).ravel()


def test_collapsed_density_of_a_panel_equals_the_dense_marginal() -> None:
    """Changing the noise scales alone leaves every other prior as it is, so the likelihood is what is compared."""
    data, model = _model()
    whole, _ = _dense(data, model)
    rng = np.random.default_rng(2)
    base = rng.normal(size=model.plan.size) * 0.7
    start = model.plan.start_of(SHOCK)
    ours_at = jax.jit(_density(model))
    left = []
    for _ in range(4):
        z = base.copy()
        z[start:] += 0.4 * rng.normal(size=z[start:].size)
        values = model.constrain(z)
        covariance = whole @ whole.T + _noise(data, values)
        residual = _residual(model, values)
        likelihood = stats.multivariate_normal(np.zeros(residual.size), covariance).logpdf(residual)
        scales = {name: np.atleast_1d(values[name]) for name in (NOISE, SHOCK)}
        prior = sum(
            float(np.sum(stats.halfnorm(scale=model.inputs.numbers[name][0]).logpdf(v) + np.log(v)))
            for name, v in scales.items()
        )
        left.append(float(ours_at(z)) - likelihood - prior)
    np.testing.assert_allclose(left, left[0], rtol=1e-8)


@pytest.mark.parametrize(
    ("alike", "differing", "geos"), [(2, 0, 3), (0, 1, 3), (1, 2, 5)], ids=["alike", "own", "many"]
)
def test_what_geos_share_equals_dense_algebra_whichever_columns_differ(alike: int, differing: int, geos: int) -> None:
    periods, size = 9, 1 + alike + differing
    rng = np.random.default_rng([alike, differing])
    national = np.broadcast_to(rng.standard_normal((periods, alike)), (geos, periods, alike))
    linear = np.concatenate([rng.standard_normal((geos, periods, differing)), national], axis=2)
    data = SimpleNamespace(target=np.zeros((geos, periods)), linear=linear, fourier=np.zeros((periods, 0)))
    own, shared = rng.uniform(0.5, 2.0, (2, size))
    block = linear_block(data, np.zeros(size), own, shared)  # type: ignore[arg-type]
    residual, sigma, shock = rng.standard_normal((geos, periods)), rng.uniform(0.3, 0.9, geos), 0.7
    mean, factor = block.shared_conditional(residual[None], sigma[None], np.array([shock]))
    precision, right = np.eye(size + periods), np.zeros(size + periods)
    for g in range(geos):
        design = np.column_stack([np.ones(periods), linear[g]])
        inverse = np.linalg.inv((design * own**2) @ design.T + sigma[g] ** 2 * np.eye(periods))
        of_shared = np.concatenate([design * shared, shock * np.eye(periods)], axis=1)
        precision += of_shared.T @ inverse @ of_shared
        right += of_shared.T @ inverse @ residual[g]
    assert block.shocks is not None
    seen = np.block([
        [np.eye(size), np.zeros((size, periods))],
        [np.zeros((block.shocks.alike.shape[1], size)), block.shocks.basis.T],
    ])  # fmt: skip
    np.testing.assert_allclose(mean[0], seen @ np.linalg.solve(precision, right), rtol=1e-9, atol=1e-11)
    covariance = np.linalg.inv(factor[0] @ factor[0].T)
    np.testing.assert_allclose(covariance, seen @ np.linalg.inv(precision) @ seen.T, rtol=1e-9, atol=1e-11)


def test_drawn_coefficients_of_a_panel_have_the_exact_mean_and_covariance() -> None:
    data, model = _model()
    whole, _ = _dense(data, model)
    values = model.constrain(np.random.default_rng(4).normal(size=model.plan.size) * 0.5)
    weights = np.linalg.inv(_noise(data, values))
    covariance = np.linalg.inv(whole.T @ weights @ whole + np.eye(whole.shape[1]))
    expected = covariance @ (whole.T @ weights @ _residual(model, values))
    many = {name: np.broadcast_to(v, (1, 40_000, *np.shape(v))) for name, v in values.items()}
    drawn = draw_linear(model.plan, model.block, model.data, many, seed=3)
    size, block = model.block.mean.size, model.block
    assert block.shared is not None
    into = np.zeros((size * (1 + len(data.geos)), whole.shape[1]))
    into[:size, :size] = np.diag(block.shared)
    for g in range(len(data.geos)):
        rows = slice(size * (1 + g), size * (2 + g))
        into[rows, :size], into[rows, rows] = np.diag(block.shared), np.diag(block.own)
    names = ("intercept_contribution", "gamma_control", "gamma_fourier")
    centre = [drawn[f"{name}_mu"][0].reshape(40_000, -1) for name in names]
    own = [
        np.concatenate([drawn[name][0].reshape(40_000, len(data.geos), -1)[:, g] for name in names], axis=1)
        for g in range(len(data.geos))
    ]
    found = np.concatenate([*centre, *own], axis=1)
    mean = into @ expected + np.tile(block.mean, 1 + len(data.geos))
    spread = into @ covariance @ into.T
    deviation = np.sqrt(np.diag(spread))
    assert np.all(np.abs(found.mean(axis=0) - mean) < 5 * deviation / np.sqrt(len(found)))
    outer = np.outer(deviation, deviation)
    np.testing.assert_allclose(np.cov(found.T) / outer, spread / outer, atol=0.04)


def test_shocks_given_everything_else_and_noise_have_the_exact_moments() -> None:
    rng = np.random.default_rng(8)
    own, scale, left = np.array([0.2, 0.5, 0.1]), 0.3, rng.normal(size=(3, 5))
    many = {NOISE: np.tile(own, (1, 60_000, 1)), SHOCK: np.full((1, 60_000), scale)}
    posterior, draws = Posterior("geometric", "hill", 4, many), np.arange(60_000)
    drawn = predict.shocks(posterior, draws, np.broadcast_to(left, (60_000, 3, 5)), rng)
    covariance = np.diag(own**2) + scale**2
    expected = scale**2 * np.ones(3) @ np.linalg.solve(covariance, left)
    spread = np.sqrt(scale**2 - scale**4 * np.ones(3) @ np.linalg.solve(covariance, np.ones(3)))
    assert np.all(np.abs(drawn.mean(axis=0) - expected) < 5 * spread / np.sqrt(60_000))
    np.testing.assert_allclose(drawn.std(axis=0), spread, rtol=0.02)
    noise = predict.noise(posterior, draws, 2, rng)
    np.testing.assert_allclose(np.cov(noise[:, :, 0].T), covariance, atol=0.01)
    assert abs(np.corrcoef(noise[:, 0, 0], noise[:, 0, 1])[0, 1]) < 0.02


def test_coordinates_reckon_with_shared_shocks() -> None:
    """The whitening of the rough fit is that of the dense covariance, and it finds the scale of planted shocks."""
    data, model = _model(geos=4, periods=60)
    x = model.inputs
    made = rough_fit.problem(model.plan, data, model.block, x.loc, x.scale, x.level)
    rng = np.random.default_rng(3)
    columns, scales = rng.normal(size=(4, 60, 2)), rough_fit.Scales(np.array([0.1, 0.2, 0.3, 0.4]), 0.25)
    covariance = np.kron(np.ones((4, 4)), scales.shock**2 * np.eye(60))
    for g in range(4):
        here = slice(60 * g, 60 * (g + 1))
        covariance[here, here] += (made.basis[g] * made.power[g]) @ made.basis[g].T + scales.noise[g] ** 2 * np.eye(60)
    flat, white = columns.reshape(240, 2), made.whitened(columns, scales).reshape(240, 2)
    np.testing.assert_allclose(white.T @ white, flat.T @ np.linalg.solve(covariance, flat), rtol=1e-8)
    residual = columns[:, :, 0] * scales.noise[:, None] + 0.5 * rng.normal(size=60)
    told = np.tile(np.eye(60), 4) * scales.shock**2 @ np.linalg.solve(covariance, residual.ravel())
    np.testing.assert_allclose(made.shocks(residual, scales), told, rtol=1e-8, atol=1e-12)
    assert made.scales(residual).shock == pytest.approx(0.5, rel=0.3)


def test_single_precision_keeps_the_density_and_its_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    _, double = _model(geos=3, periods=60)
    monkeypatch.setattr(collapsed, "SINGLE_CELLS", 1)
    _, single = _model(geos=3, periods=60)
    assert single.plan.single
    assert not double.plan.single
    z = np.random.default_rng(5).normal(size=double.plan.size) * 0.5
    (a, slope_a), (b, slope_b) = (jax.jit(jax.value_and_grad(_density(m)))(z) for m in (double, single))
    assert float(b) == pytest.approx(float(a), abs=5e-3)
    np.testing.assert_allclose(slope_b, slope_a, atol=2e-3 * float(np.abs(slope_a).max()))


def test_geos_of_different_length_are_refused_with_the_number() -> None:
    frame = panel_table(40, 3)
    spec = panel_specification()
    first = frame[frame["region"] == "geo 1"].index[:5]
    with pytest.raises(SpecError, match="geo 1 has 35 periods where other geos have 40"):
        prepare(frame.drop(index=first), spec)
    other = frame[(frame["region"] == "geo 1") & (frame["week"] == frame["week"].max())].index
    late = frame.copy()
    late.loc[other, "week"] += np.timedelta64(70, "D")
    with pytest.raises(SpecError, match="Not every geo has a row"):
        prepare(late, spec)
    doubled = frame.iloc[[*range(len(frame)), 0]]
    with pytest.raises(SpecError, match="several rows"):
        prepare(doubled, spec)


def test_a_channel_that_ran_in_some_geos_alone_stays_at_its_prior_elsewhere() -> None:
    data, model = _model(geos=3)
    assert (data.media[2, :, 2] == 0).all()
    assert (data.scaled_media[2, :, 2] == 0).all()
    z = np.random.default_rng(6).normal(size=model.plan.size)
    slope = jax.jit(jax.grad(_density(model)))(z)
    own = model.plan.start_of("saturation_beta_offset") + 2 * len(data.channels) + 2
    assert float(slope[own]) == pytest.approx(-z[own])


def test_more_numbers_than_rows_are_refused_with_the_arithmetic() -> None:
    frame = panel_table(20, 1).drop(columns="region")
    for n in range(12):
        frame[f"extra {n}"] = np.arange(20.0) + n
    channels = tuple({"name": f"extra {n}", "spend": f"extra {n}"} for n in range(12))
    spec = panel_specification(geo=None, population=None, channels=channels)
    with pytest.raises(SpecError, match=r"12 channels x 3 numbers \+ \d+ .* from 20 rows"):
        prepare(frame, spec)


def test_geos_weigh_their_population_or_their_kpi() -> None:
    frame, spec = panel_table(30, 3), panel_specification()
    data = prepare(frame, spec)
    np.testing.assert_allclose(data.media_scale[2] / data.media_scale[0], 5.0)
    by_kpi = prepare(frame, spec.model_copy(update={"population": None}))
    kpi = data.target.mean(axis=1)
    np.testing.assert_allclose(by_kpi.media_scale[2, 0] / by_kpi.media_scale[0, 0], kpi[2] / kpi[0])
