"""All changes of a sentence together: periods settled, contradictions and the impossible asked."""

from collections.abc import Sequence
from itertools import pairwise

from mmm_core.domain.instructions import Add, Change, Hold, Length, Limit, Move, Multiply, Optimise, Per, SetTo, Total
from mmm_core.grammar import questions
from mmm_core.grammar.context import DAYS, Context
from mmm_core.grammar.drafts import DAdd, DLimit, DMove, DSet, DTotal, Money
from mmm_core.grammar.scope import Draft

EXACT = 1e-9


def judged(drafts: Sequence[Draft], context: Context, said_pers: Sequence[Per]) -> tuple[Change, ...]:
    """The changes, or ``Unclear``."""
    lengths = [d for d in drafts if isinstance(d, Length)]
    if len(set(lengths)) > 1:
        raise questions.clash("the plan's length")
    if any(not 0 < one.amount < 1000 for one in lengths):
        raise questions.clash("the plan's length")
    plan_days = lengths[0].amount * DAYS[lengths[0].unit] if lengths else None
    settle = _Periods(said_pers, bool(lengths))
    changes = _merged([_change(d, settle, context, plan_days) for d in drafts])
    _no_clash(changes)
    _possible(changes, context, plan_days)
    return tuple(changes)


class _Periods:
    """One period said once holds for all amounts that say none; a length makes them count over the plan."""

    def __init__(self, said: Sequence[Per], has_length: bool) -> None:
        self.said, self.has_length = set(said), has_length

    def per(self, one: Money, *, budget: bool = False) -> Per:
        if one.per is not None:
            return one.per
        if budget:
            return Per.PLAN
        if len(self.said) == 1 and not self.has_length:
            return next(iter(self.said))
        if not self.said and self.has_length:
            return Per.PLAN
        raise questions.which_period(one.text)


def _change(draft: Draft, periods: _Periods, context: Context, plan_days: float | None) -> Change:
    if isinstance(draft, DAdd):
        return Add(draft.channel, draft.money.amount, periods.per(draft.money))
    if isinstance(draft, DSet):
        per = periods.per(draft.money)
        _right_way(draft, per, context, plan_days)
        return SetTo(draft.channel, draft.money.amount, per)
    if isinstance(draft, DMove):
        return Move(draft.source, draft.target, draft.money.amount, periods.per(draft.money))
    if isinstance(draft, DTotal):
        if draft.money.per is None and not draft.is_budget and periods.said and not periods.has_length:
            # A period said of a channel does not make a sum without one a budget of that period.
            raise questions.which_period(draft.money.text)
        per = periods.per(draft.money, budget=draft.is_budget)
        now = sum(context.spend[name] or 0.0 for name in context.paid)
        then = context.in_period(draft.money.amount, per, plan_days)
        if draft.way and (then - now) * draft.way < -EXACT * max(now, 1.0):
            raise questions.against(draft.text, f"{now:,.0f} per {_period(context)}")
        return Total(draft.money.amount, per)
    if isinstance(draft, DLimit):
        one = draft.low or draft.high
        assert one is not None
        low, high = (None if m is None else m.amount for m in (draft.low, draft.high))
        return Limit(draft.channel, low, high, periods.per(one))
    return draft


def _right_way(draft: DSet, per: Per, context: Context, plan_days: float | None) -> None:
    """'cut TV to 50k a week' where TV spends less today."""
    today = context.spend[draft.channel] or 0.0
    then = context.in_period(draft.money.amount, per, plan_days)
    if draft.way and (then - today) * draft.way < -EXACT * max(today, 1.0):
        raise questions.against(draft.text, f"{today:,.0f} per {_period(context)}")


def _period(context: Context) -> str:
    return {1: "day", 7: "week"}.get(int(context.period_days), "period")


