"""Draws of a plan to the numbers that a person sees."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis import recent
from mmm_core.analysis.calendar import following
from mmm_core.analysis.intervals import Bands, bands, interval, scaled
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
