"""Draws of a plan to the numbers that a person sees."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis import recent
from mmm_core.analysis.calendar import days, following
from mmm_core.analysis.intervals import Bands, bands, interval, scaled
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import PlanOutcome, SpendPlan
from mmm_core.domain.results import Interval

if TYPE_CHECKING:
    from mmm_core.analysis.response import ResponseModel

Values = npt.NDArray[np.floating[Any]]


def planned(
    model: ResponseModel, plan: SpendPlan, totals: Values, weekly: Values, week: npt.NDArray[np.intp]
) -> PlanOutcome:
    """Outcome of a forward plan from the KPI of each paid channel, (C, S), and of each distinct week, (D, S).

    ``week`` (W,) names the distinct week that stands for each week of the plan and its tail.
    """
    gain = totals.sum(axis=0) - model.current_draws(plan.periods)
    by_week = Bands(*(part[week] for part in bands(weekly)))
    dates = following(model.data, len(week))
    return _outcome(plan, model.paid, totals, by_week, gain, recent.value_per_unit(model.data), dates)


def historical(model: ResponseModel, multipliers: Mapping[str, float]) -> PlanOutcome:
    """Outcome of history with the spend of the named channels multiplied; the rest stays as it was."""
    for name, factor in multipliers.items():
        if name not in model.paid:
            raise PlanError(f"The model has no spend for a channel called {name}, so it cannot be multiplied.")
        if not (np.isfinite(factor) and factor >= 0):
            raise PlanError(f"The multiplier for {name} must be a number of at least 0.")
    was = model.history_totals
    totals = was.copy()
    weekly = np.zeros((len(model.data.dates), model.draws), dtype=was.dtype)
    for position, name in enumerate(model.paid):
        response = model.history_response(position, multipliers.get(name, 1.0))
        weekly += response
        if multipliers.get(name, 1.0) != 1.0:
            totals[position] = response.sum(axis=0)
    spent = model.data.spend.sum(axis=(0, 1))[model.paid_index]
    spend = {n: float(s) * multipliers.get(n, 1.0) for n, s in zip(model.paid, spent, strict=True)}
    value = model.data.value_per_unit
    worth = float(value.mean()) if np.isfinite(value).all() else None
    plan = SpendPlan(len(model.data.dates), spend)
    gain = totals.sum(axis=0) - was.sum(axis=0)
    return _outcome(plan, model.paid, totals, bands(weekly), gain, worth, days(model.data.dates))


def _outcome(
    plan: SpendPlan,
    channels: tuple[str, ...],
    totals: Values,
    by_week: Bands,
    gain: Values,
    value: float | None,
    dates: tuple[date, ...],
) -> PlanOutcome:
    spend = sum(plan.spend.values())
    kpi = interval(totals.sum(axis=0))
    each = bands(totals)
    by_channel = {name: Interval(*(float(part[c]) for part in each)) for c, name in enumerate(channels)}
    returns = {name: _roi(found, plan.spend.get(name, 0.0), value) for name, found in by_channel.items()}
    return PlanOutcome(
        plan=plan,
        total_spend=spend,
        kpi=kpi,
        value=None if value is None else scaled(kpi, value),
        roi=_roi(kpi, spend, value),
        channels=by_channel,
        channel_roi=returns,
        against_current=interval(gain),
        probability_better=float((gain > 0).mean()),
        dates=dates,
        media_mean=tuple(by_week.mean.tolist()),
        media_p5=tuple(by_week.p5.tolist()),
        media_p95=tuple(by_week.p95.tolist()),
    )


def _roi(kpi: Interval, spend: float, value: float | None) -> Interval | None:
    return None if value is None or spend <= 0 else scaled(kpi, value / spend)
