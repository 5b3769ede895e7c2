"""Writing a draft down: what it will change, and the one act by which plan and diagram are changed (P2, P5)."""

from dataclasses import dataclass, replace

from mmm_core.domain.errors import PlanError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.plan_talk import DraftPlan, Hypothesis, PlanTalk, TalkStatus, Topic, Turn, Voice
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Plan, PlanStatus
from mmm_core.reports import plan_words
from mmm_core.use_cases import plans
from mmm_core.use_cases.access import require
from mmm_core.use_cases.planning import RULES, kept, opened
from mmm_core.use_cases.planning_draft import of_plan, words
from mmm_core.use_cases.planning_known import Known, known


@dataclass(frozen=True)
class Line:
    """One thing that writing the draft down adds to the plan, or takes from it."""

    topic: Topic
    added: bool
    text: str


@dataclass(frozen=True)
class Changes:
    version: int
    """Of the plan that it becomes."""
    lines: tuple[Line, ...]
    arrows: tuple[Hypothesis, ...]
    """New in the causal diagram."""
    first_diagram: bool
    """Whether there is none yet, so that one is drawn from the plan."""


def changes(services: Services, actor: Actor, talk: PlanTalk) -> Changes:
    """What ``write_down`` would do; nothing is changed by it."""
    with services.work(actor) as work:
        what = known(work, talk.project_id)
    return _changes(what, talk.draft)


def write_down(services: Services, actor: Actor, talk: PlanTalk) -> tuple[PlanTalk, Plan]:
    """Make the draft the project's plan, and its arrows part of the diagram; the plan waits for approval."""
    require(actor, TeamRole.ANALYST, "write a plan")
    opened(talk)
    draft = talk.draft
    if not draft.target or not draft.channels:
        raise PlanError("The plan needs a target and at least one channel before it can be written.")
    with services.work(actor) as work:
        what = known(work, talk.project_id)
        found = _changes(what, draft)
        plan = plans.write(
            services, work, talk.project_id, question=draft.question, target=draft.target, channels=draft.channels,
            controls=draft.controls, hypotheses=[h.text for h in draft.hypotheses], data_needed=draft.data_needed,
            experiments=draft.experiments, precedents=draft.precedents,
        )  # fmt: skip
        if found.arrows:
            base = what.diagram if what.diagram.nodes else plans.first_diagram(what.project, plan)
            plans.draw(work, plans.with_arrows(base, found.arrows, plan, set(what.names)))
        closing = Turn(Voice.ASSISTANT, plan_words.WRITTEN.format(version=plan.version), services.now(), RULES)
        done = replace(talk, status=TalkStatus.WRITTEN, wrote=plan.id, turns=(*talk.turns, closing), suggested=())
        detail = {"plan": plan.id, "version": plan.version, "arrows": len(found.arrows)}
        work.audit.record("plan_talk.written", talk.id, detail)
        return kept(services, work, done), plan


def _changes(what: Known, draft: DraftPlan) -> Changes:
    before = of_plan(what.plan) if what.plan else DraftPlan()
    lines: list[Line] = []
    for topic in Topic:
        old, new = words(topic, before), words(topic, draft)
        lines += [Line(topic, True, text) for text in new if text not in old]
        lines += [Line(topic, False, text) for text in old if text not in new]
    arrows = tuple(h for h in draft.hypotheses if h.is_arrow and not what.drawn(h.cause, h.effect))
    last = what.plan
    version = 1 if last is None else last.version if last.status is PlanStatus.DRAFT else last.version + 1
    return Changes(version, tuple(lines), arrows, bool(arrows) and not what.diagram.nodes)
