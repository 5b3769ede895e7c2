"""What the last quarter says about the next plan: spend, cost of exposure, value of a KPI unit."""

import numpy as np

from mmm_core.analysis.calendar import period_days
from mmm_core.domain.fit import Array, ModelData

DAYS_IN_QUARTER = 91


def periods(data: ModelData) -> int:
    """How many periods 'recent' means: a quarter of a year of them (13 weeks, 3 months, 91 days), at least one."""
    return max(1, round(DAYS_IN_QUARTER / max(1, period_days(data))))


def paid(data: ModelData) -> tuple[str, ...]:
    """Channels whose spend is known in money."""
    return tuple(name for c, name in enumerate(data.channels) if np.isfinite(data.spend[:, :, c]).all())


def mean_spend(data: ModelData) -> Array:
    """Money per period over the recent periods, summed over geos, (C,); NaN for organic channels."""
    return np.asarray(data.spend[:, -periods(data) :].sum(axis=0).mean(axis=0))


def exposure_per_money(data: ModelData) -> Array:
    """Exposure that one unit of money buys in each geo, (G, C).

    From the recent periods; from all of history for a channel without recent spend; 0 where nothing was ever spent.
    """
    out = np.zeros((data.media.shape[0], data.media.shape[2]))
    undecided = np.isfinite(data.spend).all(axis=(0, 1))
    for first in (-periods(data), 0):
        money = data.spend[:, first:].sum(axis=(0, 1))
        now = undecided & (money > 0) & (data.media[:, first:].sum(axis=(0, 1)) > 0)
        out[:, now] = data.media[:, first:].sum(axis=1)[:, now] / money[now]
        undecided = undecided & ~now
    return out


def reach_weights(data: ModelData, channel: int, geo: int) -> Array:
    """Share of the people whom a channel reached in each period, (T,): of the recent ones, else of all; sums to 1.

    Zeros where a geo never saw the channel.
    """
    out = np.zeros(len(data.dates))
    reached = data.media[geo, _on(data, channel, geo), channel]
    if reached.sum() > 0:
        out[-len(reached) :] = reached / reached.sum()
    return out


def mean_reach(data: ModelData, channel: int, geo: int) -> float:
    """People reached per period: in the recent periods, else in all."""
    return float(data.media[geo, _on(data, channel, geo), channel].mean())


def _on(data: ModelData, channel: int, geo: int) -> slice:
    """The recent periods; all for a channel that nobody saw in them."""
    late = slice(-periods(data), None)
    return late if data.media[geo, late, channel].any() else slice(None)


def value_per_unit(data: ModelData) -> float | None:
    """Money per KPI unit over the recent periods; None where nobody said."""
    value = data.value_per_unit[:, -periods(data) :]
    if not np.isfinite(value).all():
        return None
    # A geo weighs what it sells.
    return float(np.average(value.mean(axis=1), weights=np.abs(data.target).sum(axis=1)))
