"""Verbs, limits, sources and targets handed on to the clauses that have none of their own."""

from dataclasses import replace
from itertools import pairwise

from mmm_core.grammar.clauses import BOUNDS, CHANNELS, STRONG, VERBS, Clause
from mmm_core.grammar.items import Item

JOINING = ("and", "&", "und", "et", ",", "+")
OTHER = ("the other", "other", "die andere", "andere", "l'autre")
"""'the other half' is half of what a half was taken from just before."""


def handed_on(found: list[Clause]) -> list[Clause] | None:
    """Verbs and limits handed on to the clauses that have none; None where two verbs could be meant."""
    found = _shared_target(_named(found))
    out: list[Clause] = []
    last: list[Item] = []
    last_ended = False
    for place, clause in enumerate(found):
        own = _says(clause)
        if own:
            last, last_ended = own, _verb_last(clause)
        elif out and _goes_to(clause) and (source := _source(out[-1])) is not None:
            if is_other_half(clause) and not _half(out[-1]):
                return None
            verb = Item("move", start=clause.items[0].start)
            clause = replace(clause, extra=[verb, source], carried=frozenset(("move",)))
        elif _other_end(clause, last) or _halved(clause, last) or (out and _taken_or_moved(out[-1], clause)):
            return None
        elif clause.channels and clause.amounts and not _signed(clause):
            ahead = next((c for c in found[place + 1 :] if _says(c)), None)
            ahead_own = _says(ahead) if ahead is not None and _verb_last(ahead) else []
            if last and ahead_own and last_ended and {i.kind for i in last} != {i.kind for i in ahead_own}:
                return None
            gives = last or ahead_own
            fits = [i for i in gives if i.kind in (*VERBS, *BOUNDS, "more", "less", "turn")]
            clause = replace(
                clause, extra=[replace(i, roles=frozenset()) for i in fits], carried=frozenset(i.kind for i in fits)
            )
        out.append(clause)
    return out


def _source(before: Clause) -> Item | None:
    """Where the money of the move before came from: 'TV gives 5k a week to search and 3k to radio'."""
    sources = [i for i in before.channels if "from" in i.roles and "to" not in i.roles]
    if len(sources) == 1 and before.has("move") and before.amounts:
        return sources[0]
    targets = [i for i in before.channels if "to" in i.roles and "from" not in i.roles]
    others = [i for i in before.channels if i not in targets]
    if not before.amounts or len(targets) != 1 or len(others) != 1:
        return None
    if before.has("up", "down", "more", "less", "neg", "keep", "hold", "zero", *BOUNDS):
        return None
    part = bool(others[0].roles & {"from", "of"}) and (before.has("turn", "set", "put", "take") or not _says(before))
    return replace(others[0], roles=frozenset({"from"})) if part or before.has("move", "give") else None


def _shared_target(found: list[Clause]) -> list[Clause]:
    """'put 10% of TV and 10% of search into display': the first has the second's target."""
    out = list(found)
    for place, (clause, after) in enumerate(pairwise(found)):
        targets = [i for i in after.channels if "to" in i.roles and "from" not in i.roles]
        both = len(after.channels) == 2 and len(targets) == 1 and bool(after.amounts) and not _says(after)
        open_end = clause.has("put", "move", "give") and bool(clause.amounts) and len(clause.channels) == 1
        if both and open_end and after.joined in JOINING and _taken_from(clause) and _taken_from(after):
            out[place] = replace(clause, extra=[*clause.extra, targets[0]])
    return out


def _taken_or_moved(before: Clause, clause: Clause) -> bool:
    """'take 10% off TV and 10% of search into display': whether the first goes there too stays open."""
    open_end = before.has("take") and len(before.channels) == 1 and bool(before.amounts)
    goes = any("to" in i.roles and "from" not in i.roles for i in clause.channels)
    return open_end and len(clause.channels) == 2 and goes and _taken_from(clause)


def _taken_from(clause: Clause) -> bool:
    sources = [i for i in clause.of("ch") if i.roles & {"from", "of"} and "to" not in i.roles]
    return len(sources) == 1


def is_other_half(clause: Clause) -> bool:
    return any(i.text.casefold().startswith(OTHER) for i in clause.amounts)


def _half(clause: Clause) -> bool:
    (one,) = clause.amounts if len(clause.amounts) == 1 else (None,)
    return one is not None and one.amount is not None and (one.amount.kind, one.amount.value) == ("share", 0.5)


def _halved(clause: Clause, last: list[Item]) -> bool:
    """'TV 20% more, radio half': a half after 'more' is rather what is left."""
    more = any(i.kind in ("up", "more") for i in last)
    halves = [i for i in clause.amounts if i.amount is not None and i.amount.kind == "share" and i.amount.value == 0.5]
    return more and any(not i.roles and "%" not in i.text for i in halves)


def _other_end(clause: Clause, last: list[Item]) -> bool:
    """'take 10k out of TV, 6k to radio': what goes to a channel is not taken from it."""
    return any(i.kind in ("take", "down", "move", "give") for i in last) and _goes_to(clause)


def _goes_to(clause: Clause) -> bool:
    on = frozenset() if is_other_half(clause) else frozenset({"on"})
    to = any("to" in i.roles and not i.roles & {"from", "of", *on} for i in clause.channels)
    from_there = any("from" in i.roles or (i.kind == "ch" and "of" in i.roles) for i in clause.channels)
    return to and not from_there and bool(clause.amounts)


def _named(found: list[Clause]) -> list[Clause]:
    """'OOH: min 10k, max 20k a week': a limit without a name is of the channel whose other limit stands beside it."""
    out = list(found)
    for place, clause in enumerate(out):
        if not _limits(clause) or clause.has(*CHANNELS, "total", "budget", "optimise"):
            continue
        before = out[place - 1] if place else None
        after = found[place + 1] if place + 1 < len(found) else None
        for other in (before, after):
            if other is not None and _limits(other) and len(other.channels) == 1:
                out[place] = replace(clause, extra=[*clause.extra, other.channels[0]])
                break
    return out


def _limits(clause: Clause) -> bool:
    return clause.has("atmost", "atleast", "above", "below") and bool(clause.amounts)


def _says(clause: Clause) -> list[Item]:
    """What a clause says is done: its verbs, limits and directions."""
    off = ("off",) if clause.amounts else ()
    found = [i for i in clause.items if i.kind in (*VERBS, *BOUNDS, "more", "less", *off)]
    if any(i.kind in STRONG for i in found):
        found = [i for i in found if i.kind != "set"]
    return found


def _signed(clause: Clause) -> bool:
    return any(i.amount is not None and i.amount.sign for i in clause.amounts)


def _verb_last(clause: Clause) -> bool:
    kinds = [i.kind for i in clause.items]
    verbs = [n for n, k in enumerate(kinds) if k in VERBS]
    names = [n for n, k in enumerate(kinds) if k in CHANNELS]
    return bool(verbs) and bool(names) and max(verbs) > max(names)
