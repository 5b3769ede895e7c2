"""``mmm run``: the whole analysis, with a question at each checkpoint unless the person waived them all beforehand."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_core.data import read
from mmm_core.domain.errors import BadInput, SpecError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Project
from mmm_core.domain.results import Interval, Results
from mmm_core.domain.workflow import Question, Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording
from mmm_core.use_cases import datasets, given_spec, projects
from mmm_core.use_cases.approvals import checked_edits
from mmm_core.use_cases.file_projects import QUESTION, KpiMeaning, open_project
from server import cli_choices
from server.cli_data import read_file
from server.local import local_services

if TYPE_CHECKING:
    from mmm_core.agents.workflow.here import Said

YES = ("y", "yes")
NO = ("n", "no")
EDIT = ("e", "edit")


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for."""

    source: str
    """A file, or the name or id of a project."""
    kpi: str | None
    means: KpiMeaning
    spec: Path | None
    out: Path
    auto_approve: bool
    as_json: bool
    ladder: bool
    hand_over: bool


def run(wanted: Wanted) -> None:
    spec_yaml = _read_spec(wanted.spec) if wanted.spec else None
    given = ModelSpec.from_yaml(spec_yaml) if spec_yaml else None
    file = Path(wanted.source)
    content = read_file(file) if is_file(wanted.source) else None
    # LangGraph takes a second to import, which a wrong file name need not wait for.
    from mmm_core.agents.workflow.here import ensure_folder, run_here

    with local_services(say=_say, fits=True) as (services, actor):
        ensure_folder(wanted.out)
        if content is None:
            project = _known(services, actor, wanted, given)
        else:
            opened = open_project(
                services, actor, content, file.name, kpi=wanted.kpi, given=given, means=wanted.means, question=QUESTION
            )
            project = opened.project
            if opened.told:
                _say(opened.told)
        results = run_here(
            services,
            actor,
            project.id,
            spec_yaml=spec_yaml,
            out=wanted.out,
            ask=None if wanted.auto_approve else ask_person,
            say=_say,
            ladder=wanted.ladder,
            hand_over=wanted.hand_over,
        )
    _show(results, wanted)


def _known(services: Services, actor: Actor, wanted: Wanted, given: ModelSpec | None) -> Project:
    """The project of that name; its KPI and what that is worth are its own."""
    project = projects.find_project(services, actor, wanted.source)
    if wanted.kpi or wanted.means != KpiMeaning():
        raise BadInput(f"What the KPI of {project.name} is, its Plan and Data pages say; leave the options of it out.")
    version = datasets.latest_dataset(services, actor, project.id)
    if given and version:
        given_spec.ensure_fits(services, actor, version.id, given)
    return project


def is_file(source: str) -> bool:
    """Whether an argument that may name a file or a project is taken for a file."""
    path = Path(source)
    return path.exists() or path.suffix.lower().removeprefix(".") in read.FILE_TYPES or len(path.parts) > 1


def _show(results: Results, wanted: Wanted) -> None:
    if wanted.as_json:
        sys.stdout.write((wanted.out / "summary.json").read_text(encoding="utf-8"))
        return
    if wanted.ladder:
        _print_ladder(wanted.out)
    _print_results(results, wanted.out)


def _print_ladder(out: Path) -> None:
    found = json.loads((out / "ladder.json").read_text(encoding="utf-8"))
    lines = [f"{'step':<44}  {'against the best':>18}  {'holdout error':>13}  {'high k':>6}  advice"]
    for step in found["steps"]:
        name = f"{step['step']} {step['adds']}"
        apart = f"{step['elpd_difference']:+.1f} ± {step['standard_error']:.1f}"
        ahead = step["holdout_mape"]
        error = f"{ahead:.1%}" if ahead is not None else "-"
        lines.append(f"{name:<44}  {apart:>18}  {error:>13}  {step['high_pareto_k']:>6}  {step['advice']}")
    if handed := found.get("returns_handed_over"):
        lines += ["", "returns with the step before as prior", *_channels_by_step(handed["channels"]), handed["note"]]
    print("\n".join([*lines, f"\n{found['verdict']}\n"]))  # noqa: T201


