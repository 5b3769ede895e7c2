"""The door of the grammar: a sentence in, its changes or one question out."""

from dataclasses import replace

from mmm_core.domain.instructions import Add, Change, Hold, Limit, Move, Multiply, Per, Reading, SetTo
from mmm_core.grammar import questions
from mmm_core.grammar.beyond import other_matters, past
from mmm_core.grammar.building import items
from mmm_core.grammar.clauses import CHANNELS, VERBS, Clause, clauses
from mmm_core.grammar.context import Context
from mmm_core.grammar.handing import handed_on
from mmm_core.grammar.items import Item
from mmm_core.grammar.judge import judged
from mmm_core.grammar.lexing import Word, words
from mmm_core.grammar.meaning import meaning
from mmm_core.grammar.names import Names
from mmm_core.grammar.pairs import paired
from mmm_core.grammar.scope import Draft, Scope
from mmm_core.grammar.scope import channels_of as _channels
from mmm_core.grammar.text import tidy, tokens

OPINIONS = frozenset(("is", "are", "was", "were", "did", "does", "has", "ist", "sind", "war", "est", "sont"))
"""A sentence that begins so asks whether something is so."""
LONGEST = 500
"""Characters of a sentence."""


def read(sentence: str, context: Context, before: tuple[str, ...] = ()) -> Reading:
    """What a sentence asks for.

    Parameters
    ----------
    sentence
        In English, German or French words.
    context
        The model's channels with today's spend, the currency, and the plan.
    before
        Channels of the sentence before, for 'it' and 'both'.

    Returns
    -------
    The changes in the order they were said; or a question and no change, whenever any of it is in doubt.
    """
    try:
        return Reading(_read(sentence, context, before))
    except questions.Unclear as doubt:
        return Reading((), doubt.question, doubt.options, doubt.unclear, doubt.about)


def channels_of(reading: Reading) -> tuple[str, ...]:
    """Channels that a reading changes, for what the next sentence means by 'it'."""
    out: list[str] = []
    for change in reading.changes:
        if isinstance(change, Multiply | Add | SetTo | Hold | Limit):
            out.append(change.channel)
        elif isinstance(change, Move):
            out += [change.source, change.target]
    return tuple(dict.fromkeys(out))


def _read(sentence: str, context: Context, before: tuple[str, ...]) -> tuple[Change, ...]:
    if len(sentence) > LONGEST:
        raise questions.too_long(LONGEST)
    original = tidy(sentence)
    found = tokens(original)
    if not found:
        raise questions.empty()
    past(original)
    names = Names(context.channels, context.paid)
    said = words(found, names, original)
    other_matters(said, original)
    if said and said[0].text.casefold() in OPINIONS and not said[0].has("question"):
        raise questions.results(original)
    for word in said:
        if word.has("command") and not word.channels:
            raise questions.command(word.text)
    built = items(_without_wrapper(said), original)
    parts = clauses(built, original)
    named = tuple(dict.fromkeys(c for p in parts for i in p.of("ch") for c in i.channels))
    holds_rest = any(p.of("rest") and p.has("hold", "keep") for p in parts)
    scope = Scope(context, names, before, named, any(p.has("optimise") for p in parts), holds_rest)
    handed = handed_on(paired(_topics(parts)))
    if handed is None:
        raise questions.not_understood(original)
    drafts: list[Draft] = []
    for clause in _copied(handed):
        drafts += meaning(clause, scope)
        refer = [i for i in clause.channels if i.kind != "rest" and not (i.kind == "pron" and clause.of("ch"))]
        here = tuple(c for i in refer for c in _channels(i, scope, clause))
        scope.said.append(here)
    if not drafts:
        raise questions.nothing()
    if said[0].has("question") and all(isinstance(d, Hold) for d in drafts):
        # Nobody asks what it would be like if nothing changed.
        raise questions.results(original)
    pers = [Per(i.value) for p in parts for i in p.of("per")]
    return judged(drafts, context, pers)


def _without_wrapper(said: list[Word]) -> list[Word]:
    """'what happens to sales if ...', 'if ..., what does revenue do?': the question around a change is dropped."""
    place = next((n for n, w in enumerate(said) if w.has("if")), None)
    if place is not None:
        head = said[:place]
        asks = any(w.has("question", "kpi") for w in said)
        ahead = [w for w in head if w.token or w.channels or w.has("percent", "zero", "times", "optimise")]
        if head and asks and not [w for w in ahead if not w.channels]:
            said = said[place:]
        said = [w for w in said if not w.has("if")]
        if not asks and place == 0 and any(w.text.casefold() in ("then", "dann", "alors") for w in said):
            raise questions.conditional()
    return _without_tail(said)


