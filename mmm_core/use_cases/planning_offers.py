"""What the product proposes for each part of a plan, each item with its reason: from the data, from what worked
before, and from plans that were approved before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from mmm_core.causal.holdings import key
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.plan_talk import DraftPlan, Hypothesis, Suggestion, Topic
from mmm_core.domain.project import KpiUnit, PrecedentKind
from mmm_core.reports import plan_words
from mmm_core.reports import wording as f
from mmm_core.use_cases.experience import Grade, Lesson
from mmm_core.use_cases.planning_known import NO_CONTROL, Known, arrows_of
from mmm_core.use_cases.plans import FOLLOWS_DEMAND
from mmm_core.use_cases.precedents import in_words

SEEN_FIRST = (
    "tv",
    "television",
    "radio",
    "ooh",
    "out of home",
    "video",
    "youtube",
    "cinema",
    "print",
    "display",
    "podcast",
)
"""Channels after which people look for what they have seen or heard."""
UNSEEN = "demand"
PLENTY = 104
"""Periods from which a yearly season is seen twice."""
UNSURE = 0.7
MOST = 12
"""Arrows, data and experiments proposed at most; a longer list is not read."""


def offers(topic: Topic, known: Known, draft: DraftPlan, lessons: Sequence[Lesson] = ()) -> tuple[Suggestion, ...]:
    """Items for a part of the plan that the draft does not hold yet, the likeliest first."""
    found: dict[str, Suggestion] = {}
    for one in OFFERS[topic](known, draft, lessons):
        first = found.get(one.key)
        # What is proposed for two reasons is one item with both.
        also = f" {one.why}" if first and one.why not in first.why else ""
        found[one.key] = replace(first, why=f"{first.why}{also}", link=first.link or one.link) if first else one
    return tuple(found.values())[: None if topic in (Topic.CHANNELS, Topic.CONTROLS) else MOST]


def _item(topic: Topic, text: str, why: str, **more: object) -> Suggestion:
    return replace(Suggestion(f"{topic}:{key(text)}", topic, text, why), **more)  # type: ignore[arg-type]


def _question(known: Known, draft: DraftPlan, _: Sequence[Lesson]) -> Iterator[Suggestion]:
    target = f.inside(known.suggested[0] or "sales")
    if known.project.question:
        yield _item(Topic.QUESTION, known.project.question, "It stands with the project.")
    for channel in _following(known.suggested[1])[:1]:
        words = f"Does {f.inside(channel)} bring new {target}, or catch what would have come anyway?"
        yield _item(Topic.QUESTION, words, "Its spend follows demand.", advised=False)
    yield _item(
        Topic.QUESTION, "Which channels earn their money, and where should the next money go?", "", advised=False
    )
    yield _item(Topic.QUESTION, "How should the same budget be split next year?", "", advised=False)


def _target(known: Known, draft: DraftPlan, _: Sequence[Lesson]) -> Iterator[Suggestion]:
    target = known.suggested[0]
    if target:
        role = known.role(target)
        yield _item(Topic.TARGET, target, _recognised(role.reason, role.confidence) if role else "The project's KPI.")


def _channels(known: Known, draft: DraftPlan, _: Sequence[Lesson]) -> Iterator[Suggestion]:
    silent = {c for check in known.checks("zero_channel") for c in known.channels_in(check.columns)}
    for name in known.suggested[1]:
        role = known.role(name)
        why = _recognised(role.reason, role.confidence) if role else "In the data."
        why = "Zero in every period: nothing can be learned about it." if name in silent else why
        also = [e.project.name for e in known.earlier if key(name) in {key(c) for c in e.plan.channels}]
        yield _item(Topic.CHANNELS, name, f"{why}{_also(also)}", advised=name not in silent)


def _controls(known: Known, draft: DraftPlan, _: Sequence[Lesson]) -> Iterator[Suggestion]:
    leaking = {c: check.message for check in known.checks("leakage") for c in check.columns}
    used = {key(c) for c in (*draft.channels, draft.target)}
    for name in known.suggested[2]:
        role = known.role(name)
        if key(name) in used or role is None:
            continue
        also = [e.project.name for e in known.earlier if key(name) in {key(c) for c in e.plan.controls}]
        why = leaking.get(name) or f"{_recognised(role.reason, role.confidence)}{_also(also)}"
        yield _item(Topic.CONTROLS, name, why, advised=name not in leaking)
    for one in known.earlier:
        for control in one.plan.controls:
            there = known.find(control)
            role = known.role(there) if there else None
            if there and role and role.role not in (*NO_CONTROL, Role.CONTROL, Role.HOLIDAY, Role.TREATMENT):
                why = (
                    f"A control in the approved plan of {one.project.name}; these data have it, marked as {role.role}."
                )
                yield _item(Topic.CONTROLS, there, why, advised=False, link=one.project.id)


def _hypotheses(known: Known, draft: DraftPlan, _: Sequence[Lesson]) -> Iterator[Suggestion]:
    follows = _following(draft.channels)
    for channel in follows:
        yield from _arrow(known, plan_words.hypothesis(UNSEEN, channel, "more people look for it"), "Search is paid "
                          "when somebody looks for something; who does so would often have bought anyway.")  # fmt: skip
    for first in [c for c in draft.channels if _has(c, SEEN_FIRST) and c not in follows]:
        for channel in follows[:1]:
            made = plan_words.hypothesis(first, channel, "people look for what they saw", 1, 0.4)
            why = "If so, a part of what search brings is this channel's."
            yield from _arrow(known, made, why)
    # That a control acts on the KPI is drawn anyway; a lever of the company's own is none of the controls.
    levers = [r.column for r in known.roles if r.role is Role.TREATMENT and r.column not in draft.controls]
    for lever in levers if draft.target else []:
        made = plan_words.hypothesis(lever, draft.target, "what it costs decides who buys", 0, 0.8)
        yield from _arrow(known, made, "A lever of your own: what it does is not credited to media.")
    yield from _drawn_before(known, draft)


def _drawn_before(known: Known, draft: DraftPlan) -> Iterator[Suggestion]:
    for one in known.earlier:
        for edge, to_kpi in arrows_of(one):
            cause = UNSEEN if key(edge.cause) == UNSEEN else known.find(edge.cause)
            effect = draft.target if to_kpi else known.find(edge.effect)
            if cause and effect and cause != effect and not (cause == UNSEEN and to_kpi):
                made = plan_words.hypothesis(
                    cause, effect, edge.mechanism, edge.lag_weeks, edge.confidence, f"Diagram of {one.project.name}"
                )
                yield from _arrow(known, made, f"In the diagram of {one.project.name}.", link=one.project.id)


def _arrow(known: Known, made: Hypothesis, why: str, **more: object) -> Iterator[Suggestion]:
    if not known.drawn(made.cause, made.effect):
        pair = f"{Topic.HYPOTHESES}:{key(made.cause)}>{key(made.effect)}"
        yield replace(_item(Topic.HYPOTHESES, made.text, why, arrow=made, **more), key=pair)


def _precedents(known: Known, draft: DraftPlan, lessons: Sequence[Lesson]) -> Iterator[Suggestion]:
    for lesson in lessons:
        for one in lesson.offers:
            loose = one.kind in (PrecedentKind.MEMORY, PrecedentKind.SATURATION)
            believed = one.kind is PrecedentKind.PRIOR and one.name in known.beliefs
            why = f"From {one.source}; {lesson.why}."
            why += " A person's range was accepted for this channel, which goes before." if believed else ""
            made = _item(Topic.PRECEDENTS, in_words(one), why, precedent=one, link=lesson.project.id)
            yield replace(made, advised=not believed and (lesson.grade is Grade.A or not loose))


def _data(known: Known, draft: DraftPlan, lessons: Sequence[Lesson]) -> Iterator[Suggestion]:
    version = known.version
    if version is None:
        for name in (draft.target, *draft.channels, *draft.controls):
            if name:
                yield _item(Topic.DATA_NEEDED, f"{f.plain(name)} by week", "There are no data yet.")
        return
    if version.periods < PLENTY:
        words = "More history: two years at least"
        yield _item(Topic.DATA_NEEDED, words, f"{version.periods} periods show a year's season less than twice.")
    counted = known.project.kpi_unit is KpiUnit.COUNT and known.project.value_per_unit is None
    if counted and not version.recognition.columns(Role.VALUE_PER_UNIT):
        words = f"What one {f.one_of(draft.target)} is worth"
        yield _item(Topic.DATA_NEEDED, words, "Without it there is no return on spend.")
    for cause in dict.fromkeys(h.cause for h in draft.hypotheses if h.is_arrow):
        if known.find(cause) is None:
            words = f"Something that measures {f.inside(cause)}"
            yield _item(Topic.DATA_NEEDED, words, "Your hypotheses name it, and no column holds it.")
    for lesson in lessons:
        for control in lesson.missing:
            why = (
                f"A control in {lesson.model} of {lesson.project.name} (grade {lesson.grade}); no column here holds it."
            )
            yield _item(Topic.DATA_NEEDED, f.plain(control), why, link=lesson.project.id)
    for check in known.checks("spend_exposure", "nulls", "gaps"):
        if check.status is Status.FAIL:
            yield _item(Topic.DATA_NEEDED, f"{check.title}: to be mended", check.message)


def _experiments(known: Known, draft: DraftPlan, lessons: Sequence[Lesson]) -> Iterator[Suggestion]:
    named = set(draft.channels)
    for check in known.checks("demand_capture", "vif", "correlation", "plan_like_spend"):
        for channel in known.channels_in(check.columns):
            if channel in named:
                yield _item(Topic.EXPERIMENTS, f"A test of {f.inside(channel)}", check.message)
    for channel in _following(draft.channels):
        yield _item(Topic.EXPERIMENTS, f"A test of {f.inside(channel)}", "Its spend follows demand.")
    for lesson in lessons:
        for channel in lesson.uncertain:
            if channel in named:
                why = f"{lesson.model} of {lesson.project.name} learned little about it from data."
                yield _item(Topic.EXPERIMENTS, f"A test of {f.inside(channel)}", why, link=lesson.project.id)


Offer = Callable[[Known, DraftPlan, Sequence[Lesson]], Iterator[Suggestion]]
OFFERS: Mapping[Topic, Offer] = {
    Topic.QUESTION: _question,
    Topic.TARGET: _target,
    Topic.CHANNELS: _channels,
    Topic.CONTROLS: _controls,
    Topic.HYPOTHESES: _hypotheses,
    Topic.PRECEDENTS: _precedents,
    Topic.DATA_NEEDED: _data,
    Topic.EXPERIMENTS: _experiments,
}


def _following(channels: Sequence[str]) -> list[str]:
    return [c for c in channels if _has(c, FOLLOWS_DEMAND)]


def _has(name: str, words: Sequence[str]) -> bool:
    spelled = f" {key(name)} "
    return any(word in spelled if len(word) > 3 else f" {word} " in spelled for word in words)


def _recognised(reason: str, confidence: float) -> str:
    sure = "" if confidence >= UNSURE else ", not sure: look at it"
    return f"{reason[:1].upper()}{reason[1:]}{sure}." if reason else "In the data."


def _also(projects: Sequence[str]) -> str:
    return f" Also in the approved plan of {', '.join(projects[:3])}." if projects else ""
