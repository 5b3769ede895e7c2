"""Response at steady state and carry-over, per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_core.analysis import recent
from mmm_core.analysis.intervals import bands
from mmm_core.domain.results import Curve

if TYPE_CHECKING:
    from mmm_core.analysis.response import ResponseModel

POINTS = 41
BEYOND = 1.5
"""Curves reach this many times the highest level seen."""


def curve(model: ResponseModel, channel: int) -> Curve:
    """KPI units per period at a constant level, all carry-over arrived, geos summed.

    Levels are money per period at the recent cost per unit of exposure for paid channels, exposure otherwise; geos get
    their recent (for organic media: overall) shares.
    """
    data = model.data
    paid = model.channels[channel] in model.paid
    series = (data.spend if paid else data.media)[:, :, channel].sum(axis=0)
    per_level = recent.exposure_per_money(data)[:, channel] if paid else _shares(data.media[:, :, channel])
    highest = float(series.max())
    late = series[-recent.periods(data) :]
    on = late[late > 0] if (late > 0).any() else series[series > 0]
    level = np.linspace(0.0, BEYOND * highest if highest > 0 else 1.0, POINTS)
    response = sum(model.at_level(channel, level * share, geo) for geo, share in enumerate(per_level))
    found = bands(np.asarray(response))
    arrived = bands(model.weights[channel].T)
    return Curve(
        level=tuple(level.tolist()),
        mean=tuple(found.mean.tolist()),
        p5=tuple(found.p5.tolist()),
        p95=tuple(found.p95.tolist()),
        current=float(on.mean()) if on.size else 0.0,
        highest_seen=highest,
        carryover=tuple(arrived.mean.tolist()),
        carryover_p5=tuple(arrived.p5.tolist()),
        carryover_p95=tuple(arrived.p95.tolist()),
    )


def _shares(exposure: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
    by_geo = exposure.sum(axis=1)
    total = by_geo.sum()
    return by_geo / total if total > 0 else np.full(len(by_geo), 1.0 / len(by_geo))
