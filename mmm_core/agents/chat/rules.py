"""The assistant without a language model: the grammar for changes, look-ups for questions, help for the rest.

It answers at once, the same each time, and every figure it writes goes through the number lock like anybody else's.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mmm_core import grammar
from mmm_core.agents.chat import answers, asks, returns
from mmm_core.agents.chat.talk import Draft, channels_before, facts_told, sentence_before
from mmm_core.agents.tools import journal, plan, registry
from mmm_core.agents.tools.kinds import Context, Result
from mmm_core.domain.conversation import Message, to_record
from mmm_core.domain.errors import CarryoverError, NotFound
from mmm_core.domain.instructions import Reading
from mmm_core.domain.routing import Place
from mmm_core.reports.wording import dated
from mmm_core.use_cases import fits, routing, sentences

Write = Callable[[Result], str]


@dataclass(frozen=True)
class Rule:
    """A look-up: words that ask for it, the tool that knows, and how its result is said."""

    asks: re.Pattern[str]
    tool: str
    write: Write


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b", re.IGNORECASE)


WHERE = re.compile(
    r"\b(?:where|how)\b.*?\b(?:does|do|did|is|was|were|are|come|comes|get)\b\s*(?P<what>.*?)\s*"
    r"\b(?:come|comes|came|coming|computed|calculated|derived|taken|made|from)\b.*$"
    r"|\b(?:lineage|origin|source)\s+of\s+(?P<of>.+)$|\bwoher\s+kommt\s+(?P<de>.+)$|\bd['’]où\s+vient\s+(?P<fr>.+)$",
    re.IGNORECASE | re.DOTALL,
)
SAME_FOR = re.compile(r"^\W*(?:and|also|und|et)?\s*(?P<who>.+?),?\s+(?:the\s+)?same\W*$", re.IGNORECASE)
"""'and TV the same' is said to the grammar as 'the same for TV'."""
HELP = _words("help", "what can you", "what can i", "how do you work", "hilfe", "was kannst", "aide", "que peux")
ACTS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"^\W*(?:please\s+)?publish\b.*\breport\b", re.IGNORECASE), "publish_report"),
    (re.compile(r"^\W*(?:please\s+)?(?:fit|start|run|train)\b.*\b(?:model|fit)\b", re.IGNORECASE), "run_bayesian_mmm"),
    (re.compile(r"^\W*(?:please\s+)?clean\b.*\bdata\b", re.IGNORECASE), "clean_data"),
    (re.compile(r"^\W*(?:please\s+)?approve\b.*\bplan\b", re.IGNORECASE), "approve_plan"),
)
NOTE = re.compile(r"^\W*(?:please\s+)?(?:note|remember)\b(?:\s+that)?\s*[:,]?\s+(?P<text>.{3,})$", re.I | re.DOTALL)
OURS = re.compile(
    r"\b(?:we|us|our|model|data|reports?|checks?|wir|unsere?|modell|daten|nous|modèle|données)\b", re.IGNORECASE
)
SUPPOSES = re.compile(
    r"\d|\b(?:if|suppose|supposing|imagine|happens?|wenn|falls|angenommen|si|supposons)\b", re.IGNORECASE
)
PAGES = {
    Place.PLAN: "plan",
    Place.DATA: "data",
    Place.MODEL: "model",
    Place.ANALYSIS: "model",
    Place.WHAT_IF: "what_if",
    Place.REPORT: "report",
    Place.TEAM: "team",
}
LOOKUPS: Sequence[Rule] = (
    Rule(_words("outliers?", "anomal(?:y|ies)", "ausreißer"), "detect_outliers", answers.checks),
    Rule(_words("checks?", "quality of the data", "data quality", "data (?:good|ok|okay|usable|clean)",
                "missing values?"), "check_data", answers.checks),
    Rule(_words("columns?", "what(?:'s| is) in the data", "variables?", "spalten"), "inspect_data", answers.columns),
    Rule(_words("correlat(?:ion|ions|ed)"), "get_correlation_matrix", answers.correlations),
    Rule(_words("trends?", "year on year", "season(?:al|ality)?", "growing"), "scan_trends", answers.findings),
    Rule(_words("how (?:much|many) (?:data|weeks|periods|rows)", "data (?:through|until|up to)",
                "how (?:old|current|fresh|recent)", "which file", "what data", "status", "wie viele wochen"),
         "get_data_status", answers.status),
    Rule(_words("scenarios?"), "list_scenarios", answers.scenarios),
    Rule(_words("reports?"), "list_reports", answers.reports),
    Rule(_words("which models?", "list (?:the )?models", "models"), "list_models", answers.models),
    Rule(_words("model", "fit", "r2", "r²", "r-?hat", "mape", "converged?", "trust", "reliable", "accurate",
                "adstock", "saturation", "baseline"), "model_quality", answers.quality),
    Rule(_words("tools?"), "list_all_tools", answers.tools),
    Rule(_words("what should (?:i|we) do", "recommend(?:ation|ations)?", "advice", "roi", "returns?", "returned",
                "best", "worst", "works?", "worked", "perform(?:s|ance|ing|ed)?", "effective",
                "contribut(?:e|es|ed|ion|ions)", "brought", "bring", "brings", "evidence", "how sure", "rendite",
                "rendement", "channels?", "spend(?:s|ing)?"),
         "roi_summary", answers.returns),
)  # fmt: skip


def answer(context: Context, text: str, messages: Sequence[Message]) -> Draft:
    """An answer to one message; never an exception of the tools' own, which are sentences for the person."""
    context = replace(context, before=channels_before(messages), told=facts_told(messages))
    draft = Draft(said=text)
    try:
        _answer(context, text.strip(), messages, draft)
    except CarryoverError as error:
        draft.text = dated(str(error))
    return draft


