"""Clauses that move money from channels to others."""

from collections.abc import Sequence

from mmm_core.domain.instructions import Move
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import BOUNDS, Clause
from mmm_core.grammar.drafts import DMove, money
from mmm_core.grammar.items import Amount
from mmm_core.grammar.scope import Draft, Scope, channels_of, settled


def moves(clause: Clause, scope: Scope) -> list[Draft]:
    """From one channel to others: an amount, a share of the source, or all of it."""
    sources, targets = ends(clause, scope)
    if not sources or not targets:
        raise questions.not_understood(clause.text)
    if clause.has(
        "neg", "keep", "zero", "times", "atmost", "atleast", "between", "above", "below", "cap", "floor"
    ) and not only_between(clause):
        raise questions.not_understood(clause.text)
    if len(sources) > 1 and len(targets) > 1:
        raise questions.how_split(clause.text)
    if clause.of("ch") and any(i.text.casefold().split()[0] in ("its", "their") for i in clause.of("pron")):
        raise questions.not_understood(clause.text)  # 'give radio half of its budget': whose?
    if set(sources) & set(targets):
        raise questions.clash(sources[0])
    split_up = shared(clause, sources, targets)
    if not clause.amounts:
        its_budget = clause.has("budget") and clause.has("move") and not any(i.roles for i in clause.channels[:1])
        if not clause.has("whole", "all") and not its_budget:
            raise questions.how_much(clause.text)
        whole = 1.0 / len(targets) if split_up else 1.0
        return [Move(s, t, share=whole) for s in sources for t in targets]
    amount = settled(clause.amounts[0], scope, clause, sources)
    up_to = "to" in clause.amounts[0].roles  # 'move up to 5k' is no move of 5k
    if len(clause.amounts) > 1 or clause.amounts[0].kind == "range" or amount.sign or up_to:
        raise questions.not_understood(clause.text)
    if len(sources) > 1 and amount.kind == "money" and not clause.has("each"):
        raise questions.how_split(clause.text)
    split = 1.0 / len(targets) if split_up else 1.0
    return [moved(s, t, amount, clause.amounts[0].text, split, clause) for s in sources for t in targets]


def only_between(clause: Clause) -> bool:
    """'split equally between A and B' limits nothing."""
    kinds = {i.kind for i in clause.items} & {*BOUNDS, "neg", "keep", "zero", "times"}
    return kinds == {"between"}


def shared(clause: Clause, sources: Sequence[str], targets: Sequence[str]) -> bool:
    if len(targets) == 1:
        return False
    if not clause.has("equally"):
        raise questions.how_split(clause.text)
    return True


def moved(source: str, target: str, amount: Amount, text: str, split: float, clause: Clause) -> Draft:
    if amount.kind == "money":
        return DMove(source, target, money(amount, text, split))
    if amount.kind != "share" or not 0 < amount.value <= 1:
        raise questions.not_understood(clause.text)
    return Move(source, target, share=amount.value * split)


def ends(clause: Clause, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sources and targets by their prepositions; a name without one is the end that is missing."""
    found = [i for i in clause.channels if not (i.kind == "all" and not i.channels and len(clause.channels) > 2)]
    sources = [i for i in found if i.roles & {"from", "of"} and "to" not in i.roles]
    targets = [i for i in found if "to" in i.roles]
    left = [i for i in found if i not in sources and i not in targets]
    if len(left) == 2 and clause.has("whole"):
        # 'put all of A on B', 'give B all of A'
        onto = [i for i in left if "on" in i.roles] or (left[:1] if clause.has("give") else [])
        if len(onto) == 1:
            targets, left = onto, [i for i in left if i not in onto]
    if clause.has("take") and not sources and len(targets) == len(left) == 1 and "at" in targets[0].roles:
        sources, targets, left = targets, left, []  # 'prends 10 % à la télé pour la radio'
    if left and not targets and sources:
        targets, left = left[:1], left[1:]
    elif left and not sources and targets:
        sources, left = left[:1], left[1:]
    if left or len(sources) > 1 or len(targets) > 1:
        raise questions.not_understood(clause.text)
    return tuple(c for i in sources for c in channels_of(i, scope, clause)), tuple(
        c for i in targets for c in channels_of(i, scope, clause)
    )


def is_part_to(clause: Clause) -> bool:
    """'10% of search to display', 'all of radio's budget into display', without any verb."""
    roles = [i.roles for i in clause.channels]
    kinds = {i.kind for i in (*clause.items, *clause.extra)}
    if "whole" in kinds and kinds <= {"whole", "ch", "budget", "noun", "turn"} and len(roles) == 2:
        return not roles[0] & {"to", "on"} and roles[1] == {"to"} and clause.items[0].kind == "whole"
    verbless = kinds <= {"amt", "per", "ch", "turn", "budget", "noun"} and len(clause.amounts) == len(roles) - 1 == 1
    plain = verbless and not clause.amounts[0].roles and not any(a.amount and a.amount.sign for a in clause.amounts)
    return plain and bool(roles[0] & {"of", "from"}) and "to" not in roles[0] and roles[1] == {"to"}


def is_move(clause: Clause) -> bool:
    if clause.has("within"):
        return False
    alone = len(clause.channels) == 1 and not clause.channels[0].roles
    if clause.has("move") and clause.has("up", "down") and alone:
        return False
    if clause.has("move"):
        return not (clause.has("off") and not any(i.roles for i in clause.channels))
    if is_part_to(clause):
        return True
    froms = [i for i in clause.channels if "from" in i.roles]
    ofs = [i for i in clause.channels if i.roles & {"from", "of"} and "to" not in i.roles]
    tos = [i for i in clause.channels if "to" in i.roles and "from" not in i.roles]
    if clause.has("give", "put") and clause.has("whole") and len(clause.channels) == 2:
        return True
    if clause.has("give", "put", "take", "set", "zero", "turn") and ofs and tos:
        return True
    if clause.has("give") and len(clause.channels) > 1:
        return True
    if clause.has("take", "give", "put") and ofs and len(clause.channels) == 2 and not clause.has("more", "up"):
        return True
    gets = clause.has("turn", "set") and not clause.has("down", "less", "zero", "times", "keep", "neg", "more")
    if (
        froms
        and len(clause.channels) == 2
        and gets
        and any(i.amount and i.amount.kind == "money" for i in clause.amounts)
    ):
        return True
    if clause.has("equally") and froms and len(clause.channels) == 2:
        return True
    if clause.has("take") and len(clause.channels) == 2 and clause.channels[0].roles == {"to", "at"}:
        return not clause.channels[1].roles - {"on"}
    bare = [i for i in clause.channels if not i.roles]
    to_only = [i for i in tos if i.roles == {"to"}]
    if to_only and len(bare) == 1 and len(clause.channels) == 2 and clause.amounts:
        return not clause.has("up", "more", "keep", "zero", "times", "neg") and not any(
            i.roles & {"to"} for i in clause.amounts
        )
    if clause.has("put", "take", "set") and clause.has("whole") and tos and len(clause.channels) == 2:
        return True
    if clause.has("up", "more") and froms and not clause.has("down", "less") and len(clause.channels) == 2:
        return any(i.amount is not None and i.amount.kind == "money" for i in clause.amounts)
    return bool(froms and tos and froms[0] is not tos[0]) and not clause.has("more", "less")
