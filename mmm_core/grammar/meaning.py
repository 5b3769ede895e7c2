"""What one clause asks for; whatever does not fit together is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from mmm_core.domain.instructions import Hold, Length, Limit, Move, Multiply, Optimise, Per, Total
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import VERBS, Clause
from mmm_core.grammar.context import Context
from mmm_core.grammar.drafts import DAdd, DLimit, DMove, DSet, DTotal, money
from mmm_core.grammar.items import Amount, Item, ratio
from mmm_core.grammar.names import Names

Draft = Multiply | Hold | Limit | Move | Total | Length | Optimise | DAdd | DSet | DMove | DLimit | DTotal
SMALL_MONEY = 0.005
"""A bare number below this share of what the channel spends was hardly meant as money."""


@dataclass
class Scope:
    """What is known of the sentence while its clauses are read."""

    context: Context
    names: Names
    before: tuple[str, ...]
    named: tuple[str, ...]
    """Channels that the sentence names itself."""
    optimises: bool = False
    said: list[tuple[str, ...]] = field(default_factory=list)
    """Channels of the clauses so far."""


def meaning(clause: Clause, scope: Scope) -> list[Draft]:
    """Drafts of one clause."""
    _refuse(clause)
    drafts: list[Draft] = [Length(i.amount.value, i.amount.per) for i in clause.of("len") if i.amount and i.amount.per]
    if clause.has("dur"):
        drafts += _named_length(clause)
    if clause.has("optimise"):
        return [*drafts, Optimise()]
    if scope.optimises and clause.of("all", "rest") and not (clause.amounts or clause.has(*VERBS, *BOUNDS)):
        # 'optimise everything except TV': all that an optimiser may move, the rest is held.
        return [*[Hold(c) for i in clause.of("all", "rest") for c in i.channels], *drafts]
    if clause.has("unchanged") or (clause.has("total", "budget") and not clause.channels):
        return [*_total(clause, scope), *drafts]
    reader = next((read for fits, read in READERS if fits(clause)), None)
    if reader is None:
        return [*_bare(clause, scope, bool(drafts)), *drafts]
    found = reader(clause, scope)
    return _in_order(clause, found, drafts)


def _in_order(clause: Clause, found: list[Draft], lengths: list[Draft]) -> list[Draft]:
    """A length stands where it was said."""
    place = next((i.start for i in clause.of("len", "dur")), 0)
    others = [i.start for i in (*clause.channels, *clause.amounts)]
    return [*lengths, *found] if others and place < min(others) else [*found, *lengths]


def _refuse(clause: Clause) -> None:
    for item in clause.items:
        if item.kind == "command":
            raise questions.command(clause.text)
        if item.kind in ("stop", "question", "except"):
            raise questions.results(clause.text)
        after = clause.items[clause.items.index(item) + 1 :][:1]
        if item.kind == "share" and len(item.text.split()) > 1 and (
            not clause.amounts or (after and after[0].kind == "ch" and not after[0].roles)
        ):
            continue
        if item.kind in ("share", "points"):
            raise questions.points(clause.text)
        if item.kind == "repeat":
            raise questions.again()
    if clause.has("vague"):
        named = [c for i in clause.of("ch") for c in i.channels]
        ways = {i.kind in ("up", "more") for i in clause.of("up", "down", "more", "less")}
        signs = "+-" if len(ways) != 1 else "+" if ways == {True} else "-"
        raise questions.vague(clause.text, named[0] if len(named) == 1 else None, signs)
    if clause.has("kpi"):
        raise questions.results(clause.text)


def _named_length(clause: Clause) -> list[Draft]:
    found = clause.of("dur")[0]
    planned = clause.has("plan", "long") or any("plan" in i.also for i in clause.items)
    if not planned or found.amount is None or found.amount.per is None:
        raise questions.not_understood(clause.text)
    return [Length(found.amount.value, found.amount.per)]


# ---- channels --------------------------------------------------------------------------------------------------------


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
        names = _meant(item, scope, clause)
    for name in names:
        if name not in paid:
            raise questions.organic(name)
    return tuple(dict.fromkeys(names))


def _meant(item: Item, scope: Scope, clause: Clause) -> tuple[str, ...]:
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
    raise questions.which_channel(clause.text, last or scope.context.paid)


def _targets(clause: Clause, scope: Scope) -> tuple[str, ...]:
    """All channels of a clause that has one thing to say of them."""
    found = clause.channels
    if not found:
        raise questions.which_channel(clause.text, scope.context.paid)
    pron = [i for i in found if i.kind == "pron"]
    others = [i for i in found if i.kind != "pron"]
    if others and pron:
        # 'both TV and radio', 'it' beside a name: the name is what is meant only where 'both' counts it out.
        named = tuple(n for i in others for n in channels_of(i, scope, clause))
        if all(i.value == "many" for i in pron) and len(named) == 2:
            return named
        raise questions.not_understood(clause.text)
    if len(others) > 1 and not all(i.kind == "ch" for i in others):
        raise questions.not_understood(clause.text)
    if len(others) > 1 and not _one_list(clause, others):
        raise questions.not_understood(clause.text)
    return tuple(n for i in found for n in channels_of(i, scope, clause))


def _one_list(clause: Clause, found: Sequence[Item]) -> bool:
    return False


# ---- amounts ---------------------------------------------------------------------------------------------------------


def _single(clause: Clause) -> Item:
    if len(clause.amounts) != 1:
        raise (questions.not_understood if clause.amounts else questions.how_much)(clause.text)
    return clause.amounts[0]


def settled(item: Item, scope: Scope, clause: Clause, channels: Sequence[str] = ()) -> Amount:
    """An amount with its currency checked and its period where the clause says one."""
    amount = item.amount
    assert amount is not None
    if amount.currency and not _ours(amount.currency, scope.context.currency):
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
    if amount.kind == "share" and per is not None and per is not Per.PLAN and _right_after(clause, item):
        raise questions.not_understood(clause.text)
    return replace(amount, per=per) if amount.kind == "money" else amount


def _right_after(clause: Clause, item: Item) -> bool:
    place = clause.items.index(item) if item in clause.items else -1
    return 0 <= place < len(clause.items) - 1 and clause.items[place + 1].kind == "per"


def _ours(said: str, ours: str) -> bool:
    return said == ours or (said == "$" and ours in ("USD", "AUD", "CAD", "NZD", "SGD", "HKD"))


def _way(clause: Clause, *amounts: Amount) -> int:
    """1 for more, -1 for less, 0 where nothing says; asked where words disagree."""
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


# ---- readers ---------------------------------------------------------------------------------------------------------


def _hold(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("up", "down", "zero", "times", "move", "amt"):
        raise questions.not_understood(clause.text)
    return [Hold(c) for c in _targets(clause, scope)]


LIKE_ANOTHER = frozenset(("the same", "so", "gleich", "genauso", "identique", "fest", "ein"))
"""Words that say 'as today' only beside 'keep' or 'is'."""


def _is_hold(clause: Clause) -> bool:
    if clause.has("touch"):
        return clause.has("neg") and not clause.amounts
    if clause.has("hold") and all(i.text.casefold() in LIKE_ANOTHER for i in clause.of("hold")) and not clause.has("keep", "turn"):
        raise questions.not_understood(clause.text)
    if clause.has("hold"):
        refused = [i for i in clause.of("neg") if i.text.casefold() not in ("ne", "n")]
        return not (clause.amounts or refused)
    return clause.has("keep") and not clause.amounts and not clause.has("neg", "up", "down", "times", *BOUNDS)


def _zero(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("neg"):
        raise questions.negated(clause.text, _hold_ways(clause))
    if clause.amounts or clause.has("times", "up", "keep", *BOUNDS):
        raise questions.not_understood(clause.text)
    return [Multiply(c, 0.0) for c in _targets(clause, scope)]


def _times(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("neg"):
        raise questions.negated(clause.text, _hold_ways(clause))
    if clause.has("per"):
        raise questions.not_understood(clause.text)  # 'twice a week' says how often, not how much
    factor = _product(clause)
    if clause.has("factor") and not clause.has("down"):
        # 'multiplie par deux', where 'par deux' alone divides.
        factor = 1 / factor if factor < 1 else factor
    if clause.amounts or clause.has("keep"):
        raise questions.not_understood(clause.text)
    way = _way(clause)
    if way and (factor - 1) * way < 0:
        raise questions.not_understood(clause.text)
    if way < 0 or (clause.has("more", "less") and not clause.has("up", "down")):
        # 'twice less', 'double more' are said of different things by different people; 'deux fois plus' is a phrase.
        if factor >= 1:
            raise questions.not_understood(clause.text)
    return [Multiply(c, factor) for c in _targets(clause, scope)]


def _product(clause: Clause) -> float:
    values = [ratio(i.value) for i in clause.of("times")]
    if len(values) != 1:
        raise questions.not_understood(clause.text)
    return values[0]


def _negated(clause: Clause, scope: Scope) -> list[Draft]:
    """'do not raise TV above 40k a week', 'may not fall by more than 10%'; a bare 'don't cut TV' is asked."""
    channels = _targets(clause, scope) if clause.channels else ()
    up, down = clause.has("up"), clause.has("down")
    over, under = clause.has("above", "over"), clause.has("below")
    bound = clause.has("atmost", "atleast", "between", "within")
    plain = not channels or bound or over == under or (up and down) or len(clause.amounts) > 1
    if plain and not (over != under and clause.has("today", "times") and channels and not clause.amounts):
        raise questions.negated(clause.text, _hold_ways(clause))
    if not clause.amounts:
        factor = _product(clause) if clause.has("times") else 1.0
        return [Limit(c, high=factor, relative=True) if over else Limit(c, low=factor, relative=True) for c in channels]
    item = clause.amounts[0]
    amount = settled(item, scope, clause, channels)
    by = "by" in item.roles and "to" not in item.roles or _more_than(clause)
    if (up and over or down and over) and by:
        if amount.kind != "share":
            raise questions.negated(clause.text, ())
        return [
            Limit(c, high=1 + amount.value, relative=True) if up else Limit(c, low=1 - amount.value, relative=True)
            for c in channels
        ]
    if not (up or down) and over and amount.kind == "share" and by and clause.has("turn"):
        return [Limit(c, 1 - amount.value, 1 + amount.value, relative=True) for c in channels]
    if (up and under) or (down and over):
        raise questions.negated(clause.text, _hold_ways(clause))
    return [_limit(c, amount if under else None, amount if over else None, clause, item) for c in channels]


