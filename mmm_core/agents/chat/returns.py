"""Questions about what channels brought: over all of the data, over a part of them, or side by side.

What narrows a question is followed, or it is said in front that it could not be.
"""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta

from mmm_core.agents.chat import answers
from mmm_core.agents.chat.part import Known, Part, Span, part_of
from mmm_core.agents.chat.part_words import KNOWN as PLAIN
from mmm_core.agents.chat.talk import Draft
from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context, Result
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.results import Results
from mmm_core.grammar.names import Names
from mmm_core.reports.wording import day, plain, safe

Take = Callable[[Draft, str, Result, Callable[[Result], str]], None]
LETTERS = "a-z0-9äöüßéèàâêîôûçœæ"
MOST = 3
"""Channels that one answer tells of."""
BESIDE = re.compile(
    r"\b(?:compare|comparing|comparison|vs|versus|against|difference between|side by side|beside|better|rather|"
    r"vergleich\w*|gegenüber|unterschied zwischen|besser|compare[rz]?|comparaison|contre|différence entre|mieux)\b",
    re.IGNORECASE,
)


def part_asked(context: Context, text: str) -> Part:
    """The part of the data that the text is about; all of them where there is no model."""
    try:
        results = context.results()
    except CarryoverError:
        return Part()
    end = results.last_period + timedelta(days=results.period_days - 1)
    names = [*(c.channel for c in results.channels), results.kpi]
    spelled = [words for n in names for words in (_spelled(n), plain(n))]
    return part_of(text, Known(results.first_period, end, results.period_days, results.geo_names, spelled))


def answer(context: Context, text: str, draft: Draft, take: Take) -> None:
    """Returns of the channels that the text names, or of all; of the part that it names."""
    channels = named(context, text)
    part = part_asked(context, text)
    if part.left:
        draft.text = _not_followed(part, context.results())
    if part.spans or part.geo:
        for span in part.spans or (None,):
            draft.text = f"{draft.text}\n\n{_cut(span, context.results())}".strip()
            take(draft, "returns_during", _during(context, part, span, channels), answers.during)
        draft.text = f"{draft.text}\n\n{answers.CAME}"
    elif len(channels) > 1 and BESIDE.search(text):
        found = [_one(context, c) for c in channels[:MOST]]
        for result in found:
            take(draft, "channel_results", result, lambda _: "")
        draft.text = f"{draft.text}\n\n{answers.beside(found)}".strip()
    elif channels:
        for channel in channels[:MOST]:
            take(draft, "channel_results", _one(context, channel), answers.channel)
    else:
        take(draft, "roi_summary", registry.call(context, "roi_summary", {}), answers.returns)


def _one(context: Context, channel: str) -> Result:
    return registry.call(context, "channel_results", {"channel": channel})


def _during(context: Context, part: Part, span: Span | None, channels: Sequence[str]) -> Result:
    days = {} if span is None else {"first": span.first.isoformat(), "last": span.last.isoformat()}
    given = {**days, "geo": part.geo, "channels": list(channels[:MOST])}
    return registry.call(context, "returns_during", given)


def _cut(span: Span | None, results: Results) -> str:
    """Said in front where the data hold only a part of the days that were asked for."""
    end = results.last_period + timedelta(days=results.period_days - 1)
    if span is None or (span.first >= results.first_period and span.last <= end):
        return ""
    return f"The data hold only a part of {day(span.first)} to {day(span.last)}:"


def _not_followed(part: Part, results: Results) -> str:
    """Said in front of figures that are of more than was asked for."""
    of = (
        "what follows is of the whole period named"
        if part.spans
        else f"what follows is of all {results.periods} periods, "
        f"{day(results.first_period)} to {day(results.last_period)}"
    )
    where = f" in {safe(part.geo)}" if part.geo else ""
    return f"I cannot follow “{safe(part.left)}”: {of}{where}, as the model was fitted."


def narrowed(context: Context, text: str) -> str:
    """What has to be said before a look-up that knows of no period, place or condition; empty where none is named."""
    part = part_asked(context, text)
    if part.spans or part.geo or re.match(r"(?:if|when|wenn|falls|si)\b", part.left):
        return "I cannot narrow this to a period, a place or a condition: it is of everything there is."
    return ""


def named(context: Context, text: str) -> tuple[str, ...]:
    """Channels of the model that the text names, in its order; by a part of a name if it is one channel's alone."""
    names = [c.channel for c in context.results().channels]
    low = f" {_spelled(text)} "
    places: dict[str, int] = {}
    for channel in sorted(names, key=len, reverse=True):
        spelled = f" {_spelled(channel)} "
        if spelled.strip() and (at := low.find(spelled)) >= 0:
            places[channel] = at
            low = low.replace(spelled, f" {'·' * (len(spelled) - 2)} ")
    parts = Names(names, names)
    for word in re.finditer(rf"[{LETTERS}]{{2,}}", low):
        found = None if word.group() in PLAIN else parts.part([word.group()])
        if found is not None and found.distance == 0 and len(found.channels) == 1:
            places.setdefault(found.channels[0], word.start())
    return tuple(sorted(places, key=lambda c: places[c]))


def _spelled(text: str) -> str:
    return " ".join(re.split(rf"[^{LETTERS}]+", text.casefold())).strip()
