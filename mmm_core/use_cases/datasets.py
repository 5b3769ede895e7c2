"""Data: add a file, correct roles, mend, waive, undo, and keep versions (D1-D7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

import pandas as pd

from mmm_core.data import mff, quality, read, recipe, recognise, versions
from mmm_core.domain.checks import ESSENTIAL, CheckReport
from mmm_core.domain.dataset import ColumnRole, DatasetVersion, RecipeStep, Recognition, Role, Shape
from mmm_core.domain.errors import BadInput, DataError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.use_cases.access import require
from mmm_core.use_cases.knowledge import remember_decision

PARQUET = "application/vnd.apache.parquet"
MOST_SAID = 3
"""Failed checks that a refusal says in full."""
Change = Callable[[DatasetVersion, pd.DataFrame], "Changed"]


@dataclass(frozen=True)
class Upload:
    content: bytes
    filename: str
    sheet: str | None = None


@dataclass(frozen=True)
class Opened:
    """Files that were read and joined, and what was recognised in them; nothing of it is kept yet."""

    filename: str
    frame: pd.DataFrame
    recognition: Recognition


class Changed(NamedTuple):
    """Roles and recipe of a change, and the report of the table that they give where it is known already."""

    recognition: Recognition
    steps: tuple[RecipeStep, ...]
    report: CheckReport | None = None


@dataclass(frozen=True)
class Working:
    """A version's table after its recipe, with the roles that hold then."""

    version: DatasetVersion
    frame: pd.DataFrame
    recognition: Recognition


def inspect_file(
    content: bytes, filename: str, *, sheet: str | None = None, kpi: str | None = None, max_mb: int = 100
) -> Working:
    """Read, recognise and check a file without keeping it (``mmm data check``)."""
    opened = open_files([Upload(content, filename, sheet)], kpi=kpi, max_mb=max_mb)
    frame, recognition = opened.frame, opened.recognition
    steps = _shaping_steps(frame, recognition, week_start=0)
    version = _describe(_blank_version(filename), frame, recognition, steps)
    table, after = recipe.apply(frame, recognition, steps)
    return Working(version, table, after)


def open_files(uploads: Sequence[Upload], *, kpi: str | None = None, max_mb: int = 100) -> Opened:
    """Read one file, or several that are joined on date and geo, and recognise what is in them."""
    if not uploads:
        raise DataError("Choose a file first.")
    frame, notes = _read(uploads, max_mb)
    recognition = _with_notes(recognise.recognise(frame, kpi=kpi), notes)
    return Opened(" + ".join(u.filename for u in uploads), frame, recognition)


def add_dataset(
    services: Services, actor: Actor, project_id: str, uploads: Sequence[Upload] | Opened, *, kpi: str | None = None
) -> DatasetVersion:
    """Keep one file, or several that are joined on date and geo, as the next version; opened ones are not read again.

    The last version's corrected roles and recipe are replayed where its columns are all there.
    """
    require(actor, TeamRole.ANALYST, "add data")
    opened = uploads if isinstance(uploads, Opened) else open_files(uploads, kpi=kpi, max_mb=services.max_upload_mb)
    frame, recognition = opened.frame, opened.recognition
    with services.work(actor) as work:
        project = work.projects.get(project_id)
        last = work.datasets.latest(project_id)
        steps = _shaping_steps(frame, recognition, project.week_start)
        if last and {r.column for r in last.recognition.roles} <= set(map(str, frame.columns)):
            known = {r.column: r for r in last.recognition.roles}
            roles = [known.get(r.column, r) for r in recognition.roles]
            recognition, steps = recognise.with_roles(recognition, roles), last.recipe
        version = replace(
            _blank_version(opened.filename),
            id=services.new_id(),
            project_id=project.id,
            number=last.number + 1 if last else 1,
            source_blob=work.blobs.put(read.to_parquet(frame), PARQUET),
            created_by=actor.name,
            created_at=services.now(),
        )
        version = _describe(version, frame, recognition, steps)
        if last:
            before = working(work, last)
            after, roles_after = recipe.apply(frame, recognition, steps)
            version = replace(version, restatement=versions.compare(before.frame, after, roles_after))
        work.datasets.add(version)
        _to_graph(work, version)
        work.audit.record("data.added", version.id, {"file": opened.filename, "hash": version.content_hash})
    return version


def correct_roles(services: Services, actor: Actor, version_id: str, roles: Sequence[ColumnRole]) -> DatasetVersion:
    """Keep the person's roles; the recipe is replayed on them."""

    def change(version: DatasetVersion, frame: pd.DataFrame) -> Changed:
        return Changed(recognise.with_roles(version.recognition, list(roles)), version.recipe)

    return _edit(services, actor, version_id, "data.roles", change)


def apply_step(services: Services, actor: Actor, version_id: str, step: RecipeStep) -> DatasetVersion:
    def change(version: DatasetVersion, frame: pd.DataFrame) -> Changed:
        return Changed(version.recognition, (*version.recipe, replace(step, by=actor.name)))

    return _edit(services, actor, version_id, "data.step", change)


