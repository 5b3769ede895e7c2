"""Studies of a model from the request to what they found: submit, watch, cancel, resume, read (M8, M9, M11, M12)."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from statistics import median
from typing import Any

from mmm_core.data import read
from mmm_core.domain.errors import CarryoverError, Conflict, NotFound, Unavailable
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.study import ModelInput, Step, StepState, StepStatus, Study, StudyOutcome
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import choices, registry
from mmm_core.studies.kind import Kind
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import ensure_usable, working_table
from mmm_core.use_cases.fits import results_of
from mmm_core.use_cases.plans import ensure_decided


def request_study(
    services: Services,
    actor: Actor,
    project_id: str,
    kind: str,
    *,
    run_id: str | None = None,
    other_run_id: str | None = None,
    spec: ModelSpec | None = None,
    options: Mapping[str, Any] | None = None,
) -> Study:
    """Put a study on the queue; everything that can be refused is refused here, before it waits."""
    study = create_study(
        services, actor, project_id, kind, run_id=run_id, other_run_id=other_run_id, spec=spec, options=options
    )
    return _submit(services, actor, study)


def create_study(
    services: Services,
    actor: Actor,
    project_id: str,
    kind: str,
    *,
    run_id: str | None = None,
    other_run_id: str | None = None,
    spec: ModelSpec | None = None,
    options: Mapping[str, Any] | None = None,
) -> Study:
    """Write the study and its steps for a worker, or the command in its own process, to take up.

    Parameters
    ----------
    run_id
        The fitted model it asks about; a kind that needs none takes the newest data and ``spec`` instead.
    """
    asked = _Asked(project_id, registry.find(kind), run_id, other_run_id, spec, dict(options or {}))
    require(actor, TeamRole.ANALYST, f"start a study ({asked.kind.title.lower()})")
    with services.work(actor) as work:
        study, steps = _drafted(services, actor, work, asked)
        work.studies.add(study, [StepState(n, step) for n, step in enumerate(steps)])
        _to_graph(work, study, asked.kind)
        work.audit.record("study.requested", study.id, {"kind": kind, "model": study.run_id, "steps": len(steps)})
    return study


def plan_study(
    services: Services,
    actor: Actor,
    project_id: str,
    kind: str,
    *,
    run_id: str | None = None,
    other_run_id: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> tuple[Step, ...]:
    """The steps that a study of a model would take, refused as ``create_study`` would; nothing is written."""
    asked = _Asked(project_id, registry.find(kind), run_id, other_run_id, None, dict(options or {}))
    require(actor, TeamRole.ANALYST, f"start a study ({asked.kind.title.lower()})")
    with services.work(actor) as work:
        return tuple(_drafted(services, actor, work, asked)[1])


@dataclass(frozen=True)
class _Asked:
    project_id: str
    kind: Kind[Any]
    run_id: str | None
    other_run_id: str | None
    spec: ModelSpec | None
    options: dict[str, Any]


def _drafted(services: Services, actor: Actor, work: Work, asked: _Asked) -> tuple[Study, Sequence[Step]]:
    """The study as it would be written, and its steps."""
    kind, project_id = asked.kind, asked.project_id
    choices.ensure_known(kind, asked.options)
    read_options = registry.read_options(kind, asked.options)
    run = _done(work, project_id, asked.run_id, kind)
    other = _done(work, project_id, asked.other_run_id, kind) if asked.other_run_id else None
    if run is None and not kind.before_plan:
        ensure_decided(work, project_id)
    version_id = run.dataset_version_id if run else ensure_usable(work.datasets.latest(project_id)).id
    spec_yaml = run.spec_yaml if run else _given(asked.spec, kind).to_yaml()
    study = Study(
        id=services.new_id(),
        project_id=project_id,
        dataset_version_id=version_id,
        run_id=run.id if run else None,
        other_run_id=other.id if other else None,
        kind=kind.name,
        spec_yaml=spec_yaml,
        options=read_options.model_dump(mode="json"),
        status=RunStatus.QUEUED,
        attempt=0,
        requested_by=actor.name,
        requested_at=services.now(),
        device=ModelSpec.from_yaml(spec_yaml).sampling.device,
    )
    return study, kind.plan(registry.inputs(*model_inputs(work, study)), read_options)


def put_in_line(services: Services, actor: Actor, study_id: str) -> None:
    """Hand a study that ``create_study`` wrote to a worker, once; where the queue is away, it is put in line later."""
    with services.work(actor) as work:
        study = work.studies.get(study_id)
    if study.status is RunStatus.QUEUED and study.job_id is None:
        with suppress(Unavailable):
            job_id = services.queue.submit_study(actor, study.id, study.device)
            with services.work(actor) as work:
                work.studies.set_status(study.id, RunStatus.QUEUED, job_id=job_id)


def cancel_study(services: Services, actor: Actor, study_id: str) -> Study:
    require(actor, TeamRole.ANALYST, "cancel a study")
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        if study.status.ended:
            raise Conflict(f"This study has already ended ({study.status}).")
        work.studies.set_status(study_id, RunStatus.CANCELLED)
        work.audit.record("study.cancelled", study_id)
    if study.job_id:
        services.queue.stop(study.job_id)
    return get_study(services, actor, study_id)


def resume_study(services: Services, actor: Actor, study_id: str) -> Study:
    """Go on after the last step that was finished."""
    require(actor, TeamRole.ANALYST, "resume a study")
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        if study.status is RunStatus.DONE:
            raise Conflict("This study is done; there is nothing to resume.")
        if study.status in (RunStatus.QUEUED, RunStatus.RUNNING):
            raise Conflict("This study is still under way.")
        work.studies.set_status(study_id, RunStatus.QUEUED)
        work.audit.record("study.resumed", study_id)
    return _submit(services, actor, study)


def get_study(services: Services, actor: Actor, study_id: str) -> Study:
    with services.work(actor) as work:
        return work.studies.get(study_id)


def of_something_else(study: Study, version_id: str, spec: ModelSpec) -> str | None:
    """What a study was asked of, where that is not these data or not this specification; None where it is."""
    asked = ModelSpec.from_yaml(study.spec_yaml)
    other_spec = asked.model_copy(update={"sampling": spec.sampling}) != spec
    if study.dataset_version_id != version_id:
        return "other data and another specification" if other_spec else "other data"
    return "another specification" if other_spec else None


def list_studies(services: Services, actor: Actor, project_id: str) -> Sequence[Study]:
    """Newest first."""
    with services.work(actor) as work:
        return work.studies.list(project_id)


def studies_of(services: Services, actor: Actor, run_id: str) -> dict[str, Study]:
    """The newest study of each kind about a model."""
    with services.work(actor) as work:
        found = work.studies.of_run(run_id)
    newest: dict[str, Study] = {}
    for study in found:
        newest.setdefault(study.kind, study)
    return newest


def of_kind(services: Services, actor: Actor, run_id: str, kind: str) -> Sequence[Study]:
    """Every study of a kind about a model, newest first."""
    with services.work(actor) as work:
        return [s for s in work.studies.of_run(run_id) if s.kind == kind]


def latest_between(services: Services, actor: Actor, kind: str, run_id: str, other_run_id: str) -> Study | None:
    """The newest study of a kind that compares two models."""
    with services.work(actor) as work:
        found = work.studies.of_run(run_id)
    return next((s for s in found if s.kind == kind and s.other_run_id == other_run_id), None)


def get_outcome(services: Services, actor: Actor, study_id: str) -> StudyOutcome:
    """What a study found; NotFound while it has found nothing yet."""
    study = get_study(services, actor, study_id)
    if study.outcome is None:
        raise NotFound(f"This study has no result yet; it is {study.status}.")
    return study.outcome


@dataclass(frozen=True)
class Watch:
    """What a page that watches a study shows."""

    study: Study
    steps: tuple[StepState, ...]
    """Without their results."""
    position: int | None
    workers: int

    @property
    def fraction(self) -> float:
        return sum(s.fraction for s in self.steps) / len(self.steps) if self.steps else 0.0

    @property
    def done(self) -> int:
        return sum(s.status.ended for s in self.steps)

    @property
    def current(self) -> StepState | None:
        """The step that is being computed."""
        return next((s for s in self.steps if s.status is StepStatus.RUNNING), None)

    @property
    def seconds_left(self) -> float | None:
        """What a typical step so far took, for those to come; None before the first has ended.

        The median: the first step often compiles what the others use.
        """
        took = [s.seconds for s in self.steps if s.seconds is not None]
        return median(took) * (len(self.steps) - sum(s.fraction for s in self.steps)) if took else None


def watch_study(services: Services, actor: Actor, study_id: str) -> Watch:
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        steps = tuple(work.studies.steps(study_id, results=False))
    waiting = study.status is RunStatus.QUEUED and study.job_id is not None
    position = services.queue.position(study.job_id) if waiting and study.job_id else None
    return Watch(study, steps, position, services.queue.workers() if waiting else 1)


def model_inputs(work: Work, study: Study) -> tuple[ModelInput, ModelInput | None]:
    """The model that a study is about, and the one it is compared with, as bytes."""
    if study.run_id is None:
        table = working_table(work, work.datasets.get(study.dataset_version_id))
        return ModelInput(study.spec_yaml, read.to_parquet(table)), None
    other = _as_input(work, work.runs.get(study.other_run_id)) if study.other_run_id else None
    return _as_input(work, work.runs.get(study.run_id)), other


def _as_input(work: Work, run: Run) -> ModelInput:
    table = working_table(work, work.datasets.get(run.dataset_version_id))
    draws = work.blobs.get(work.runs.draws_blob(run.id))
    return ModelInput(run.spec_yaml, read.to_parquet(table), run.name, results_of(work, run.id), draws)


def _done(work: Work, project_id: str, run_id: str | None, kind: Kind[Any]) -> Run | None:
    """A run that can be studied; one sentence where it is gone, not done, or another project's."""
    if run_id is None:
        if kind.needs_run:
            raise NotFound(f"{kind.title} needs a fitted model; fit one first.")
        return None
    run = work.runs.get(run_id)
    if run.project_id != project_id:
        raise NotFound("There is no such fit here; it may have been removed.")
    if run.status is not RunStatus.DONE:
        raise Conflict(f"{kind.title} needs a model that is done; {run.name} is {run.status}.")
    return run


def _given(spec: ModelSpec | None, kind: Kind[Any]) -> ModelSpec:
    if spec is None:
        raise NotFound(f"{kind.title} needs a specification; write one on the Model page first.")
    return spec


def _to_graph(work: Work, study: Study, kind: Kind[Any]) -> None:
    work.graph.put_node("study", study.id, kind.title, {"requested_by": study.requested_by}, study.project_id)
    work.graph.put_edge(("study", study.id), "uses", ("dataset", study.dataset_version_id))
    for run_id in (study.run_id, study.other_run_id):
        if run_id:
            work.graph.put_edge(("study", study.id), "examines", ("model", run_id))


def _submit(services: Services, actor: Actor, study: Study) -> Study:
    try:
        job_id = services.queue.submit_study(actor, study.id, study.device)
    except CarryoverError as error:
        with services.work(actor) as work:
            work.studies.set_status(study.id, RunStatus.FAILED, error=str(error))
        raise
    with services.work(actor) as work:
        now = work.studies.get(study.id)
        work.studies.set_status(study.id, now.status, job_id=job_id)
        return work.studies.get(study.id)