def _more_than(clause: Clause) -> bool:
    comparing = ("more", "mehr", "plus", "less", "weniger", "moins")
    return clause.has("up", "down", "turn") and any(
        set(i.text.casefold().split()) & set(comparing) for i in clause.of("above", "below")
    )


def _hold_ways(clause: Clause) -> list[str]:
    named = [c for i in clause.of("ch") for c in i.channels]
    return [f"hold {named[0]}", f"{named[0]} at least 100% of today", f"{named[0]} at most 100% of today"] if len(named) == 1 else []


BOUNDS = ("atmost", "atleast", "between", "within", "above", "below", "cap", "floor")


def _limits(clause: Clause, scope: Scope) -> list[Draft]:
    """At most, at least, between, within: of money or of today's spend."""
    channels = _targets(clause, scope)
    if _up_to(clause):
        raised = [replace(i, kind="up") if i.kind == "atmost" else i for i in clause.items]
        raised = [replace(i, roles=frozenset({"to"})) if i.kind == "amt" else i for i in raised]
        return _changes(replace(clause, items=raised), scope)
    if clause.has("zero", "give") or (clause.has("move") and not clause.has("within")):
        raise questions.not_understood(clause.text)
    if clause.has("within"):
        return _within(clause, scope, channels)
    if any(i.kind == "range" for i in clause.amounts):
        return _between(clause, scope, channels)
    high, low = clause.has("atmost", "below", "cap"), clause.has("atleast", "above", "floor")
    if clause.has("cap", "floor") and not clause.has("below", "above"):
        # 'limit TV to at least ...' follows its closer words.
        high, low = (high, False) if clause.has("cap") and not clause.has("atleast") else (high and not clause.has("floor"), low)
    if clause.has("floor") and clause.has("atmost") or clause.has("cap") and clause.has("atleast"):
        raise questions.not_understood(clause.text)
    if len(clause.amounts) == 2 and high and low:
        return _two_limits(clause, scope, channels)
    if high == low:
        raise questions.not_understood(clause.text)
    if not clause.amounts:
        if not (clause.has("today", "times", "hold")):
            raise questions.how_much(clause.text)
        factor = _product(clause) if clause.has("times") else 1.0
        return [Limit(c, high=factor, relative=True) if high else Limit(c, low=factor, relative=True) for c in channels]
    item = _single(clause)
    amount = settled(item, scope, clause, channels)
    way = _way(clause, amount)
    if not way and high and clause.has("turn") and "by" in item.roles and amount.kind == "share" and amount.value < 1:
        return [Limit(c, 1 - amount.value, 1 + amount.value, relative=True) for c in channels]
    if way:
        return _relative_to_today(clause, amount, item, way, high, channels)
    return [_limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]


