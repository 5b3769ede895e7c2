"""Exposure as an affine function of spend, over the few distinct weeks of a window.

Within a window a channel's adstocked exposure in cell n is ``a[n] * e + b[n]``: e is the spend that a person moves,
a what one unit of it puts there and b what the past still carries in. Weeks that are alike are kept once with their
count, so that a constant plan of 13 weeks and its tail is 15 cells instead of 20.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.modeling.transforms import saturate, saturate_both

Values = npt.NDArray[np.floating[Any]]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Window:
    """C channels, N cells (G geos by D distinct weeks, geo outermost), S draws."""

    saturation: tuple[str, ...]
    """Family by channel; one that has saturated before is 'linear'."""
    parameters: dict[str, Values]
    """(C, S) each: the saturation's parameters."""
    effect: Values
    """(C, G, S) KPI units at full saturation."""
    a: Values
    """(C, N, S) scaled exposure per unit of e."""
    b: Values
    """(C, N, S) scaled exposure carried in from before the window."""
    count: Values
    """(D,) weeks that each distinct week stands for."""
    week: Places
    """(W,) distinct week that stands for each week."""

    def evaluate(self, e: Values) -> tuple[Values, Values]:
        """What spending e (C,) brings above spending nothing in the window.

        Returns
        -------
        totals : (C, S)
            KPI units per channel.
        weekly : (D, S)
            KPI units of all channels per distinct week, geos summed.
        """
        channels, _, draws = self.effect.shape
        totals = np.empty((channels, draws), dtype=self.effect.dtype)
        weekly: Values = np.zeros((len(self.count), draws), dtype=self.a.dtype)
        for c, (level, parameters) in enumerate(self._levels(e)):
            lift = saturate(self.saturation[c], level, parameters)
            lift -= self._without[c]
            by_geo = self._geos(lift)
            by_geo *= self.effect[c][:, None, :]
            # One geo's weeks are the total's weeks; a sum over an axis of one would copy them.
            summed = by_geo[0] if len(by_geo) == 1 else by_geo.sum(axis=0)
            totals[c] = self.count @ summed
            weekly += summed
        return totals, weekly

    def totals(self, e: Values) -> Values:
        """KPI units per channel above spending nothing, (C, S)."""
        found = zip(self.saturation, self._levels(e), strict=True)
        responses = [self._summed(saturate(family, *levels)) for family, levels in found]
        return np.asarray(((np.array(responses) - self._total_without) * self.effect).sum(axis=1))

    def value_and_slope(self, e: Values) -> tuple[Values, Values]:
        """Totals per channel and their derivative with respect to that channel's e, each (C, S)."""
        value, slope = np.empty_like(self.effect), np.empty_like(self.effect)
        for c, (level, parameters) in enumerate(self._levels(e)):
            response, rise = saturate_both(self.saturation[c], level, parameters)
            rise *= self.a[c]
            value[c] = self._summed(response)
            slope[c] = self._summed(rise)
        value -= self._total_without
        return np.asarray((value * self.effect).sum(axis=1)), np.asarray((slope * self.effect).sum(axis=1))

    def _geos(self, cells: Values) -> Values:
        """Cells (N, S) as (G, D, S)."""
        return cells.reshape(self.effect.shape[1], len(self.count), -1)

    def _summed(self, cells: Values) -> Values:
        """Cells (N, S) summed over the weeks they stand for, (G, S)."""
        return np.asarray(np.matmul(self.count, self._geos(cells)))

    def _levels(self, e: Values) -> Iterator[tuple[Values, dict[str, Values]]]:
        """Exposure (N, S) and saturation parameters (S,) of each channel: one at a time stays in the cache."""
        for c, amount in enumerate(e.astype(self.a.dtype)):
            level: Values = self.a[c] * amount
            level += self.b[c]
            yield level, {name: values[c] for name, values in self.parameters.items()}

    @cached_property
    def _without(self) -> Values:
        """(C, N, S) saturated response when nothing is spent in the window."""
        nothing = np.zeros(len(self.effect))
        found = zip(self.saturation, self._levels(nothing), strict=True)
        return np.array([saturate(family, *levels) for family, levels in found])

    @cached_property
    def _total_without(self) -> Values:
        """(C, G, S) the same summed over the window."""
        return np.array([self._summed(cells) for cells in self._without])

    def thinned(self, keep: int) -> "Window":
        """The same window over at most ``keep`` draws, evenly spaced."""
        step = max(1, -(-self.effect.shape[-1] // keep))
        if step == 1:
            return self
        cut = {name: np.ascontiguousarray(values[:, ::step]) for name, values in self.parameters.items()}
        return replace(
            self,
            parameters=cut,
            effect=np.ascontiguousarray(self.effect[:, :, ::step]),
            a=np.ascontiguousarray(self.a[:, :, ::step]),
            b=np.ascontiguousarray(self.b[:, :, ::step]),
        )


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
