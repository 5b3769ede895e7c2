"""The research plan, its approval, and the causal diagram (P2 as a guided form, P4, P5)."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from mmm_core.causal.holdings import key
from mmm_core.causal.loops import refusal
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import Conflict, NotFound, PlanError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.plan_talk import Hypothesis
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole, Plan, PlanStatus, Precedent, Project
from mmm_core.use_cases.access import require
from mmm_core.use_cases.knowledge import remember_decision

FOLLOWS_DEMAND = ("search", "shopping", "ppc", "sem")
"""Channels so named are paid when somebody looks for something, so that demand moves their spend."""


def save_plan(
    services: Services,
    actor: Actor,
    project_id: str,
    *,
    question: str,
    target: str,
    channels: Sequence[str],
    controls: Sequence[str] = (),
    hypotheses: Sequence[str] = (),
    data_needed: Sequence[str] = (),
    experiments: Sequence[str] = (),
    precedents: Sequence[Precedent] | None = None,
) -> Plan:
    """Save a draft; the next version where the last one was already decided.

    Parameters
    ----------
    precedents
        What is taken over of earlier models; those of the last plan where None.
    """
    require(actor, TeamRole.ANALYST, "write a plan")
    with services.work(actor) as work:
        return write(
            services, work, project_id, question=question, target=target, channels=channels, controls=controls,
            hypotheses=hypotheses, data_needed=data_needed, experiments=experiments, precedents=precedents,
        )  # fmt: skip


def write(
    services: Services,
    work: Work,
    project_id: str,
    *,
    question: str,
    target: str,
    channels: Sequence[str],
    controls: Sequence[str],
    hypotheses: Sequence[str],
    data_needed: Sequence[str],
    experiments: Sequence[str],
    precedents: Sequence[Precedent] | None,
) -> Plan:
    """``save_plan`` within a transaction of the caller's, who has checked the role."""
    if not target.strip():
        raise PlanError("The plan needs a target: the KPI that media should move.")
    if not [c for c in channels if c.strip()]:
        raise PlanError("The plan needs at least one channel.")
    project = work.projects.get(project_id)
    last = work.projects.latest_plan(project_id)
    draft = last if last and last.status is PlanStatus.DRAFT else None
    kept = (last.precedents if last else ()) if precedents is None else tuple(precedents)
    plan = Plan(
        id=draft.id if draft else services.new_id(),
        project_id=project.id,
        version=draft.version if draft else (last.version + 1 if last else 1),
        question=question.strip(),
        target=target.strip(),
        channels=_clean(channels),
        controls=_clean(controls),
        hypotheses=_clean(hypotheses),
        data_needed=_clean(data_needed),
        experiments=_clean(experiments),
        status=PlanStatus.DRAFT,
        precedents=kept,
    )
    (work.projects.update_plan if draft else work.projects.add_plan)(plan)
    _to_graph(work, plan)
    work.audit.record("plan.saved", plan.id, {"version": plan.version})
    return plan


def approve_plan(services: Services, actor: Actor, project_id: str, reason: str = "") -> Plan:
    return _decide(services, actor, project_id, PlanStatus.APPROVED, reason, needed=TeamRole.APPROVER)


def skip_plan(services: Services, actor: Actor, project_id: str, reason: str) -> Plan:
    """Go on without an approved plan; the reason stays on record."""
    if not reason.strip():
        raise PlanError("Say in a few words why the plan is skipped; it stays on record.")
    return _decide(services, actor, project_id, PlanStatus.SKIPPED, reason, needed=TeamRole.ANALYST)


def latest_plan(services: Services, actor: Actor, project_id: str) -> Plan | None:
    with services.work(actor) as work:
        return work.projects.latest_plan(project_id)


def save_diagram(services: Services, actor: Actor, diagram: Diagram) -> Diagram:
    require(actor, TeamRole.ANALYST, "draw the causal diagram")
    with services.work(actor) as work:
        return draw(work, diagram)


def draw(work: Work, diagram: Diagram) -> Diagram:
    """``save_diagram`` within a transaction of the caller's, who has checked the role."""
    names = [n.name for n in diagram.nodes]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise PlanError(f"{twice[0]} is in the diagram twice.")
    for edge in diagram.edges:
        missing = [end for end in (edge.cause, edge.effect) if end not in names]
        if missing:
            raise PlanError(f"The arrow {edge.cause} → {edge.effect} names {missing[0]}, which is not in the diagram.")
    if circle := refusal(diagram.edges):
        raise PlanError(circle)
    work.projects.get(diagram.project_id)
    work.graph.save_diagram(diagram)
    work.audit.record("diagram.saved", diagram.project_id, {"nodes": len(names), "edges": len(diagram.edges)})
    return diagram


def get_diagram(services: Services, actor: Actor, project_id: str) -> Diagram:
    with services.work(actor) as work:
        return work.graph.diagram(project_id)


