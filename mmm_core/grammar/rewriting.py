"""Items that mean one thing by what stands beside them: comparisons, signs between numbers, replacements."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mmm_core.grammar.items import Item

TURNED = {"<": "atleast", "<=": "atleast", "≤": "atleast", ">": "atmost", ">=": "atmost", "≥": "atmost"}
"""What a sign says of the channel behind it: in '5k < radio' radio is the greater."""
ARROW = ">"
"""Between two channels an arrow; elsewhere also 'greater than'."""
WITH = frozenset(("with", "mit", "avec"))
OR = frozenset(("or", "oder", "ou"))
NOT = frozenset(("not", "dont", "don't", "never", "without", "nicht", "ne", "pas", "sans", "off"))
BUDGET_OF = frozenset(("du budget", "vom budget", "des budgets"))
FUNDING = frozenset(("funds", "fund", "finances", "finance", "finanziert", "pays for", "pay for"))
CHANGED = ("chang", "alter", "move", "änder", "verschieb", "boug", "modif")
LESSENS = ("take", "down", "less", "off", "zero", "minus", "hold", "keep", "neg")


def rewritten(found: list[Item]) -> list[Item]:
    for step in STEPS:
        found = step(found)
    return found


def _kind(found: Sequence[Item], place: int) -> str:
    return found[place].kind if 0 <= place < len(found) else ""


def _segment(found: Sequence[Item], place: int) -> tuple[int, int]:
    """The first place and the end of what stands between the separators around ``place``."""
    first = next((n + 1 for n in range(place - 1, -1, -1) if found[n].kind == "sep"), 0)
    end = next((n for n in range(place, len(found)) if found[n].kind == "sep"), len(found))
    return first, end


def _arrows(found: list[Item]) -> list[Item]:
    """'TV > search 5k a week' moves; 'search > TV by 10%' compares, and stays as it is."""
    out = list(found)
    for place, item in enumerate(found):
        if item.text != ARROW or (_kind(found, place - 1), _kind(found, place + 1)) != ("ch", "ch"):
            continue
        first, end = _segment(found, place)
        if any("by" in i.roles or i.kind in ("more", "less", "than") for i in found[first:end]):
            continue
        out[place + 1] = replace(found[place + 1], roles=frozenset({"to"}))
        out[place] = replace(item, kind="")
    return [i for i in out if i.kind]


def _comparisons(found: list[Item]) -> list[Item]:
    """'10% below today', '5k a week above today' say more or less than today, and limit nothing."""
    out = list(found)
    for place, item in enumerate(out):
        before = place - 2 if _kind(out, place - 1) == "per" else place - 1
        if item.kind in ("above", "below", "over") and _kind(out, place + 1) == "today" and _kind(out, before) == "amt":
            out[place] = replace(item, kind="less" if item.kind == "below" else "more")
    return out


def _over(found: list[Item]) -> list[Item]:
    """'BVOD over 20k a week': above, where elsewhere 'over' begins a length."""
    out = list(found)
    for place, item in enumerate(found):
        after = found[place + 1].amount if _kind(found, place + 1) == "amt" else None
        if item.kind != "over" or after is None or after.sign:
            continue
        first, end = _segment(found, place)
        if any(i.kind == "neg" for i in found[first:end]):
            continue
        if after.kind in ("share", "times"):
            out[place] = replace(item, kind="vague")  # 'over 10% more' leaves open how much
        elif _kind(found, place - 1) != "turn":
            out[place] = replace(item, kind="above")
    return out


def _turned(found: list[Item]) -> list[Item]:
    """'15k < search' reads as 'search > 15k', with the sign before its amount as everywhere else."""
    out: list[Item] = []
    for place, item in enumerate(found):
        amount = len(out) - 2 if out and out[-1].kind == "per" else len(out) - 1
        if item.text in TURNED and _kind(found, place + 1) == "ch" and _kind(out, amount) == "amt":
            out.insert(amount, replace(item, kind=TURNED[item.text], start=out[amount].start, end=out[amount].start))
        else:
            out.append(item)
    return out


def _replacements(found: list[Item]) -> list[Item]:
    """'replace print with email', 'swap 2k a week of display for search': a move, of all where no amount is said."""
    for place, item in enumerate(found):
        if item.kind != "replace":
            continue
        names = [n for n in range(place, len(found)) if found[n].kind == "ch"][:2]
        if len(names) < 2 or not _replaces(found, place, *names):
            continue
        source, target = names
        amount = [i for i in found[place + 1 : source] if i.kind != "whole"] or [replace(item, kind="whole")]
        ends = [replace(found[n], roles=frozenset({r})) for n, r in ((source, "from"), (target, "to"))]
        verb = replace(item, kind="move")
        return [*found[:place], verb, *amount, *ends, *_replacements(found[target + 1 :])]
    return found


def _funders(found: list[Item]) -> list[Item]:
    """'TV funds 3k a week of search'."""
    for place, item in enumerate(found):
        if item.text.casefold() not in FUNDING or _kind(found, place - 1) != "ch" or _kind(found, place + 1) != "amt":
            continue
        target = place + 3 if _kind(found, place + 2) == "per" else place + 2
        alone = _kind(found, place - 2) in ("", "sep") and _kind(found, target + 1) in ("", "sep")
        if alone and _kind(found, target) == "ch" and not found[target].roles & {"from", "to"} - {"of"}:
            out = list(found)
            out[place] = replace(item, kind="move")
            out[place - 1] = replace(found[place - 1], roles=frozenset({"from"}))
            out[target] = replace(found[target], roles=frozenset({"to"}))
            return out
    return found


def _replaces(found: Sequence[Item], place: int, source: int, target: int) -> bool:
    between, after = found[source + 1 : target], found[target + 1 :]
    said = all(i.kind in ("amt", "per", "whole", "budget") for i in found[place + 1 : source])
    joined = len(between) == 1 and between[0].kind == "sep" and between[0].text.casefold() in WITH
    by = not between and bool(found[target].roles & {"by", "on"})
    return said and (joined or by) and _kind(after, 0) in ("", "sep")


def _alternatives(found: list[Item]) -> list[Item]:
    """'don't touch radio or TV' means both."""
    out = list(found)
    for place, item in enumerate(found):
        if item.text.casefold() not in OR or (_kind(found, place - 1), _kind(found, place + 1)) != ("ch", "ch"):
            continue
        first, end = _segment(found, place)
        holds = [i for i in found[first:end] if i.kind in ("hold", "touch", "neg")]
        negated = any(negates(i) for i in holds)
        if negated and any(i.kind in ("hold", "touch") for i in holds) and not _amounts(found[first:end]):
            out[place] = replace(item, kind="sep", text="and")
    return out


