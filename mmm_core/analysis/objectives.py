"""What a style of plan maximises, with its gradient."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis.windows import Window

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Style:
    """A goal over the posterior draws and how far from today it may go."""

    name: str
    tail: str
    """'all' draws, the 'low' tail or the 'high' one."""
    share: float
    """Share of the draws in that tail."""
    reach: tuple[float, float]
    """Multiples of today's (scaled) spend for a channel without limits of its own."""
    wish: tuple[float, float] | None = None
    """Multiples preferred inside a person's limits."""


STYLES = {
    "base": Style("base", "all", 1.0, (0.5, 1.5)),
    "aggressive": Style("aggressive", "high", 0.5, (0.2, 2.5)),
    "conservative": Style("conservative", "low", 0.2, (0.8, 1.2), (0.8, 1.2)),
}


@dataclass(frozen=True)
class Objective:
    """Mean KPI of a plan over the draws that the style looks at.

    'all' is the expected KPI; 'low' the mean of its worst fifth (conditional value at risk), 'high' the mean of its
    better half. The gradient is the mean of the draws' gradients over the same draws: where the tail changes from one
    point to the next the objective is continuous, and this is its gradient almost everywhere.
    """

    style: Style
    window: Window

    def __call__(self, e: Array) -> tuple[float, Array]:
        """Value in KPI units and gradient (C,) at spend e (C,)."""
        value, slope = self.window.value_and_slope(e)
        if self.style.tail == "all":
            return float(value.mean(axis=1, dtype=np.float64).sum()), slope.mean(axis=1, dtype=np.float64)
        total = value.sum(axis=0)
        chosen = self._tail(total)
        return float(total[chosen].mean(dtype=np.float64)), slope[:, chosen].mean(axis=1, dtype=np.float64)

    def _tail(self, total: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.intp]:
        size = max(1, round(self.style.share * total.size))
        if self.style.tail == "low":
            return np.argpartition(total, size - 1)[:size]
        return np.argpartition(total, total.size - size)[total.size - size :]
