"""Tuning sessions: start with a specification and a business context, watch, and read the whole history (M13).

What the four roles do is ``mmm_core.agents.tuning``; the person's question is answered in ``approvals``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mmm_core.data import read
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import DatasetVersion, Role
from mmm_core.domain.errors import BadInput, Conflict
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.study import ModelInput
from mmm_core.domain.tuning import Context, TuningOptions
from mmm_core.domain.workflow import Workflow, WorkflowKind, WorkflowOptions, WorkflowStatus
from mmm_core.modeling import implied, suggest
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import registry, small_fit, trial
from mmm_core.studies.tuning import context as contexts
from mmm_core.studies.tuning.guard import Bounds
from mmm_core.use_cases import datasets, file_projects, models, projects, workflows
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import ensure_usable, working
from mmm_core.use_cases.file_projects import KpiMeaning
from mmm_core.use_cases.plans import ensure_decided, plan_columns

MOST_ITERATIONS = 50
SESSION = WorkflowKind.TUNING
LEAKAGE = "leakage"


def begun_from(services: Services, actor: Actor, project_id: str) -> tuple[ModelSpec, str]:
    """The specification that a session starts from unless another is given, and where it is from."""
    with services.work(actor) as work:
        done = [r for r in work.runs.list(project_id) if r.status is RunStatus.DONE]
    if done:
        newest = max(done, key=lambda r: r.requested_at)
        return ModelSpec.from_yaml(newest.spec_yaml), newest.name
    return models.suggest_spec(services, actor, project_id).spec, "the suggested specification"


def example(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> str:
    """A business context of the project's own channels, to be written over."""
    found = models.check_spec(services, actor, project_id, spec).channels
    return contexts.example(spec, found.roi, found.share)


def example_of_file(
    content: bytes, filename: str, spec: ModelSpec | None, *, means: KpiMeaning, kpi: str | None = None
) -> str:
    """The same for a file that nothing is kept of."""
    found = datasets.inspect_file(content, filename, kpi=kpi or (spec.kpi.column if spec else None))
    _, channels, controls = plan_columns(found.recognition)
    unit, value = file_projects.kpi_of(means, spec, found.recognition)
    made = spec or suggest.suggest_spec(
        found.frame, found.recognition, currency=means.currency or projects.CURRENCIES[0], kpi_unit=unit,
        value_per_unit=value, channels=channels, controls=controls,
    )[0]  # fmt: skip
    implied_by = implied.picture(made, prepare(found.frame, made)).channels
    return contexts.example(made, implied_by.roi, implied_by.share)


def start(
    services: Services, actor: Actor, project_id: str, spec: ModelSpec, context: str, options: TuningOptions
) -> Workflow:
    """Put a session on the queue; everything that can be refused is refused here."""
    return workflows.submit(services, actor, create(services, actor, project_id, spec, context, options))


def create(
    services: Services, actor: Actor, project_id: str, spec: ModelSpec, context: str, options: TuningOptions
) -> Workflow:
    """Write the session that a worker, or the command in its own process, then takes up.

    Parameters
    ----------
    context
        The business context as YAML.
    options
        Limits of the session; its own ``context`` is not looked at.
    """
    require(actor, TeamRole.ANALYST, "start a tuning session")
    given = _checked(options)
    now = services.now()
    with services.work(actor) as work:
        ensure_decided(work, project_id)
        chosen = _usable(work, project_id, spec, context, given)
        if any(not w.status.ended for w in work.workflows.list(project_id, SESSION)):
            raise Conflict("A tuning session of this project is already under way.")
        session = Workflow(
            id=services.new_id(),
            project_id=project_id,
            status=WorkflowStatus.QUEUED,
            options=WorkflowOptions(spec_yaml=spec.to_yaml(), tuning=chosen),
            attempt=0,
            requested_by=actor.name,
            user_id=actor.user_id,
            requested_at=now,
            queued_at=now,
            kind=SESSION,
        )
        work.workflows.add(session)
        work.graph.put_node("workflow", session.id, "Tuning session", {"requested_by": actor.name}, project_id)
        work.graph.put_edge(("workflow", session.id), "part_of", ("project", project_id))
        workflows.say(work, session.id, "requested", f"{actor.name} asked for a tuning session", actor.name)
        limits = {"iterations": chosen.iterations, "threshold": chosen.threshold, "ranges": len(chosen.context.ranges)}
        work.audit.record("tuning.requested", session.id, limits)
    return session


def _checked(options: TuningOptions) -> TuningOptions:
    if not 1 <= options.iterations <= MOST_ITERATIONS:
        raise BadInput(f"The number of proposals must be from 1 to {MOST_ITERATIONS}.")
    if not 0 < options.threshold <= 1:
        raise BadInput("The convergence threshold must be above 0 and at most 1.")
    return options


def _usable(work: Work, project_id: str, spec: ModelSpec, context: str, options: TuningOptions) -> TuningOptions:
    """The options with the context as read; BadInput where data, specification and context do not go together."""
    version = ensure_usable(work.datasets.latest(project_id))
    frame = working(work, version).frame
    data = prepare(frame, spec)
    known = contexts.read(context, spec, has_value=small_fit.has_value(data))
    whole = replace(options, context=known)
    kind = registry.find(trial.KIND.name)
    wanted = registry.read_options(kind, trial_options(whole))
    kind.plan(registry.inputs(ModelInput(spec.to_yaml(), read.to_parquet(frame))), wanted)
    return whole


def latest(services: Services, actor: Actor, project_id: str) -> Workflow | None:
    return next(iter(sessions(services, actor, project_id)), None)


def sessions(services: Services, actor: Actor, project_id: str) -> Sequence[Workflow]:
    """Newest first."""
    with services.work(actor) as work:
        return work.workflows.list(project_id, SESSION)


def bounds(version: DatasetVersion, start: ModelSpec, context: Context) -> Bounds:
    """What the guard lets a session of these data propose beside numbers."""
    taken = set(start.columns)
    leaking = {
        column: check.message
        for check in version.report.checks
        if check.id == LEAKAGE and check.status is not Status.PASS
        for column in check.columns
    }
    free = {role: set(version.recognition.columns(role)) - taken for role in (Role.CONTROL, Role.HOLIDAY)}
    return Bounds(
        start,
        context,
        controls=frozenset(free[Role.CONTROL] - set(leaking)),
        holidays=frozenset(free[Role.HOLIDAY] - set(leaking)),
        barred=leaking,
    )


def trial_options(options: TuningOptions, *, full: bool = False) -> dict[str, Any]:
    """What a trial of the session is asked for."""
    return {
        "draws": options.draws,
        "tune": options.tune,
        "chains": options.chains,
        "periods": options.holdout,
        "full": full,
        "ranges": {r.channel: {"kind": r.kind, "low": r.low, "high": r.high} for r in options.context.ranges},
    }
