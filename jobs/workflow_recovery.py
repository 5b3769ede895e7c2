"""Workflows that nobody works on any more, or that wait for something which has happened: put back in line."""

from collections.abc import Callable, Sequence
from datetime import datetime

import structlog

from jobs import recovery
from jobs.queue import RqFitQueue
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Awaited, Workflow, WorkflowStatus
from mmm_core.use_cases import workflow_keeping as keeping
from mmm_core.use_cases import workflows

log = structlog.get_logger("carryover.recovery")

DOOR = "SELECT organisation_id, workflow_id FROM carryover.unfinished_workflows()"
MOST_LOST = 5
"""Attempts in a row that lost their worker: the step itself kills it."""


def look_around(
    services: Services, queue: RqFitQueue, unfinished: Callable[[], Sequence[recovery.OpenRun]]
) -> recovery.Look:
    """Puts back what two looks in a row find lost."""
    suspects: set[tuple[str, str | None, int, str]] = set()

    def look(now: datetime) -> None:
        nonlocal suspects
        found = set()
        for one in unfinished():
            actor = Actor(one.organisation_id, "worker", "worker", "", TeamRole.ANALYST)
            workflow = workflows.get(services, actor, one.run_id)
            if not is_lost(services, actor, workflow, now, queue):
                continue
            mark = (workflow.id, workflow.job_id, workflow.attempt, workflow.status.value)
            if mark not in suspects:
                found.add(mark)
            elif queue.claim(workflow.id):
                put_back(services, actor, workflow, queue)
        suspects = found

    return look


def is_lost(services: Services, actor: Actor, workflow: Workflow, now: datetime, queue: RqFitQueue) -> bool:
    if workflow.status is WorkflowStatus.RUNNING:
        last = max(t for t in (workflow.heartbeat_at, workflow.started_at, workflow.requested_at) if t is not None)
        return now - last > recovery.SILENT
    if workflow.status is WorkflowStatus.QUEUED:
        return now - (workflow.queued_at or workflow.requested_at) > recovery.SILENT and not queue.holds(
            workflow.job_id
        )
    if workflow.status is WorkflowStatus.WAITING and workflow.awaited_id:
        if workflow.awaited is Awaited.APPROVAL:
            with services.work(actor) as work:
                asked = work.workflows.approval(workflow.id, workflow.awaited_id)
            return asked is not None and asked.answer is not None
        return workflow.awaited is not None and keeping.ended(services, actor, workflow.awaited, workflow.awaited_id)
    return False


def put_back(services: Services, actor: Actor, workflow: Workflow, queue: RqFitQueue) -> None:
    now = workflows.get(services, actor, workflow.id)
    if now.status is not workflow.status or now.attempt != workflow.attempt:
        return
    sentence = _hopeless(services, actor, now)
    if sentence:
        keeping.fail(services, actor, workflow.id, sentence)
        log.warning("workflow given up", subject=workflow.id, reason=sentence)
        return
    if workflow.job_id:
        queue.forget(workflow.job_id)
    if workflow.status is WorkflowStatus.RUNNING:
        with services.work(actor) as work:
            workflows.say(
                work, workflow.id, _mark(workflow.attempt), "Its worker was gone; it goes on from the last step."
            )
    workflows.requeue(services, actor, workflow.id)
    log.warning("abandoned workflow put back", subject=workflow.id, attempt=workflow.attempt)


def _hopeless(services: Services, actor: Actor, workflow: Workflow) -> str | None:
    if workflow.status is WorkflowStatus.RUNNING and workflow.job_id is None:
        return "The command that ran this analysis was stopped."
    with services.work(actor) as work:
        told = {e.key for e in work.workflows.events(workflow.id)}
    if {_mark(workflow.attempt - n) for n in range(1, MOST_LOST)} <= told:
        return f"The analysis lost its worker {MOST_LOST} times in a row; the machine may be short of memory."
    return None


def _mark(attempt: int) -> str:
    return f"put_back:{attempt}"
