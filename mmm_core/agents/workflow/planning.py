"""Plan phase: a research plan from what the data hold, and its approval."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mmm_core.agents.workflow.desk import Desk, next_key
from mmm_core.agents.workflow.state import Decided, State, Step, plain
from mmm_core.data import recognise
from mmm_core.domain.dataset import ColumnRole, Role
from mmm_core.domain.errors import DataError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import KpiUnit, Plan, PlanStatus, Precedent, Project
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, experience, mending, plans, projects
from mmm_core.use_cases.experience import Lesson
from mmm_core.use_cases.precedents import in_words

REJECTED = "The plan stays a draft and nothing is fitted; change it on the Plan page and run the analysis again."
SHOWN = 3
"""Earlier models that the approval shows."""
UNITS = {KpiUnit.REVENUE.value: "Revenue (money)", KpiUnit.COUNT.value: "A count (orders, sign-ups)"}
PLENTY = 104
"""Periods from which a yearly season is seen twice."""


def propose(desk: Desk, state: State) -> Step:
    """The plan that was decided already, a person's draft, or one from the columns."""
    services, actor = desk.services, desk.actor
    project = projects.get_project(services, actor, state["project_id"])
    version = datasets.latest_dataset(services, actor, project.id)
    if version is None:
        raise DataError("Add data on the Data page first; the analysis starts from them.")
    mended = mending.preview(services, actor, version.id)
    last = plans.latest_plan(services, actor, project.id)
    update: State = {"version_id": version.id, "question": None}
    text = state.get("given_spec")
    given = ModelSpec.from_yaml(text) if text else None
    if last and last.status is not PlanStatus.DRAFT and given is None:
        why = f"{last.decided_by}: {last.decision_reason}" if last.decision_reason else f"By {last.decided_by}."
        update["plan_id"] = last.id
        known = Decided(f"Plan {last.version} is {last.status} already; it is not asked about again.", why)
        return Step(update, _facts(last), (known,))
    target, channels, controls = plans.plan_columns(mended.recognition)
    if given:
        target, channels = given.kpi.column, [c.name for c in given.channels]
        controls = [*given.controls, *given.holidays]
    if not target:
        raise DataError("No column looks like the KPI; name it with --kpi COLUMN, or set its role on the Data page.")
    draft = last if last and last.status is PlanStatus.DRAFT and given is None else None
    plan = draft or _written(desk, state, project, mended, target, channels, controls)
    lessons = experience.for_plan(services, actor, project.id, plan)
    update |= {"plan_id": plan.id, "question": plain(_question(state, project, plan, mended, lessons))}
    source = "the draft on the Plan page" if draft else "the given specification" if given else "the data's columns"
    kept = Decided(
        f"The question: what did {listed(plan.channels)} bring to {f.inside(plan.target)}?", f"Proposed from {source}."
    )  # fmt: skip
    return Step(update, _facts(plan), (kept,), closes=False)


def decide(desk: Desk, state: State) -> Step:
    answer = desk.ask(state)
    key = next_key(state, Gate.PLAN)
    who = desk.person(answer)
    project_id = state["project_id"]
    if answer.verdict is Verdict.REJECT:
        sentence = f"{answer.by} rejected the plan: {answer.reason} {REJECTED}"
        return Step({"question": None, "stopped": sentence, "leads_to": "plan"})
    plan_id = state["plan_id"]
    if answer.verdict is Verdict.EDIT:
        with desk.services.work(desk.actor) as work:
            plan = work.projects.latest_plan(project_id)
        assert plan is not None
        edits: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in answer.edits.items()}
        if "precedents" in edits:
            lessons = experience.for_plan(desk.services, desk.actor, project_id, plan)
            edits["precedents"] = tuple(p for p in _handed(plan, lessons) if _label(p) in edits["precedents"])
        _set_unit(desk, key, who, project_id, edits.pop("kpi_unit", ""))
        new = replace(plan, **edits)
        plan_id = desk.once(
            f"{key}:edit", "Changed the plan as asked",
            lambda s, a: plans.save_plan(
                s, a, project_id, question=new.question, target=new.target, channels=new.channels,
                controls=new.controls, hypotheses=new.hypotheses, data_needed=new.data_needed,
                experiments=new.experiments, precedents=new.precedents,
            ).id,
            by=who,
        )  # fmt: skip
    desk.once(
        f"{key}:approve", "Approved the plan",
        lambda s, a: plans.approve_plan(s, a, project_id, answer.reason).id, by=who,
    )  # fmt: skip
    approved = plans.latest_plan(desk.services, desk.actor, project_id)
    assert approved is not None
    version_id = _aim(desk, key, who, state["version_id"], approved.target)
    said = Decided(f"{answer.by} approved plan {approved.version}.", answer.reason, dict(answer.edits))
    update: State = {"question": None, "plan_id": plan_id, "version_id": version_id}
    return Step(update, _facts(approved), (said,))


def _aim(desk: Desk, key: str, who: Actor, version_id: str, target: str) -> str:
    """Mark the plan's target as the KPI, so that the checks of the data look at it; the version that has it so."""
    roles = datasets.load_working(desk.services, desk.actor, version_id).version.recognition
    is_column = target in {r.column for r in roles.roles}
    # Done again after a crash, the column is the KPI already: the note says which version has it so.
    if (not is_column or target == roles.one(Role.KPI)) and not desk.done(f"{key}:kpi"):
        return version_id
    role = ColumnRole(target, Role.KPI, 1.0, "the plan's target")
    return desk.once(
        f"{key}:kpi", f"Made {f.inside(target)} the KPI of the data",
        lambda s, a: datasets.correct_roles(s, a, version_id, [role]).id, by=who,
    )  # fmt: skip


