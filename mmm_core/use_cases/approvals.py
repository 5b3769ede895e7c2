"""Approvals: what waits for an answer, and the answer, checked and kept once (A2)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from mmm_core.domain.errors import BadInput, Conflict, NotFound, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import (
    Answer,
    Approval,
    Event,
    EventKind,
    Input,
    Question,
    Verdict,
    Workflow,
    WorkflowStatus,
)
from mmm_core.use_cases import workflows
from mmm_core.use_cases.access import require

LONGEST_REASON = 2000
SAID = {Verdict.APPROVE: "approved", Verdict.EDIT: "approved with changes", Verdict.REJECT: "rejected"}


def open_approvals(services: Services, actor: Actor) -> Sequence[Approval]:
    """Everything that waits for an answer in the organisation, oldest first."""
    with services.work(actor) as work:
        return work.workflows.open_approvals()


def answer(
    services: Services,
    actor: Actor,
    workflow_id: str,
    key: str,
    verdict: Verdict,
    reason: str = "",
    edits: Mapping[str, Any] | None = None,
) -> Workflow:
    """Approve, edit or reject what a workflow asks; it goes on as soon as a worker is free."""
    record_answer(services, actor, workflow_id, key, verdict, reason, edits)
    workflow = workflows.get(services, actor, workflow_id)
    # The answer is kept whatever the queue says; where it is away, whoever looks for lost work puts this back in line.
    with suppress(Unavailable):
        return workflows.submit(services, actor, workflow)
    return workflow


def record_answer(
    services: Services,
    actor: Actor,
    workflow_id: str,
    key: str,
    verdict: Verdict,
    reason: str = "",
    edits: Mapping[str, Any] | None = None,
) -> Answer:
    """Keep an answer, once, with its place in history, graph and audit trail."""
    require(actor, TeamRole.APPROVER, "answer at a checkpoint")
    words = reason.strip()[:LONGEST_REASON]
    with services.work(actor) as work:
        workflow = work.workflows.get(workflow_id)
        if workflow.status.ended:
            raise Conflict(f"This analysis has already ended ({workflow.status}).")
        asked = work.workflows.approval(workflow_id, key)
        if asked is None:
            raise NotFound("There is no such question; reload the page.")
        question = asked.question
        if not words and (verdict is Verdict.REJECT or question.needs_reason):
            raise BadInput("Say in a few words why; the reason stays on record.")
        changed = checked_edits(question, edits or {}) if verdict is Verdict.EDIT else {}
        given = Answer(verdict, words, changed, actor.name, actor.user_id, services.now())
        work.workflows.answer(workflow_id, key, given)
        if workflow.status is WorkflowStatus.WAITING:
            work.workflows.queue(workflow_id, given.at)
        said = SAID[verdict]
        why = " ".join(x for x in (in_words(question, changed), words) if x)
        event = Event(
            f"{key}:answered", EventKind.ANSWERED, workflow.stage, f"{question.text} {actor.name} {said}.", reason=why,
            detail={"gate": question.gate.value, "verdict": verdict.value, "edits": changed}, by=actor.name,
        )  # fmt: skip
        work.workflows.record(workflow_id, [event])
        node = f"{workflow_id}:{key}"
        facts = {"by": actor.name, "reason": words, "verdict": verdict.value, "edits": changed}
        work.graph.put_node("decision", node, f"{question.text} {said} by {actor.name}", facts, workflow.project_id)
        work.graph.put_edge(("workflow", workflow_id), "decided_by", ("decision", node))
        detail = {"gate": question.gate.value, "question": key, "reason": words, "edits": changed}
        work.audit.record(f"approval.{verdict}", workflow_id, detail)
    return given


def in_words(question: Question, edits: Mapping[str, Any]) -> str:
    """What was changed before it was approved, as its labels call it."""
    told = [f"{one.label}: {_spelled(one, edits[one.name])}" for one in question.inputs if _differs(one, edits)]
    return f"Changed: {'; '.join(told)}." if told else ""


def _differs(one: Input, edits: Mapping[str, Any]) -> bool:
    return one.name in edits and edits[one.name] != one.value


def _spelled(one: Input, value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(one.labels.get(v, str(v)) for v in value) or "none"
    return one.labels.get(str(value), f"{value:,g}" if isinstance(value, int | float) else str(value)) or "none"


def checked_edits(question: Question, edits: Mapping[str, Any]) -> dict[str, Any]:
    """The edits as the question's inputs allow them; BadInput with one sentence else."""
    known = {i.name: i for i in question.inputs}
    unknown = sorted(set(edits) - set(known))
    if unknown:
        raise BadInput(f"{unknown[0]} cannot be changed here.")
    changed = {name: _checked(known[name], value) for name, value in edits.items()}
    if not any(value != known[name].value for name, value in changed.items()):
        raise BadInput("Nothing was changed; approve it as it is, or change something first.")
    return changed


def _checked(field: Input, value: Any) -> Any:
    if field.kind in ("number", "whole"):
        return _checked_number(field, value)
    if field.kind == "choices":
        chosen = [str(v) for v in value] if isinstance(value, list | tuple) else [str(value)]
        strange = [v for v in chosen if v not in field.options]
        if strange:
            raise BadInput(f"{field.label}: {strange[0]} is not one of the choices.")
        return [o for o in field.options if o in chosen]
    if field.kind == "choice" and str(value) not in field.options:
        raise BadInput(f"{field.label}: choose one of {', '.join(field.labels.get(o, o) for o in field.options)}.")
    return str(value).strip()[:LONGEST_REASON]


def _checked_number(field: Input, value: Any) -> float | int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{field.label}: give a number.") from None
    low = field.low if field.low is not None else float("-inf")
    high = field.high if field.high is not None else float("inf")
    if not low <= number <= high:
        raise BadInput(f"{field.label}: give a number from {low:,g} to {high:,g}.")
    if field.kind == "whole":
        if number != int(number):
            raise BadInput(f"{field.label}: give a whole number.")
        return int(number)
    return number
