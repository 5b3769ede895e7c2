"""The whole analysis in one go, with a stop at every checkpoint: what ``mmm run`` does."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.errors import DataError, NotAllowed, Unavailable
from mmm_core.domain.fit import Progress
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.domain.results import Results
from mmm_core.domain.study import StepBegun, StepEnded, StudyOutcome
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import files
from mmm_core.use_cases import datasets, fits, models, plans, projects, reports, studies
from mmm_core.use_cases.execute import execute
from mmm_core.use_cases.execute_study import execute_study


@dataclass(frozen=True)
class Checkpoint:
    """What a person is asked, with the evidence for the answer."""

    kind: str
    """'plan', 'data', 'fit' or 'publication'."""
    question: str
    evidence: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    approved: bool
    reason: str = ""


Approve = Callable[[Checkpoint], Decision]
Say = Callable[[str], None]


def run_all(
    services: Services,
    actor: Actor,
    content: bytes,
    filename: str,
    *,
    kpi: str | None = None,
    spec_yaml: str | None = None,
    out: Path,
    approve: Approve,
    say: Say,
    ladder: bool = False,
) -> Results:
    """Read, check, mend, plan, fit, report, and write every file of the contract into ``out``.

    Parameters
    ----------
    ladder
        Climb the ladder to the specification first, and write what it found as ``ladder.json``.

    Raises
    ------
    BadInput
        The data or the specification cannot be used, or a failed check remains.
    NotAllowed
        A checkpoint was declined.
    """
    given = ModelSpec.from_yaml(spec_yaml) if spec_yaml else None
    _ensure_folder(out)
    opened = datasets.open_files(
        [datasets.Upload(content, filename)],
        kpi=kpi or (given.kpi.column if given else None),
        max_mb=services.max_upload_mb,
    )
    project = _project(services, actor, filename)
    version = _data(services, actor, project, opened, say)
    _confirm_data(version, approve)
    _plan(services, actor, project, version, given, approve, say)
    suggestion = models.Suggestion(given, ()) if given else models.suggest_spec(services, actor, project.id)
    for note in suggestion.notes:
        say(f"  {note}")
    if ladder:
        climbed = _climb(services, actor, project, suggestion.spec, say)
        files.write_ladder(out, climbed)
    picture = models.check_spec(services, actor, project.id, suggestion.spec)
    _ask(approve, _fit_question(suggestion.spec, picture))
    run = fits.create_run(services, actor, project.id, suggestion.spec, name="First model")
    say(f"Fitting {len(suggestion.spec.channels)} channels over {version.periods} periods")
    execute(services, actor, run.id, on_progress=_teller(say))
    results = fits.get_results(services, actor, run.id)
    say(results.verdict)
    _ask(approve, Checkpoint("publication", "Write the report?", (results.verdict,)))
    report = reports.publish(services, actor, run.id)
    fitted = fits.load_fitted(services, actor, run.id)
    files.write_all(
        out,
        results,
        spec_yaml=fitted.run.spec_yaml,
        recipe=version.recipe,
        current=fitted.response.current_plan(reports.PLAN_PERIODS),
        plans=reports.plan_styles(fitted),
        markdown=report.markdown,
        html=reports.get_html(services, actor, report.id),
        netcdf=fits.export_netcdf(services, actor, run.id),
    )
    return results


def _climb(services: Services, actor: Actor, project: Project, spec: ModelSpec, say: Say) -> StudyOutcome:
    """The ladder in this process, one line per step."""
    study = studies.create_study(services, actor, project.id, "ladder", spec=spec)
    say("Climbing the ladder")
    labels = {s.step.name: s.step.label for s in studies.watch_study(services, actor, study.id).steps}

    def tell(message: StepBegun | StepEnded) -> None:
        if isinstance(message, StepBegun):
            say(f"  {labels[message.name]}")
        elif message.error:
            say(f"  {message.error}")

    execute_study(services, actor, study.id, on_step=tell)
    return studies.get_outcome(services, actor, study.id)


def _data(services: Services, actor: Actor, project: Project, opened: datasets.Opened, say: Say) -> DatasetVersion:
    version = datasets.add_dataset(services, actor, project.id, opened)
    version = datasets.apply_recommended(services, actor, version.id, report=version.report)
    say(f"Read {opened.filename}: {version.periods} periods, {version.first_period} to {version.last_period}")
    for step in version.recipe:
        say(f"  {step.label}")
    for check in version.report.checks:
        if check.status is not Status.PASS:
            say(f"  {check.status}: {check.message}")
    return version


def _confirm_data(version: DatasetVersion, approve: Approve) -> None:
    datasets.ensure_usable(version)
    review = tuple(c.message for c in version.report.checks if c.status is Status.REVIEW)
    _ask(approve, Checkpoint("data", f"Model these {version.periods} periods?", review))


def _plan(
    services: Services,
    actor: Actor,
    project: Project,
    version: DatasetVersion,
    spec: ModelSpec | None,
    approve: Approve,
    say: Say,
) -> None:
    now = datasets.load_working(services, actor, version.id)
    target, channels, controls = plans.plan_columns(now.recognition)
    if spec:
        target, channels, controls = spec.kpi.column, [c.name for c in spec.channels], list(spec.controls)
    if not target:
        raise DataError("No column looks like the KPI; name it with --kpi COLUMN.")
    plan = plans.save_plan(
        services, actor, project.id, question=project.question, target=target, channels=channels, controls=controls
    )
    plans.save_diagram(services, actor, plans.first_diagram(project, plan))
    say(f"Plan: what did {', '.join(plan.channels)} bring to {plan.target}?")
    evidence = (f"Target: {target}", f"Channels: {', '.join(channels)}", f"Controls: {', '.join(controls) or 'none'}")
    decision = _ask(approve, Checkpoint("plan", "Approve this plan?", evidence))
    plans.approve_plan(services, actor, project.id, decision.reason)


def _ask(approve: Approve, checkpoint: Checkpoint) -> Decision:
    decision = approve(checkpoint)
    if not decision.approved:
        why = f": {decision.reason}" if decision.reason else ""
        raise NotAllowed(f"Stopped at the {checkpoint.kind} checkpoint{why}.")
    return decision


def _fit_question(spec: ModelSpec, picture: models.PriorPicture) -> Checkpoint:
    share = picture.media_share
    return Checkpoint(
        "fit",
        f"Fit {len(spec.channels)} channels with {spec.sampling.chains} chains of {spec.sampling.draws} draws?",
        (f"Before the data speak, media bring {share.p5:.0%} to {share.p95:.0%} of {spec.kpi.column}.",),
    )


def _teller(say: Say) -> Callable[[Progress], None]:
    """One line whenever a phase begins; a percentage at each quarter of the sampling."""
    told: set[tuple[str, int]] = set()

    def tell(progress: Progress) -> None:
        quarter = int(4 * progress.done / progress.total) if progress.total else 0
        if progress.chain == 0 and (progress.phase, quarter) not in told:
            told.add((progress.phase, quarter))
            say(f"  {progress.phase} {progress.done}/{progress.total}" if progress.total else f"  {progress.phase}")

    return tell


def _project(services: Services, actor: Actor, filename: str) -> Project:
    taken = {p.name for p in projects.list_projects(services, actor)}
    stem = Path(filename).stem or "Analysis"
    name = next(n for i in range(1, 100_000) if (n := stem if i == 1 else f"{stem} {i}") not in taken)
    return projects.create_project(
        services,
        actor,
        name=name,
        question="What did each channel bring, and where should the money go?",
        kpi_unit=KpiUnit.REVENUE,
    )


def _ensure_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".carryover-write-test"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Unavailable(f"The folder {out} cannot be written to: {error.strerror or error}.") from None
