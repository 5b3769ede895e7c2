"""Clauses that limit a channel: at most, at least, between, within, and what must not happen."""

from collections.abc import Sequence
from dataclasses import replace

from mmm_core.domain.instructions import Hold, Limit
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import BOUNDS, Clause
from mmm_core.grammar.drafts import DLimit, money
from mmm_core.grammar.items import Amount, Item
from mmm_core.grammar.levels import changes
from mmm_core.grammar.rewriting import negates
from mmm_core.grammar.scope import Draft, Scope, direction, hold_ways, product, settled, single, targets


def negated(clause: Clause, scope: Scope) -> list[Draft]:
    """'do not raise TV above 40k a week', 'may not fall by more than 10%'; a bare 'don't cut TV' is asked."""
    channels = targets(clause, scope) if clause.channels else ()
    if channels and clause.has("within") and clause.has("above") and not clause.has("up", "down", "less"):
        return within(clause, scope, channels)
    if channels and not clause.amounts and _not_to_move(clause):
        return [Hold(c) for c in channels]
    up, down = clause.has("up"), clause.has("down")
    over, under = clause.has("above", "over"), clause.has("below")
    bound = clause.has("atmost", "atleast", "between", "within")
    plain = not channels or bound or over == under or (up and down) or len(clause.amounts) > 1
    if plain and not (over != under and clause.has("today", "times") and channels and not clause.amounts):
        raise questions.negated(clause.text, hold_ways(clause))
    if not clause.amounts:
        factor = product(clause) if clause.has("times") else 1.0
        return [Limit(c, high=factor, relative=True) if over else Limit(c, low=factor, relative=True) for c in channels]
    item = clause.amounts[0]
    amount = settled(item, scope, clause, channels)
    by = ("by" in item.roles and "to" not in item.roles) or more_than(clause)
    if ((up and over) or (down and over)) and by:
        if amount.kind != "share":
            raise questions.negated(clause.text, ())
        return [
            Limit(c, high=1 + amount.value, relative=True) if up else Limit(c, low=1 - amount.value, relative=True)
            for c in channels
        ]
    if clause.has("more") and over and amount.kind == "share" and not down:
        return [Limit(c, high=1 + amount.value, relative=True) for c in channels]
    if not (up or down) and over and amount.kind == "share" and by and changing(clause):
        return [Limit(c, 1 - amount.value, 1 + amount.value, relative=True) for c in channels]
    if (up and under) or (down and over):
        raise questions.negated(clause.text, hold_ways(clause))
    return [limit(c, amount if under else None, amount if over else None, clause, item) for c in channels]


def _not_to_move(clause: Clause) -> bool:
    """'la radio ne doit pas bouger'."""
    plain = {i.kind for i in clause.items} <= {"neg", "ch", "turn", "move", "touch", "whole"}
    return plain and changing(clause) and not any(i.roles for i in clause.channels)


def more_than(clause: Clause) -> bool:
    comparing = ("more", "mehr", "plus", "less", "weniger", "moins")
    return (clause.has("up", "down", "turn") or changing(clause)) and any(
        set(i.text.casefold().split()) & set(comparing) for i in clause.of("above", "below")
    )


def limits(clause: Clause, scope: Scope) -> list[Draft]:
    """At most, at least, between, within: of money or of today's spend."""
    channels = targets(clause, scope)
    if up_to(clause):
        raised = [replace(i, kind="up") if i.kind == "atmost" else i for i in clause.items]
        raised = [replace(i, roles=frozenset({"to"})) if i.kind == "amt" else i for i in raised]
        return changes(replace(clause, items=raised), scope)
    if clause.has("zero", "give") or (clause.has("move") and not clause.has("within")):
        raise questions.not_understood(clause.text)
    if clause.amounts and any(negates(i) for i in clause.of("hold")):
        raise questions.not_understood(clause.text)
    if is_arrow(clause) and not scope.optimises:
        raise questions.arrow(clause.text)
    if clause.has("within"):
        return within(clause, scope, channels)
    if any(i.kind == "range" for i in clause.amounts):
        return between(clause, scope, channels)
    high, low = clause.has("atmost", "below", "cap"), clause.has("atleast", "above", "floor")
    if clause.has("cap", "floor") and not clause.has("below", "above"):
        # 'limit TV to at least ...' follows its closer words.
        high, low = (
            (high, False)
            if clause.has("cap") and not clause.has("atleast")
            else (high and not clause.has("floor"), low)
        )
    if (clause.has("floor") and clause.has("atmost")) or (clause.has("cap") and clause.has("atleast")):
        raise questions.not_understood(clause.text)
    if len(clause.amounts) == 2 and high and low:
        return two_limits(clause, scope, channels)
    if high == low:
        raise questions.not_understood(clause.text)
    if not clause.amounts:
        if not (clause.has("today", "times", "hold")):
            raise questions.how_much(clause.text)
        factor = product(clause) if clause.has("times") else 1.0
        return [Limit(c, high=factor, relative=True) if high else Limit(c, low=factor, relative=True) for c in channels]
    item = single(clause)
    amount = settled(item, scope, clause, channels)
    way = direction(clause, amount)
    if not way and high and changing(clause) and "by" in item.roles and amount.kind == "share" and amount.value < 1:
        return [Limit(c, 1 - amount.value, 1 + amount.value, relative=True) for c in channels]
    if way:
        return relative_to_today(clause, amount, item, way, high, channels)
    return [limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]


