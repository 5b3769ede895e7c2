"""The mean of the model from constrained draws, NumPy only, a block of draws at a time.

Shapes: S draws, G geos, T periods, C channels, K linear columns, F Fourier columns. Everything here is in scaled KPI
units; multiply by ``ModelData.target_scale`` for KPI units.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, Array, ModelData, Posterior
from mmm_core.modeling.parameters import NOISE, SHOCK
from mmm_core.modeling.transforms import EFFECT, adstock_weights, media_parameters, saturate

Positions = npt.NDArray[np.int64]
SHOCKS = "shocks"
"""Draws (T) of the shocks that geos share, scaled KPI units; only the PyMC route keeps them."""
BLOCK_CELLS = 4_000_000
"""Cells of the (S, G, T, C) block held at once (32 MB)."""


def saturated_exposure(
    scaled: Array,
    adstock: str,
    saturation: str,
    max_lag: int,
    parameters: Mapping[str, Array],
    shape: tuple[int, int] | None = None,
    frequency: Array | None = None,
) -> Array:
    """Adstocked, saturated exposure before the effect size.

    A channel with a frequency saturates in that, person by person, before the carry-over of everybody reached:
    ``adstock(reach * saturation(frequency))``, as in Google Meridian; any other in its adstocked exposure.

    Parameters
    ----------
    scaled
        (..., T, C) media divided by its scale.
    parameters
        (S, C) draws of the adstock and saturation parameters.
    shape
        (S, C); needed where neither family has a parameter.
    frequency
        (..., T, C) divided by its scale; NaN for channels without.

    Returns
    -------
    array (S, ..., T, C)
    """
    given = shape or next(iter(parameters.values())).shape
    weights = adstock_weights(adstock, max_lag, dict(parameters), shape=given)
    spread = (weights.shape[0], *(1,) * (scaled.ndim - 1), scaled.shape[-1])
    broadcast = {name: values.reshape(spread) for name, values in parameters.items()}
    out: Array = saturate(saturation, _carried(scaled[None], weights), broadcast)
    if frequency is not None:
        own = np.flatnonzero(np.isfinite(frequency).all(axis=tuple(range(frequency.ndim - 1))))
        curve = {name: values[..., own] for name, values in broadcast.items()}
        impact = scaled[..., own] * saturate(saturation, frequency[None, ..., own], curve)
        out[..., own] = _carried(impact, weights[:, own])
    return out


def _carried(exposure: Array, weights: Array) -> Array:
    """Adstock of exposure (S or 1, ..., T, C) by weights (S, C, L): (S, ..., T, C)."""
    draws, channels, lags = weights.shape
    spread = (draws, *(1,) * (exposure.ndim - 2), channels)
    out = np.zeros((draws, *exposure.shape[1:]))
    for lag in range(min(lags, exposure.shape[-2])):
        out[..., lag:, :] += weights[..., lag].reshape(spread) * exposure[..., : exposure.shape[-2] - lag, :]
    return out


def media_blocks(
    data: ModelData, posterior: Posterior, draws: Positions | None = None
) -> Iterator[tuple[Positions, Array]]:
    """Contribution of each channel, block by block.

    Parameters
    ----------
    draws
        Positions among the joined draws (all where None).

    Yields
    ------
    positions (B,), contributions (B, G, T, C)
        In scaled KPI units.
    """
    total = posterior.chains * posterior.draws_per_chain
    chosen = np.arange(total) if draws is None else np.asarray(draws, dtype=np.int64)
    names = media_parameters(posterior.adstock, posterior.saturation)
    flat = {name: posterior.flat(name) for name in names if name != EFFECT}
    effect = posterior.by_geo(EFFECT)
    drift = posterior.drift(MEDIA_DRIFT, data.media.shape[1])
    scaled, frequency = data.scaled_media, data.scaled_frequency
    step = max(1, BLOCK_CELLS // scaled.size)
    for start in range(0, len(chosen), step):
        block = chosen[start : start + step]
        shapes = {name: values[block] for name, values in flat.items()}
        exposure = saturated_exposure(
            scaled,
            posterior.adstock,
            posterior.saturation,
            posterior.max_lag,
            shapes,
            (len(block), scaled.shape[-1]),
            frequency,
        )
        brought = exposure * effect[block][:, :, None, :]
        yield block, brought if drift is None else brought * drift[block][:, None, :, None]


def baseline(data: ModelData, posterior: Posterior, draws: Positions) -> Array:
    """Everything but media at the chosen draws, (B, G, T) scaled: intercept, linear columns and season."""
    out = np.broadcast_to(
        posterior.by_geo("intercept_contribution")[draws][..., None], (len(draws), *data.target.shape)
    ).copy()
    drift = posterior.drift(BASELINE_DRIFT, data.target.shape[1])
    if drift is not None:
        out += drift[draws][:, None, :]
    if data.linear.shape[-1]:
        out += np.einsum("gtk,bgk->bgt", data.linear, posterior.by_geo("gamma_control")[draws])
    if data.fourier.shape[-1]:
        out += posterior.by_geo("gamma_fourier")[draws] @ data.fourier.T
    return out


def shock_scale(posterior: Posterior, draws: Positions | slice = slice(None)) -> Array:
    """Standard deviation (B,) of the shocks that hit all geos in a period; 0 where there are none, as nationally."""
    if SHOCK not in posterior.draws:
        return np.zeros(len(posterior.by_geo(NOISE)[draws]))
    scale: Array = posterior.flat(SHOCK)[draws]
    return scale


def noise(posterior: Posterior, draws: Positions, periods: int, rng: np.random.Generator) -> Array:
    """Noise of single periods at the chosen draws, (B, G, T) scaled: each geo's own and what hits all of them."""
    own = posterior.by_geo(NOISE)[draws][..., None]
    out: Array = own * rng.standard_normal((*own.shape[:2], periods))
    shock = shock_scale(posterior, draws)
    if shock.any():
        out += (shock[:, None] * rng.standard_normal((len(out), periods)))[:, None]
    return out


def shocks(posterior: Posterior, draws: Positions, left: Array, rng: np.random.Generator) -> Array:
    """Shocks that geos share, drawn given everything else, (B, T) scaled.

    Parameters
    ----------
    left
        (B, G, T) scaled KPI less its mean at the draws.
    """
    precision = posterior.by_geo(NOISE)[draws] ** -2
    total = shock_scale(posterior, draws)[:, None] ** -2 + precision.sum(axis=1, keepdims=True)
    middle = np.einsum("bgt,bg->bt", left, precision) / total
    out: Array = middle + rng.standard_normal(middle.shape) / np.sqrt(total)
    return out
