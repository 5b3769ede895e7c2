"""From items to clauses: channels that are listed together, verbs and limits carried on to what has none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from mmm_core.grammar.items import Item
from mmm_core.grammar.rewriting import rewritten

VERBS = ("up", "down", "zero", "touch", "set", "put", "keep", "hold", "move", "give", "take", "times", "cap", "floor")
STRONG = ("up", "down", "zero", "keep", "hold", "move", "give", "take", "times", "cap", "floor", "put")
CHANNELS = ("ch", "all", "rest", "pron")
BOUNDS = ("atmost", "atleast", "above", "below", "between", "within", "cap", "floor")
COMPLETE_ALONE = ("hold", "keep", "zero", "times")
"""Verbs that need no amount."""
LISTING = frozenset(("and", "&", "und", "et", ",", "sowie", "ainsi que", "/", "+", "sowohl", "as well as"))


@dataclass
class Clause:
    items: list[Item]
    text: str
    joined: str = ""
    """The word that joins it to the clause before."""
    carried: frozenset[str] = frozenset()
    """Kinds taken over from another clause."""
    extra: list[Item] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Item]:
        return [i for i in (*self.items, *self.extra) if i.kind in kinds]

    def has(self, *kinds: str) -> bool:
        return any(i.kind in kinds for i in (*self.items, *self.extra))

    @property
    def channels(self) -> list[Item]:
        return self.of(*CHANNELS)

    @property
    def amounts(self) -> list[Item]:
        return self.of("amt", "range")


def clauses(found: Sequence[Item], original: str) -> list[Clause]:
    """Clauses in the order they were said."""
    merged = _lists(_ranges(rewritten(_exceptions(list(found))), original))
    parts: list[tuple[str, list[Item]]] = [("", [])]
    for place, item in enumerate(merged):
        if item.kind == "sep" and _tops_up(merged, place, parts[-1][1]):
            continue
        if item.kind in ("sep", "minus", "plus"):
            if parts[-1][1]:
                parts.append((item.text.casefold(), []))
            else:
                parts[-1] = (item.text.casefold(), [])
        elif item.kind == "optimise":
            parts += [("", [item]), ("", [])]
        else:
            parts[-1][1].append(item)
    out: list[Clause] = []
    for joined, part in parts:
        for number, piece in enumerate(_halves(_both(part))):
            if out and piece and all(i.kind == "equally" for i in piece):
                out[-1] = replace(out[-1], items=[*out[-1].items, *piece])
            elif piece:
                text = original[piece[0].start : piece[-1].end]
                out.append(Clause(piece, text, joined if number == 0 else ""))
    return out


def _tops_up(found: Sequence[Item], place: int, part: Sequence[Item]) -> bool:
    """'top up search with 5k a week' is one clause."""
    kinds = [i.kind for i in part]
    joins = found[place].text.casefold() in ("with", "mit", "avec") and _kind(found, place + 1) == "amt"
    return joins and "up" in kinds and "ch" in kinds and "amt" not in kinds


def _both(part: list[Item]) -> list[Item]:
    """'both TV and radio': the word adds nothing to a list of two."""
    out: list[Item] = []
    for place, item in enumerate(part):
        after = part[place + 1] if place + 1 < len(part) else None
        if item.kind == "pron" and item.value == "many" and after is not None and len(after.channels) == 2:
            part[place + 1] = replace(after, roles=after.roles | item.roles)
        else:
            out.append(part[place])
    return out


def _exceptions(found: list[Item]) -> list[Item]:
    """'everything except TV and radio', 'everything but TV': the exceptions go into the item."""
    out: list[Item] = []
    place = 0
    while place < len(found):
        item = found[place]
        after_all = bool(out) and out[-1].kind in ("all", "rest")
        but = item.kind == "sep" and item.text.casefold() == "but" and after_all and _kind(found, place + 1) == "ch"
        if item.kind == "except" or (but and not _acts(found, place + 1)):
            names, place = _run_of_names(found, place + 1)
            target = next((n for n in range(len(out) - 1, -1, -1) if out[n].kind in ("all", "rest")), None)
            if not names and _means_all(item):
                out += [replace(item, kind="all"), replace(item, kind="sep", text="but")]
            elif _means_all(item):
                out.append(replace(item, kind="all", channels=names))
            elif target is not None and names:
                out[target] = replace(out[target], channels=names)
            else:
                out.append(replace(item, kind="stop"))
            continue
        out.append(item)
        place += 1
    return out


def _means_all(item: Item) -> bool:
    return item.text.casefold() in ("all but", "everything but")


def _acts(found: Sequence[Item], place: int) -> bool:
    """Whether what follows the name up to the next separator does something to it."""
    for item in found[place:]:
        if item.kind == "sep":
            return False
        if item.kind in (*VERBS, "amt"):
            before = found[found.index(item) - 1]
            return before.kind == "ch" or item.kind != "amt"
    return False


def _run_of_names(found: Sequence[Item], place: int) -> tuple[tuple[str, ...], int]:
    names: list[str] = []
    while place < len(found):
        item = found[place]
        if item.kind == "ch":
            names += item.channels
        elif not (
            names and item.kind == "sep" and item.text.casefold() in LISTING and _kind(found, place + 1) == "ch"
        ) or (_followed(found, place + 1) and any(i.kind == "amt" for i in found[:place])):
            break
        place += 1
    return tuple(names), place


def _followed(found: Sequence[Item], place: int) -> bool:
    """Whether a name is directly followed by what happens to it."""
    return _kind(found, place + 1) in ("amt", "up", "down", "times", "zero", "hold", *BOUNDS)


def _kind(found: Sequence[Item], place: int) -> str:
    return found[place].kind if 0 <= place < len(found) else ""


def _ranges(found: list[Item], original: str) -> list[Item]:
    """'between 20k and 40k a week', 'from 10k to 12k' inside limits."""
    from mmm_core.grammar.items import alike

    out: list[Item] = []
    place = 0
    while place < len(found):
        item = found[place]
        if item.kind == "between" and _kind(found, place + 1) == "amt":
            second = place + 2
            between_per = None
            if _kind(found, second) == "per":
                between_per = found[second]
                second += 1
            if _kind(found, second) in ("sep", "minus"):
                second += 1
            if _kind(found, second) == "amt":
                low, high = found[place + 1], found[second]
                assert low.amount is not None
                assert high.amount is not None
                first, last = alike(low.amount, high.amount)
                out += [
                    item,
                    replace(
                        low, kind="range", amount=first, upper=last, text=original[low.start : high.end], end=high.end
                    ),
                ]
                if between_per is not None:
                    out.append(between_per)
                place = second + 1
                continue
        out.append(item)
        place += 1
    return out


def _lists(found: list[Item]) -> list[Item]:
    """'TV, radio and search' becomes one item where all have the same role."""
    out: list[Item] = []
    place = 0
    while place < len(found):
        item = found[place]
        if item.kind == "sep" and out and out[-1].kind == "ch":
            at = place
            while _kind(found, at) in ("sep", "plus"):
                at += 1
            listing = all(s.text.casefold() in LISTING for s in found[place:at])
            if listing and _kind(found, at) == "ch" and _mergeable(out, found, at):
                before, new = out[-1], found[at]
                out[-1] = replace(before, channels=(*before.channels, *new.channels), end=new.end)
                place = at + 1
                continue
        elif (
            item.kind in ("plus", "fold")
            and out
            and out[-1].kind == "ch"
            and _kind(found, place + 1) == "ch"
            and item.kind == "plus"
        ):
            out[-1] = replace(
                out[-1], channels=(*out[-1].channels, *found[place + 1].channels), end=found[place + 1].end
            )
            place += 2
            continue
        out.append(item)
        place += 1
    return out


def _mergeable(out: list[Item], found: Sequence[Item], at: int) -> bool:
    before, new = out[-1], found[at]
    if new.roles and before.roles and new.roles != before.roles:
        return False
    if new.roles and not before.roles:
        return False
    here = []
    for item in reversed(out[:-1]):
        if item.kind == "sep":
            break
        here.append(item)
    verbs = [i.kind for i in here if i.kind in VERBS]
    after = []
    for item in found[at + 1 :]:
        if item.kind == "sep":
            break
        after.append(item.kind)
    does = any(k in ("amt", "range", *VERBS, "atmost", "atleast") for k in after)
    # Verbs that need no amount are complete without what follows the next name.
    if does and any(v in COMPLETE_ALONE for v in verbs):
        return False
    # "TV 20% more, radio 10% less" and "move 5k from TV to search, radio -10%" start anew at the next name.
    return not (does and any(i.kind in ("amt", "range") for i in here))


def _halves(part: list[Item]) -> Iterable[list[Item]]:
    """Split where a second channel with an amount of its own follows without any separator."""
    channels = [i for i in part if i.kind in CHANNELS]
    amounts = [i for i in part if i.kind in ("amt", "range")]
    if len(channels) < 2 or len(amounts) < 2 or any(i.kind in ("move", "give", "take") for i in part):
        return [part]
    seen_channel = seen_amount = False
    for place, item in enumerate(part):
        done = seen_channel and seen_amount
        starts = item.kind in (*CHANNELS, "amt", "range", "atmost", "atleast", "between", "within", *STRONG)
        if done and starts and not (item.kind in ("up", "down") and _ends(part, place)):
            return [part[:place], *_halves(part[place:])]
        seen_channel = seen_channel or item.kind in CHANNELS
        seen_amount = seen_amount or item.kind in ("amt", "range")
    return [part]


def _ends(part: Sequence[Item], place: int) -> bool:
    """A verb at the end of its clause, before the next name."""
    return _kind(part, place + 1) in ("", *CHANNELS)
