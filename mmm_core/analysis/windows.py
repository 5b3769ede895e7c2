"""Exposure as an affine function of spend, over the few distinct weeks of a window.

Within a window a channel's adstocked exposure in cell n is ``a[n] * e + b[n]``: e is the spend that a person moves,
a what one unit of it puts there and b what the past still carries in. Weeks that are alike are kept once with their
count, so that a constant plan of 13 weeks and its tail is 15 cells instead of 20.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.modeling.transforms import saturate, saturate_slope

Values = npt.NDArray[np.floating[Any]]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Window:
    """C channels, N cells (G geos by D distinct weeks, geo outermost), S draws."""

    saturation: str
    parameters: dict[str, Values]
    """(C, S) each: the saturation's parameters."""
    effect: Values
    """(C, S) KPI units at full saturation."""
    a: Values
    """(C, N, S) scaled exposure per unit of e."""
    b: Values
    """(C, N, S) scaled exposure carried in from before the window."""
    count: Values
    """(N,) weeks that each cell stands for."""
    week: Places
    """(W,) distinct week that stands for each week."""

    @cached_property
    def _shape_parameters(self) -> dict[str, Values]:
        return {name: values[:, None, :] for name, values in self.parameters.items()}

    @cached_property
    def _without(self) -> Values:
        """(C, N, S) saturated response when nothing is spent in the window."""
        return np.asarray(saturate(self.saturation, self.b, self._shape_parameters))

    def lifts(self, e: Values) -> Values:
        """Saturated response above the one without spend, (C, N, S), for e of shape (C,)."""
        response = saturate(self.saturation, self._exposure(e), self._shape_parameters)
        return np.asarray(response - self._without)

    def totals(self, lifts: Values) -> Values:
        """KPI units that each channel brings over the window, (C, S)."""
        return np.asarray(np.matmul(self.count, lifts)) * self.effect

    def weekly(self, lifts: Values) -> Values:
        """KPI units that all channels bring per distinct week, summed over geos, (D, S)."""
        cells = np.zeros(lifts.shape[1:], dtype=lifts.dtype)
        for effect, lift in zip(self.effect, lifts, strict=True):
            cells += effect * lift
        distinct = int(self.week.max()) + 1
        return np.asarray(cells.reshape(-1, distinct, self.effect.shape[-1]).sum(axis=0))

    def value_and_slope(self, e: Values) -> tuple[Values, Values]:
        """Totals per channel and their derivative with respect to that channel's e, each (C, S)."""
        slope = saturate_slope(self.saturation, self._exposure(e), self._shape_parameters)
        slope *= self.a
        return self.totals(self.lifts(e)), np.asarray(np.matmul(self.count, slope)) * self.effect

    def thinned(self, keep: int) -> "Window":
        """The same window over at most ``keep`` draws, evenly spaced."""
        step = max(1, -(-self.effect.shape[-1] // keep))
        if step == 1:
            return self
        cut = {name: np.ascontiguousarray(values[:, ::step]) for name, values in self.parameters.items()}
        return replace(
            self,
            parameters=cut,
            effect=np.ascontiguousarray(self.effect[:, ::step]),
            a=np.ascontiguousarray(self.a[:, :, ::step]),
            b=np.ascontiguousarray(self.b[:, :, ::step]),
        )

    def _exposure(self, e: Values) -> Values:
        level: Values = self.a * e.astype(self.a.dtype).reshape(-1, 1, 1)
        level += self.b
        return level


def plan_coefficients(weights: Values, history: Values, periods: int) -> tuple[Values, Values, Values, Places]:
    """Coefficients of a constant plan that follows history.

    Parameters
    ----------
    weights
        (C, S, L) adstock weights.
    history
        (C, G, L - 1) scaled exposure of the last periods, oldest first.
    periods
        Length P of the plan.

    Returns
    -------
    share : (C, N, S)
        Share of one period's constant exposure that is present in each distinct week.
    carried : (C, G, N, S)
        Scaled exposure that history leaves there.
    count : (N,)
        Weeks that each distinct week stands for.
    week : (P + L - 1,)
        Distinct week of each week of the plan and its tail.
    """
    lags = weights.shape[-1]
    week: Places = np.arange(periods + lags - 1)
    # From the plan's L-th week to its end nothing of the past is left and the carry-over is complete: one week.
    distinct, week = np.unique(np.where((week >= lags - 1) & (week < periods), lags - 1, week), return_inverse=True)
    count = np.bincount(week).astype(weights.dtype)
    arrived = np.concatenate([np.zeros_like(weights[..., :1]), np.cumsum(weights, axis=-1)], axis=-1)
    upper = np.minimum(distinct + 1, lags)
    lower = np.clip(distinct - periods + 1, 0, lags)
    share = np.moveaxis(arrived[..., upper] - arrived[..., lower], -1, 1)
    carried: Values = np.zeros(
        (weights.shape[0], history.shape[1], len(distinct), weights.shape[1]), dtype=weights.dtype
    )
    for n, w in enumerate(distinct[distinct < lags - 1]):
        # Lag k in week w reaches back k - w periods: k = w + 1 is history's last.
        past = history[:, :, ::-1][:, :, : lags - 1 - w]
        carried[:, :, n, :] = np.einsum("csk,cgk->cgs", weights[..., w + 1 :], past)
    return np.ascontiguousarray(share), carried, count, week
