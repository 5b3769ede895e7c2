"""What a worker runs of a workflow: one stretch, from its checkpoint to the next question, wait or end."""

import signal
import threading
from contextlib import suppress

import structlog

from db import checkpoints
from db.connect import application_url
from jobs import addresses, wiring
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Awaited
from mmm_core.settings import Settings
from mmm_core.use_cases import workflow_keeping as keeping
from mmm_core.use_cases import workflows

log = structlog.get_logger("carryover.workflows")


def run_workflow(organisation_id: str, user_id: str, workflow_id: str) -> str:
    """Go on with a workflow; every outcome is written to its row, so nothing is raised for a known one."""
    structlog.contextvars.bind_contextvars(workflow=workflow_id, organisation=organisation_id)
    actor = Actor(organisation_id, user_id, "worker", "", TeamRole.ANALYST)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    settings = Settings()
    address = application_url(addresses.admin_url(settings))
    with wiring.opened(settings) as wired:
        try:
            return go_on(wired.services, actor, workflow_id, address, stopping)
        except Unavailable as error:
            # Its heart stops beating with this process, and whoever looks for lost work puts it back in line.
            log.warning("workflow interrupted", reason=str(error))
            return "interrupted"


def go_on(services: Services, actor: Actor, workflow_id: str, address: str, stopping: threading.Event) -> str:
    """The task on given services; ``stopping`` set means that the worker is asked to go: it goes back in line."""
    # LangGraph takes a second to import, which a worker that only fits need not wait for.
    from mmm_core.agents.workflow.drive import Hands, drive

    workflow = workflows.get(services, actor, workflow_id)
    log.info("workflow taken up")
    try:
        with checkpoints.saver(address, actor.organisation_id) as saver:
            thread = checkpoints.thread_id(actor.organisation_id, f"workflow:{workflow_id}")
            hands = Hands(leaving=stopping.is_set)
            stretch = drive(services, workflow, actor.organisation_id, saver, thread, hands)
        outcome = stretch.status.value
    except Cancelled:
        outcome = "cancelled"
        if stopping.is_set() and workflows.requeue(services, actor, workflow_id):
            outcome = "handed back"
    except Conflict as error:
        log.info("workflow taken over", reason=str(error))
        return "taken over"
    except Unavailable:
        raise
    except CarryoverError as error:
        log.warning("workflow failed", reason=str(error))
        return "failed"
    log.info(f"workflow {outcome}")
    return outcome


def wake(services: Services, actor: Actor, awaited: Awaited, awaited_id: str) -> None:
    """A fit or study has ended: whoever waited for it goes on. Should this fail, the look for lost work finds them."""
    with suppress(CarryoverError):
        if not keeping.ended(services, actor, awaited, awaited_id):
            return
        workflows.wake(services, actor, awaited, awaited_id)
