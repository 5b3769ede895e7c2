"""What the clauses of a sentence share: which channels and amounts they mean, and which way they go."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mmm_core.domain.instructions import Hold, Length, Limit, Move, Multiply, Optimise, Per, Total
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import Clause
from mmm_core.grammar.context import Context
from mmm_core.grammar.drafts import DAdd, DLimit, DMove, DSet, DTotal
from mmm_core.grammar.items import Amount, Item, ratio
from mmm_core.grammar.names import Names

Draft = Multiply | Hold | Limit | Move | Total | Length | Optimise | DAdd | DSet | DMove | DLimit | DTotal


@dataclass
class Scope:
    """What is known of the sentence while its clauses are read."""

    context: Context
    names: Names
    before: tuple[str, ...]
    named: tuple[str, ...]
    """Channels that the sentence names itself."""
    optimises: bool = False
    holds_rest: bool = False
    """Whether a clause holds all that the sentence does not name."""
    said: list[tuple[str, ...]] = field(default_factory=list)
    """Channels of the clauses so far."""


SMALL_MONEY = 0.005
SINGULAR = frozenset(("it", "its", "es", "er", "il", "elle"))


def channels_of(item: Item, scope: Scope, clause: Clause) -> tuple[str, ...]:
    """The channels that an item stands for, each with spend."""
    paid = scope.context.paid
    if item.kind == "ch":
        names = item.channels
    elif item.kind == "all":
        names = tuple(c for c in paid if c not in item.channels)
    elif item.kind == "rest":
        names = tuple(c for c in paid if c not in (*item.channels, *scope.named))
        if not scope.named and not item.channels:
            raise questions.which_channel(clause.text, paid)
    else:
        names = meant(item, scope, clause)
    for name in names:
        if name not in paid:
            raise questions.organic(name)
    return tuple(dict.fromkeys(names))


def meant(item: Item, scope: Scope, clause: Clause) -> tuple[str, ...]:
    """What 'it' or 'both' means: the channels last named here, else those of the sentence before."""
    last = next((names for names in reversed(scope.said) if names), scope.before)
    every = tuple(dict.fromkeys(n for names in scope.said for n in names)) or scope.before
    both = item.text.casefold().split()[0] in ("both", "beide", "beiden", "beides", "les")
    if item.value == "one":
        if len(last) == 1:
            return last
    elif len(last) > 1 and not (both and len(last) != 2):
        return last
    elif len(every) > 1 and not (both and len(every) != 2):
        return every
    raise questions.which_channel(clause.text, last or scope.context.paid, item.text)


def before(clause: Clause, scope: Scope) -> tuple[str, ...]:
    """The channels of the clauses so far, or of the sentence before."""
    found = next((names for names in reversed(scope.said) if names), scope.before)
    if not found or (len(found) > 1 and SINGULAR & set(clause.text.casefold().split())):
        raise questions.which_channel(clause.text, found or scope.context.paid)
    return found


def targets(clause: Clause, scope: Scope) -> tuple[str, ...]:
    """All channels of a clause that has one thing to say of them."""
    found = clause.channels
    if not found:
        raise questions.which_channel(clause.text, scope.context.paid)
    others = [i for i in found if i.kind != "pron"]
    pron = [i for i in found if i.kind == "pron" and not (others and _its(i))]
    found = [*others, *pron]
    if others and pron:
        # 'both TV and radio', 'it' beside a name: the name is what is meant only where 'both' counts it out.
        named = tuple(n for i in others for n in channels_of(i, scope, clause))
        if all(i.value == "many" for i in pron) and len(named) == 2:
            return named
        raise questions.not_understood(clause.text)
    if len(others) > 1:
        raise questions.not_understood(clause.text)
    return tuple(n for i in found for n in channels_of(i, scope, clause))


def _its(item: Item) -> bool:
    """'meta loses a fifth of its budget': the channel named before."""
    return bool(item.roles & {"of", "from"}) and item.text.casefold().split()[0] in ("its", "their")


def single(clause: Clause) -> Item:
    if len(clause.amounts) != 1:
        raise (questions.not_understood if clause.amounts else questions.how_much)(clause.text)
    return clause.amounts[0]


def settled(item: Item, scope: Scope, clause: Clause, channels: Sequence[str] = ()) -> Amount:
    """An amount with its currency checked and its period where the clause says one."""
    amount = item.amount
    assert amount is not None
    if amount.currency and not ours(amount.currency, scope.context.currency):
        raise questions.other_currency(amount.currency, scope.context.currency)
    pers = {Per(i.value) for i in clause.of("per")}
    if not clause.channels and len(pers) == 2:
        # '80k a week in total': all channels together, a week.
        pers -= {Per.PLAN}
    if len(pers) > 1:
        raise questions.which_period(item.text)
    per = next(iter(pers), None)
    if amount.kind == "bare":
        if per is None and amount.value:
            raise questions.bare(item.text, scope.context.currency)
        known = [scope.context.spend.get(c) or 0.0 for c in channels]
        tiny = per is not None and known and scope.context.in_period(amount.value, per) < SMALL_MONEY * min(known)
        if amount.value and tiny:
            raise questions.bare(item.text, scope.context.currency)
        amount = replace(amount, kind="money")
    if amount.kind == "share" and per is not None and per is not Per.PLAN and right_after(clause, item):
        raise questions.not_understood(clause.text)
    return replace(amount, per=per) if amount.kind == "money" else amount


def right_after(clause: Clause, item: Item) -> bool:
    place = clause.items.index(item) if item in clause.items else -1
    return 0 <= place < len(clause.items) - 1 and clause.items[place + 1].kind == "per"


def ours(said: str, ours: str) -> bool:
    return said == ours or (said == "$" and ours in ("USD", "AUD", "CAD", "NZD", "SGD", "HKD"))


def direction(clause: Clause, *amounts: Amount) -> int:
    """1 for more, -1 for less, 0 where nothing says; asked where words disagree, or take away less than nothing."""
    below = [i.start for i in clause.amounts if i.amount is not None and i.amount.sign < 0]
    if below and amounts and (clause.has("up", "down", "take") or any(i.start > below[0] for i in clause.of("less"))):
        raise questions.twice_less(clause.text, [c for i in clause.of("ch") for c in i.channels], amounts[0])
    ways = {1 if i.kind in ("up", "more") else -1 for i in clause.of("up", "down", "more", "less")}
    ways |= {a.sign for a in amounts if a.sign}
    if clause.has("take") and not ways:
        ways = {-1}
    aims = any(i.roles & {"to", "at"} for i in clause.amounts)
    if clause.has("off") and not ways and not aims and clause.amounts and not clause.has("zero"):
        ways = {-1}
    if clause.has("back") and not ways and not aims and clause.has("turn", "take"):
        ways = {-1}
    if len(ways) > 1:
        raise questions.not_understood(clause.text)
    return next(iter(ways), 0)


def product(clause: Clause) -> float:
    values = [ratio(i.value) for i in clause.of("times")]
    if len(values) != 1:
        raise questions.not_understood(clause.text)
    return values[0]


def hold_ways(clause: Clause) -> list[str]:
    named = [c for i in clause.of("ch") for c in i.channels]
    return (
        [f"hold {named[0]}", f"{named[0]} at least 100% of today", f"{named[0]} at most 100% of today"]
        if len(named) == 1
        else []
    )
