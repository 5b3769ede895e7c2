"""Fits and studies whose worker or whose job is gone: noticed within two minutes and put back in line.

The database decides, not the queue: a queue that lost its memory loses no run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from db.connect import sqlalchemy_url
from jobs.queue import RqFitQueue
from mmm_core.domain.errors import CarryoverError, Unavailable
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.study import Study

log = structlog.get_logger("carryover.recovery")

SILENT = timedelta(seconds=60)
"""A run whose heart (every 5 seconds) has not beaten for so long has lost its worker."""
MAX_ATTEMPTS = 5

Look = Callable[[datetime], None]


@dataclass(frozen=True)
class OpenRun:
    organisation_id: str
    run_id: str
    """Of the run, or of the study."""


class Awaited(Protocol):
    """A run or a study."""

    id: str
    status: RunStatus
    attempt: int
    requested_at: datetime
    started_at: datetime | None
    heartbeat_at: datetime | None
    job_id: str | None
    device: str


@dataclass(frozen=True)
class Sort:
    """Something that workers do in attempts: fits or studies."""

    word: str
    door: str
    rows: Callable[[Work], Any]
    """Its repository."""
    submit: Callable[[RqFitQueue, Actor, str, str], str]
    tries: Callable[[Work, Any], int]
    """Attempts that came to nothing."""


def _since_last_step(work: Work, study: Study) -> int:
    """A study that finished a step in an attempt has got on."""
    return study.attempt - max((s.attempt for s in work.studies.steps(study.id, results=False)), default=0)


FITS = Sort(
    "fit", "SELECT organisation_id, run_id FROM carryover.unfinished_runs()", lambda work: work.runs,
    RqFitQueue.submit, lambda work, run: int(run.attempt),
)  # fmt: skip
STUDIES = Sort(
    "study", "SELECT organisation_id, study_id FROM carryover.unfinished_studies()", lambda work: work.studies,
    RqFitQueue.submit_study, _since_last_step,
)  # fmt: skip


def open_runs(admin_url: str, door: str = FITS.door) -> Callable[[], list[OpenRun]]:
    """Every unfinished one of every organisation: their ids alone, through a door that only the owner may use."""
    engine: Engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    query = text(door)

    def read() -> list[OpenRun]:
        try:
            with engine.connect() as connection:
                return [OpenRun(str(row[0]), str(row[1])) for row in connection.execute(query)]
        except (OperationalError, DBAPIError) as error:
            raise Unavailable("The database cannot be reached at the moment.") from error

    return read


def watchful(services: Services, queue: RqFitQueue, admin_url: str) -> Look:
    """What a worker calls every few seconds: a look at fits, one at studies, and one at workflows."""
    from jobs import workflow_recovery

    looks = [look_around(services, queue, open_runs(admin_url, sort.door), sort) for sort in (FITS, STUDIES)]
    looks.append(workflow_recovery.look_around(services, queue, open_runs(admin_url, workflow_recovery.DOOR)))

    def look(now: datetime) -> None:
        for one in looks:
            one(now)

    return look


def look_around(
    services: Services, queue: RqFitQueue, unfinished: Callable[[], Sequence[OpenRun]], sort: Sort = FITS
) -> Look:
    """Puts back what two looks in a row find lost."""
    suspects: set[tuple[str, str | None, int]] = set()

    def look(now: datetime) -> None:
        nonlocal suspects
        found = set()
        for one in unfinished():
            actor = Actor(one.organisation_id, "worker", "worker", "", TeamRole.ANALYST)
            with services.work(actor) as work:
                run: Awaited = sort.rows(work).get(one.run_id)
            if not is_lost(run, now, queue):
                continue
            mark = (run.id, run.job_id, run.attempt)
            if mark not in suspects:
                found.add(mark)
            elif queue.claim(run.id):
                put_back(services, actor, run, queue, sort)
        suspects = found

    return look


def is_lost(run: Awaited, now: datetime, queue: RqFitQueue) -> bool:
    """Whether nobody works on it any more and nobody will."""
    last_sign = max(t for t in (run.heartbeat_at, run.started_at, run.requested_at) if t is not None)
    if run.status is RunStatus.RUNNING:
        return now - last_sign > SILENT
    if run.status in (RunStatus.QUEUED, RunStatus.INTERRUPTED):
        return now - run.requested_at > SILENT and not queue.holds(run.job_id)
    return False


def put_back(services: Services, actor: Actor, run: Awaited, queue: RqFitQueue, sort: Sort = FITS) -> None:
    """Queue what was lost again, or end it where that has been tried often enough."""
    with services.work(actor) as work:
        rows = sort.rows(work)
        now = rows.get(run.id)
        if now.status is not run.status or now.attempt != run.attempt:
            return
        sentence = _hopeless(run, sort, sort.tries(work, run))
        if sentence:
            rows.set_status(run.id, RunStatus.FAILED, error=sentence)
            work.audit.record(f"{sort.word}.failed", run.id, {"error": sentence})
            log.warning(f"{sort.word} given up", subject=run.id, reason=sentence)
            return
        rows.set_status(run.id, RunStatus.INTERRUPTED)
        work.audit.record(f"{sort.word}.put_back", run.id, {"attempt": run.attempt})
    if run.job_id:
        queue.forget(run.job_id)
    job_id = sort.submit(queue, actor, run.id, run.device)
    with services.work(actor) as work:
        sort.rows(work).set_status(run.id, RunStatus.QUEUED, job_id=job_id)
    log.warning(f"abandoned {sort.word} put back", subject=run.id, attempt=run.attempt)


def _hopeless(run: Awaited, sort: Sort, tries: int) -> str | None:
    if run.status is RunStatus.RUNNING and run.job_id is None:
        return f"The command that ran this {sort.word} was stopped."
    if tries >= MAX_ATTEMPTS:
        return (
            f"The {sort.word}'s worker died {tries} times while it ran; the machine may be short of memory. "
            "Use fewer chains or draws, then try again."
        )
    return None


def try_look(look: Look, now: datetime) -> None:
    """A look that fails is only logged: the next one comes in seconds."""
    try:
        look(now)
    except CarryoverError as error:
        log.warning("could not look for abandoned work", reason=str(error))
    except Exception:
        log.exception("could not look for abandoned work")
