"""What a worker runs, by name and ids alone; the work itself is a use case."""

import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace

import structlog

from jobs import wiring, workflow_task
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict, Unavailable
from mmm_core.domain.fit import Chunk, Progress, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import FitOutcome, FitProcess, Services
from mmm_core.domain.study import StepBegun, StepEnded, StudyEnded, StudyRequest
from mmm_core.domain.workflow import Awaited
from mmm_core.settings import Settings
from mmm_core.use_cases.execute import execute
from mmm_core.use_cases.execute_study import UNEXPECTED as UNEXPECTED_STUDY
from mmm_core.use_cases.execute_study import execute_study, fail

log = structlog.get_logger("carryover.jobs")

UNEXPECTED = "The fit stopped unexpectedly; the worker's log has the details."


def run_fit(organisation_id: str, user_id: str, run_id: str) -> str:
    """Run or resume one fit; every outcome is written to the run's row, so nothing is raised for a known one."""
    structlog.contextvars.bind_contextvars(run=run_id, organisation=organisation_id)
    actor = Actor(organisation_id, user_id, "worker", "", TeamRole.ANALYST)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with wiring.opened(Settings()) as wired:
        outcome = carry_out(wired.services, actor, run_id, stopping)
        workflow_task.wake(wired.services, actor, Awaited.FIT, run_id)
        return outcome


def carry_out(services: Services, actor: Actor, run_id: str, stopping: threading.Event) -> str:
    """The task on given services; ``stopping`` set means that the worker is asked to go: the run goes back in line."""
    process = StoppableFitProcess(services.fit_process, stopping.is_set)
    with services.work(actor) as work:
        actor = replace(actor, name=work.runs.get(run_id).requested_by)
    log.info("fit started")
    try:
        execute(replace(services, fit_process=process), actor, run_id)
    except Cancelled:
        if stopping.is_set() and hand_back(services, actor, run_id):
            log.info("fit handed back")
            return "handed back"
        log.info("fit cancelled")
        return "cancelled"
    except Conflict as error:
        log.info("fit taken over", reason=str(error))
        return "taken over"
    except Unavailable as error:
        log.warning("fit interrupted", reason=str(error))
        return "interrupted"
    except CarryoverError as error:
        log.warning("fit failed", reason=str(error))
        _ensure_failed(services, actor, run_id, str(error))
        return "failed"
    except Exception:
        log.exception("fit failed unexpectedly")
        _ensure_failed(services, actor, run_id, UNEXPECTED)
        raise
    log.info("fit done")
    return "done"


def _ensure_failed(services: Services, actor: Actor, run_id: str, sentence: str) -> None:
    """A run that failed before its attempt began would wait for ever."""
    with services.work(actor) as work:
        if not work.runs.get(run_id).status.ended:
            work.runs.set_status(run_id, RunStatus.FAILED, error=sentence)
            work.audit.record("fit.failed", run_id, {"error": sentence})


def hand_back(services: Services, actor: Actor, run_id: str) -> bool:
    """Queue a run again whose worker is stopping; False where a person has cancelled it meanwhile."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if run.status.ended:
            return False
        work.runs.set_status(run_id, RunStatus.INTERRUPTED)
    job_id = services.queue.submit(actor, run_id, run.device)
    with services.work(actor) as work:
        work.runs.set_status(run_id, RunStatus.QUEUED, job_id=job_id)
    return True


def run_study(organisation_id: str, user_id: str, study_id: str) -> str:
    """Carry out or go on with one study; every outcome is written to its row."""
    structlog.contextvars.bind_contextvars(study=study_id, organisation=organisation_id)
    actor = Actor(organisation_id, user_id, "worker", "", TeamRole.ANALYST)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    with wiring.opened(Settings()) as wired:
        outcome = carry_out_study(wired.services, actor, study_id, stopping)
        workflow_task.wake(wired.services, actor, Awaited.STUDY, study_id)
        return outcome


def carry_out_study(services: Services, actor: Actor, study_id: str, stopping: threading.Event) -> str:
    """The task on given services; between two steps a study makes way for a fit that waits."""
    process = StoppableFitProcess(services.fit_process, stopping.is_set)
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        actor = replace(actor, name=study.requested_by)
    log.info("study started")
    try:
        whole = execute_study(
            replace(services, fit_process=process), actor, study_id,
            make_way=lambda: stopping.is_set() or services.queue.fits_wait(study.device),
        )  # fmt: skip
        outcome = "done" if whole else requeue_study(services, actor, study_id)
    except Cancelled:
        outcome = requeue_study(services, actor, study_id) if stopping.is_set() else "cancelled"
    except Conflict as error:
        log.info("study taken over", reason=str(error))
        return "taken over"
    except Unavailable as error:
        log.warning("study interrupted", reason=str(error))
        return "interrupted"
    except CarryoverError as error:
        log.warning("study failed", reason=str(error))
        fail(services, actor, study_id, str(error))
        return "failed"
    except Exception:
        log.exception("study failed unexpectedly")
        fail(services, actor, study_id, UNEXPECTED_STUDY)
        raise
    log.info(f"study {outcome}")
    return outcome


def requeue_study(services: Services, actor: Actor, study_id: str) -> str:
    """Put a study that stopped between two steps back in line, unless a person has cancelled it meanwhile."""
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        if study.status.ended:
            return "cancelled"
        work.studies.set_status(study_id, RunStatus.INTERRUPTED)
    job_id = services.queue.submit_study(actor, study_id, study.device)
    with services.work(actor) as work:
        work.studies.set_status(study_id, RunStatus.QUEUED, job_id=job_id)
    return "handed back"


@dataclass(frozen=True)
class StoppableFitProcess:
    """A fit process that also stops when its worker is asked to go."""

    inner: FitProcess
    leaving: Callable[[], bool]

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        return self.inner.run(spec_yaml, table, chunks, lambda: self.leaving() or stop())

    def study(
        self, request: StudyRequest, stop: Callable[[], bool]
    ) -> Generator[StepBegun | Progress | StepEnded | StudyEnded]:
        return self.inner.study(request, lambda: self.leaving() or stop())

    def export(self, spec_yaml: str, table: bytes, draws: bytes) -> bytes:
        return self.inner.export(spec_yaml, table, draws)
