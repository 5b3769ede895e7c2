"""The workflow carried out in this process from beginning to end: what ``mmm run`` does."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from langgraph.checkpoint.memory import InMemorySaver

from mmm_core.agents.workflow import report
from mmm_core.agents.workflow.desk import Desk
from mmm_core.agents.workflow.drive import Hands, drive
from mmm_core.agents.workflow.state import State
from mmm_core.domain.errors import NotAllowed, Unavailable
from mmm_core.domain.fit import Progress
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.results import Results
from mmm_core.domain.study import StepBegun, StepEnded
from mmm_core.domain.workflow import (
    Answer,
    Awaited,
    Event,
    EventKind,
    Question,
    Verdict,
    Workflow,
    WorkflowOptions,
    WorkflowStatus,
)
from mmm_core.reports import files
from mmm_core.use_cases import approvals, fits, reports, studies, workflows
from mmm_core.use_cases.execute import execute
from mmm_core.use_cases.execute_study import execute_study


@dataclass(frozen=True)
class Said:
    """What the person at the terminal answered."""

    verdict: Verdict
    reason: str = ""
    edits: dict[str, object] | None = None


Ask = Callable[[Question], Said]
Say = Callable[[str], None]


def run_here(
    services: Services,
    actor: Actor,
    project_id: str,
    *,
    spec_yaml: str | None = None,
    out: Path,
    ask: Ask | None,
    say: Say,
    ladder: bool = False,
    hand_over: bool = False,
) -> Results:
    """Run the workflow on a project, and write every file of the contract into ``out``.

    Parameters
    ----------
    ask
        Puts a question to the person; None where every checkpoint was approved beforehand.
    ladder
        Climb the ladder to the specification first, and write what it found as ``ladder.json``.
    hand_over
        On it, each step once more with the posterior of the step before as prior.

    Raises
    ------
    BadInput
        The data or the specification cannot be used, or a failed check remains.
    NotAllowed
        A checkpoint was declined.
    """
    options = WorkflowOptions(spec_yaml, ladder, hand_over, auto=ask is None)
    workflow = workflows.create(services, actor, project_id, options=options)
    hands = Hands(respond=_responder(services, actor, ask), carry_out=doer(services, actor, say), tell=_teller(say))
    stretch = drive(services, workflow, actor.organisation_id, InMemorySaver(), workflow.id, hands)
    if stretch.status is WorkflowStatus.STOPPED:
        raise NotAllowed(_declined(services, actor, workflow.id))
    assert stretch.desk is not None
    return _written(services, actor, stretch.desk, stretch.state, out)


def _responder(services: Services, actor: Actor, ask: Ask | None) -> Callable[[Workflow, Question], None]:
    def respond(workflow: Workflow, question: Question) -> None:
        said = ask(question) if ask else Said(Verdict.APPROVE, "--auto-approve")
        who = actor if ask else replace(actor, name="auto-approve")
        approvals.record_answer(
            services, who, workflow.id, question.key, said.verdict, said.reason, said.edits or {}
        )  # fmt: skip

    return respond


def doer(services: Services, actor: Actor, say: Say) -> Callable[[Awaited, str], None]:
    """Carries fits and studies out in this process, and says how far they are."""

    def carry_out(awaited: Awaited, what: str) -> None:
        if awaited is Awaited.FIT:
            execute(services, actor, what, on_progress=_progress(say))
            return
        labels = {s.step.name: s.step.label for s in studies.watch_study(services, actor, what).steps}

        def tell(message: StepBegun | StepEnded) -> None:
            if isinstance(message, StepBegun):
                say(f"  {labels[message.name]}")
            elif message.error:
                say(f"  {message.error}")

        execute_study(services, actor, what, on_step=tell)

    return carry_out


def _teller(say: Say) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if event.kind is EventKind.BEGUN:
            say(event.text)
        elif event.kind is EventKind.DECISION:
            say(f"  {event.text}")

    return tell


def _progress(say: Say) -> Callable[[Progress], None]:
    """One line whenever a phase begins; a percentage at each quarter of the sampling."""
    told: set[tuple[str, int]] = set()

    def tell(progress: Progress) -> None:
        quarter = int(4 * progress.done / progress.total) if progress.total else 0
        if progress.chain == 0 and (progress.phase, quarter) not in told:
            told.add((progress.phase, quarter))
            say(f"  {progress.phase} {progress.done}/{progress.total}" if progress.total else f"  {progress.phase}")

    return tell


def _declined(services: Services, actor: Actor, workflow_id: str) -> str:
    """Which checkpoint ended it, and why."""
    with services.work(actor) as work:
        asked = work.workflows.approvals(workflow_id)
    last: Answer | None = asked[-1].answer if asked else None
    why = f": {last.reason.rstrip('.')}" if last and last.reason else ""
    return f"Stopped at the {asked[-1].question.gate} checkpoint{why}."


def _written(services: Services, actor: Actor, desk: Desk, state: State, out: Path) -> Results:
    run_id, report_id = state["run_id"], state["report_id"]
    if study_id := state.get("study_id"):
        files.write_ladder(out, studies.get_outcome(services, actor, study_id))
    results = fits.get_results(services, actor, run_id)
    run = fits.get_run(services, actor, run_id)
    fitted = desk.keep(run_id, lambda: fits.load_fitted(services, actor, run_id))
    with services.work(actor) as work:
        recipe = work.datasets.get(run.dataset_version_id).recipe
        markdown = work.reports.get(report_id).markdown
    files.write_all(
        out,
        results,
        spec_yaml=run.spec_yaml,
        recipe=recipe,
        current=fitted.response.current_plan(reports.PLAN_PERIODS),
        plans=report.plans_of(desk, state),
        markdown=markdown,
        html=reports.get_html(services, actor, report_id),
        netcdf=fits.export_netcdf(services, actor, run_id),
    )
    return results


def ensure_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".carryover-write-test"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise Unavailable(f"The folder {out} cannot be written to: {error.strerror or error}.") from None