def negates(item: Item) -> bool:
    """Whether a word for staying is one for not changing: 'don't change', 'ne bouge pas'."""
    return bool(set(item.text.casefold().replace("'", " ").split()) & (NOT | {"don"}))


def _not_changed(found: list[Item]) -> list[Item]:
    """'don't change TV by more than 10%' holds nothing, but limits the change."""
    out: list[Item] = []
    for place, item in enumerate(found):
        first, end = _segment(found, place)
        limits = _amounts(found[first:end]) and any(i.kind == "above" for i in found[first:end])
        if item.kind == "hold" and negates(item) and limits and any(c in item.text.casefold() for c in CHANGED):
            out += [replace(item, kind="neg"), replace(item, kind="turn")]
        else:
            out.append(item)
    return out


def _budget_of(found: list[Item]) -> list[Item]:
    """'la moitié du budget presse' is said of that channel, not of the whole budget."""
    out: list[Item] = []
    for item in found:
        names = item.kind == "ch" and not item.roles and len(out) > 1
        if names and out[-1].text.casefold() in BUDGET_OF and out[-2].kind == "amt":
            out[-1] = replace(item, roles=frozenset({"of"}))
        else:
            out.append(item)
    return out


def _paid_from(found: list[Item]) -> list[Item]:
    """'add 2k a week to search, from TV' is one clause."""
    out: list[Item] = []
    for place, item in enumerate(found):
        if item.kind == "sep" and _kind(found, place + 1) == "ch" and _kind(found, place + 2) in ("", "sep"):
            first, _ = _segment(found, place)
            part, roles = found[first:place], found[place + 1].roles
            names = [i for i in part if i.kind in ("ch", "all", "rest", "pron")]
            if "from" in roles and len(names) == 1 and "from" not in names[0].roles and _adds(part):
                continue
        out.append(item)
    return out


def _adds(part: Sequence[Item]) -> bool:
    return len(_amounts(part)) == 1 and not any(i.kind in LESSENS for i in part)


def _amounts(part: Sequence[Item]) -> list[Item]:
    return [i for i in part if i.kind in ("amt", "range")]


STEPS: tuple[Callable[[list[Item]], list[Item]], ...] = (
    _arrows,
    _over,
    _comparisons,
    _turned,
    _replacements,
    _funders,
    _alternatives,
    _not_changed,
    _budget_of,
    _paid_from,
)
