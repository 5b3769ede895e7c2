"""Draws to intervals: mean and the 5th, 50th and 95th percentile, the same everywhere."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmm_core.domain.results import Interval

Draws = npt.NDArray[np.floating[Any]]
"""An array whose last axis is the posterior draw (S)."""

PERCENTILES = (0.05, 0.50, 0.95)


class Bands(NamedTuple):
    """Summaries of draws over the last axis; every array has the shape of the draws without it."""

    mean: npt.NDArray[np.float64]
    p5: npt.NDArray[np.float64]
    p50: npt.NDArray[np.float64]
    p95: npt.NDArray[np.float64]


def bands(draws: Draws) -> Bands:
    """Mean and percentiles over draws.

    Parameters
    ----------
    draws
        (..., S).

    Returns
    -------
    Bands
        Arrays (...). Percentiles interpolate linearly between order statistics, as ``numpy.percentile`` does; one sort
        in the draws' own precision serves all three.
    """
    ordered = np.sort(draws, axis=-1)
    last = draws.shape[-1] - 1
    found = []
    for share in PERCENTILES:
        place = share * last
        low = int(place)
        below = ordered[..., low].astype(np.float64)
        above = ordered[..., min(low + 1, last)].astype(np.float64)
        found.append(below + (place - low) * (above - below))
    return Bands(draws.mean(axis=-1, dtype=np.float64), *found)


def interval(draws: Draws, scale: float = 1.0) -> Interval:
    """Interval of one quantity, (S,) draws multiplied by a non-negative ``scale``."""
    found = bands(draws)
    return Interval(*(float(part) * scale for part in found))


def scaled(source: Interval, factor: float) -> Interval:
    """Interval of ``factor`` times the quantity, for a non-negative factor."""
    return Interval(source.mean * factor, source.p5 * factor, source.p50 * factor, source.p95 * factor)


def width(source: Interval) -> float:
    """Width of the 90% interval."""
    return source.p95 - source.p5
