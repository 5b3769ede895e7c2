"""Fits from the request to the stored result: submit, watch, cancel, resume, read (M6, M10)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mmm_core.analysis import parts
from mmm_core.analysis.response import ResponseModel
from mmm_core.data import read
from mmm_core.domain.errors import CarryoverError, Conflict, NotFound, Unavailable
from mmm_core.domain.fit import Posterior, Progress, Run, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import FitOutcome, Services, Work
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results
from mmm_core.modeling import artifact, prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.thinning import thinned
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import working
from mmm_core.use_cases.knowledge import model_in_words
from mmm_core.use_cases.models import prepared
from mmm_core.use_cases.plans import ensure_decided

DRAWS = "application/x-carryover-posterior"
MOST_CELLS = 400_000
"""Geos x channels x kept draws that a slider's move may cost at most: a move stays under a quarter of a second."""
FEWEST_DRAWS = 500


def request_fit(services: Services, actor: Actor, project_id: str, spec: ModelSpec, *, name: str = "") -> Run:
    """Put a fit on the queue; everything that can be refused is refused here, before it waits."""
    run = create_run(services, actor, project_id, spec, name=name)
    return _submit(services, actor, run)


def create_run(services: Services, actor: Actor, project_id: str, spec: ModelSpec, *, name: str = "") -> Run:
    """Write the run that a worker, or the command in its own process, then takes up."""
    require(actor, TeamRole.ANALYST, "fit a model")
    with services.work(actor) as work:
        plan = ensure_decided(work, project_id)
        version_id, _ = prepared(work, project_id, spec)
        number = len(work.runs.list(project_id)) + 1
        run = Run(
            id=services.new_id(),
            project_id=project_id,
            dataset_version_id=version_id,
            spec_yaml=spec.to_yaml(),
            status=RunStatus.QUEUED,
            attempt=0,
            requested_by=actor.name,
            requested_at=services.now(),
            device=spec.sampling.device,
            name=name.strip() or f"Model {number}",
        )
        work.runs.add(run)
        label = f"{run.name}: {len(spec.channels)} channels, {spec.adstock} adstock, {spec.saturation} saturation"
        work.graph.put_node("model", run.id, label, {"requested_by": actor.name}, project_id)
        work.graph.put_edge(("model", run.id), "fitted_on", ("dataset", version_id))
        work.graph.put_edge(("model", run.id), "follows", ("plan", plan.id))
        work.audit.record("fit.requested", run.id, {"name": run.name, "data": version_id})
    return run


def put_in_line(services: Services, actor: Actor, run_id: str) -> None:
    """Hand a run that ``create_run`` wrote to a worker, once; where the queue is away, it is put in line later."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
    if run.status is RunStatus.QUEUED and run.job_id is None:
        with suppress(Unavailable):
            job_id = services.queue.submit(actor, run.id, run.device)
            with services.work(actor) as work:
                work.runs.set_status(run.id, RunStatus.QUEUED, job_id=job_id)


def cancel_fit(services: Services, actor: Actor, run_id: str) -> Run:
    require(actor, TeamRole.ANALYST, "cancel a fit")
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if run.status.ended:
            raise Conflict(f"This fit has already ended ({run.status}).")
        work.runs.set_status(run_id, RunStatus.CANCELLED)
        work.audit.record("fit.cancelled", run_id)
    if run.job_id:
        services.queue.stop(run.job_id)
    return get_run(services, actor, run_id)


def resume_fit(services: Services, actor: Actor, run_id: str) -> Run:
    """Go on from the last chunk that was kept."""
    require(actor, TeamRole.ANALYST, "resume a fit")
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if run.status is RunStatus.DONE:
            raise Conflict("This fit is done; there is nothing to resume.")
        if run.status in (RunStatus.QUEUED, RunStatus.RUNNING):
            raise Conflict("This fit is still under way.")
        work.runs.set_status(run_id, RunStatus.QUEUED)
        work.audit.record("fit.resumed", run_id)
    return _submit(services, actor, run)


def list_runs(services: Services, actor: Actor, project_id: str) -> list[Run]:
    """Newest first."""
    with services.work(actor) as work:
        return sorted(work.runs.list(project_id), key=lambda r: r.requested_at, reverse=True)


def get_run(services: Services, actor: Actor, run_id: str) -> Run:
    with services.work(actor) as work:
        return work.runs.get(run_id)


@dataclass(frozen=True)
class Watch:
    """What a page that watches a fit shows."""

    run: Run
    position: int | None
    workers: int
    latest: tuple[tuple[datetime, Progress], ...]
    """The newest row of each chain."""

    @property
    def fraction(self) -> float:
        rows = [p for _, p in self.latest if p.total > 0]
        return min(1.0, sum(p.done for p in rows) / sum(p.total for p in rows)) if rows else 0.0


def watch_fit(services: Services, actor: Actor, run_id: str) -> Watch:
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        latest = tuple(work.runs.latest_progress(run_id))
    waiting = run.status is RunStatus.QUEUED and run.job_id is not None
    position = services.queue.position(run.job_id) if waiting and run.job_id else None
    return Watch(run, position, services.queue.workers() if waiting else 1, latest)


def progress_history(services: Services, actor: Actor, run_id: str) -> Sequence[tuple[datetime, Progress]]:
    with services.work(actor) as work:
        return work.runs.progress(run_id)


def complete(services: Services, actor: Actor, run_id: str, attempt: int, outcome: FitOutcome) -> None:
    """Store an attempt's outcome, once; what the checkpoints held is dropped."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        blob = work.blobs.put(outcome.draws, DRAWS)
        found = {f.key: f for f in (*outcome.facts, *parts.facts(outcome.results))}
        work.runs.finish(run_id, attempt, outcome.results, tuple(found.values()), blob)
        work.runs.drop_chunks(run_id)
        facts = {"r2": outcome.results.fit.r2, "rhat_max": outcome.results.fit.rhat_max, "draws": blob}
        work.graph.put_node("model", run_id, f"{run.name} (fitted)", facts, run.project_id)
        words = model_in_words(ModelSpec.from_yaml(run.spec_yaml), outcome.results)
        work.documents.put("model", run_id, run.name, words, run.project_id)
        work.audit.record("fit.done", run_id, {"attempt": attempt, "seconds": outcome.results.fit.seconds})


