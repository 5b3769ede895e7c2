"""Clauses that hold a channel, stop it, multiply it, or give it more, less or a level."""

from collections.abc import Sequence

from mmm_core.domain.instructions import Hold, Multiply, Per
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import BOUNDS, Clause
from mmm_core.grammar.drafts import DAdd, DSet, money
from mmm_core.grammar.items import Amount, Item
from mmm_core.grammar.scope import Draft, Scope, before, direction, hold_ways, product, settled, single, targets


def hold(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("up", "down", "zero", "times", "move", "amt"):
        raise questions.not_understood(clause.text)
    if any(i.roles & {"at", "to"} for i in clause.of("pron")):
        raise questions.not_understood(clause.text)  # 'keep it at that' may mean what was just asked for
    if any(i.roles in ({"from"}, {"to"}) for i in clause.channels):
        raise questions.not_understood(clause.text)  # 'don't move money from TV' holds only one side
    return [Hold(c) for c in targets(clause, scope)]


LIKE_ANOTHER = frozenset(("same", "the same", "so", "gleich", "genauso", "identique", "fest", "ein"))
"""Words that say 'as today' only beside 'keep' or 'is'."""


def is_hold(clause: Clause) -> bool:
    leaves = any(i.text.casefold() in ("leave", "left", "leaving") for i in clause.of("keep"))
    if leaves and clause.has("whole"):
        raise questions.not_understood(clause.text)
    if clause.has("touch"):
        return clause.has("neg") and not clause.amounts
    if (
        clause.has("hold")
        and all(i.text.casefold() in LIKE_ANOTHER for i in clause.of("hold"))
        and not clause.has("keep", "turn", "set", "rest")
    ):
        raise questions.not_understood(clause.text)
    if clause.has("hold"):
        refused = [i for i in clause.of("neg") if i.text.casefold() not in ("ne", "n")]
        return not (clause.amounts or refused)
    return clause.has("keep") and not clause.amounts and not clause.has("neg", "up", "down", "times", *BOUNDS)


def is_returned(clause: Clause) -> bool:
    """'put TV back to where it is today', 'alles zurück auf heute'; what 'return' aims at has to be said."""
    backs = [i for i in clause.items if i.kind == "back" or "back" in i.also]
    if not backs or not (clause.channels or {i.kind for i in clause.items} <= {"back", "today", "hold"}):
        return False
    aims = any(i.roles & {"to", "at"} for i in clause.amounts)
    if any(i.kind == "back" and i.text.casefold() != "back" for i in backs) and clause.amounts and not aims:
        raise questions.not_understood(clause.text)
    today = clause.has("today") or any(i.text.casefold() not in LIKE_ANOTHER for i in clause.of("hold"))
    return today and not clause.amounts


def returned(clause: Clause, scope: Scope) -> list[Draft]:
    others = [i for i in clause.of("up", "down", "more", "less") if "back" not in i.also]
    if others or clause.has("neg", "zero", "times", "move", "give", "touch", "than", *BOUNDS):
        raise questions.not_understood(clause.text)
    if not clause.channels:
        # 'back to today' without a name goes back with what was changed just before.
        return [Multiply(c, 1.0) for c in before(clause, scope)]
    return [Multiply(c, 1.0) for c in targets(clause, scope)]


def zero(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("neg") and not clause.has("whole"):
        raise questions.negated(clause.text, hold_ways(clause))
    if clause.amounts or clause.has("times", "up", "keep", *BOUNDS):
        raise questions.not_understood(clause.text)
    return [Multiply(c, 0.0) for c in targets(clause, scope)]


def times(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("neg"):
        raise questions.negated(clause.text, hold_ways(clause))
    if clause.has("per"):
        raise questions.not_understood(clause.text)  # 'twice a week' says how often, not how much
    factor = product(clause)
    if clause.has("factor") and not clause.has("down"):
        # 'multiplie par deux', where 'par deux' alone divides.
        factor = 1 / factor if factor < 1 else factor
    if clause.amounts or clause.has("keep"):
        raise questions.not_understood(clause.text)
    way = direction(clause)
    if way and (factor - 1) * way < 0:
        raise questions.not_understood(clause.text)
    compares = way < 0 or (clause.has("more", "less") and not clause.has("up", "down"))
    if compares and factor >= 1:
        # 'twice less', 'double more' mean different things to different people; 'deux fois plus' is a phrase.
        raise questions.not_understood(clause.text)
    return [Multiply(c, factor) for c in targets(clause, scope)]


def changes(clause: Clause, scope: Scope) -> list[Draft]:
    """More, less, to, by: of percent or money."""
    channels = targets(clause, scope)
    if clause.has("hold"):
        raise questions.not_understood(clause.text)
    found = raised_from(clause, scope, channels)
    if found is not None:
        return found
    if not clause.amounts and clause.has("today") and clause.has("set", "put", "turn", "keep", "back"):
        return [Multiply(c, 1.0) for c in channels]
    item = single(clause)
    if item.kind == "range":
        raise questions.span(clause.text)
    if clause.has("factor"):
        return by_factor(clause, item, channels)
    amount = settled(item, scope, clause, channels)
    way = direction(clause, amount)
    aims = bool(item.roles & {"to", "at"}) and "by" not in item.roles
    if amount.value == 0 and not way:
        return [Multiply(c, 0.0) for c in channels]
    if way and not (aims and not amount.sign and clause.has("up", "down", "take")):
        return delta(clause, amount, item, way, channels)
    return level(clause, amount, item, way, channels)


def delta(clause: Clause, amount: Amount, item: Item, way: int, channels: Sequence[str]) -> list[Draft]:
    if clause.has("set", "put") and amount.sign < 0 and item.roles & {"to", "at"}:
        raise questions.not_understood(clause.text)
    if amount.kind == "money":
        each = clause.has("each") or len(channels) == 1
        if not each:
            raise questions.how_split(clause.text)
        return [DAdd(c, money(amount, item.text, way)) for c in channels]
    if amount.kind == "times":
        raise questions.not_understood(clause.text)
    factor = 1 + way * amount.value
    if factor < 0:
        raise questions.too_much(channels[0])
    return [Multiply(c, round(factor, 10)) for c in channels]


def level(clause: Clause, amount: Amount, item: Item, way: int, channels: Sequence[str]) -> list[Draft]:
    """An amount that a channel is to get; its direction is checked against the verb later."""
    aims = bool(item.roles & {"to", "at"})
    text = clause.text
    if amount.kind == "times":
        if way:
            raise questions.not_understood(text)
        return [Multiply(c, amount.value) for c in channels]
    if amount.kind == "share":
        if not (aims or clause.has("today")) or ("by" in item.roles and not aims):
            raise questions.not_understood(text)
        if clause.has("turn", "than") and not aims:
            raise questions.not_understood(text)  # 'TV 10% vs today' may be a tenth, or a tenth more
        if way and (amount.value - 1) * way < 0:
            raise questions.against(text, "100%")
        return [Multiply(c, amount.value) for c in channels]
    if "by" in item.roles and not aims:
        raise questions.not_understood(text)
    if clause.has("turn", "give", "take") and not aims:
        raise questions.put_or_add(text, channels[0], item.text)
    if clause.has("put") and not aims and any(i.roles for i in clause.channels):
        raise questions.put_or_add(text, channels[0], item.text)
    if len(channels) > 1 and not clause.has("each"):
        raise questions.how_split(text)
    return [DSet(c, money(amount, item.text), way, text) for c in channels]


def by_factor(clause: Clause, item: Item, channels: Sequence[str]) -> list[Draft]:
    assert item.amount is not None
    value = item.amount.value
    if item.amount.kind not in ("bare", "times") or value <= 0:
        raise questions.not_understood(clause.text)
    if clause.has("down"):
        value = 1 / value
    return [Multiply(c, value) for c in channels]


def raised_from(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft] | None:
    """'from 42,000 to 50,000 a week', where the first is what is spent today."""
    found = clause.amounts
    if len(found) != 2 or len(channels) != 1:
        return None
    first, second = found
    arrow = not first.roles and any(sign in clause.text for sign in ("->", "→", "=>"))
    if not ("from" in first.roles or arrow) or not second.roles & {"to", "at"}:
        return None
    now, then = settled(first, scope, clause, channels), settled(second, scope, clause, channels)
    if (now.kind, then.kind) != ("money", "money"):
        raise questions.not_understood(clause.text)
    spend = scope.context.spend[channels[0]] or 0.0
    per = now.per or (scope.context.period_days == 7 and Per.WEEK) or None
    if per is None or abs(scope.context.in_period(now.value, per) - spend) > 0.05 * spend:
        raise questions.against(clause.text, f"{spend:,.0f} a period")
    return [DSet(channels[0], money(then, second.text), direction(clause), clause.text)]