LEVELS = frozenset(("below", "under", "unter", "lower", "above", "over", "über", "exceed", "higher", "dessous", "dessus", "sous"))


def _up_to(clause: Clause) -> bool:
    """'bring radio up to 20k a week' is a level, 'up to 20k a week on radio' a limit."""
    brings = {i.text.casefold() for i in clause.of("turn", "take", "up")} & {"bring", "take", "push", "raise", "lift", "increase"}
    by = any("by" in i.roles for i in clause.amounts)
    return bool(brings) and not by and any(i.text.casefold() == "up to" for i in clause.of("atmost"))


def _relative_to_today(
    clause: Clause, amount: Amount, item: Item, way: int, high: bool, channels: Sequence[str]
) -> list[Draft]:
    """'at most 20% more than today', 'cut by at most 10%'; of money only where it is 'to' an amount."""
    ends = {w for i in clause.of("atmost", "atleast") for w in i.text.casefold().split()}
    if ends & LEVELS and "by" not in item.roles and clause.has("up" if high else "down"):
        # 'may not fall below 30k a week', 'not rise above 120%'.
        return [_limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]
    if amount.kind == "money" and "to" in item.roles:
        return [_limit(c, None if high else amount, amount if high else None, clause, item) for c in channels]
    if amount.kind != "share" or "to" in item.roles:
        raise questions.not_understood(clause.text)
    factor = 1 + way * amount.value
    if factor < 0:
        raise questions.too_much(channels[0])
    # At most 10% less leaves at least 90%.
    at_most = high == (way > 0)
    return [Limit(c, high=factor, relative=True) if at_most else Limit(c, low=factor, relative=True) for c in channels]