def latest_done(services: Services, actor: Actor, project_id: str) -> Run | None:
    done = [r for r in list_runs(services, actor, project_id) if r.status is RunStatus.DONE]
    return done[0] if done else None


def get_results(services: Services, actor: Actor, run_id: str) -> Results:
    with services.work(actor) as work:
        return results_of(work, run_id)


def get_facts(services: Services, actor: Actor, run_id: str) -> Sequence[Fact]:
    with services.work(actor) as work:
        return work.runs.facts(run_id)


def results_of(work: Work, run_id: str) -> Results:
    run = work.runs.get(run_id)
    if run.status is not RunStatus.DONE:
        raise NotFound(f"{run.name} has no results yet; it is {run.status}.")
    return work.runs.results(run_id)


@dataclass(frozen=True)
class Fitted:
    """A finished model, ready to answer: its specification, draws and evaluator."""

    run: Run
    spec: ModelSpec
    posterior: Posterior
    response: ResponseModel
    """Answers from all draws, or from fewer where a panel is large."""

    @property
    def thinning(self) -> tuple[int, int] | None:
        """(draws that answers are computed from, draws of the model); None where all of them are."""
        every = self.posterior.chains * self.posterior.draws_per_chain
        return (self.response.draws, every) if self.response.draws < every else None


def load_fitted(services: Services, actor: Actor, run_id: str) -> Fitted:
    """Load a model's draws; keep the result, it does not change."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if run.status is not RunStatus.DONE:
            raise NotFound(f"{run.name} has no results yet; it is {run.status}.")
        draws = work.blobs.get(work.runs.draws_blob(run_id))
        frame = working(work, work.datasets.get(run.dataset_version_id)).frame
    spec = ModelSpec.from_yaml(run.spec_yaml)
    posterior = artifact.load(draws)
    data = prepare.prepare(frame, spec)
    most = max(FEWEST_DRAWS, MOST_CELLS // (len(data.geos) * len(data.channels)))
    # National models keep every draw; a large panel would make each move of a slider wait.
    kept = thinned(posterior, most) if len(data.geos) > 1 else posterior
    return Fitted(run, spec, posterior, ResponseModel(data, kept))


def export_netcdf(services: Services, actor: Actor, run_id: str) -> bytes:
    """The posterior as NetCDF that ArviZ and PyMC-Marketing open; built in a process of its own."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        draws = work.blobs.get(work.runs.draws_blob(run_id))
        table = read.to_parquet(working(work, work.datasets.get(run.dataset_version_id)).frame)
    return services.fit_process.export(run.spec_yaml, table, draws)


def _submit(services: Services, actor: Actor, run: Run) -> Run:
    try:
        job_id = services.queue.submit(actor, run.id, run.device)
    except CarryoverError as error:
        with services.work(actor) as work:
            work.runs.set_status(run.id, RunStatus.FAILED, error=str(error))
        raise
    with services.work(actor) as work:
        now = work.runs.get(run.id)
        work.runs.set_status(run.id, now.status, job_id=job_id)
        return work.runs.get(run.id)