def changes_of(context: Context, text: str, messages: Sequence[Message]) -> Draft | None:
    """The answer where the grammar understands every word of a change; None where it does not."""
    context = replace(context, before=channels_before(messages), told=facts_told(messages))
    try:
        reading = _reading(context, text, messages)
        return _changed(context, text, reading) if reading and reading.changes else None
    except CarryoverError as error:
        return Draft(text=str(error), said=text, tools=("propose_changes",))


def _reading(context: Context, text: str, messages: Sequence[Message]) -> Reading | None:
    """None where there is nothing to change yet."""
    if context.project_id is None:
        return None
    try:
        return _read(context, text, messages)
    except NotFound:
        return None


def _changed(context: Context, text: str, reading: Reading) -> Draft:
    draft = Draft(said=text)
    try:
        given = {"sentence": text}
        found = journal.noted(context, "propose_changes", given, lambda: plan.changed(context, reading.changes))
        _take(draft, "propose_changes", found, answers.plan)
    except CarryoverError as error:
        return Draft(text=str(error), said=text, tools=("propose_changes",))
    return draft


def _answer(context: Context, text: str, messages: Sequence[Message], draft: Draft) -> None:
    where = WHERE.search(text)
    if where and (found := _figure(context, where, text)):
        _take(draft, "where_from", registry.call(context, "where_from", {"figure": found}), answers.lineage)
        draft.unclear = found if draft.options else ""
        return
    if HELP.search(text):
        draft.text = answers.HELP
        return
    if asks.guided(text, draft):
        return
    for wanted, tool in ACTS:
        if wanted.search(text):
            _take(draft, tool, registry.call(context, tool, {}), answers.proposal)
            return
    if note := NOTE.match(text):
        given = {"title": note["text"][:60], "text": note["text"]}
        _take(draft, "add_analysis_note", registry.call(context, "add_analysis_note", given), answers.proposal)
        return
    if asks.answered(context, text, draft, _take):
        return
    reading = _reading(context, text, messages)
    if reading is not None and reading.changes:
        draft.__dict__.update(_changed(context, text, reading).__dict__)
        return
    if reading is not None and _beyond(context, text, reading, draft):
        return
    if reading is not None and asks.split(context, text, draft, _take):
        return
    if not _look_up(context, text, draft):
        _ask_back(context, text, messages, draft)


def _beyond(context: Context, text: str, reading: Reading, draft: Draft) -> bool:
    """What sounds like a change and is none: the past, a price, what others say."""
    if reading.about == "opinion" and not OURS.search(text):
        found = registry.call(context, "look_up", {"question": text[:400]})
        _take(draft, "look_up", found, answers.background)
        return True
    supposes = reading.about == "price" and SUPPOSES.search(text)
    if reading.about != "past" and not supposes:
        return False
    draft.text, draft.options = reading.question or "", reading.options
    draft.places = ("what_if",) if reading.about == "past" else ()
    return True


