"""What one clause asks for; whatever does not fit together is asked."""

from collections.abc import Callable

from mmm_core.domain.instructions import Hold, Length, Optimise, Per, Total
from mmm_core.grammar import questions
from mmm_core.grammar.bounds import limits, negated
from mmm_core.grammar.clauses import BOUNDS, VERBS, Clause
from mmm_core.grammar.drafts import DTotal, money
from mmm_core.grammar.handing import is_other_half
from mmm_core.grammar.levels import changes, hold, is_hold, is_returned, returned, times, zero
from mmm_core.grammar.moving import is_move, moves
from mmm_core.grammar.scope import Draft, Scope, direction, settled, single
from mmm_core.grammar.totals import total


def meaning(clause: Clause, scope: Scope) -> list[Draft]:
    """Drafts of one clause."""
    refuse(clause)
    drafts: list[Draft] = [Length(i.amount.value, i.amount.per) for i in clause.of("len") if i.amount and i.amount.per]
    if clause.has("dur"):
        drafts += named_length(clause)
    if clause.has("optimise"):
        return [*drafts, Optimise()]
    if scope.optimises and clause.of("all", "rest") and not (clause.amounts or clause.has(*VERBS, *BOUNDS)):
        # 'optimise everything except TV': all that an optimiser may move, the rest is held.
        return [*[Hold(c) for i in clause.of("all", "rest") for c in i.channels], *drafts]
    if clause.has("unchanged") or (clause.has("total", "budget") and not clause.channels):
        return [*total(clause, scope), *drafts]
    reader = next((read for fits, read in READERS if fits(clause)), None)
    if reader is None:
        return [*bare(clause, scope, bool(drafts)), *drafts]
    found = reader(clause, scope)
    return in_order(clause, found, drafts)


def in_order(clause: Clause, found: list[Draft], lengths: list[Draft]) -> list[Draft]:
    """A length stands where it was said."""
    place = next((i.start for i in clause.of("len", "dur")), 0)
    others = [i.start for i in (*clause.channels, *clause.amounts)]
    return [*lengths, *found] if others and place < min(others) else [*found, *lengths]


def refuse(clause: Clause) -> None:
    for item in clause.items:
        if item.kind == "command":
            raise questions.command(clause.text)
        if item.kind in ("stop", "question", "except"):
            raise questions.results(clause.text)
        after = clause.items[clause.items.index(item) + 1 :][:1]
        if (
            item.kind == "share"
            and len(item.text.split()) > 1
            and (not clause.amounts or (after and after[0].kind == "ch" and not after[0].roles))
        ):
            continue
        if item.kind in ("share", "points"):
            raise questions.points(clause.text)
        if item.kind == "repeat":
            raise questions.again()
    if is_other_half(clause) and not clause.has("move"):
        raise questions.not_understood(clause.text)
    if clause.has("vague"):
        named = [c for i in clause.of("ch") for c in i.channels]
        ways = {i.kind in ("up", "more") for i in clause.of("up", "down", "more", "less")}
        signs = "+-" if len(ways) != 1 else "+" if ways == {True} else "-"
        raise questions.vague(clause.text, named[0] if len(named) == 1 else None, signs)
    if clause.has("kpi"):
        raise questions.results(clause.text)


def named_length(clause: Clause) -> list[Draft]:
    found = clause.of("dur")[0]
    planned = clause.has("plan", "long") or any("plan" in i.also for i in clause.items)
    if not planned or found.amount is None or found.amount.per is None:
        raise questions.not_understood(clause.text)
    return [Length(found.amount.value, found.amount.per)]


def bare(clause: Clause, scope: Scope, has_length: bool) -> list[Draft]:
    """A clause without any verb that asks for something."""
    if clause.text.casefold() in ("no", "non", "nein"):
        return []
    if clause.channels and not clause.amounts and clause.has("up", "down") and not clause.has("neg", "zero", "touch"):
        raise questions.how_much(clause.text)
    if clause.has("neg", "zero", "up", "down", "touch"):
        raise questions.not_understood(clause.text)
    if clause.has("mix") and not scope.optimises:
        raise questions.not_understood(clause.text)
    if clause.amounts and not clause.channels:
        pers = clause.of("per")
        overall = any(i.value == Per.PLAN for i in pers)
        if scope.optimises or overall or clause.has("have"):
            item = single(clause)
            amount = settled(item, scope, clause)
            way = direction(clause, amount)
            if amount.kind == "money" and not way and item.kind == "amt":
                return [DTotal(money(amount, item.text), clause.has("have") and (has_length or overall))]
            budget = any(i.text.casefold() in MONEY for i in clause.of("noun"))
            if amount.kind == "share" and way and (overall or (scope.optimises and budget)):
                return [Total(round(1 + way * amount.value, 10), relative=True)]
        raise questions.which_channel(clause.text, scope.context.paid)
    if scope.optimises and clause.has("today") and TODAYS_BUDGET & set(clause.text.casefold().split()):
        return [Total(1.0, relative=True)]
    if scope.optimises and scope.holds_rest and {i.kind for i in clause.items} == {"ch"}:
        return []  # 'optimise TV and search only, hold the rest'
    if scope.optimises and {i.kind for i in clause.items} <= {
        "move",
        "equally",
        "mix",
        "set",
        "put",
        "turn",
        "take",
        "off",
        "have",
    }:
        return []
    if clause.channels or clause.has("times", "keep", "move", "put", "give", "take", "cap", "equally", "unknown"):
        raise questions.how_much(clause.text)
    if clause.has("plan", "long") and not has_length:
        raise questions.not_understood(clause.text)
    return []


MONEY = frozenset(("money", "cash", "funds", "funding", "geld", "mittel", "argent", "fonds"))
TODAYS_BUDGET = frozenset(("budget", "spend", "dépenses", "ausgaben"))


def none_at_all(clause: Clause) -> bool:
    """'no radio at all'; a bare 'no radio' is asked."""
    nos = [i.text.casefold() for i in clause.of("neg")]
    return nos == ["no"] and clause.has("ch") and {i.kind for i in clause.items} == {"neg", "ch", "whole"}


READERS: tuple[tuple[Callable[[Clause], bool], Callable[[Clause, Scope], list[Draft]]], ...] = (
    (is_returned, returned),
    (is_hold, hold),
    (none_at_all, zero),
    (lambda c: c.has("neg") and bool(c.channels), negated),
    (lambda c: bool(c.channels) and is_move(c), moves),
    (lambda c: bool(c.channels) and c.has(*BOUNDS), limits),
    (lambda c: bool(c.channels) and any(i.kind == "range" for i in c.amounts) and c.has("keep"), limits),
    (lambda c: bool(c.channels) and (c.has("zero") or switched_off(c)), zero),
    (lambda c: bool(c.channels) and c.has("times") and not c.amounts, times),
    (lambda c: bool(c.channels) and (bool(c.amounts) or back_to_today(c)), changes),
)  # fmt: skip
"""The first that fits reads the clause."""


def wholly(clause: Clause) -> bool:
    return clause.has("whole") or any("whole" in i.also for i in clause.items)


def switched_off(clause: Clause) -> bool:
    """'turn TV off', 'cut TV completely'."""
    off = clause.has("off") and not any(i.roles for i in clause.of("off"))
    return not clause.amounts and (off or (clause.has("down") and wholly(clause)))


def back_to_today(clause: Clause) -> bool:
    return clause.has("today") and clause.has("turn", "set", "put", "keep", "back")
