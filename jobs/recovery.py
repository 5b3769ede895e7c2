"""Runs whose worker or whose job is gone: noticed within two minutes and put back in line.

The database decides, not the queue: a queue that lost its memory loses no run.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import NullPool

from db.connect import sqlalchemy_url
from jobs.queue import RqFitQueue
from mmm_core.domain.errors import CarryoverError, Unavailable
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services

log = structlog.get_logger("carryover.recovery")

SILENT = timedelta(seconds=60)
"""A run whose heart (every 5 seconds) has not beaten for so long has lost its worker."""
MAX_ATTEMPTS = 5

Look = Callable[[datetime], None]


@dataclass(frozen=True)
class OpenRun:
    organisation_id: str
    run_id: str


def open_runs(admin_url: str) -> Callable[[], list[OpenRun]]:
    """Every unfinished run of every organisation: their ids alone, through a door that only the owner may use."""
    engine: Engine = create_engine(sqlalchemy_url(admin_url), poolclass=NullPool, connect_args={"connect_timeout": 5})
    query = text("SELECT organisation_id, run_id FROM carryover.unfinished_runs()")

    def read() -> list[OpenRun]:
        try:
            with engine.connect() as connection:
                return [OpenRun(str(row[0]), str(row[1])) for row in connection.execute(query)]
        except (OperationalError, DBAPIError) as error:
            raise Unavailable("The database cannot be reached at the moment.") from error

    return read


def look_around(services: Services, queue: RqFitQueue, unfinished: Callable[[], Sequence[OpenRun]]) -> Look:
    """What a worker calls every few seconds; a run is put back when two looks in a row find it lost."""
    suspects: set[tuple[str, str | None, int]] = set()

    def look(now: datetime) -> None:
        nonlocal suspects
        found = set()
        for one in unfinished():
            actor = Actor(one.organisation_id, "worker", "worker", "", TeamRole.ANALYST)
            with services.work(actor) as work:
                run = work.runs.get(one.run_id)
            if not is_lost(run, now, queue):
                continue
            mark = (run.id, run.job_id, run.attempt)
            if mark not in suspects:
                found.add(mark)
            elif queue.claim(run.id):
                put_back(services, actor, run, queue)
        suspects = found

    return look


def is_lost(run: Run, now: datetime, queue: RqFitQueue) -> bool:
    """Whether nobody works on the run any more and nobody will."""
    last_sign = max(t for t in (run.heartbeat_at, run.started_at, run.requested_at) if t is not None)
    if run.status is RunStatus.RUNNING:
        return now - last_sign > SILENT
    if run.status in (RunStatus.QUEUED, RunStatus.INTERRUPTED):
        return now - run.requested_at > SILENT and not queue.holds(run.job_id)
    return False


def put_back(services: Services, actor: Actor, run: Run, queue: RqFitQueue) -> None:
    """Queue a lost run again, or end it where that has been tried often enough."""
    sentence = _hopeless(run)
    with services.work(actor) as work:
        now = work.runs.get(run.id)
        if now.status is not run.status or now.attempt != run.attempt:
            return
        if sentence:
            work.runs.set_status(run.id, RunStatus.FAILED, error=sentence)
            work.audit.record("fit.failed", run.id, {"error": sentence})
            log.warning("fit given up", run=run.id, reason=sentence)
            return
        work.runs.set_status(run.id, RunStatus.INTERRUPTED)
        work.audit.record("fit.put_back", run.id, {"attempt": run.attempt})
    if run.job_id:
        queue.forget(run.job_id)
    job_id = queue.submit(actor, run.id, run.device)
    with services.work(actor) as work:
        work.runs.set_status(run.id, RunStatus.QUEUED, job_id=job_id)
    log.warning("abandoned fit put back", run=run.id, attempt=run.attempt)


def _hopeless(run: Run) -> str | None:
    if run.status is RunStatus.RUNNING and run.job_id is None:
        return "The command that ran this fit was stopped."
    if run.attempt >= MAX_ATTEMPTS:
        return (
            f"The fit's worker died {run.attempt} times while it ran; the machine may be short of memory. "
            "Use fewer chains or draws, then fit again."
        )
    return None


def try_look(look: Look, now: datetime) -> None:
    """A look that fails is only logged: the next one comes in seconds."""
    try:
        look(now)
    except CarryoverError as error:
        log.warning("could not look for abandoned fits", reason=str(error))
    except Exception:
        log.exception("could not look for abandoned fits")
