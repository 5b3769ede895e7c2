"""A draft plan and what changes it: parts set, added, taken out, cleaned, said in words. Nothing here is stored."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mmm_core.causal.holdings import key
from mmm_core.domain.plan_talk import DraftPlan, Hypothesis, Suggestion, Topic
from mmm_core.domain.project import Plan, Precedent, PrecedentKind
from mmm_core.reports import plan_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import planning_reading
from mmm_core.use_cases.planning_known import Known
from mmm_core.use_cases.precedents import in_words

ONE = (Topic.QUESTION, Topic.TARGET)
"""Parts that are a single text."""
NAMES = (Topic.TARGET, Topic.CHANNELS, Topic.CONTROLS)
LISTS = (Topic.CHANNELS, Topic.CONTROLS, Topic.DATA_NEEDED, Topic.EXPERIMENTS)


def of_plan(plan: Plan) -> DraftPlan:
    return DraftPlan(
        plan.question, plan.target, plan.channels, plan.controls, tuple(Hypothesis(h) for h in plan.hypotheses),
        plan.precedents, plan.data_needed, plan.experiments,
    )  # fmt: skip


def without(draft: DraftPlan, topic: Topic, *names: str) -> DraftPlan:
    """The draft with these names taken out of one of its lists."""
    gone = {key(n) for n in names}
    kept = tuple(n for n in getattr(draft, topic.value) if key(n) not in gone)
    return with_part(draft, topic, kept)


def also(draft: DraftPlan, topic: Topic, *items: str) -> DraftPlan:
    kept = getattr(draft, topic.value)
    known = {key(i) for i in kept}
    return with_part(draft, topic, (*kept, *(i for i in items if key(i) not in known)))


def with_part(draft: DraftPlan, topic: Topic, value: Any) -> DraftPlan:
    """The draft with another value of one of its parts."""
    changed: dict[str, Any] = {topic.value: value}
    return replace(draft, **changed)


def answered_with(draft: DraftPlan, topic: Topic, texts: Sequence[str], picked: Sequence[Suggestion]) -> DraftPlan:
    """The draft with one part replaced by an answer."""
    clean = _distinct(" ".join(t.split()) for t in texts)
    if topic in ONE:
        return with_part(draft, topic, clean[0]) if clean else draft
    if topic is Topic.HYPOTHESES:
        return replace(draft, hypotheses=_beliefs(s.arrow or Hypothesis(s.text) for s in picked))
    if topic is Topic.PRECEDENTS:
        return replace(draft, precedents=_once(s.precedent for s in picked if s.precedent))
    return with_part(draft, topic, clean[: planning_reading.MOST])


def with_suggestion(draft: DraftPlan, one: Suggestion, text: str, what: Known) -> DraftPlan:
    """The draft with a proposal added to it as the person left it."""
    if one.topic in ONE:
        return with_part(draft, one.topic, what.find(text) or text if one.topic is Topic.TARGET else text)
    if one.topic is Topic.HYPOTHESES:
        same = one.arrow if one.arrow and one.arrow.text == text else None
        made = same or planning_reading.hypothesis(text, what, draft.target)
        return replace(draft, hypotheses=_beliefs((*draft.hypotheses, made)))
    if one.topic is Topic.PRECEDENTS:
        return replace(draft, precedents=_once((*draft.precedents, *([one.precedent] if one.precedent else []))))
    name = (what.find(text) or text) if one.topic in NAMES else text
    return also(draft, one.topic, name)


def cleaned(draft: DraftPlan) -> DraftPlan:
    """Without empty items and doubles."""
    for topic in LISTS:
        draft = with_part(draft, topic, _distinct(getattr(draft, topic.value)))
    return replace(
        draft, question=" ".join(draft.question.split()), target=draft.target.strip(),
        hypotheses=_beliefs(draft.hypotheses), precedents=_once(draft.precedents),
    )  # fmt: skip


def words(topic: Topic, draft: DraftPlan) -> tuple[str, ...]:
    """The items of a part, each in words."""
    if topic is Topic.HYPOTHESES:
        return tuple(h.text for h in draft.hypotheses)
    if topic is Topic.PRECEDENTS:
        return tuple(f"{in_words(p)}, from {p.source}" for p in draft.precedents)
    value: Any = getattr(draft, topic.value)
    return tuple(v for v in ((value,) if isinstance(value, str) else value) if v)


def sentence(topic: Topic, draft: DraftPlan) -> str:
    """A part as a person would have said it."""
    items = tuple(map(in_words, draft.precedents)) if topic is Topic.PRECEDENTS else words(topic, draft)
    if topic in NAMES:
        items = tuple(map(f.plain, items))
    return (", " if topic in NAMES else "; ").join(items) or plan_words.NOTHING.get(topic, "–")


def _beliefs(found: Iterable[Hypothesis]) -> tuple[Hypothesis, ...]:
    once: dict[object, Hypothesis] = {}
    for h in found:
        if h.text.strip():
            once[(key(h.cause), key(h.effect)) if h.is_arrow else h.text] = h
    return tuple(once.values())


def _once(found: Iterable[Precedent]) -> tuple[Precedent, ...]:
    """One for each part of the specification; of two the later one."""
    named = (PrecedentKind.PRIOR, PrecedentKind.CONTROL)
    return tuple({(p.kind, p.name if p.kind in named else ""): p for p in found}.values())


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in names:
        if name.strip():
            found.setdefault(key(name), name.strip())
    return tuple(found.values())