def _limit(channel: str, low: Amount | None, high: Amount | None, clause: Clause, item: Item) -> Draft:
    one = low or high
    assert one is not None
    if one.value < 0 or one.sign < 0:
        raise questions.not_understood(clause.text)
    if one.kind == "money":
        return DLimit(channel, low and money(low, item.text), high and money(high, item.text))
    sure = clause.has("today", "than") or one.kind == "times" or one.value >= 0.995
    if not sure and not clause.has("neg"):
        raise questions.points(clause.text)
    return Limit(channel, low and low.value, high and high.value, relative=True)


def _within(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
    item = _single(clause)
    amount = settled(item, scope, clause, channels)
    if amount.kind != "share" or not 0 < amount.value < 1 or item.kind == "range":
        raise questions.not_understood(clause.text)
    return [Limit(c, round(1 - amount.value, 10), 1 + amount.value, relative=True) for c in channels]


def _between(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
    item = _single(clause)
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


def _two_limits(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft]:
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


def _moves(clause: Clause, scope: Scope) -> list[Draft]:
    """From one channel to others: an amount, a share of the source, or all of it."""
    sources, targets = _ends(clause, scope)
    if not sources or not targets:
        raise questions.not_understood(clause.text)
    if clause.has("neg", "keep", "zero", "times", *BOUNDS[:3], "above", "below", "cap", "floor") and not _only_between(clause):
        raise questions.not_understood(clause.text)
    if len(sources) > 1 and len(targets) > 1:
        raise questions.how_split(clause.text)
    if set(sources) & set(targets):
        raise questions.clash(sources[0])
    parts = _parts(clause, sources, targets)
    if not clause.amounts:
        if not clause.has("whole", "all"):
            raise questions.how_much(clause.text)
        return [Move(sources[0], t, share=1.0 / len(targets) if parts else 1.0) for t in targets]
    amount = settled(clause.amounts[0], scope, clause, sources)
    if len(clause.amounts) > 1 or clause.amounts[0].kind == "range" or amount.sign:
        raise questions.not_understood(clause.text)
    if len(sources) > 1 and amount.kind == "money" and not clause.has("each"):
        raise questions.how_split(clause.text)
    split = 1.0 / len(targets) if parts else 1.0
    return [_moved(s, t, amount, clause.amounts[0].text, split, clause) for s in sources for t in targets]


def _only_between(clause: Clause) -> bool:
    """'split equally between A and B' limits nothing."""
    kinds = {i.kind for i in clause.items} & {*BOUNDS, "neg", "keep", "zero", "times"}
    return kinds == {"between"}


def _parts(clause: Clause, sources: Sequence[str], targets: Sequence[str]) -> bool:
    if len(targets) == 1:
        return False
    if not clause.has("equally"):
        raise questions.how_split(clause.text)
    return True


def _moved(source: str, target: str, amount: Amount, text: str, split: float, clause: Clause) -> Draft:
    if amount.kind == "money":
        return DMove(source, target, money(amount, text, split))
    if amount.kind != "share" or not 0 < amount.value <= 1:
        raise questions.not_understood(clause.text)
    return Move(source, target, share=amount.value * split)


def _ends(clause: Clause, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sources and targets by their prepositions; a name without one is the end that is missing."""
    found = [i for i in clause.channels if not (i.kind == "all" and not i.channels and len(clause.channels) > 2)]
    sources = [i for i in found if i.roles & {"from", "of"} and "to" not in i.roles]
    targets = [i for i in found if "to" in i.roles]
    left = [i for i in found if i not in sources and i not in targets]
    if left and not targets and sources:
        targets, left = left[:1], left[1:]
    elif left and not sources and targets:
        sources, left = left[:1], left[1:]
    if left or len(sources) > 1 or len(targets) > 1:
        raise questions.not_understood(clause.text)
    return tuple(c for i in sources for c in channels_of(i, scope, clause)), tuple(
        c for i in targets for c in channels_of(i, scope, clause)
    )


def _is_move(clause: Clause) -> bool:
    if clause.has("within"):
        return False
    if clause.has("move"):
        return not (clause.has("off") and not any(i.roles for i in clause.channels))
    froms = [i for i in clause.channels if "from" in i.roles]
    ofs = [i for i in clause.channels if i.roles & {"from", "of"} and "to" not in i.roles]
    tos = [i for i in clause.channels if "to" in i.roles and "from" not in i.roles]
    if clause.has("give", "put", "take", "set", "zero") and ofs and tos:
        return True
    if clause.has("give") and len(clause.channels) > 1:
        return True
    if clause.has("take", "give", "put") and ofs and len(clause.channels) == 2 and not clause.has("more", "up"):
        return True
    if clause.has("equally") and froms and len(clause.channels) == 2:
        return True
    bare = [i for i in clause.channels if not i.roles]
    to_only = [i for i in tos if i.roles == {"to"}]
    if to_only and len(bare) == 1 and len(clause.channels) == 2 and clause.amounts:
        return not clause.has("up", "more", "keep", "zero", "times", "neg") and not any(i.roles & {"to"} for i in clause.amounts)
    if clause.has("put", "take", "set") and clause.has("whole") and tos and len(clause.channels) == 2:
        return True
    if clause.has("up", "more") and froms and not clause.has("down", "less") and len(clause.channels) == 2:
        return any(i.amount is not None and i.amount.kind == "money" for i in clause.amounts)
    return bool(froms and tos and froms[0] is not tos[0]) and not clause.has("more", "less")


def _changes(clause: Clause, scope: Scope) -> list[Draft]:
    """More, less, to, by: of percent or money."""
    channels = _targets(clause, scope)
    from_to = _from_to(clause, scope, channels)
    if from_to is not None:
        return from_to
    if not clause.amounts and clause.has("today") and clause.has("set", "put", "turn", "keep", "back"):
        return [Multiply(c, 1.0) for c in channels]
    item = _single(clause)
    if item.kind == "range":
        raise questions.span(clause.text)
    if clause.has("factor"):
        return _by_factor(clause, item, channels)
    amount = settled(item, scope, clause, channels)
    way = _way(clause, amount)
    aims = bool(item.roles & {"to", "at"}) and "by" not in item.roles
    if amount.value == 0 and not way:
        return [Multiply(c, 0.0) for c in channels]
    if way and not (aims and not amount.sign and clause.has("up", "down", "take")):
        return _delta(clause, amount, item, way, channels)
    return _level(clause, amount, item, way, channels)


def _delta(clause: Clause, amount: Amount, item: Item, way: int, channels: Sequence[str]) -> list[Draft]:
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


def _level(clause: Clause, amount: Amount, item: Item, way: int, channels: Sequence[str]) -> list[Draft]:
    """An amount that a channel is to get; its direction is checked against the verb later."""
    aims = bool(item.roles & {"to", "at"})
    text = clause.text
    if amount.kind == "times":
        if way:
            raise questions.not_understood(text)
        return [Multiply(c, amount.value) for c in channels]
    if amount.kind == "share":
        if not (aims or clause.has("today")) or "by" in item.roles and not aims:
            raise questions.not_understood(text)
        if clause.has("turn") and not aims:
            raise questions.not_understood(text)
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


def _by_factor(clause: Clause, item: Item, channels: Sequence[str]) -> list[Draft]:
    assert item.amount is not None
    value = item.amount.value
    if item.amount.kind not in ("bare", "times") or value <= 0:
        raise questions.not_understood(clause.text)
    if clause.has("down"):
        value = 1 / value
    return [Multiply(c, value) for c in channels]


def _from_to(clause: Clause, scope: Scope, channels: Sequence[str]) -> list[Draft] | None:
    """'from 42,000 to 50,000 a week', where the first is what is spent today."""
    found = clause.amounts
    if len(found) != 2 or len(channels) != 1:
        return None
    first, second = found
    if "from" not in first.roles or not second.roles & {"to", "at"}:
        return None
    now, then = settled(first, scope, clause, channels), settled(second, scope, clause, channels)
    if (now.kind, then.kind) != ("money", "money"):
        raise questions.not_understood(clause.text)
    spend = scope.context.spend[channels[0]] or 0.0
    per = now.per or (scope.context.period_days == 7 and Per.WEEK) or None
    if per is None or abs(scope.context.in_period(now.value, per) - spend) > 0.05 * spend:
        raise questions.against(clause.text, f"{spend:,.0f} a period")
    return [DSet(channels[0], money(then, second.text), _way(clause), clause.text)]


def _total(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("unchanged") or (clause.has("keep", "hold") and not clause.amounts):
        return [Total(1.0, relative=True)]
    if not clause.amounts and scope.optimises and not clause.has("neg", "zero", "times"):
        return []
    if clause.has("move", "atleast", "above", "between", "within", "neg", "zero"):
        raise questions.not_understood(clause.text)
    if not clause.amounts and clause.has("times"):
        return [Total(_product(clause), relative=True)]
    item = _single(clause)
    amount = settled(item, scope, _plan_wide(clause))
    way = _way(clause, amount)
    aims = bool(item.roles & {"to", "at"})
    if item.kind == "range":
        raise questions.span(clause.text)
    if amount.kind == "times":
        return [Total(amount.value, relative=True)]
    if amount.kind == "share":
        if way and not aims:
            if way * amount.value <= -1:
                raise questions.not_understood(clause.text)
            return [Total(round(1 + way * amount.value, 10), relative=True)]
        if not aims and not clause.has("today"):
            raise questions.not_understood(clause.text)
        return [Total(amount.value, relative=True)]
    if way and not aims or amount.sign < 0:
        raise questions.not_understood(clause.text)
    return [DTotal(money(amount, item.text), True)]


def _plan_wide(clause: Clause) -> Clause:
    """A total's bare number is money, over the plan where no period is said."""
    if clause.has("per"):
        return clause
    if any(i.amount is not None and i.amount.kind == "bare" and i.amount.value < 1000 for i in clause.amounts):
        return clause
    return replace(clause, items=[_as_money(i) for i in clause.items])


def _as_money(item: Item) -> Item:
    if item.amount is not None and item.amount.kind == "bare":
        return replace(item, amount=replace(item.amount, kind="money"))
    return item


def _bare(clause: Clause, scope: Scope, has_length: bool) -> list[Draft]:
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
            item = _single(clause)
            amount = settled(item, scope, clause)
            way = _way(clause, amount)
            if amount.kind == "money" and not way and item.kind == "amt":
                return [DTotal(money(amount, item.text), clause.has("have") and (has_length or overall))]
            if amount.kind == "share" and way and overall:
                return [Total(round(1 + way * amount.value, 10), relative=True)]
        raise questions.which_channel(clause.text, scope.context.paid)
    if scope.optimises and {i.kind for i in clause.items} <= {"move", "equally", "mix", "set", "put", "turn"}:
        return []
    if clause.channels or clause.has("times", "keep", "move", "put", "give", "take", "cap", "equally", "unknown"):
        raise questions.how_much(clause.text)
    if clause.has("plan", "long") and not has_length:
        raise questions.not_understood(clause.text)
    return []


READERS: tuple[tuple[Callable[[Clause], bool], Callable[[Clause, Scope], list[Draft]]], ...] = (
    (_is_hold, _hold),
    (lambda c: c.has("neg") and bool(c.channels), _negated),
    (lambda c: bool(c.channels) and _is_move(c), _moves),
    (lambda c: bool(c.channels) and (c.has("atmost", "atleast", "within", "cap", "floor") or (c.has("above", "below", "between") and not _compares(c))), _limits),
    (lambda c: bool(c.channels) and any(i.kind == "range" for i in c.amounts) and c.has("keep"), _limits),
    (lambda c: bool(c.channels) and (c.has("zero") or _switched_off(c) or (c.has("down") and _wholly(c) and not c.amounts)), _zero),
    (lambda c: bool(c.channels) and c.has("times") and not c.amounts, _times),
    (lambda c: bool(c.channels) and (bool(c.amounts) or (c.has("today") and c.has("turn", "set", "put", "keep", "back"))), _changes),
)  # fmt: skip
"""The first that fits reads the clause."""


def _wholly(clause: Clause) -> bool:
    return clause.has("whole") or any("whole" in i.also for i in clause.items)


def _compares(clause: Clause) -> bool:
    return False


def _switched_off(clause: Clause) -> bool:
    return clause.has("off") and not clause.amounts and not any(i.roles for i in clause.of("off"))


