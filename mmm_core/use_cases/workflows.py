"""The analysis as a workflow: start, watch, cancel, resume, and its history (A1, A11).

What it does at each step is ``mmm_core.agents.workflow``; its questions are answered in ``approvals``.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from mmm_core.domain.errors import BadInput, Conflict
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.workflow import (
    Approval,
    Awaited,
    Event,
    EventKind,
    Stage,
    Workflow,
    WorkflowKind,
    WorkflowOptions,
    WorkflowStatus,
)
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import fits, studies
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import latest_dataset

CALLED = {WorkflowKind.ANALYSIS: "Analysis", WorkflowKind.TUNING: "Tuning session"}


def start(services: Services, actor: Actor, project_id: str, *, options: WorkflowOptions | None = None) -> Workflow:
    """Put the analysis of a project's newest data on the queue."""
    made = create(services, actor, project_id, options=options)
    return submit(services, actor, made)


def create(services: Services, actor: Actor, project_id: str, *, options: WorkflowOptions | None = None) -> Workflow:
    """Write the workflow that a worker, or the command in its own process, then takes up."""
    chosen = options or WorkflowOptions()
    require(actor, TeamRole.ANALYST, "run the analysis")
    if chosen.auto:
        require(actor, TeamRole.APPROVER, "approve every checkpoint beforehand")
    if chosen.spec_yaml is not None:
        ModelSpec.from_yaml(chosen.spec_yaml)
    if latest_dataset(services, actor, project_id) is None:
        raise BadInput("Add data on the Data page first; the analysis starts from them.")
    now = services.now()
    with services.work(actor) as work:
        if any(not w.status.ended for w in work.workflows.list(project_id)):
            raise Conflict("The analysis of this project is already under way.")
        workflow = Workflow(
            id=services.new_id(),
            project_id=project_id,
            status=WorkflowStatus.QUEUED,
            options=chosen,
            attempt=0,
            requested_by=actor.name,
            user_id=actor.user_id,
            requested_at=now,
            queued_at=now,
        )
        work.workflows.add(workflow)
        work.graph.put_node("workflow", workflow.id, "Analysis", {"requested_by": actor.name}, project_id)
        work.graph.put_edge(("workflow", workflow.id), "part_of", ("project", project_id))
        say(work, workflow.id, "requested", f"{actor.name} asked for the analysis", actor.name)
        asked = {"auto": chosen.auto, "ladder": chosen.ladder, "hand_over": chosen.hand_over}
        work.audit.record("workflow.requested", workflow.id, asked)
    return workflow


def cancel(services: Services, actor: Actor, workflow_id: str) -> Workflow:
    """End it where it stands; a fit of its own that still runs is cancelled with it."""
    require(actor, TeamRole.ANALYST, "cancel the analysis")
    with services.work(actor) as work:
        workflow = work.workflows.get(workflow_id)
        what = CALLED[workflow.kind].lower()
        work.workflows.end(workflow_id, WorkflowStatus.CANCELLED, outcome=f"{actor.name} cancelled the {what}.")
        say(work, workflow_id, f"cancelled:{workflow.attempt}", f"{actor.name} cancelled the {what}", actor.name)
        work.audit.record("workflow.cancelled", workflow_id)
    if workflow.awaited_id and workflow.awaited in (Awaited.FIT, Awaited.STUDY):
        stop = fits.cancel_fit if workflow.awaited is Awaited.FIT else studies.cancel_study
        with suppress(Conflict):
            stop(services, actor, workflow.awaited_id)
    if workflow.job_id and workflow.status is WorkflowStatus.QUEUED:
        services.queue.stop(workflow.job_id)
    return get(services, actor, workflow_id)


