"""Geos that share a part of their baseline, against dense Gaussian algebra; single precision against double."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling import collapsed, density
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.conditional import draw_linear, media_effect
from mmm_core.modeling.parameters import NOISE
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


def _residual(model: Collapsed, values: dict[str, np.ndarray]) -> np.ndarray:
    one = {name: v[None] for name, v in values.items()}
    return (model.data.scaled_target - model.block.offset - media_effect(model.plan, model.data, one)[0]).ravel()


def test_collapsed_density_of_a_panel_equals_the_dense_marginal() -> None:
    """Changing the noise scales alone leaves every other prior as it is, so the likelihood is what is compared."""
    data, model = _model()
    whole, _ = _dense(data, model)
    rng = np.random.default_rng(2)
    base = rng.normal(size=model.plan.size) * 0.7
    start = model.plan.start_of(NOISE)
    ours_at = jax.jit(_density(model))
    left = []
    for _ in range(4):
        z = base.copy()
        z[start:] += 0.4 * rng.normal(size=z[start:].size)
        values = model.constrain(z)
        covariance = whole @ whole.T + np.diag(np.repeat(values[NOISE] ** 2, data.target.shape[1]))
        residual = _residual(model, values)
        likelihood = stats.multivariate_normal(np.zeros(residual.size), covariance).logpdf(residual)
        prior = stats.halfnorm(scale=model.inputs.numbers[NOISE][0]).logpdf(values[NOISE]).sum()
        ours = float(ours_at(z))
        left.append(ours - likelihood - prior - np.log(values[NOISE]).sum())
    np.testing.assert_allclose(left, left[0], rtol=1e-8)


def test_drawn_coefficients_of_a_panel_have_the_exact_mean_and_covariance() -> None:
    data, model = _model()
    whole, _ = _dense(data, model)
    values = model.constrain(np.random.default_rng(4).normal(size=model.plan.size) * 0.5)
    noise = np.repeat(values[NOISE] ** 2, data.target.shape[1])
    precision = (whole.T / noise) @ whole + np.eye(whole.shape[1])
    covariance = np.linalg.inv(precision)
    expected = covariance @ (whole.T @ (_residual(model, values) / noise))
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
