"""Two clauses that are one move: 'take 20% out of TV and put it into search'."""

from dataclasses import replace

from mmm_core.grammar import questions
from mmm_core.grammar.clauses import Clause
from mmm_core.grammar.items import Amount, Item, ratio

GIVING = ("put", "move", "give", "set", "up", "turn", "take")
DROPPED = ("drop", "drops", "dropping", "dropped")
TAKING = ("down", "take", "zero", "times", "move", "give", "set")


def paired(parts: list[Clause]) -> list[Clause]:
    """Clauses with each such pair made one."""
    out: list[Clause] = []
    place = 0
    while place < len(parts):
        first = parts[place]
        run = [] if first.has("optimise") else _receivers(parts, place)
        if run:
            out += _moves(first, run)
            place += 1 + len(run)
        else:
            out.append(first)
            place += 1
    return out


def _receivers(parts: list[Clause], place: int) -> list[Clause]:
    """The clauses after ``place`` that say where its money goes."""
    first = parts[place]
    if len(first.of("ch", "all", "pron")) != 1 or not first.has(*TAKING, "off"):
        return []
    if first.has("up", "more", "keep", "hold", "neg", "atmost", "atleast"):
        return []
    taken = first.has("take") and first.channels[0].roles == {"to", "at"}  # 'prends 2k à la presse'
    if any("to" in i.roles and not i.roles & {"from", "on"} for i in first.channels) and not taken:
        return []
    run: list[Clause] = []
    for clause in map(_dropped, parts[place + 1 :]):
        halves = clause.of("amt")
        part = len(halves) == 1 and halves[0].amount is not None and halves[0].amount.kind in ("share", "money")
        names = clause.of("ch")
        if not names or clause.has("down", "zero", "times", "hold", "keep", "more", "less", "neg"):
            break
        refers = clause.has("pron", "budget") and clause.has(*GIVING)
        bare = not clause.has("pron") and "to" in names[0].roles and first.has("take", "move", "give")
        shared = clause.has("equally") and not clause.amounts
        if not (
            (refers or bare or shared)
            and (not halves or (part and (bare or run or any("of" in i.roles for i in clause.of("pron")))))
        ):
            break
        if any(i.kind in ("up", "set") for i in clause.items) and not refers:
            break
        run.append(clause)
    return run


def _dropped(clause: Clause) -> Clause:
    """'drop it into search' puts there what was taken."""
    into = clause.has("pron") and any(i.roles == {"to"} for i in clause.of("ch")) and not clause.amounts
    if not into:
        return clause
    puts = [replace(i, kind="put") if i.text.casefold() in DROPPED else i for i in clause.items]
    return replace(clause, items=puts)


def _moves(first: Clause, run: list[Clause]) -> list[Clause]:
    source = replace(first.channels[0], roles=frozenset({"from"}))
    amount = _taken(first)
    out = []
    parts = [_part(c, amount.amount) for c in run]
    if len(run) > 1 and (None in parts or abs(sum(p or 0.0 for p in parts) - 1) > 1e-6):
        raise questions.how_split(first.text)
    for clause, part in zip(run, parts, strict=True):
        target = replace(clause.of("ch")[0], roles=frozenset({"to"}))
        if len(clause.of("ch")) > 1:
            raise questions.how_split(clause.text)
        given = amount
        if part is not None and amount.amount is not None:
            if len(run) == 1 and part != 1:
                raise questions.how_split(clause.text)
            given = replace(amount, amount=replace(amount.amount, value=amount.amount.value * part))
        extra = [i for c in (first, clause) for i in c.items if i.kind in ("per", "equally", "len")]
        verb = Item("move", start=first.items[0].start)
        joined = [verb, replace(given, roles=frozenset()), source, target, *extra]
        out.append(Clause(joined, f"{first.text} {clause.text}", first.joined))
    return out


def _part(clause: Clause, whole: Amount | None) -> float | None:
    """The share of what is taken that a clause gives on; None where it says none."""
    found = clause.of("amt")
    if not found or found[0].amount is None:
        return None
    part = found[0].amount
    if part.kind == "share":
        return part.value
    if whole is None or whole.kind != "money" or not whole.value or clause.of("per"):
        raise questions.how_split(clause.text)
    return part.value / whole.value


def _taken(first: Clause) -> Item:
    """What is taken from the source: the amount, or what halving or stopping it sets free."""
    if first.of("range") or len(first.of("amt")) > 1:
        raise questions.not_understood(first.text)
    place = first.items[0]
    if first.of("amt"):
        item = first.of("amt")[0]
        if item.roles & {"to", "at"} and "by" not in item.roles:
            raise questions.not_understood(first.text)
        return replace(item, amount=item.amount and replace(item.amount, sign=0))
    dropped = any(i.text.casefold() in DROPPED for i in first.of("down"))  # 'drop print and spend it on YouTube'
    if dropped or first.has("zero", "whole", "all", "off"):
        return replace(place, kind="amt", amount=Amount("share", 1.0))
    if first.has("times"):
        factor = ratio(first.of("times")[0].value)
        if factor < 1:
            return replace(place, kind="amt", amount=Amount("share", 1.0 - factor))
    raise questions.how_much(first.text)
