"""What an effect of 1 brings over the data, whatever memory and saturation are drawn (NumPy only)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import adstock_weights, saturate

MORE = 1.01
"""Marginal returns are those of 1% more."""
BLOCK_CELLS = 4_000_000
"""Geos x periods x draws that are held at once (32 MB)."""


@dataclass(frozen=True)
class Unit:
    """By draw of the shapes, (D, C)."""

    share: Array
    """Share of the KPI."""
    money: Array
    """Value over the data, money."""
    spend: Array
    """(C,) money over the data, NaN for organic channels."""
    volume: Array
    """KPI units."""

    @property
    def typical(self) -> Array:
        """(C,) median share."""
        median: Array = np.median(self.share, axis=0)
        return median


def unit_effect(spec: ModelSpec, data: ModelData, draws: Mapping[str, Array], count: int) -> Unit:
    """Add up every channel's saturated exposure.

    Parameters
    ----------
    draws
        (count, C) adstock and saturation parameters by name.
    count
        Number of draws D (families may have no parameter to tell it).
    """
    volume, money = (np.zeros((count, len(data.channels))) for _ in range(2))
    for c in range(len(data.channels)):
        one = {name: values[:, c] for name, values in draws.items()}
        volume[:, c], money[:, c] = _brought(spec, data, c, one, count)
    return Unit(volume / np.abs(data.target).sum(), money, data.spend.sum(axis=(0, 1)), volume)


def _brought(spec: ModelSpec, data: ModelData, channel: int, shapes: Mapping[str, Array], count: int) -> Array:
    """KPI units and money of one channel, (2, D)."""
    lags, curve = spec.max_lag, dict(shapes)
    weights = adstock_weights(spec.adstock.value, lags, curve, shape=(count,))
    lagged = by_lag(data.scaled_media[..., channel], lags)
    often = None
    if channel in data.by_frequency and data.scaled_frequency is not None:
        often = by_lag(data.scaled_frequency[..., channel], lags)
    units = np.broadcast_to(data.target_scale[:, None], data.target.shape)
    worth = np.stack([units.ravel(), (units * data.value_per_unit).ravel()])
    out = np.zeros((2, count))
    step = max(1, BLOCK_CELLS // count)
    for first in range(0, len(lagged), step):
        rows = slice(first, first + step)
        if often is None:
            response = saturate(spec.saturation.value, lagged[rows] @ weights.T, curve)
        else:
            response = sum(
                lagged[rows, k, None] * saturate(spec.saturation.value, often[rows, k, None], curve) * weights[:, k]
                for k in range(lags)
            )
        out += worth[:, rows] @ response
    return out


def by_lag(series: Array, lags: int) -> Array:
    """(G, T) of 0..L-1 periods before, (G * T, L)."""
    padded = np.pad(series, ((0, 0), (lags - 1, 0)))
    found: Array = np.lib.stride_tricks.sliding_window_view(padded, lags, axis=1)[..., ::-1].reshape(-1, lags)
    return found