def first_diagram(project: Project, plan: Plan) -> Diagram:
    """A start for the editor: media and controls act on the KPI; an unseen demand acts on it too, and on what is
    bought when people look for something."""
    kpi = plan.target
    unseen = "demand"
    nodes = [CausalNode(kpi, NodeRole.KPI), CausalNode(unseen, NodeRole.UNOBSERVED)]
    nodes += [CausalNode(c, NodeRole.CHANNEL) for c in plan.channels if c != kpi]
    nodes += [CausalNode(c, NodeRole.CONTROL) for c in plan.controls if c not in (kpi, *plan.channels)]
    edges = [CausalEdge(n.name, kpi, "advertising", 0, 0.7) for n in nodes if n.role is NodeRole.CHANNEL]
    edges += [CausalEdge(n.name, kpi, "market", 0, 0.6) for n in nodes if n.role is NodeRole.CONTROL]
    edges.append(CausalEdge(unseen, kpi, "people want it anyway", 0, 0.5))
    edges += [
        CausalEdge(unseen, n.name, "more people look for it", 0, 0.5)
        for n in nodes
        if n.role is NodeRole.CHANNEL and any(word in n.name.casefold() for word in FOLLOWS_DEMAND)
    ]
    return Diagram(project.id, tuple(nodes), tuple(edges))


def with_arrows(diagram: Diagram, arrows: Sequence[Hypothesis], plan: Plan, columns: Collection[str]) -> Diagram:
    """The diagram with arrows added and the variables that they need.

    Parameters
    ----------
    columns
        Names of the data, by key: what has no column cannot be observed.
    """
    names = {key(n.name): n.name for n in diagram.nodes}
    channels, nodes, edges = {key(c) for c in plan.channels}, list(diagram.nodes), list(diagram.edges)
    known = {(key(e.cause), key(e.effect)) for e in edges}
    for arrow in arrows:
        for name in (arrow.cause, arrow.effect):
            if key(name) not in names:
                role = NodeRole.KPI if key(name) == key(plan.target) else NodeRole.UNOBSERVED
                role = NodeRole.CHANNEL if key(name) in channels else NodeRole.CONTROL if key(name) in columns else role
                names[key(name)] = name
                nodes.append(CausalNode(name, role))
        if (key(arrow.cause), key(arrow.effect)) not in known:
            known.add((key(arrow.cause), key(arrow.effect)))
            ends = names[key(arrow.cause)], names[key(arrow.effect)]
            edges.append(CausalEdge(*ends, arrow.mechanism, arrow.lag_weeks, arrow.confidence, arrow.evidence))
    return Diagram(diagram.project_id, tuple(nodes), tuple(edges))


def plan_columns(recognition: Recognition) -> tuple[str, list[str], list[str]]:
    """Target, channels and controls that recognised data suggests for the plan."""
    channels = list(
        dict.fromkeys(
            r.channel or r.column
            for r in recognition.roles
            if r.role in (Role.SPEND, Role.ORGANIC) or (r.role is Role.EXPOSURE and r.channel is None)
        )
    )
    controls = [r.column for r in recognition.roles if r.role in (Role.CONTROL, Role.HOLIDAY)]
    return recognition.one(Role.KPI) or "", channels, controls


def ensure_decided(work: Work, project_id: str) -> Plan:
    """The plan under which a fit may run; PlanError where none was approved or skipped."""
    plan = work.projects.latest_plan(project_id)
    if plan is None or plan.status is PlanStatus.DRAFT:
        raise PlanError("Approve the plan on the Plan page first, or skip it there with a reason.")
    return plan


def _decide(
    services: Services, actor: Actor, project_id: str, status: PlanStatus, reason: str, *, needed: TeamRole
) -> Plan:
    require(actor, needed, "decide on a plan")
    with services.work(actor) as work:
        plan = work.projects.latest_plan(project_id)
        if plan is None:
            if status is not PlanStatus.SKIPPED:
                raise NotFound("There is no plan yet; write one on the Plan page.")
            project = work.projects.get(project_id)
            plan = Plan(
                services.new_id(),
                project_id,
                1,
                project.question,
                project.kpi_name or "KPI",
                (),
                (),
                (),
                (),
                (),
                PlanStatus.DRAFT,
            )
            work.projects.add_plan(plan)
        if plan.status is PlanStatus.APPROVED and status is PlanStatus.APPROVED:
            raise Conflict("This plan is already approved.")
        decided = replace(
            plan, status=status, decided_by=actor.name, decided_at=services.now(), decision_reason=reason.strip()
        )
        work.projects.update_plan(decided)
        _to_graph(work, decided)
        title = f"Plan {plan.version} of {work.projects.get(project_id).name} {status}"
        remember_decision(work, ("plan", plan.id), title, reason, actor.name, project_id)
        work.audit.record(f"plan.{status}", plan.id, {"reason": reason.strip(), "version": plan.version})
    return decided


def _to_graph(work: Work, plan: Plan) -> None:
    label = f"Plan {plan.version} ({plan.status})"
    properties = {"target": plan.target, "question": plan.question, "decided_by": plan.decided_by or ""}
    work.graph.put_node("plan", plan.id, label, properties, plan.project_id)
    work.graph.put_edge(("plan", plan.id), "part_of", ("project", plan.project_id))
    agreed = plan.precedents if plan.status is PlanStatus.APPROVED else ()
    for run_id in dict.fromkeys(p.run_id for p in agreed):
        work.graph.put_edge(("plan", plan.id), "derived_from", ("model", run_id))
    body = "\n".join([plan.question, plan.target, *plan.channels, *plan.controls, *plan.hypotheses])
    work.documents.put("plan", plan.id, label, body, plan.project_id)


def _clean(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(i.strip() for i in items if i.strip()))