def _merged(changes: Sequence[Change]) -> list[Change]:
    """The same said twice counts once; a least and a most of one channel are one limit."""
    out: list[Change] = []
    for change in changes:
        if change in out:
            continue
        place = next((n for n, other in enumerate(out) if _joins(other, change)), None)
        if place is None:
            out.append(change)
            continue
        other = out[place]
        assert isinstance(other, Limit)
        assert isinstance(change, Limit)
        low = other.low if other.low is not None else change.low
        high = other.high if other.high is not None else change.high
        out[place] = Limit(other.channel, low, high, other.per, other.relative)
    return out


def _joins(one: Change, other: Change) -> bool:
    if not (isinstance(one, Limit) and isinstance(other, Limit) and one.channel == other.channel):
        return False
    ends = (one.low is None and other.high is None) or (one.high is None and other.low is None)
    return ends and (one.per, one.relative) == (other.per, other.relative)


def _touched(change: Change) -> tuple[str, ...]:
    if isinstance(change, Multiply | Add | SetTo | Hold):
        return (change.channel,)
    return (change.source, change.target) if isinstance(change, Move) else ()


def _no_clash(changes: Sequence[Change]) -> None:
    seen: dict[str, Change] = {}
    for change in changes:
        for channel in _touched(change):
            both_moves = isinstance(change, Move) and isinstance(seen.get(channel), Move)
            if channel in seen and not both_moves:
                raise questions.clash(channel)
            seen[channel] = change
    limits = [c for c in changes if isinstance(c, Limit)]
    if len({c.channel for c in limits}) < len(limits):
        raise questions.clash(limits[0].channel)
    for one in limits:
        if one.low is not None and one.high is not None and one.low > one.high:
            raise questions.crossed(one.channel)
    totals = [c for c in changes if isinstance(c, Total)]
    if len(totals) > 1:
        raise questions.clash("the total budget")
    moves = [c for c in changes if isinstance(c, Move)]
    for first, second in pairwise(moves):
        if (first.source, first.target) in ((second.source, second.target), (second.target, second.source)):
            raise questions.clash(first.source)
    if sum(isinstance(c, Optimise) for c in changes) and any(_touched(c) and not isinstance(c, Hold) for c in changes):
        raise questions.not_understood("optimise, with a change of one channel beside it")


def _possible(changes: Sequence[Change], context: Context, plan_days: float | None) -> None:
    taken: dict[str, float] = {}
    for change in changes:
        if isinstance(change, SetTo) and change.amount < 0:
            raise questions.too_much(change.channel)
        if isinstance(change, Add) and change.amount < 0:
            taken[change.channel] = taken.get(change.channel, 0.0) - context.in_period(
                change.amount, change.per, plan_days
            )
        if isinstance(change, Move):
            spend = context.spend[change.source] or 0.0
            gone = change.share * spend if change.share is not None else 0.0
            if change.amount is not None:
                gone = context.in_period(change.amount, change.per, plan_days)
            taken[change.source] = taken.get(change.source, 0.0) + gone
        if isinstance(change, Total) and change.amount <= 0:
            raise questions.clash("the total budget")
    for channel, amount in taken.items():
        if amount > (context.spend[channel] or 0.0) * (1 + EXACT):
            raise questions.too_much(channel)
    for one in changes:
        if isinstance(one, Limit):
            _kept(one, changes, context, plan_days)


def _kept(limit: Limit, changes: Sequence[Change], context: Context, plan_days: float | None) -> None:
    """A level asked for in the same sentence has to lie within the limit."""
    today = context.spend[limit.channel] or 0.0
    level = None
    for change in changes:
        if limit.channel in _touched(change):
            if isinstance(change, Multiply):
                level = change.factor * today
            elif isinstance(change, SetTo):
                level = context.in_period(change.amount, change.per, plan_days)
            elif isinstance(change, Add):
                level = today + context.in_period(change.amount, change.per, plan_days)
            elif isinstance(change, Hold):
                level = today
    if level is None:
        return
    scale = (lambda v: v * today) if limit.relative else (lambda v: context.in_period(v, limit.per, plan_days))
    slack = 1e-6 * max(level, 1.0)
    if (limit.low is not None and level < scale(limit.low) - slack) or (
        limit.high is not None and level > scale(limit.high) + slack
    ):
        raise questions.clash(limit.channel)