def undo_step(services: Services, actor: Actor, version_id: str, index: int | None = None) -> DatasetVersion:
    """Take back one recipe entry (the last by default); those after it are replayed."""

    def change(version: DatasetVersion, frame: pd.DataFrame) -> Changed:
        if not version.recipe:
            raise BadInput("There is nothing to undo.")
        at = len(version.recipe) - 1 if index is None else index
        if not 0 <= at < len(version.recipe):
            raise BadInput("That step is not in the recipe any more.")
        return Changed(version.recognition, version.recipe[:at] + version.recipe[at + 1 :])

    return _edit(services, actor, version_id, "data.undo", change)


def apply_recommended(
    services: Services, actor: Actor, version_id: str, *, report: CheckReport | None = None
) -> DatasetVersion:
    """Apply every recommended fix, again until none is left; never a waiver.

    ``report`` is the check of the version as it stands, where the caller has just made it.
    """

    def change(version: DatasetVersion, frame: pd.DataFrame) -> Changed:
        steps, known = version.recipe, report
        for _ in range(5):
            table, recognition = recipe.apply(frame, version.recognition, steps)
            known = known or quality.check(table, recognition)
            more = recipe.recommend(recognition, known)
            if not more:
                break
            steps, known = (*steps, *(replace(s, by="recommended") for s in more)), None
        return Changed(version.recognition, steps, known)

    return _edit(services, actor, version_id, "data.recommended", change)


def preview_step(services: Services, actor: Actor, version_id: str, step: RecipeStep) -> recipe.Preview:
    with services.work(actor) as work:
        now = working(work, work.datasets.get(version_id))
    return recipe.preview(now.frame, now.recognition, step)


def waive(services: Services, actor: Actor, version_id: str, check_id: str, reason: str) -> DatasetVersion:
    """Let a failed check stand, with a reason that stays on record."""
    require(actor, TeamRole.APPROVER, "waive a check")
    if not reason.strip():
        raise BadInput("Say why this check may stand; the reason stays on record.")
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        if check_id not in {c.id for c in version.report.checks}:
            raise BadInput(f"There is no check called {check_id} in this report.")
        if check_id in ESSENTIAL:
            raise BadInput("Nothing can be fitted to these data as they are: mend this check, it cannot be waived.")
        checks = tuple(
            replace(c, waived_by=actor.name, waived_reason=reason.strip()) if c.id == check_id else c
            for c in version.report.checks
        )
        version = replace(version, report=CheckReport(checks))
        work.datasets.update(version)
        check = next(c for c in checks if c.id == check_id)
        title = f"Check {check.title} of data version {version.number} may stand"
        remember_decision(
            work, ("dataset", version.id), title, f"{reason.strip()} The check said: {check.message}", actor.name,
            version.project_id, key=f"{version.id}:waived:{check_id}",
        )  # fmt: skip
        work.audit.record("data.waived", version.id, {"check": check_id, "reason": reason.strip()})
    return version


def latest_dataset(services: Services, actor: Actor, project_id: str) -> DatasetVersion | None:
    with services.work(actor) as work:
        return work.datasets.latest(project_id)


def list_datasets(services: Services, actor: Actor, project_id: str) -> Sequence[DatasetVersion]:
    with services.work(actor) as work:
        return work.datasets.list(project_id)


def load_working(services: Services, actor: Actor, version_id: str) -> Working:
    with services.work(actor) as work:
        return working(work, work.datasets.get(version_id))


def working(work: Work, version: DatasetVersion) -> Working:
    frame = read.from_parquet(work.blobs.get(version.source_blob))
    table, recognition = recipe.apply(frame, version.recognition, version.recipe)
    return Working(version, table, recognition)


def working_table(work: Work, version: DatasetVersion) -> pd.DataFrame:
    return working(work, version).frame


def ensure_usable(version: DatasetVersion | None) -> DatasetVersion:
    """The version that a fit may use; DataError where a failed check stands unwaived."""
    if version is None:
        raise DataError("Add data on the Data page first.")
    blocking = version.report.blocking
    if blocking:
        found = " ".join(check.message for check in blocking[:MOST_SAID])
        left = len(blocking) - MOST_SAID
        more = f" {left} more {'check' if left == 1 else 'checks'} failed." if left > 0 else ""
        them = "it" if len(blocking) == 1 else "them"
        raise DataError(f"The data cannot be modelled yet: {found}{more} Mend or waive {them} on the Data page.")
    return version