def is_arrow(clause: Clause) -> bool:
    """'radio > 5k a week' may be 'above 5k' or 'to 5k'; 'keep radio > 5k a week' is a limit."""
    signs = [i for i in clause.of(*BOUNDS) if i.text == ">"]
    kept = clause.has("keep") or any(i.text.casefold() in BEING for i in clause.of("set", "turn"))
    return len(signs) == len(clause.of(*BOUNDS)) == 1 and not kept


BEING = frozenset(("be", "is", "are", "should be", "must be", "ist", "sind", "soll", "est", "sont"))
CHANGING = (
    "chang",
    "var",
    "deviat",
    "fluctuat",
    "swing",
    "ander",
    "änder",
    "veränder",
    "mov",
    "boug",
    "schwank",
    "abweich",
)


def changing(clause: Clause) -> bool:
    """'change by', 'vary by': in either direction."""
    return any(root in i.text.casefold() for i in clause.of("turn", "move") for root in CHANGING)


def up_to(clause: Clause) -> bool:
    """'bring radio up to 20k a week' is a level, 'up to 20k a week on radio' a limit."""
    brings = {i.text.casefold() for i in clause.of("turn", "take", "up")} & {
        "bring",
        "take",
        "push",
        "raise",
        "lift",
        "increase",
    }
    by = any("by" in i.roles for i in clause.amounts)
    return bool(brings) and not by and any(i.text.casefold() == "up to" for i in clause.of("atmost"))


LEVELS = frozenset(
    ("below", "under", "unter", "lower", "above", "over", "über", "exceed", "higher", "dessous", "dessus", "sous")
)


def relative_to_today(
    clause: Clause, amount: Amount, item: Item, way: int, high: bool, channels: Sequence[str]
) -> list[Draft]:
    """'at most 20% more than today', 'cut by at most 10%'; of money only where it is 'to' an amount."""
    ends = {w for i in clause.of("atmost", "atleast") for w in i.text.casefold().split()}
    if ends & LEVELS and "by" not in item.roles and clause.has("up" if high else "down"):
        # 'may not fall below 30k a week', 'not rise above 120%'.
        return [limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]
    if amount.kind == "money" and "to" in item.roles:
        return [limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]
    if amount.kind != "share" or "to" in item.roles:
        raise questions.not_understood(clause.text)
    factor = 1 + way * amount.value
    if factor < 0:
        raise questions.too_much(channels[0])
    # At most 10% less leaves at least 90%.
    at_most = high == (way > 0)
    return [Limit(c, high=factor, relative=True) if at_most else Limit(c, low=factor, relative=True) for c in channels]


def limit(channel: str, low: Amount | None, high: Amount | None, clause: Clause, item: Item) -> Draft:
    one = low or high
    assert one is not None
    if one.value < 0 or one.sign < 0:
        raise questions.not_understood(clause.text)
    if one.kind == "money":
        if clause.has("today") or (changing(clause) and "to" not in item.roles):
            # 'may not change by more than 5k a week' is no level of 5k.
            raise questions.not_understood(clause.text)
        return DLimit(channel, *(None if end is None else money(end, item.text) for end in (low, high)))
    sure = clause.has("today", "than") or one.kind == "times" or one.value >= 0.995
    if not sure:
        raise questions.points(clause.text)
    least, most = (None if end is None else end.value for end in (low, high))
    return Limit(channel, least, most, relative=True)


def within(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
    item = single(clause)
    amount = settled(item, scope, clause, channels)
    if amount.kind != "share" or not 0 < amount.value < 1 or item.kind == "range":
        raise questions.not_understood(clause.text)
    return [Limit(c, round(1 - amount.value, 10), 1 + amount.value, relative=True) for c in channels]


def between(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
    item = single(clause)
    assert item.upper is not None
    if clause.has("up", "down", "more", "less", "move", "take", "give"):
        raise questions.span(clause.text)
    low = settled(item, scope, clause, channels)
    high = settled(replace(item, amount=item.upper), scope, clause, channels)
    if low.kind != high.kind:
        raise questions.span(clause.text)
    if low.kind == "money":
        return [DLimit(c, money(low, item.text), money(high, item.text)) for c in channels]
    if not clause.has("today") and high.value < 1:
        raise questions.points(clause.text)
    return [Limit(c, low.value, high.value, relative=True) for c in channels]


def two_limits(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
    order = [i for i in clause.items if i.kind in ("atmost", "atleast", "above", "below", "amt")]
    ends: dict[str, Amount] = {}
    text = ""
    for first, second in zip(order[::2], order[1::2], strict=False):
        if first.kind == "amt" or second.kind != "amt":
            raise questions.not_understood(clause.text)
        ends["high" if first.kind in ("atmost", "below") else "low"] = settled(second, scope, clause, channels)
        text = second.text
    if set(ends) != {"low", "high"} or {a.kind for a in ends.values()} != {"money"}:
        raise questions.not_understood(clause.text)
    return [DLimit(c, money(ends["low"], text), money(ends["high"], text)) for c in channels]
