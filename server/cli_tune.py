"""``mmm tune``: a tuning session of a project, or of a data file, with its results and its whole history as JSON."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmm_core.domain.errors import BadInput, NotAllowed
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Project
from mmm_core.domain.tuning import TuningOptions
from mmm_core.domain.workflow import WorkflowStatus
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, plans, projects, tuning, tuning_history, workflows
from mmm_core.use_cases.file_projects import KpiMeaning, open_project
from server.cli_data import finite, read_file
from server.cli_run import ask_person, is_file

SKIPPED = "mmm tune was asked for these data."


@dataclass(frozen=True)
class Wanted:
    """What the command line asked for."""

    source: str
    spec: Path | None
    context: Path | None
    options: TuningOptions
    out: Path
    unattended: bool
    as_json: bool
    kpi: str | None
    means: KpiMeaning
    example: bool = False


def run(wanted: Wanted) -> None:
    """Carry the session out and write its files; NotAllowed where a person ended it."""
    from mmm_core.agents.workflow.here import ensure_folder
    from server.local import local_services

    spec = ModelSpec.from_yaml(_text(wanted.spec, "specification")) if wanted.spec else None
    context = _text(wanted.context, "business context") if wanted.context else ""
    file = Path(wanted.source)
    content = read_file(file) if is_file(wanted.source) else None
    if wanted.example and content:
        sys.stdout.write(tuning.example_of_file(content, file.name, spec, kpi=wanted.kpi, means=wanted.means))
        return
    with local_services(say=_say, fits=not wanted.example) as (services, actor):
        if content:
            project = _of_file(services, actor, file, content, wanted, spec)
        else:
            project = projects.find_project(services, actor, wanted.source)
        begun, origin = (spec, str(wanted.spec)) if spec else tuning.begun_from(services, actor, project.id)
        if wanted.example:
            sys.stdout.write(tuning.example(services, actor, project.id, begun))
            return
        ensure_folder(wanted.out)
        _say(f"Tuning {project.name}, beginning with {origin}.")
        try:
            seen = _session(services, actor, project, begun, context, wanted)
        except BadInput:
            # What was refused before it began leaves no project of the file behind.
            if content and tuning.latest(services, actor, project.id) is None:
                projects.archive_project(services, actor, project.id)
            raise
    _write(wanted, seen)
    if seen.workflow.status is WorkflowStatus.STOPPED:
        raise NotAllowed(f"{seen.workflow.outcome} The history is in {wanted.out}.")


def _session(
    services: Services, actor: Actor, project: Project, spec: ModelSpec, context: str, wanted: Wanted
) -> workflows.Watch:
    # LangGraph takes a second to import, which a wrong file name need not wait for.
    from mmm_core.agents.tuning.here import tune_here

    ask = None if wanted.unattended else ask_person
    return tune_here(services, actor, project.id, spec, context, wanted.options, ask=ask, say=_say)


def _of_file(
    services: Services, actor: Actor, file: Path, content: bytes, wanted: Wanted, spec: ModelSpec | None
) -> Project:
    """A project of the file's own, its recommended fixes applied and its plan skipped on record."""
    opened = open_project(services, actor, content, file.name, kpi=wanted.kpi, given=spec, means=wanted.means)
    project = opened.project
    if opened.told:
        _say(opened.told)
    version = datasets.latest_dataset(services, actor, project.id)
    assert version is not None
    version = datasets.apply_recommended(services, actor, version.id)
    target, channels, controls = plans.plan_columns(version.recognition)
    plans.save_plan(
        services, actor, project.id, question="Which settings?", target=target, channels=channels, controls=controls
    )
    plans.skip_plan(services, actor, project.id, SKIPPED)
    return project


def _text(path: Path, what: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The {what} {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise BadInput(f"The {what} {path} is not a text file in UTF-8.") from None


def _write(wanted: Wanted, seen: workflows.Watch) -> None:
    whole = tuning_history.history(seen)
    result = whole["result"] or {}
    _json(wanted.out / "history.json", whole)
    _json(wanted.out / "results.json", {"session": whole["session"], "cost": whole["cost"], **result})
    if result:
        (wanted.out / "spec.yaml").write_text(result["spec"], encoding="utf-8")
    if wanted.as_json:
        sys.stdout.write((wanted.out / "results.json").read_text(encoding="utf-8"))
    elif result:
        print("\n".join(_lines(result, wanted.out)))  # noqa: T201


def _json(path: Path, document: dict[str, Any]) -> None:
    text = json.dumps(finite(document), indent=2, ensure_ascii=False, default=str, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def _lines(result: dict[str, Any], out: Path) -> list[str]:
    was, now = result["baseline"], result["best"]
    rows: list[tuple[str, ...]] = [("", "before", "after")]
    rows.append(("score (of 1)", *(f"{one['score']['total']:.3f}" for one in (was, now))))
    rows.append(("forecast of weeks held out off by", *(f"{one['holdout_error']:.1%}" for one in (was, now))))
    rows.append(("checks that fail", *(str(len(one["failed"])) for one in (was, now))))
    widest = max(len(r[0]) for r in rows)
    lines = [f"{r[0]:<{widest}}  {r[1]:>8}  {r[2]:>8}" for r in rows]
    show: Callable[[Any], str] = lambda v: "none" if v in (None, []) else f.plain(str(v))  # noqa: E731
    lines += ["", *(f"{path}: {show(c['from'])} -> {show(c['to'])}" for path, c in result["changes"].items())]
    lines += [""] if result["changes"] else []
    lines += [f"{'met' if c['met'] else 'NOT met':<8} {c['name']}: {c['found']}, wanted {c['wanted']}"
              for c in result["criteria"]]  # fmt: skip
    verdict = "Approved." if result["approved"] else "Not approved."
    return [*lines, "", f"{verdict} Results, history and specification are in {out}/."]


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
