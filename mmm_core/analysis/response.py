"""The metric service's core: what each component brought, and what a plan would bring, draw by draw."""

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis import outcomes, recent
from mmm_core.analysis.curves import curve
from mmm_core.analysis.windows import Window, plan_coefficients
from mmm_core.domain.errors import PlanError
from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, ModelData, Posterior
from mmm_core.domain.planning import PlanOutcome, SpendPlan
from mmm_core.domain.results import Curve
from mmm_core.modeling.transforms import (
    ADSTOCK_PARAMETERS,
    EFFECT,
    SATURATION_PARAMETERS,
    adstock_weights,
    saturate,
)

Values = npt.NDArray[np.floating[Any]]


class ResponseModel:
    """A fitted model as functions of spend, in KPI units.

    G geos, T periods, C channels, S draws (chains joined), L lags. Everything is linear in the effects, additive over
    channels, and computed in ``dtype`` (single precision is exact to about 1e-6, and twice as fast).

    Parameters
    ----------
    data
        The prepared data the posterior was fitted on.
    posterior
        Constrained draws in scaled units.
    """

    def __init__(self, data: ModelData, posterior: Posterior, dtype: type[np.floating[Any]] = np.float32) -> None:
        self.data = data
        self.posterior = posterior
        self.dtype = dtype
        self.channels = data.channels
        self.paid = recent.paid(data)
        self.paid_index = np.array([data.channels.index(name) for name in self.paid], dtype=np.intp)
        self.draws = posterior.chains * posterior.draws_per_chain
        self._scaled = np.ascontiguousarray(np.moveaxis(data.scaled_media, -1, 0), dtype=dtype)  # (C, G, T)
        self._scale = np.where(data.media_scale > 0, data.media_scale, 1.0)  # (G, C)
        often = data.scaled_frequency
        self._often = (
            None if often is None else np.ascontiguousarray(np.moveaxis(often, -1, 0), dtype=dtype)
        )  # (C, G, T)
        own = data.by_frequency
        self._families = tuple("linear" if c in own else posterior.saturation for c in range(len(data.channels)))
        """Response to adstocked exposure; a channel by frequency has saturated before, and is linear in its reach."""
        self._saturation = {name: self._by_channel(name) for name in SATURATION_PARAMETERS[posterior.saturation]}
        effect = posterior.by_geo(EFFECT) * data.target_scale[:, None]
        self.effect: Values = np.ascontiguousarray(effect.T, dtype=dtype)  # (C, G, S)
        self._media_drift = self._drift(MEDIA_DRIFT)
        self._baseline_drift = self._drift(BASELINE_DRIFT)
        # Plans and curves are about now: the strength of the recent periods goes on.
        self.now = 1.0 if self._media_drift is None else self._media_drift[-recent.periods(data) :].mean(axis=0)
        self._windows: dict[int, Window] = {}
        self._current: dict[int, Values] = {}

    def _drift(self, name: str) -> Values | None:
        """Draws of what varies over time, (T, S)."""
        found = self.posterior.drift(name, len(self.data.dates))
        return None if found is None else np.ascontiguousarray(found.T, dtype=self.dtype)

    def _by_channel(self, name: str) -> Values:
        """Draws of a media parameter, (C, S)."""
        return np.ascontiguousarray(self.posterior.flat(name).T, dtype=self.dtype)

    @cached_property
    def weights(self) -> Values:
        """Adstock weights, (C, S, L)."""
        names = ADSTOCK_PARAMETERS[self.posterior.adstock]
        parameters = {name: self._by_channel(name) for name in names}
        family, lags, shape = self.posterior.adstock, self.posterior.max_lag, (len(self.channels), self.draws)
        return np.asarray(adstock_weights(family, lags, parameters, shape=shape), dtype=self.dtype)

    # ---- history -------------------------------------------------------------------------------------------------

    def _adstocked(self, channel: int, geo: int) -> Values:
        """Scaled adstocked exposure of one channel in one geo, (T, S); of a channel by frequency what it did."""
        if self._often is not None and channel in self.data.by_frequency:
            return self._impact(channel, geo)
        lags = self.posterior.max_lag
        padded = np.concatenate([np.zeros(lags - 1, dtype=self.dtype), self._scaled[channel, geo]])
        lagged = np.lib.stride_tricks.sliding_window_view(padded, lags)[:, ::-1]  # (T, L), lag 0 first
        return np.asarray(np.ascontiguousarray(lagged) @ self.weights[channel].T)

    def _impact(self, channel: int, geo: int) -> Values:
        """People reached times what their frequency does to each, carried over, (T, S)."""
        impact: Values = self._scaled[channel, geo][:, None] * self._per_person(channel, geo)
        out = np.zeros_like(impact)
        for lag, weight in enumerate(self.weights[channel].T[: len(impact)]):
            out[lag:] += weight * impact[: len(impact) - lag]
        return out

    def _per_person(self, channel: int, geo: int) -> Values:
        """Saturated frequency of one channel in one geo, (T, S)."""
        assert self._often is not None
        often = self._often[channel, geo][:, None]
        return np.asarray(saturate(self.posterior.saturation, often, self._curve(channel)))

    def per_person(self, channel: int, frequency: npt.NDArray[np.float64]) -> Values:
        """What each person reached does at constant frequencies (n,), contacts, before the effect size, (n, S)."""
        assert self.data.frequency_scale is not None
        often = (frequency / self.data.frequency_scale[channel]).astype(self.dtype)
        return np.asarray(saturate(self.posterior.saturation, often[:, None], self._curve(channel)))

    def _curve(self, channel: int) -> dict[str, Values]:
        return {name: values[channel] for name, values in self._saturation.items()}

    def _per_exposure(self, channel: int) -> Values:
        """What a scaled unit of exposure becomes before the response, (G, S): 1, or what the recent mix of frequencies
        does to each person reached."""
        geos = len(self.data.geos)
        if channel not in self.data.by_frequency:
            return np.ones((geos, 1), dtype=self.dtype)
        out = np.zeros((geos, self.draws), dtype=self.dtype)
        for geo in range(geos):
            weight = recent.reach_weights(self.data, channel, geo).astype(self.dtype)
            out[geo] = weight @ self._per_person(channel, geo)
        return out

    def _saturated(self, channel: int, geo: int, exposure: Values) -> Values:
        """Response in KPI units of one channel in one geo to scaled adstocked exposure, (..., S)."""
        response: Values = np.asarray(saturate(self._families[channel], exposure, self._curve(channel)))
        return np.asarray(
            np.multiply(response, self.effect[channel, geo], out=None if response is exposure else response)
        )

    def channel_contribution(self, channel: int, geo: int = 0, multiplier: float = 1.0) -> Values:
        """KPI units per period that one channel brought, (T, S), had its exposure been multiplied throughout."""
        found = self._saturated(channel, geo, self._adstocked(channel, geo) * self.dtype(multiplier))
        return found if self._media_drift is None else np.asarray(found * self._media_drift)

    def baseline(self, geo: int = 0) -> Values:
        """Intercept, trend and treatments at their reference level in KPI units, (T, S)."""
        level = self.posterior.by_geo("intercept_contribution")[:, geo]
        level = level + self.posterior.by_geo("gamma_control")[:, geo] @ self.data.linear_base[geo]
        found = self._linear(geo, ("trend", "bend")) + level.astype(self.dtype) * self.dtype(
            self.data.target_scale[geo]
        )
        if self._baseline_drift is not None:
            found = found + self._baseline_drift * self.dtype(self.data.target_scale[geo])
        return np.asarray(found)

    def controls(self, geo: int = 0) -> Values:
        """Controls and holidays counted from their mean, KPI units, (T, S)."""
        return self._linear(geo, ("control", "holiday"))

    @property
    def treatments(self) -> tuple[tuple[int, str], ...]:
        """Position among the linear columns and name of each treatment that is no media."""
        named = zip(self.data.linear_names, self.data.linear_groups, strict=True)
        return tuple((k, name) for k, (name, group) in enumerate(named) if group == "treatment")

    def treatment(self, column: int, geo: int = 0) -> Values:
        """What a treatment did against its reference level, KPI units, (T, S)."""
        gamma = self.posterior.by_geo("gamma_control")[:, geo, column].astype(self.dtype)
        moved = self.data.linear[geo, :, column] - self.data.linear_base[geo, column]
        return np.asarray(moved.astype(self.dtype)[:, None] * gamma * self.dtype(self.data.target_scale[geo]))

    def seasonality(self, geo: int = 0) -> Values:
        """Yearly season in KPI units, (T, S)."""
        if not self.data.fourier.shape[1]:
            return np.zeros((len(self.data.dates), self.draws), dtype=self.dtype)
        gamma = self.posterior.by_geo("gamma_fourier")[:, geo].astype(self.dtype)
        return np.asarray(self.data.fourier.astype(self.dtype) @ gamma.T * self.dtype(self.data.target_scale[geo]))

    def _linear(self, geo: int, groups: tuple[str, ...]) -> Values:
        chosen = [k for k, group in enumerate(self.data.linear_groups) if group in groups]
        if not chosen:
            return np.zeros((len(self.data.dates), self.draws), dtype=self.dtype)
        gamma = self.posterior.by_geo("gamma_control")[:, geo][:, chosen].astype(self.dtype)
        columns = self.data.linear[geo][:, chosen].astype(self.dtype)
        return np.asarray(columns @ gamma.T * self.dtype(self.data.target_scale[geo]))

    def contributions(self, first: int = 0, last: int | None = None) -> Values:
        """Contribution of every channel in KPI units for the draws first..last, (s, G, T, C)."""
        part = self._slice(first, last)
        geos = range(len(self.data.geos))
        out = [[part.channel_contribution(c, g) for c in range(len(self.channels))] for g in geos]
        return np.ascontiguousarray(np.transpose(np.array(out), (3, 0, 2, 1)))

    def mu(self, first: int = 0, last: int | None = None) -> Values:
        """Expected KPI for the draws first..last, KPI units, (s, G, T)."""
        part = self._slice(first, last)
        out = []
        for g in range(len(self.data.geos)):
            total = part.baseline(g) + part.controls(g) + part.seasonality(g)
            for c in range(len(self.channels)):
                total = total + part.channel_contribution(c, g)
            out.append(total.T)
        return np.stack(out, axis=1)

    def _slice(self, first: int, last: int | None) -> "ResponseModel":
        cut = {name: self.posterior.flat(name)[None, first:last] for name in self.posterior.draws}
        source = self.posterior
        return ResponseModel(self.data, Posterior(source.adstock, source.saturation, source.max_lag, cut), self.dtype)

    # ---- plans ---------------------------------------------------------------------------------------------------

    def current_plan(self, periods: int) -> SpendPlan:
        """Recent average spend of each paid channel, continued for ``periods``."""
        per_period = recent.mean_spend(self.data)
        spend = {name: float(per_period[self.channels.index(name)]) * periods for name in self.paid}
        return SpendPlan(periods, spend)

    def window(self, periods: int) -> Window:
        """Plan of ``periods`` and its carry-over tail; e is each paid channel's total spend, (C_paid,)."""
        if periods < 1:
            raise PlanError("A plan needs at least one period.")
        if periods not in self._windows:
            self._windows[periods] = self._build(periods)
        return self._windows[periods]

    def _build(self, periods: int) -> Window:
        lags, index, geos = self.posterior.max_lag, self.paid_index, len(self.data.geos)
        past = np.zeros((len(index), geos, lags - 1), dtype=self.dtype)
        # A linear response owes nothing to what was carried in, which a plan's outcome leaves out.
        saturating = np.array([c not in self.data.by_frequency for c in index], dtype=self.dtype)
        have = min(lags - 1, self._scaled.shape[2])
        if have:
            past[:, :, -have:] = self._scaled[index][:, :, -have:] * saturating[:, None, None]
        share, carried, count, week = plan_coefficients(self.weights[index], past, periods)
        unit = recent.exposure_per_money(self.data)[:, index] / self._scale[:, index] / periods  # (G, C)
        a = share[:, None] * unit.T.astype(self.dtype)[:, :, None, None]
        for position in np.flatnonzero(saturating == 0):
            a[position] *= self._per_exposure(int(index[position]))[:, None]
        cells = (len(index), geos * len(count), self.draws)
        return Window(
            tuple(self._families[c] for c in index),
            {name: values[index] for name, values in self._saturation.items()},
            np.asarray(self.effect[index] * self.now),
            a.reshape(cells),
            carried.reshape(cells),
            count,
            week,
        )

    def vector(self, plan: SpendPlan) -> npt.NDArray[np.float64]:
        """Total spend per paid channel in the window's order; a channel the plan leaves out gets nothing."""
        for name, amount in plan.spend.items():
            if name not in self.paid:
                raise PlanError(f"The model has no spend for a channel called {name}, so a plan cannot move it.")
            if not (np.isfinite(amount) and amount >= 0):
                raise PlanError(f"The plan's spend for {name} must be a number of at least 0.")
        return np.array([plan.spend.get(name, 0.0) for name in self.paid], dtype=np.float64)

    def outcome(self, plan: SpendPlan) -> PlanOutcome:
        """What a plan brings above spending nothing in its window, carry-over after its end included.

        History's last weeks are carried in; spend buys exposure at the recent cost per unit (people reached as often as
        recently, where a channel has a frequency); organic media are held and so drop out; KPI units are worth their
        recent mean value.
        """
        window = self.window(plan.periods)
        return outcomes.planned(self, plan, *window.evaluate(self.vector(plan)), window.week)

    def current_draws(self, periods: int) -> Values:
        """KPI that the current plan brings, (S,)."""
        if periods not in self._current:
            window = self.window(periods)
            totals, _ = window.evaluate(self.vector(self.current_plan(periods)))
            self._current[periods] = totals.sum(axis=0)
        return self._current[periods]

    # ---- curves --------------------------------------------------------------------------------------------------

    def at_level(self, channel: int, exposure: npt.NDArray[np.float64], geo: int = 0) -> Values:
        """KPI units per period of one channel in one geo at constant exposures (n,), in exposure units, (n, S).

        Of a channel by frequency the exposure is the people reached, as often as recently.
        """
        level = (exposure / self._scale[geo, channel]).astype(self.dtype)
        acting = np.broadcast_to(level[:, None] * self._per_exposure(channel)[geo], (level.size, self.draws))
        found = self._saturated(channel, geo, acting)
        return np.asarray(found * self.now)

    def curves(self) -> dict[str, Curve]:
        """Response and carry-over curve of every channel."""
        return {name: curve(self, c) for c, name in enumerate(self.channels)}
