"""Changes of a plan as a person reads them, and the numbers in them that may be edited."""

from dataclasses import dataclass, replace

from mmm_core.domain.instructions import (
    Add,
    Change,
    Hold,
    Length,
    Limit,
    Move,
    Multiply,
    Per,
    SetTo,
    Total,
)
from mmm_core.reports import wording as f

PERIOD = {
    Per.DAY: "a day",
    Per.WEEK: "a week",
    Per.MONTH: "a month",
    Per.QUARTER: "a quarter",
    Per.YEAR: "a year",
    Per.PLAN: "over the plan",
}


@dataclass(frozen=True)
class Number:
    """A number of a change, in the unit in which it is written."""

    field: str
    label: str
    value: float
    percent: bool
    lowest: float | None = 0.0
    highest: float | None = None


def subject(change: Change) -> str:
    """What a change is about."""
    if isinstance(change, Multiply | Add | SetTo | Hold | Limit):
        return f.plain(change.channel)
    if isinstance(change, Move):
        return f"{f.plain(change.source)} → {f.plain(change.target)}"
    return "Total budget" if isinstance(change, Total) else "Length" if isinstance(change, Length) else "Optimise"


def action(change: Change, currency: str) -> str:
    """What happens to it, with its numbers."""

    def money(amount: float, per: Per) -> str:
        return f"{f.money(amount, currency, full=True)} {PERIOD[per]}"

    if isinstance(change, Multiply):
        return _times_today(change.factor)
    if isinstance(change, Add):
        return f"{money(abs(change.amount), change.per)} {'more' if change.amount >= 0 else 'less'}"
    if isinstance(change, SetTo):
        return f"set to {money(change.amount, change.per)}"
    if isinstance(change, Move):
        if change.share is not None:
            return f"move {_percent(change.share)} of what {f.plain(change.source)} spends today"
        return f"move {money(change.amount or 0.0, change.per)}"
    if isinstance(change, Hold):
        return "stays as today"
    if isinstance(change, Limit):
        return " and ".join(_ends(change, currency))
    if isinstance(change, Total):
        return f"{_percent(change.amount)} of today's" if change.relative else money(change.amount, change.per)
    if isinstance(change, Length):
        return f"{change.amount:g} {change.unit.value}{'' if change.amount == 1 else 's'}"
    return "find the best split"


def said(change: Change, currency: str) -> str:
    return f"{subject(change)}: {action(change, currency)}"


def numbers(change: Change) -> tuple[Number, ...]:
    """The numbers of a change that a person may edit."""
    if isinstance(change, Multiply):
        return (Number("factor", "% of today", 100 * change.factor, True),)
    if isinstance(change, Add):
        return (Number("amount", f"{PERIOD[change.per]} against today", change.amount, False, None),)
    if isinstance(change, SetTo):
        return (Number("amount", PERIOD[change.per], change.amount, False),)
    if isinstance(change, Move):
        if change.share is not None:
            return (Number("share", f"% of {f.plain(change.source)}", 100 * change.share, True, 0.0, 100.0),)
        return (Number("amount", PERIOD[change.per], change.amount or 0.0, False),)
    if isinstance(change, Limit):
        unit = "% of today" if change.relative else PERIOD[change.per]
        scale = 100 if change.relative else 1
        ends = (("low", "at least", change.low), ("high", "at most", change.high))
        return tuple(Number(e, f"{w}, {unit}", scale * v, change.relative) for e, w, v in ends if v is not None)
    if isinstance(change, Total):
        unit = "% of today's" if change.relative else PERIOD[change.per]
        return (Number("amount", unit, (100 if change.relative else 1) * change.amount, change.relative),)
    if isinstance(change, Length):
        return (Number("amount", f"{change.unit.value}s", change.amount, False),)
    return ()


def edited(change: Change, number: Number, value: float) -> Change:
    """The change with one of its numbers as a person wrote it."""
    return replace(change, **{number.field: value / 100 if number.percent else value})  # type: ignore[arg-type]


def _times_today(factor: float) -> str:
    if factor == 0:
        return "off"
    if factor == 1:
        return "as today"
    return f"{_percent(abs(factor - 1))} {'more' if factor > 1 else 'less'} than today"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".rstrip("0").rstrip(".") + "%"


def _ends(change: Limit, currency: str) -> list[str]:
    out = []
    for words, end in (("at least", change.low), ("at most", change.high)):
        if end is not None:
            amount = (
                f"{_percent(end)} of today"
                if change.relative
                else f"{f.money(end, currency, full=True)} {PERIOD[change.per]}"
            )
            out.append(f"{words} {amount}")
    return out
