"""Questions in words: a sentence becomes changes to look at, and those a plan, limits, a total and a length (W2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmm_core import grammar
from mmm_core.analysis import optimise as optimiser
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.instructions import (
    Add,
    Change,
    Hold,
    Length,
    Limit,
    Move,
    Multiply,
    Optimise,
    Per,
    Reading,
    SetTo,
    Total,
)
from mmm_core.domain.planning import Bounds, PlanOutcome, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.grammar.context import DAYS
from mmm_core.use_cases import what_if

SHORTEST, LONGEST = 4, 52
"""Periods of a plan."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Applied:
    """What a reading makes of a plan."""

    plan: SpendPlan
    bounds: dict[str, Bounds]
    """Limits and locks for the optimiser, of the channels that have any."""
    ends: dict[str, tuple[float | None, float | None]]
    """Least and most as they were said, money over the plan; None where an end was left free."""
    total: float | None
    """Money over the plan, where the sentence names one."""
    optimise: bool


@dataclass(frozen=True)
class Answer:
    today: PlanOutcome
    outcome: PlanOutcome


def context(response: ResponseModel, results: Results, periods: int) -> grammar.Context:
    """What sentences about this model are read against."""
    today = response.current_plan(1).spend
    spend = {name: today.get(name) for name in response.channels}
    return grammar.Context(spend, results.currency, results.period_days, periods)


def read(
    response: ResponseModel, results: Results, sentence: str, before: Sequence[str] = (), periods: int = 13
) -> Reading:
    """What a sentence asks for; nothing runs yet."""
    return grammar.read(sentence, context(response, results, periods), tuple(before))


def applied(
    response: ResponseModel, results: Results, changes: Sequence[Change], plan: SpendPlan | None = None
) -> Applied:
    """The plan that changes make, counted from today's spend; what they do not name stays as ``plan`` has it.

    Raises
    ------
    PlanError
        Where a change cannot be: more taken than a channel spends, limits that cross, a length out of range.
    """
    start = plan or response.current_plan(13)
    periods = _length(changes, start.periods, results.period_days)
    today = response.current_plan(periods).spend
    before = {name: start.spend.get(name, 0.0) * periods / start.periods for name in today}
    at = _Money(results.period_days, periods)
    spend, touched = _moved(changes, before, today, at)
    bounds = _bounds(changes, today, at)
    total = next((_total(c, today, at) for c in changes if isinstance(c, Total)), None)
    if total is not None:
        spend = _scaled(spend, touched, total)
    for name, bound in bounds.items():
        if not bound.locked and any(isinstance(c, Limit) and c.channel == name for c in changes):
            spend[name] = min(max(spend[name], bound.low), bound.high)
    wanted = any(isinstance(c, Optimise) for c in changes)
    return Applied(SpendPlan(periods, spend), bounds, _ends(changes, today, at), total, wanted)


def answer(response: ResponseModel, one: Applied) -> Answer:
    """The outcome beside today's plan of the same length; with the best split found first where that was asked."""
    periods = one.plan.periods
    today = what_if.evaluate(response, response.current_plan(periods))
    if not one.optimise:
        return Answer(today, what_if.evaluate(response, one.plan))
    total = one.total if one.total is not None else today.total_spend
    return Answer(today, optimiser.optimise(response, total, periods, one.bounds).outcome)


@dataclass(frozen=True)
class _Money:
    """Turns money said per week or month into money over the plan."""

    period_days: float
    periods: int

    def over_plan(self, amount: float, per: Per) -> float:
        return amount if per is Per.PLAN else amount * self.period_days * self.periods / DAYS[per]


def _length(changes: Sequence[Change], periods: int, period_days: float) -> int:
    asked = next((c for c in changes if isinstance(c, Length)), None)
    if asked is None:
        return periods
    days = asked.amount * DAYS.get(asked.unit, periods * period_days)
    found = round(days / period_days)
    if not SHORTEST <= found <= LONGEST:
        unit = "weeks" if period_days == 7 else "periods"
        raise PlanError(f"A plan can be {SHORTEST} to {LONGEST} {unit} long; this asks for {found}.")
    return found


