"""What a specification's priors say before the data speak: returns, shares, costs, memory, saturation (NumPy only)."""

from dataclasses import dataclass

import numpy as np

from mmm_core.domain.fit import Array, ModelData
from mmm_core.domain.results import Interval
from mmm_core.modeling import priors
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import ADSTOCK_PARAMETERS, SATURATION_PARAMETERS, adstock_weights, saturate

MOST_CELLS = 3_000_000
"""Draws x geos x periods that a channel is simulated with: all draws of national data, fewer of a panel."""
DRAWS = (400, 4000)
LEVELS = np.linspace(0.0, 1.0, 41)
SHAPE_DRAWS = 2000
TINY = 1e-300


@dataclass(frozen=True)
class Implied:
    """By channel, as 90% ranges."""

    roi: dict[str, Interval | None]
    """None where there is no spend, or KPI units have no value."""
    share: dict[str, Interval]
    """Of the KPI."""
    cost: dict[str, Interval | None]
    """Money per KPI unit; None where there is no spend."""


@dataclass(frozen=True)
class Band:
    """A curve with its 90% range."""

    x: tuple[float, ...]
    p5: tuple[float, ...]
    p50: tuple[float, ...]
    p95: tuple[float, ...]


@dataclass(frozen=True)
class PriorPicture:
    """What the priors say before the data speak."""

    media_share: Interval
    channels: Implied
    memory: Band
    """Share of an effect that arrives after each lag, in periods."""
    response: Band
    """Response, 1 at the highest exposure seen, over exposure as a share of that highest."""


def picture(spec: ModelSpec, data: ModelData) -> PriorPicture:
    """Simulate the priors.

    Raises
    ------
    SpecError
        When the specification's words cannot be turned into priors.
    """
    resolved = priors.resolve(spec, data)
    found, total = _implied(spec, data, resolved)
    return PriorPicture(total, found, *_shapes(spec, resolved))


def _implied(spec: ModelSpec, data: ModelData, resolved: Priors) -> tuple[Implied, Interval]:
    draws = int(np.clip(MOST_CELLS // data.target.size, *DRAWS))
    unit, effect = priors.simulated(spec, data, resolved, draws)
    total = np.zeros(draws)
    out = Implied({}, {}, {})
    for c, name in enumerate(data.channels):
        volume, money = unit.volume[:, c] * effect[:, c], unit.money[:, c] * effect[:, c]
        spend = float(unit.spend[c])
        paid, valued = np.isfinite(spend) and spend > 0, bool(np.isfinite(money).all())
        share = unit.share[:, c] * effect[:, c]
        total += share
        out.share[name] = priors.interval(share)
        out.roi[name] = priors.interval(money / spend) if paid and valued else None
        out.cost[name] = priors.interval(spend / np.maximum(volume, TINY)) if paid else None
    return out, priors.interval(total)


def _shapes(spec: ModelSpec, resolved: Priors) -> tuple[Band, Band]:
    """Prior of memory and saturation of the first channel; all channels have the same."""
    rng = np.random.default_rng(priors.SEED)
    names = (*ADSTOCK_PARAMETERS[spec.adstock], *SATURATION_PARAMETERS[spec.saturation])
    drawn = {name: resolved.media[name].sample(rng, SHAPE_DRAWS)[:, 0] for name in names}
    lags = adstock_weights(spec.adstock, spec.max_lag, drawn, shape=(SHAPE_DRAWS,))
    curve = saturate(spec.saturation, LEVELS, {name: values[:, None] for name, values in drawn.items()})
    curve = np.broadcast_to(curve, (SHAPE_DRAWS, LEVELS.size))
    return _band(np.arange(spec.max_lag, dtype=float), lags), _band(LEVELS, curve / np.maximum(curve[:, -1:], 1e-12))


def _band(x: Array, draws: Array) -> Band:
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95), axis=0)
    return Band(*(tuple(values.tolist()) for values in (x, low, middle, high)))