def _without_tail(said: list[Word]) -> list[Word]:
    """A question after the last separator, or before the first, that holds neither a number nor a channel's change."""
    cuts = _cuts(said)
    head = said[: cuts[0]] if cuts else []
    only_asks = any(w.has("question") for w in head) and not any(_acts(w) for w in head)
    if only_asks and any(_acts(w) for w in said[cuts[0] :]):
        said = said[cuts[0] + 1 :]
        cuts = _cuts(said)
    for cut in reversed(cuts):
        tail = said[cut + 1 :]
        if any(w.has("question", "kpi") for w in tail) and not any(_acts(w) for w in tail):
            said = said[:cut]
    if any(w.has("optimise") for w in said):
        # What is to be maximised, and 'what is the best split', ask for the optimiser.
        return [w for w in said if not (w.has("question", "kpi") and not w.token)]
    does = [w for w in said if w.token or w.has("times", "zero", "percent", "fraction", "number")]
    heads = [n for n, w in enumerate(said) if w.has("question")]
    first = heads[0] if heads else 0
    alone = all(set(w.means) == {"filler"} for w in said[:first])
    if heads and does and alone and said[first].text.casefold().replace("'", "") in SHOWING:
        rest = said[first + 1 :]
        while rest and (
            rest[-1].has("kpi", "question", "sep") or set(rest[-1].means) == {"filler"} or rest[-1].has("prep")
        ):
            rest = rest[:-1]
        while rest and rest[0].has("question", "kpi"):
            rest = rest[1:]
        return [w for w in rest if not w.has("question")] if _shows(rest) else said
    return said


def _cuts(said: list[Word]) -> list[int]:
    return [n for n, w in enumerate(said) if w.has("sep") and not w.has("per")]


def _acts(word: Word) -> bool:
    acting = ("percent", "zero", "times", "optimise", "rest", "all", "keep", "hold", "number", "fraction")
    return bool(word.token or word.channels) or word.has(*acting)


SHOWING = frozenset(
    (
        "wonder", "wondering", "curious", "would it", "whats the effect of", "whats the impact of", "whats the effect",
        "what is the effect of", "what is the impact of", "what would be the effect of", "what effect", "what impact",
        "show", "show me", "see", "let me see", "want to see", "what does", "what would",
        "id like to see", "tell me", "estimate", "calculate", "forecast", "predict", "effect of",
        "impact of", "zeig", "zeige", "zeig mir", "berechne", "montre", "montre moi",
        "calcule", "was bringt", "was macht", "was würde", "que donne", "que donnerait", "how would",
        "compute",
    )
)  # fmt: skip
"""Words that a change may follow directly: 'show me TV at +10%'."""


def _shows(rest: list[Word]) -> bool:
    return bool(rest) and any(w.channels or w.has("all", "rest", "pron") for w in rest)


def _topics(parts: list[Clause]) -> list[Clause]:
    """'Search is sacred, keep it unchanged': a name alone is what the next clause's 'it' means."""
    out: list[Clause] = []
    for place, clause in enumerate(parts):
        following = parts[place + 1] if place + 1 < len(parts) else None
        alone = (
            bool(clause.of("ch"))
            and not clause.amounts
            and not clause.has(*(v for v in VERBS if v not in ("take", "set")), "more", "less", "off", "vague", "same")
        )
        if alone and following is not None and following.has("pron") and not following.of("ch"):
            names = clause.of("ch")[0]
            kept = [_named(i, names) if i.kind == "pron" else i for i in following.items]
            if len(names.channels) == 1 or all(i.value == "many" for i in following.of("pron")):
                parts[place + 1] = replace(following, items=kept)
                continue
            raise questions.which_channel(following.text, names.channels)
        out.append(parts[place])
    return out


def _named(pron: Item, names: Item) -> Item:
    return replace(names, roles=pron.roles)


def _copied(parts: list[Clause]) -> list[Clause]:
    """'the same for radio' does to it what the clause before did."""
    out: list[Clause] = []
    for clause in parts:
        copies = clause.has("same") and not clause.amounts and not clause.has(*VERBS) and bool(clause.of("ch"))
        if copies and out and len(clause.of(*CHANNELS)) == 1:
            before = out[-1]
            own = clause.of("ch")[0]
            kept = [replace(own, roles=i.roles) if i.kind in CHANNELS else i for i in before.items]
            if len(before.channels) == 1:
                clause = replace(before, items=kept, text=clause.text)
        elif copies:
            raise questions.again()
        out.append(clause)
    return out
