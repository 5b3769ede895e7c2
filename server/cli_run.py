"""``mmm run``: the whole analysis, with a question at each checkpoint unless the person waived them all beforehand."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mmm_core.domain.errors import BadInput, SpecError
from mmm_core.domain.results import Interval, Results
from mmm_core.domain.workflow import Question, Verdict
from mmm_core.reports import wording
from mmm_core.use_cases.approvals import checked_edits
from server import cli_choices
from server.cli_data import read_file
from server.local import local_services

if TYPE_CHECKING:
    from mmm_core.agents.workflow.here import Said

YES = ("y", "yes")
NO = ("n", "no")
EDIT = ("e", "edit")


def run(
    source: Path, kpi: str | None, spec: Path | None, out: Path, auto_approve: bool, as_json: bool, ladder: bool = False
) -> None:
    content = read_file(source)
    spec_yaml = _read_spec(spec) if spec else None
    # LangGraph takes a second to import, which a wrong file name need not wait for.
    from mmm_core.agents.workflow.here import run_here

    with local_services(say=_say, fits=True) as (services, actor):
        results = run_here(
            services,
            actor,
            content,
            source.name,
            kpi=kpi,
            spec_yaml=spec_yaml,
            out=out,
            ask=None if auto_approve else ask_person,
            say=_say,
            ladder=ladder,
        )
    if as_json:
        sys.stdout.write((out / "summary.json").read_text(encoding="utf-8"))
    else:
        if ladder:
            _print_ladder(out)
        _print_results(results, out)


def _print_ladder(out: Path) -> None:
    found = json.loads((out / "ladder.json").read_text(encoding="utf-8"))
    lines = [f"{'step':<44}  {'against the best':>18}  {'holdout error':>13}  {'high k':>6}  advice"]
    for step in found["steps"]:
        name = f"{step['step']} {step['adds']}"
        apart = f"{step['elpd_difference']:+.1f} ± {step['standard_error']:.1f}"
        ahead = step["holdout_mape"]
        error = f"{ahead:.1%}" if ahead is not None else "-"
        lines.append(f"{name:<44}  {apart:>18}  {error:>13}  {step['high_pareto_k']:>6}  {step['advice']}")
    print("\n".join([*lines, f"\n{found['verdict']}\n"]))  # noqa: T201


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
    lines.append(f"\n{results.verdict}\nAll results are in {out}/ (open {out / 'report.html'}).")
    print("\n".join(lines))  # noqa: T201


def _interval(interval: Interval, style: str) -> str:
    return f"{style.format(interval.p50)} ({style.format(interval.p5)} to {style.format(interval.p95)})"