def _edit(services: Services, actor: Actor, version_id: str, action: str, change: Change) -> DatasetVersion:
    """Change roles or recipe; a version that a model or a study saw stays, and the change becomes the next version."""
    require(actor, TeamRole.ANALYST, "change data")
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        frame = read.from_parquet(work.blobs.get(version.source_blob))
        recognition, steps, report = change(version, frame)
        changed = _keep_waivers(_describe(version, frame, recognition, steps, report), version)
        seen = {r.dataset_version_id for r in work.runs.list(version.project_id)}
        seen |= {s.dataset_version_id for s in work.studies.list(version.project_id)}
        if version.id in seen:
            newest = work.datasets.latest(version.project_id)
            number = (newest.number if newest else version.number) + 1
            changed = replace(
                changed, id=services.new_id(), number=number, created_by=actor.name, created_at=services.now()
            )
            work.datasets.add(changed)
            work.graph.put_node("dataset", changed.id, f"Data version {number}", {}, version.project_id)
            work.graph.put_edge(("dataset", changed.id), "derived_from", ("dataset", version.id))
        else:
            work.datasets.update(changed)
        _to_graph(work, changed)
        work.audit.record(action, changed.id, {"recipe": [s.label for s in changed.recipe]})
    return changed


def _read(uploads: Sequence[Upload], max_mb: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    frames: dict[str, pd.DataFrame] = {}
    notes: list[str] = []
    for upload in uploads:
        table = read.read_table(upload.content, upload.filename, sheet=upload.sheet, max_mb=max_mb)
        frame = table.frame
        if recognise.recognise(frame).shape is Shape.MFF:
            frame, said = mff.widen(frame)
            notes.append(f"{upload.filename} was in long MFF form; each variable is now a column.")
            notes.extend(said)
        if upload.filename in frames:
            raise DataError(f"{upload.filename} was given twice; leave one of them out.")
        frames[upload.filename] = frame
        notes.extend(table.notes)
    if len(frames) > 1:
        return read.join_tables(frames), tuple(notes)
    return frame, tuple(notes)


def _shaping_steps(frame: pd.DataFrame, recognition: Recognition, week_start: int) -> tuple[RecipeStep, ...]:
    """Steps without which the table is no weekly series, national or by geo; each can be undone."""
    steps = recipe.opening(frame, recognition, week_start=week_start)
    return tuple(replace(s, by="recognised") for s in steps)


def _describe(
    version: DatasetVersion,
    frame: pd.DataFrame,
    recognition: Recognition,
    steps: tuple[RecipeStep, ...],
    report: CheckReport | None = None,
) -> DatasetVersion:
    """The version with everything that follows from its source, roles and recipe; a report known already is kept."""
    table, after = recipe.apply(frame, recognition, steps)
    date = after.one(Role.DATE)
    dates = pd.to_datetime(table[date]).dropna() if date else pd.Series(dtype="datetime64[ns]")
    return replace(
        version,
        content_hash=read.content_hash(table),
        recognition=recognition,
        recipe=steps,
        report=report or quality.check(table, after),
        periods=int(dates.nunique()),
        first_period=dates.min().date() if len(dates) else None,
        last_period=dates.max().date() if len(dates) else None,
    )


def _keep_waivers(version: DatasetVersion, before: DatasetVersion) -> DatasetVersion:
    """A waiver holds for the same check on the same columns; a changed finding asks again."""
    waived = {(c.id, c.columns): c for c in before.report.checks if c.waived_by}
    checks = tuple(
        replace(c, waived_by=w.waived_by, waived_reason=w.waived_reason)
        if (w := waived.get((c.id, c.columns))) and c.status is w.status
        else c
        for c in version.report.checks
    )
    return replace(version, report=CheckReport(checks))


def _blank_version(filename: str) -> DatasetVersion:
    empty = Recognition(Shape.NATIONAL, "plain", None, ())
    return DatasetVersion(
        "", "", 1, "", filename, "", empty, (), CheckReport(), 0, None, None, None, "", datetime.now(UTC)
    )


def _with_notes(recognition: Recognition, notes: Sequence[str]) -> Recognition:
    return replace(recognition, notes=(*recognition.notes, *notes))


def _to_graph(work: Work, version: DatasetVersion) -> None:
    label = f"Data version {version.number} ({version.filename})"
    facts = {"hash": version.content_hash, "periods": version.periods, "rows_through": str(version.last_period)}
    graph, project = work.graph, version.project_id
    graph.put_node("dataset", version.id, label, facts, project)
    graph.put_edge(("dataset", version.id), "part_of", ("project", project))
    graph.put_node("file", version.source_blob, version.filename, {"sha256": version.source_blob}, project)
    graph.put_edge(("dataset", version.id), "read_from", ("file", version.source_blob))
    for number, step in enumerate(version.recipe):
        key = f"{version.id}:{number}"
        graph.put_node("feature_decision", key, step.label, {"by": step.by, "reason": step.reason}, project)
        graph.put_edge(("dataset", version.id), "decided_by", ("feature_decision", key))
    for column in version.recognition.roles:
        if column.role is Role.IGNORE:
            continue
        key = f"{project}:{column.column}"
        graph.put_node("variable", key, column.column, {"role": column.role.value, "reason": column.reason}, project)
        graph.put_edge(("dataset", version.id), "contains", ("variable", key))
    body = " ".join([version.filename, *(f"{r.column} {r.role}" for r in version.recognition.roles)])
    work.documents.put("dataset", version.id, label, body, project)
