"""What would have happened had a channel been spent on differently in some weeks of the past (NumPy only)."""

from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from mmm_core.analysis.calendar import days
from mmm_core.analysis.intervals import bands, interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.domain.results import Interval
from mmm_core.modeling.prepare import period_spans

NEARBY = 13
"""Periods around the window from which the price of exposure is taken where the window itself has no spend."""


@dataclass(frozen=True)
class Question:
    """Another spend of one channel in a window of the past; one of ``factor`` and ``level`` is given."""

    channel: str
    first: date
    last: date
    factor: float | None = None
    """What was spent is multiplied by this, week by week."""
    level: float | None = None
    """Money per period instead of what was spent, all geos together."""


@dataclass(frozen=True)
class Answer:
    """Differences are 'instead' less 'as it was', with what is carried over behind the window."""

    question: Question
    spent: float
    instead: float
    """Money in the window; NaN for organic media."""
    kpi: Interval
    """KPI units."""
    value: Interval | None
    """Money; None where KPI units have no value."""
    net: Interval | None
    """Value less what more is spent."""
    probability_more: float
    behind: float
    """Share of the difference that comes after the window."""
    dates: tuple[date, ...]
    mean: tuple[float, ...]
    p5: tuple[float, ...]
    p95: tuple[float, ...]
    """KPI units per period, from the window's first."""
    beyond: bool
    """Whether the other spend is above everything the data have seen in one period."""


def answer(model: ResponseModel, question: Question) -> Answer:
    """The Bayesian response model's answer, draw by draw.

    Raises
    ------
    PlanError
        Where the channel is not in the model, the window is not in the data, or the change cannot be made.
    """
    data, rows = model.data, window(model.data, question)
    changed = instead(data, question)
    lags = model.posterior.max_lag
    reach = slice(rows[0], min(len(data.dates), rows[-1] + lags))
    by_period, money = _difference(model, changed, data.channels.index(question.channel), reach)
    total = by_period.sum(axis=0)
    band = bands(by_period)
    c = data.channels.index(question.channel)
    spent, other = (float(d.spend[:, rows, c].sum()) for d in (data, changed))
    valued = bool(np.isfinite(data.value_per_unit[:, reach]).all())
    after = float(np.abs(band.mean[len(rows) :]).sum() / max(np.abs(band.mean).sum(), 1e-12))
    return Answer(
        question=question,
        spent=spent,
        instead=other,
        kpi=interval(total),
        value=interval(money) if valued else None,
        net=interval(money - (other - spent)) if valued and np.isfinite(spent) else None,
        probability_more=float((total > 0).mean()),
        behind=after,
        dates=days(data.dates[reach]),
        mean=tuple(band.mean.tolist()),
        p5=tuple(band.p5.tolist()),
        p95=tuple(band.p95.tolist()),
        beyond=bool((changed.media[:, rows, c].max(axis=1) > 1.001 * data.media[:, :, c].max(axis=1)).any()),
    )


def window(data: ModelData, question: Question) -> npt.NDArray[np.intp]:
    """Positions of the periods that begin in the window."""
    known = days(data.dates)
    if question.channel not in data.channels:
        raise PlanError(f"The model has no channel called {question.channel}.")
    if question.first > question.last:
        raise PlanError(f"The window ends ({question.last}) before it begins ({question.first}).")
    starts, ends = (days(ends) for ends in period_spans(data.dates))
    if question.first < starts[0] or question.last >= ends[-1]:
        raise PlanError(
            f"The data run from {known[0]} to {known[-1]}; the window {question.first} to {question.last} is not all "
            "inside."
        )
    rows = np.array([i for i, d in enumerate(known) if question.first <= d <= question.last], dtype=np.intp)
    if not rows.size:
        raise PlanError(f"No period of the data begins between {question.first} and {question.last}.")
    return rows


