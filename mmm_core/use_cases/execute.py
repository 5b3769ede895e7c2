"""Carry out a requested fit: what a worker's job and the command ``mmm run`` do alike."""

from collections.abc import Callable, Sequence
from contextlib import suppress

from mmm_core.data import read
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict, FitFailed, Unavailable
from mmm_core.domain.fit import Chunk, Progress, Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import FitOutcome, Services
from mmm_core.use_cases import fits
from mmm_core.use_cases.datasets import working_table
from mmm_core.use_cases.pulse import Pulse


def execute(
    services: Services, actor: Actor, run_id: str, *, on_progress: Callable[[Progress], None] = lambda _: None
) -> None:
    """Run or resume a fit in a process of its own, keep every chunk, and store the outcome once.

    Raises
    ------
    Cancelled
        A person stopped the fit.
    Conflict
        A newer attempt owns the run.
    Unavailable
        The database went away; the run can go on later.
    FitFailed
        It ended without a posterior; the run is marked failed with the sentence.
    """
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if run.status.ended:
            return
        attempt = work.runs.begin_attempt(run_id)
        chunks = work.runs.chunks(run_id)
        table = read.to_parquet(working_table(work, work.datasets.get(run.dataset_version_id)))
    pulse = _beating(services, actor, run_id, attempt)
    try:
        with pulse:
            outcome = _watch(services, actor, run, attempt, table, chunks, pulse, on_progress)
        fits.complete(services, actor, run_id, attempt, outcome)
    except (Cancelled, Conflict, Unavailable):
        # A database that is away ends nothing: the run is found abandoned and goes on from its last chunk.
        raise
    except CarryoverError as error:
        _fail(services, actor, run_id, str(error))
        raise
    except Exception:
        _fail(services, actor, run_id, "The fit stopped unexpectedly; the worker's log has the details.")
        raise


def _watch(
    services: Services,
    actor: Actor,
    run: Run,
    attempt: int,
    table: bytes,
    chunks: Sequence[Chunk],
    pulse: Pulse,
    on_progress: Callable[[Progress], None],
) -> FitOutcome:
    for message in services.fit_process.run(run.spec_yaml, table, chunks, pulse.stopped):
        if isinstance(message, FitOutcome):
            return message
        with services.work(actor) as work:
            if isinstance(message, Chunk):
                work.runs.add_chunk(run.id, attempt, message)
            else:
                work.runs.add_progress(run.id, attempt, message)
        on_progress(message.progress if isinstance(message, Chunk) else message)
    if pulse.status is RunStatus.CANCELLED:
        raise Cancelled(f"{run.name} was cancelled.")
    if pulse.overtaken:
        raise Conflict(f"Another worker has taken over {run.name}.")
    raise FitFailed("The fit's process ended without a result; it may have run out of memory.")


def _beating(services: Services, actor: Actor, run_id: str, attempt: int) -> Pulse:
    def beat() -> RunStatus:
        with services.work(actor) as work:
            return work.runs.heartbeat(run_id, attempt)

    return Pulse(beat)


def _fail(services: Services, actor: Actor, run_id: str, sentence: str) -> None:
    with suppress(CarryoverError), services.work(actor) as work:
        if not work.runs.get(run_id).status.ended:
            work.runs.set_status(run_id, RunStatus.FAILED, error=sentence)
            work.audit.record("fit.failed", run_id, {"error": sentence})