def _moved(
    changes: Sequence[Change], before: Mapping[str, float], today: Mapping[str, float], at: _Money
) -> tuple[dict[str, float], set[str]]:
    """Spend over the plan by channel, and the channels that the changes name."""
    spend, touched = dict(before), set[str]()
    for change in changes:
        if isinstance(change, Multiply):
            spend[change.channel] = _spent(today, change.channel) * change.factor
        elif isinstance(change, Add):
            spend[change.channel] = _spent(today, change.channel) + at.over_plan(change.amount, change.per)
        elif isinstance(change, SetTo):
            _spent(today, change.channel)
            spend[change.channel] = at.over_plan(change.amount, change.per)
        if isinstance(change, Multiply | Add | SetTo | Hold):
            touched.add(change.channel)
    for change in changes:
        if isinstance(change, Move):
            base = _spent(today, change.source)
            _spent(today, change.target)
            amount = base * change.share if change.share is not None else at.over_plan(change.amount or 0.0, change.per)
            spend[change.source] -= amount
            spend[change.target] += amount
            touched |= {change.source, change.target}
    for name, amount in spend.items():
        if amount < -ROUNDING * max(before[name], 1.0):
            raise PlanError(f"This takes {-amount:,.0f} more from {name} than is spent there over the plan.")
        spend[name] = max(amount, 0.0)
    return spend, touched


def _spent(today: Mapping[str, float], channel: str) -> float:
    if channel not in today:
        raise PlanError(f"The model has no spend for {channel}, so a plan cannot move it.")
    if today[channel] <= 0:
        raise PlanError(f"{channel} spent nothing of late, so the model cannot say what its money would buy.")
    return today[channel]


def _bounds(changes: Sequence[Change], today: Mapping[str, float], at: _Money) -> dict[str, Bounds]:
    out: dict[str, Bounds] = {}
    for change in changes:
        if isinstance(change, Hold):
            out[change.channel] = Bounds(today[change.channel], today[change.channel], locked=True)
        elif isinstance(change, Limit):
            base = _spent(today, change.channel)
            low, high = (_end(end, change, base, at) for end in (change.low, change.high))
            if low is not None and high is not None and low > high:
                raise PlanError(f"{change.channel} cannot get at least {low:,.0f} and at most {high:,.0f}.")
            # Half to twice of today stands in for the end that was left free.
            least = low if low is not None else min(0.5 * base, high or 0.0)
            out[change.channel] = Bounds(least, high if high is not None else max(2.0 * base, least))
    return out


def _ends(
    changes: Sequence[Change], today: Mapping[str, float], at: _Money
) -> dict[str, tuple[float | None, float | None]]:
    limits = [c for c in changes if isinstance(c, Limit)]
    return {c.channel: (_end(c.low, c, today[c.channel], at), _end(c.high, c, today[c.channel], at)) for c in limits}


def _end(end: float | None, change: Limit, base: float, at: _Money) -> float | None:
    if end is None:
        return None
    return end * base if change.relative else at.over_plan(end, change.per)


def _total(change: Total, today: Mapping[str, float], at: _Money) -> float:
    total = change.amount * sum(today.values()) if change.relative else at.over_plan(change.amount, change.per)
    if not total > 0:
        raise PlanError("Give a total budget above zero.")
    return total


def _scaled(spend: Mapping[str, float], touched: set[str], total: float) -> dict[str, float]:
    """What the sentence does not name takes up the rest of the total, in the proportions that it has."""
    free = {name: amount for name, amount in spend.items() if name not in touched}
    left = total - sum(amount for name, amount in spend.items() if name in touched)
    if left < -ROUNDING * total or (not sum(free.values()) > 0 and abs(left) > 1e-6 * total):
        raise PlanError(
            f"The channels named here take {total - left:,.0f}, which does not fit the total of {total:,.0f}."
        )
    scale = left / sum(free.values()) if free and sum(free.values()) > 0 else 0.0
    return {name: amount * scale if name in free else amount for name, amount in spend.items()}