def _look_up(context: Context, text: str, draft: Draft) -> bool:
    if not answers.QUESTION.search(text):
        return False
    beside = returns.BESIDE.search(text) and context.project_id is not None and len(_named(context, text)) > 1
    for rule in LOOKUPS:
        if beside or (rule.tool == "roi_summary" and rule.asks.search(text)):
            returns.answer(context, text, draft, _take)
            return True
        if not rule.asks.search(text):
            continue
        if rule.tool == "model_quality" and _named(context, text):
            returns.answer(context, text, draft, _take)
            return True
        draft.text = returns.narrowed(context, text)
        _take(draft, rule.tool, registry.call(context, rule.tool, {}), rule.write)
        return True
    return _only_narrowed(context, text, draft)


def _only_narrowed(context: Context, text: str, draft: Draft) -> bool:
    """'Last quarter compared with the one before?': a part of the data, and nothing else to look up."""
    if not returns.part_asked(context, text).spans or answers.CHANGE.search(text):
        return False
    returns.answer(context, text, draft, _take)
    return True


def _ask_back(context: Context, text: str, messages: Sequence[Message], draft: Draft) -> None:
    """The grammar's own question where a change was probably meant, else what there is to ask."""
    try:
        reading = _read(context, text, messages)
    except NotFound as error:
        draft.text = f"{error} {answers.SHORT_HELP}"
        return
    if reading.question is None or not _mentions(context, text):
        _point(context, text, draft)
        return
    draft.text, draft.options, draft.unclear = reading.question, reading.options, reading.unclear


def _point(context: Context, text: str, draft: Draft) -> None:
    """Say where a message belongs that no rule answers; background is looked up at once."""
    draft.text = answers.NOT_UNDERSTOOD
    if context.services.router is None:
        return
    try:
        routed = routing.route(context.services, context.actor, text)
    except CarryoverError:
        return
    place = routed.routing.place
    if place is Place.RESEARCH and context.project_id is not None:
        draft.text = ""
        _take(draft, "look_up", registry.call(context, "look_up", {"question": text[:400]}), answers.background)
        return
    wanted = routed.routing.candidates[:3] if place is Place.UNSURE else (place,)
    draft.places = tuple(dict.fromkeys(PAGES[p] for p in wanted if p in PAGES))
    draft.routed = routed.id
    if draft.places:
        draft.text = answers.BELONGS if place is not Place.UNSURE else answers.MAY_BELONG


def _read(context: Context, text: str, messages: Sequence[Message]) -> Reading:
    results, response = context.results(), context.fitted().response
    reading = sentences.read(response, results, text[: grammar.LONGEST + 1], context.before)
    before = sentence_before(messages)
    if reading.question is not None and before and answers.SAME.search(text):
        alike = SAME_FOR.match(text)
        also = f"the same for {alike['who']}" if alike else text.lstrip(" ,")
        joined = sentences.read(response, results, f"{before.rstrip(' .!?')}, {also}", context.before)
        return joined if joined.changes else reading
    return reading


def _mentions(context: Context, text: str) -> bool:
    return bool(_named(context, text) or answers.CHANGE.search(text))


def _named(context: Context, text: str) -> tuple[str, ...]:
    """Channels of the model that the text names; none where there is no model."""
    try:
        return returns.named(context, text)
    except NotFound:
        return ()


def _figure(context: Context, where: re.Match[str], text: str) -> str:
    """The figure or metric that a 'where does ... come from' is about; empty where it is about neither."""
    asked = next((where[g] for g in ("what", "of", "de", "fr") if where[g]), "").strip(" ?.!\"'“”")
    keys = [f.key for f in fits.get_facts(context.services, context.actor, context.run().id)]
    known = [k for k in keys if k == asked or f"({k})" in text]
    return max(known, key=len) if known else asked if any(c.isdigit() for c in asked) else ""


def _take(draft: Draft, tool: str, result: Result, write: Write) -> None:
    """Put a tool's result into the answer."""
    words = write(result)
    draft.text = f"{draft.text}\n\n{words}".strip()
    draft.facts = (*draft.facts, *(f for f in result.facts if f not in draft.facts))
    draft.tools = (*draft.tools, tool)
    draft.changes = draft.changes or tuple(to_record(c) for c in result.changes)
    draft.options = draft.options or result.options
    draft.unclear = draft.unclear or result.unclear
    if result.proposal:
        draft.proposals = (*draft.proposals, result.proposal)
