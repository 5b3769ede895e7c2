"""What a worker keeps of a workflow: questions, what it waits for, and how it ended."""

from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Approval, Awaited, Event, EventKind, Question, Workflow, WorkflowStatus
from mmm_core.use_cases.workflows import CALLED, say

MADE = (("run", "model"), ("report", "report"), ("plan", "plan"), ("scenario", "scenario"), ("trial", "study"))
"""What a workflow found, and the kind of node that it is."""


def ask(
    services: Services, actor: Actor, workflow: Workflow, attempt: int, question: Question, *, wait: bool
) -> Approval:
    """Keep a question, once, and where it has no answer yet let the workflow wait for it."""
    with services.work(actor) as work:
        work.workflows.hold(workflow.id, attempt)
        if work.workflows.ask(Approval(workflow.id, workflow.project_id, question, services.now())):
            event = Event(
                f"{question.key}:asked", EventKind.ASKED, work.workflows.get(workflow.id).stage, question.text,
                detail={"gate": question.gate.value, "evidence": list(question.evidence)},
            )  # fmt: skip
            work.workflows.record(workflow.id, [event])
            work.audit.record("approval.asked", workflow.id, {"gate": question.gate.value, "question": question.key})
        found = work.workflows.approval(workflow.id, question.key)
        assert found is not None
        if wait and found.answer is None:
            work.workflows.wait(workflow.id, attempt, Awaited.APPROVAL, question.key)
        return found


def wait_for(services: Services, actor: Actor, workflow_id: str, attempt: int, awaited: Awaited, what: str) -> bool:
    """Let it wait for a fit or a study; False where that has ended in the meantime."""
    with services.work(actor) as work:
        work.workflows.wait(workflow_id, attempt, awaited, what)
    if not ended(services, actor, awaited, what):
        return True
    with services.work(actor) as work:
        # Whoever ended it may have seen this waiting and put it in line already; then it is theirs.
        return not work.workflows.go_on(workflow_id, attempt)


def ended(services: Services, actor: Actor, awaited: Awaited, what: str) -> bool:
    """Whether the fit or study that a workflow waits for has ended."""
    with services.work(actor) as work:
        status: RunStatus = (work.runs.get(what) if awaited is Awaited.FIT else work.studies.get(what)).status
    return status.ended


def end(
    services: Services,
    actor: Actor,
    workflow_id: str,
    attempt: int,
    status: WorkflowStatus,
    outcome: str,
    leads_to: str,
) -> None:
    """Keep how it ended: done, or stopped by a person's rejection."""
    with services.work(actor) as work:
        work.workflows.hold(workflow_id, attempt)
        work.workflows.end(workflow_id, status, outcome=outcome, leads_to=leads_to)
        workflow = work.workflows.get(workflow_id)
        say(work, workflow_id, f"{status}:{attempt}", outcome)
        facts = {"status": status.value, "outcome": outcome, **workflow.found}
        work.graph.put_node("workflow", workflow_id, f"{CALLED[workflow.kind]} ({status})", facts, workflow.project_id)
        for kind, node in MADE:
            if kind in workflow.found:
                work.graph.put_edge(("workflow", workflow_id), "made", (node, workflow.found[kind]))
        work.audit.record(f"workflow.{status}", workflow_id, {"outcome": outcome, **workflow.found})


def fail(services: Services, actor: Actor, workflow_id: str, sentence: str) -> None:
    """Mark it failed unless it has ended already; it can be resumed from its last checkpoint."""
    with services.work(actor) as work:
        workflow = work.workflows.get(workflow_id)
        if workflow.status.ended:
            return
        work.workflows.end(workflow_id, WorkflowStatus.FAILED, outcome=sentence, error=sentence)
        say(work, workflow_id, f"failed:{workflow.attempt}", sentence)
        work.audit.record("workflow.failed", workflow_id, {"error": sentence})