def resume(services: Services, actor: Actor, workflow_id: str) -> Workflow:
    """Go on from the last checkpoint after a failure or a cancellation; a fit that failed is taken up again first."""
    require(actor, TeamRole.ANALYST, "resume the analysis")
    with services.work(actor) as work:
        workflow = work.workflows.get(workflow_id)
        if not workflow.status.ended:
            raise Conflict("This analysis is still under way.")
        if any(not w.status.ended for w in work.workflows.list(workflow.project_id, workflow.kind)):
            raise Conflict(f"Another {CALLED[workflow.kind].lower()} of this project is under way.")
        if not work.workflows.queue(workflow_id, services.now()):
            raise Conflict(f"This analysis has ended ({workflow.status}); run it again instead.")
        say(work, workflow_id, f"resumed:{workflow.attempt}", f"{actor.name} resumed it", actor.name)
        work.audit.record("workflow.resumed", workflow_id)
        run = work.runs.get(workflow.found["run"]) if "run" in workflow.found else None
        trial = work.studies.get(workflow.found["trial"]) if "trial" in workflow.found else None
    if run and run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        fits.resume_fit(services, actor, run.id)
    if trial and trial.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        studies.resume_study(services, actor, trial.id)
    return submit(services, actor, get(services, actor, workflow_id))


def get(services: Services, actor: Actor, workflow_id: str) -> Workflow:
    with services.work(actor) as work:
        return work.workflows.get(workflow_id)


def list_workflows(services: Services, actor: Actor, project_id: str) -> Sequence[Workflow]:
    """Newest first."""
    with services.work(actor) as work:
        return work.workflows.list(project_id)


def latest(services: Services, actor: Actor, project_id: str) -> Workflow | None:
    return next(iter(list_workflows(services, actor, project_id)), None)


@dataclass(frozen=True)
class Watch:
    """What a page that watches a workflow shows."""

    workflow: Workflow
    events: tuple[Event, ...]
    approvals: tuple[Approval, ...]
    workers: int

    @property
    def asked(self) -> Approval | None:
        """The question that it waits for."""
        return next((a for a in reversed(self.approvals) if a.answer is None), None)

    @property
    def decisions(self) -> tuple[Event, ...]:
        return tuple(e for e in self.events if e.kind in (EventKind.DECISION, EventKind.ANSWERED))

    def ended(self, stage: Stage) -> bool:
        """Whether a stage has ended and has not begun again since."""
        last = [e.kind for e in self.events if e.stage is stage and e.kind in (EventKind.BEGUN, EventKind.ENDED)]
        return bool(last) and last[-1] is EventKind.ENDED

    def seconds(self, stage: Stage) -> float | None:
        """What the stage's own work took; the time that a person took to answer is not counted."""
        took = [e.detail["seconds"] for e in self.events if e.stage is stage and "seconds" in e.detail]
        return sum(took) if took else None


def watch(services: Services, actor: Actor, workflow_id: str) -> Watch:
    with services.work(actor) as work:
        workflow = work.workflows.get(workflow_id)
        events = tuple(work.workflows.events(workflow_id))
        approvals = tuple(work.workflows.approvals(workflow_id))
    waiting = workflow.status is WorkflowStatus.QUEUED
    return Watch(workflow, events, approvals, services.queue.workers() if waiting else 1)


def replay(seen: Watch) -> dict[str, Any]:
    """A workflow's whole history as data: what it started from, each event in order, each question with its answer."""
    return {
        "workflow": asdict(seen.workflow),
        "events": [asdict(e) for e in seen.events],
        "approvals": [asdict(a) for a in seen.approvals],
    }


def requeue(services: Services, actor: Actor, workflow_id: str) -> bool:
    """Put a workflow back in line whose fit has ended or whose worker is gone; False where it has ended."""
    with services.work(actor) as work:
        if work.workflows.get(workflow_id).status.ended or not work.workflows.queue(workflow_id, services.now()):
            return False
        workflow = work.workflows.get(workflow_id)
    submit(services, actor, workflow)
    return True


def wake(services: Services, actor: Actor, awaited: Awaited, awaited_id: str) -> int:
    """Put those back in line that waited for a fit or study which has ended."""
    with services.work(actor) as work:
        found = work.workflows.awaiting(awaited, awaited_id)
    return sum(requeue(services, actor, workflow.id) for workflow in found)


def submit(services: Services, actor: Actor, workflow: Workflow) -> Workflow:
    job_id = services.queue.submit_workflow(actor, workflow.id)
    with services.work(actor) as work:
        work.workflows.note_job(workflow.id, job_id)
    return replace(workflow, job_id=job_id)


def say(work: Work, workflow_id: str, key: str, text: str, by: str = "") -> None:
    work.workflows.record(workflow_id, [Event(key, EventKind.STATUS, None, text, by=by)])