def instead(data: ModelData, question: Question) -> ModelData:
    """The data with the channel's spend and exposure in the window as the question has them."""
    rows, c = window(data, question), data.channels.index(question.channel)
    given = question.factor if question.factor is not None else question.level
    if given is None or (question.factor is not None and question.level is not None):
        raise PlanError("Say either how many times the spend, or how much money per period.")
    if not (np.isfinite(given) and given >= 0):
        raise PlanError(f"The other spend of {question.channel} must be a number of at least 0.")
    media, spend = data.media.copy(), data.spend.copy()
    if question.factor is not None:
        if question.factor and not media[:, rows, c].any():
            raise PlanError(f"{question.channel} was off in all these periods: give an amount instead of a factor.")
        media[:, rows, c] *= question.factor
        spend[:, rows, c] *= question.factor
        return replace(data, media=media, spend=spend)
    if not np.isfinite(spend[:, :, c]).all():
        raise PlanError(f"{question.channel} has no spend in money, so no amount can be given; multiply it instead.")
    total = spend[:, :, c].sum()
    if total <= 0:
        raise PlanError(f"Nothing was ever spent on {question.channel}, so what money buys there is not known.")
    per_geo = spend[:, :, c].sum(axis=1) / total * given  # (G,)
    spend[:, rows, c] = per_geo[:, None]
    media[:, rows, c] = (per_geo * _exposure_per_money(data, rows, c))[:, None]
    return replace(data, media=media, spend=spend)


def usual_level(data: ModelData, question: Question, periods: int = 8) -> float | None:
    """Mean money per period just before the window; after it where nothing is before. None for organic media."""
    rows, c = window(data, question), data.channels.index(question.channel)
    if not np.isfinite(data.spend[:, :, c]).all():
        return None
    total = data.spend[:, :, c].sum(axis=0)
    before, after = total[max(0, rows[0] - periods) : rows[0]], total[rows[-1] + 1 : rows[-1] + 1 + periods]
    near = before if before.size else after
    return float(near.mean()) if near.size else None


def quietest(data: ModelData, channel: str, periods: int = 4, within: int = 52) -> tuple[date, date]:
    """First and last period of the recent window in which least was spent on a channel (or least of it was on)."""
    c = data.channels.index(channel)
    money = data.spend[:, :, c].sum(axis=0)
    level = money if np.isfinite(money).all() else data.media[:, :, c].sum(axis=0)
    known = days(data.dates)
    length = min(periods, len(known))
    first = max(0, len(known) - within - length)
    sums = np.convolve(level[first:], np.ones(length), mode="valid")
    at = first + int(np.argmin(sums))
    return known[at], known[at + length - 1]


def _exposure_per_money(data: ModelData, rows: npt.NDArray[np.intp], channel: int) -> Array:
    """Exposure that money bought in each geo, (G,): in the window, else around it, else in all of history."""
    near = slice(max(0, rows[0] - NEARBY), rows[-1] + 1 + NEARBY)
    out = np.zeros(len(data.geos))
    open_ones = np.ones(len(data.geos), dtype=bool)
    for part in (rows, near, slice(None)):
        money = data.spend[:, part, channel].sum(axis=1)
        now = open_ones & (money > 0)
        out[now] = data.media[:, part, channel].sum(axis=1)[now] / money[now]
        open_ones &= ~now
    return out


def _difference(model: ResponseModel, changed: ModelData, channel: int, reach: slice) -> tuple[Array, Array]:
    """KPI units per period of the reach, geos summed, (R, S), and money in all, (S,)."""
    other = ResponseModel(changed, model.posterior, model.dtype)
    length = len(range(*reach.indices(len(model.data.dates))))
    total, money = np.zeros((length, model.draws)), np.zeros(model.draws)
    for geo in range(len(model.data.geos)):
        now = other.channel_contribution(channel, geo)[reach] - model.channel_contribution(channel, geo)[reach]
        total += now
        money += np.nan_to_num(model.data.value_per_unit[geo, reach]) @ now
    return total, money