def _set_unit(desk: Desk, key: str, who: Actor, project_id: str, unit: str) -> None:
    if unit:
        project = projects.get_project(desk.services, desk.actor, project_id)
        changed = replace(project, kpi_unit=KpiUnit(unit))
        desk.once(
            f"{key}:unit", "Changed what the KPI is",
            lambda s, a: projects.update_project(s, a, changed).id, by=who,
        )  # fmt: skip


def _written(
    desk: Desk, state: State, project: Project, mended: mending.Mended, target: str, channels: list[str],
    controls: list[str],
) -> Plan:  # fmt: skip
    follows = [c for c in channels if any(word in c.casefold() for word in plans.FOLLOWS_DEMAND)]
    short = mended.version.periods < PLENTY
    desk.once(
        f"plan:{next_key(state, Gate.PLAN)}", "Wrote a draft of the plan",
        lambda s, a: plans.save_plan(
            s, a, project.id, question=project.question, target=target, channels=channels, controls=controls,
            hypotheses=[f"{f.plain(c)} partly catches demand that is there anyway." for c in follows],
            data_needed=[f"More history: {mended.version.periods} periods show a year's season less than twice."]
            if short else [],
            experiments=[f"A test of {f.inside(c)}, whose spend follows demand." for c in follows],
        ).id,
    )  # fmt: skip
    plan = plans.latest_plan(desk.services, desk.actor, project.id)
    assert plan is not None
    if not plans.get_diagram(desk.services, desk.actor, project.id).nodes:
        diagram = plans.first_diagram(project, plan)
        desk.once(
            "diagram", "Drew a first causal diagram",
            lambda s, a: plans.save_diagram(s, a, diagram).project_id,
        )  # fmt: skip
    return plan


def _handed(plan: Plan, lessons: Sequence[Lesson]) -> list[Precedent]:
    """What may be taken over of earlier models; none of it is before a person chooses it."""
    return list(dict.fromkeys((*plan.precedents, *(p for m in lessons for p in m.offers))))


def _label(one: Precedent) -> str:
    return f"{in_words(one)}, from {one.source}"


def _question(
    state: State, project: Project, plan: Plan, mended: mending.Mended, lessons: Sequence[Lesson]
) -> Question:
    _, channels, controls = plans.plan_columns(mended.recognition)
    roles = {r.column: r.role for r in mended.recognition.roles}
    spare = [c for c in mended.columns if roles.get(c) in (Role.IGNORE, Role.TREATMENT)]
    targets = [c for c in mended.columns if roles.get(c) is not Role.DATE]
    # A specification that was brought along, or a column of values, says what the KPI is.
    said = bool(state.get("given_spec") or mended.recognition.columns(Role.VALUE_PER_UNIT))
    unit = "" if said else _unit(project, plan)
    evidence = [
        f"Target: {f.plain(plan.target)}{f', {unit}' if unit else '.'}",
        f"Channels: {', '.join(map(f.plain, plan.channels))}",
        f"Controls: {', '.join(map(f.plain, plan.controls)) or 'none'}",
    ]
    evidence += [f"Belief: {h}" for h in plan.hypotheses]
    evidence += [f"Data still needed: {d}" for d in plan.data_needed]
    evidence += [f"Worth testing: {e}" for e in plan.experiments]
    evidence += [f"Worked before: {m.sentence}" for m in lessons[:SHOWN]]
    handed = [_label(p) for p in _handed(plan, lessons)]
    before = Input(
        "precedents", "Take over from earlier models", "choices", list(map(_label, plan.precedents)), tuple(handed)
    )
    return Question(
        key=next_key(state, Gate.PLAN),
        gate=Gate.PLAN,
        text="Approve this plan?",
        evidence=tuple(evidence),
        rejected=REJECTED,
        inputs=(
            Input("question", "Which decision should this answer?", "text", plan.question),
            Input("target", "Target (KPI)", "choice", plan.target, _options([plan.target], targets)),
            *([] if said else [Input("kpi_unit", "The KPI is", "choice", project.kpi_unit.value, tuple(UNITS), UNITS)]),
            Input("channels", "Channels", "choices", list(plan.channels), _options(plan.channels, channels)),
            Input("controls", "Controls", "choices", list(plan.controls), _options(plan.controls, controls, spare)),
            *([before] if handed else []),
        ),
        subject={"plan": plan.id, "version": mended.version.id},
    )


def _unit(project: Project, plan: Plan) -> str:
    """What the target is taken for, and where its name says otherwise."""
    if project.kpi_unit is KpiUnit.COUNT:
        worth = project.value_per_unit
        if worth is None:
            return "a count; as nobody said what one is worth, there will be no return on spend."
        return f"a count, each worth {f.money(worth, project.currency)}."
    doubt = " Its name reads like a count: change it here if it is one." if recognise.counts(plan.target) else ""
    return f"money in {project.currency}.{doubt}"


def _facts(plan: Plan) -> dict[str, object]:
    return {
        "question": plan.question,
        "target": plan.target,
        "channels": list(plan.channels),
        "controls": list(plan.controls),
        "hypotheses": list(plan.hypotheses),
        "experiments": list(plan.experiments),
        "status": plan.status.value,
    }


def _options(*groups: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(x for group in groups for x in group))


def listed(names: tuple[str, ...]) -> str:
    """tv, search and social."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
