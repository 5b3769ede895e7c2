"""A lasting step of the KPI, told from season, slow change, media, controls, outliers and noise that comes in runs."""

import numpy as np
import scipy

from mmm_core.data.noise import memory_of, whitened
from mmm_core.data.quality_maths import Array, Step, basis, residual, season_and_trend
from mmm_core.data.quality_view import EXTRA, View

LEVEL = 0.001
"""Chance of naming a step where there is none, shared by all places where it might be."""
FARTHEST, NEIGHBOURS = 4.0, 2
"""Robust standard deviations from so many periods on either side, from which on a period is an outlier."""
ROUNDS = 5
"""An outlier pulls the fit towards itself, so that one round is not enough."""
HIGH = 3.0
"""Standard deviations of the noise that a step is high at least: so far noise with a long memory wanders by itself."""
LEAST = 0.10
"""Part of the usual KPI that a step is high at least; less changes no model."""


def kpi_step(view: View, days: Array, margin: int) -> Step | None:
    """The step that stands out of the KPI, or None.

    The level is allowed to bend slowly (a cubic), so that only what is abrupt is a step, and the columns that may
    explain it are taken out first as far as the periods carry them.
    """
    if view.kpi is None or len(days) < 30:
        return None
    kpi = view.complete([view.kpi])[view.kpi].to_numpy(dtype=float)
    usual = float(np.median(np.abs(kpi)))
    base = _explained(view, days)
    calm = _calm(kpi, base)
    if usual <= 0 or float(np.ptp(calm)) <= 0:
        return None
    splits = np.arange(margin, len(days) - margin + 1)
    step, height = _strongest(calm, base, splits)
    enough = float(scipy.stats.t.isf(0.5 * LEVEL / len(splits), max(1, len(days) - base.shape[1] - 1)))
    return step if step.t > enough and abs(step.height) > HIGH and height > LEAST * usual else None


def _calm(kpi: Array, base: Array) -> Array:
    """The KPI with single periods that stand out of their neighbours brought back to these (Hampel's filter).

    Neighbours are compared after what the base explains; a new level has neighbours of its own and stays.
    """
    q, calm = basis(base), kpi
    for _ in range(ROUNDS):
        rest = residual(calm, q)
        around = np.lib.stride_tricks.sliding_window_view(np.pad(rest, NEIGHBOURS, mode="edge"), 2 * NEIGHBOURS + 1)
        apart = rest - np.median(around, axis=1)
        sd = 1.4826 * float(np.median(np.abs(apart)))
        calm = calm - np.where(np.abs(apart) > FARTHEST * sd, apart, 0.0)
    return calm


def _strongest(kpi: Array, base: Array, splits: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> tuple[Step, float]:
    """The step with the largest t-value where the noise is made white first, and its height in KPI units."""
    after = (np.arange(len(kpi))[:, None] >= splits).astype(float)
    found, rho = 0, 0.0
    # The noise has a memory, and a step looks like memory: each is found in turn, given the other.
    for _ in range(3):
        q = basis(whitened(base, rho))
        steps, rest = residual(whitened(after, rho), q), residual(whitened(kpi, rho), q)
        power = (steps**2).sum(axis=0)
        heights = np.where(power > 1e-9, steps.T @ rest / np.maximum(power, 1e-9), 0.0)
        left = np.maximum((rest**2).sum() - heights**2 * power, 1e-300)
        sd = np.sqrt(left / max(1, len(kpi) - q.shape[1] - 1))
        t = np.abs(heights) * np.sqrt(power) / sd
        found = int(np.argmax(t))
        spread = float(sd[found]) / np.sqrt(1 - rho**2)
        step = Step(int(splits[found]), float(t[found]), float(heights[found]) / spread)
        rho = memory_of(kpi - heights[found] * after[:, found], np.column_stack([base, after[:, found]]))
    return step, abs(float(heights[found]))


def _explained(view: View, days: Array) -> Array:
    """(T, K) season, slow change and, while at most a third of the periods is used up, events, media and controls."""
    seasonal = season_and_trend(days)
    time = seasonal[:, 1] / max(float(np.abs(seasonal[:, 1]).max()), 1e-12)
    columns = [seasonal, time[:, None] ** 2, time[:, None] ** 3]
    media = view.complete(list(dict.fromkeys(c.acting for c in view.channels))).to_numpy(dtype=float)
    for more in (np.sqrt(np.abs(media)), view.complete(view.role_columns(*EXTRA)).to_numpy(dtype=float)):
        if 3 * (sum(c.shape[1] for c in columns) + more.shape[1]) <= len(days):
            columns.append(more)
    return np.column_stack(columns)
