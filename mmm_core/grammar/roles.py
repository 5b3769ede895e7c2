"""Prepositions become roles of the channel or amount that they stand before."""

from dataclasses import replace

from mmm_core.grammar.items import Item


def _switches(found: list[Item], place: int) -> bool:
    """German 'aus' at the end of 'schalte ... aus', which elsewhere is a preposition or belongs to 'ausgeben'."""
    ends = place + 1 == len(found) or found[place + 1].kind in ("sep", "prep")
    clause = []
    for item in reversed(found[:place]):
        if item.kind == "sep":
            break
        clause.append(item.kind)
    return ends and ("turn" in clause or not {"set", "put", "give", "take", "amt"} & set(clause))


def with_roles(found: list[Item]) -> list[Item]:
    """Prepositions become roles of the channel or amount that they stand before."""
    out: list[Item] = []
    roles: frozenset[str] = frozenset()
    for place, item in enumerate(found):
        if item.kind == "prep" and "off" in item.also and _switches(found, place):
            out.append(replace(item, kind="off"))
        elif item.kind == "prep":
            # The last one counts: 'out of', 'back to'.
            roles = frozenset(item.value.split())
        elif item.kind == "over" and roles and place + 1 < len(found) and found[place + 1].kind == "amt":
            out.append(item)  # 'by over 10%' is no 10%
        elif item.kind == "prep" or (
            item.kind in ("one", "noun", "filler", "next", "whole", "today", "length", "over") and roles
        ):
            if item.kind in ("whole", "today"):
                out.append(item)
            continue
        elif item.kind in ("ch", "amt", "range", "all", "rest", "pron", "times", "off"):
            out.append(replace(item, roles=item.roles | roles))
            roles = frozenset()
        elif item.kind in ("one", "filler", "length", "next") or (item.kind == "per" and not item.value):
            continue
        else:
            if item.kind not in (
                "budget",
                "total",
                "atmost",
                "atleast",
                "more",
                "less",
                "between",
                "within",
                "above",
                "below",
                "plan",
            ):
                roles = frozenset()
            out.append(item)
    return out