def _channels_by_step(found: dict[str, dict[str, float | None]]) -> list[str]:
    steps = list(next(iter(found.values()), {}))
    width = max([7, *map(len, found)])
    lines = [f"{'channel':<{width}}  " + "  ".join(f"{f'step {s}':>8}" for s in steps)]
    for name, row in found.items():
        cells = (wording.short(v) if v is not None else "-" for v in row.values())
        lines.append(f"{name:<{width}}  " + "  ".join(f"{cell:>8}" for cell in cells))
    return lines


def _read_spec(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(f"The specification {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise SpecError(f"The specification {path} is not a text file in UTF-8.") from None


def ask_person(question: Question) -> "Said":
    """Show the evidence on stderr (stdout stays clean for ``--json``) and wait for a yes, a no with why, or changes."""
    from mmm_core.agents.workflow.here import Said

    _say("")
    for line in (*question.evidence, question.problem, question.remark):
        if line:
            _say(f"  {line}")
    for table in question.tables:
        for row in table.rows:
            _say("  " + "  ".join(wording.short(c) if isinstance(c, float) else str(c) for c in row))
    ways = "[y/n] (e to change something) " if question.inputs else "[y/n] "
    while True:
        answer = _answer(f"{question.text} {ways}").lower()
        if answer in YES:
            return Said(Verdict.APPROVE, _answer("Why? ") if question.needs_reason else "")
        if answer in NO:
            return Said(Verdict.REJECT, _reason(question))
        if answer in EDIT and question.inputs:
            edits = _changes(question)
            if edits is not None:
                return Said(Verdict.EDIT, _answer("Why? ") if question.needs_reason else "", edits)
            continue
        _say("Answer y or n.")


def _reason(question: Question) -> str:
    """A rejection says where it leads, and keeps asking for a reason."""
    _say(f"  {question.rejected}")
    while not (reason := _answer("Why not? ")):
        _say("Say in a few words why; the reason stays on record.")
    return reason


def _changes(question: Question) -> dict[str, object] | None:
    """New values, asked one by one; None where they cannot be used, which is said."""
    edits: dict[str, object] = {}
    for one in question.inputs:
        for line in cli_choices.shown(one):
            _say(line)
        said = _answer(cli_choices.asked(one))
        if said:
            edits[one.name] = cli_choices.taken(one, said)
    try:
        checked: dict[str, object] = checked_edits(question, edits)
    except BadInput as error:
        _say(f"  {error}")
        return None
    return checked


def _answer(question: str) -> str:
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise BadInput("Nobody answered at the checkpoint; run it in a terminal, or pass --auto-approve.")
    return line.strip()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201


def _print_results(results: Results, out: Path) -> None:
    widest = max((len(c.channel) for c in results.channels), default=7)
    lines = [f"{'channel':<{widest}}  {'spend':>14}  {'share of KPI':>22}  {'ROI':>20}  evidence  action"]
    for c in results.channels:
        spend = f"{c.spend:,.0f}" if c.spend is not None else "-"
        share = _interval(c.contribution_share, "{:.1%}")
        roi = _interval(c.roi, "{:.2f}") if c.roi else "-"
        lines.append(f"{c.channel:<{widest}}  {spend:>14}  {share:>22}  {roi:>20}  {c.evidence:<8}  {c.action}")
    verdict = wording.named(results.verdict, [c.channel for c in results.channels])
    lines.append(f"\n{verdict}\nAll results are in {out}/ (open {out / 'report.html'}).")
    print("\n".join(lines))  # noqa: T201


def _interval(interval: Interval, style: str) -> str:
    return f"{style.format(interval.p50)} ({style.format(interval.p5)} to {style.format(interval.p95)})"
