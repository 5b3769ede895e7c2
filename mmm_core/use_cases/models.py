"""The specification before the fit: suggestion, check, first look, what the prior implies (M1, M2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from mmm_core.analysis import first_look as ridge
from mmm_core.data import read
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.project import KpiUnit, Plan, PlanStatus, Precedent, Project
from mmm_core.domain.spec_draft import SpecDraft
from mmm_core.modeling import implied, lift_table, prepare, suggest
from mmm_core.modeling.implied import PriorPicture as PriorPicture
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import Working, ensure_usable, working
from mmm_core.use_cases.elicited import with_accepted
from mmm_core.use_cases.experience import Lesson, here_of, lessons
from mmm_core.use_cases.planned import follows, with_plan
from mmm_core.use_cases.precedents import with_precedents

ONE_SITTING = timedelta(hours=1)
"""Changes of one person within it are one line of the audit trail."""


@dataclass(frozen=True)
class Suggestion:
    spec: ModelSpec
    notes: tuple[str, ...]
    """Why something was chosen or left out."""
    is_draft: bool = False
    """Somebody's changes that no model was fitted with yet, rather than a suggestion."""


@dataclass(frozen=True)
class _Begun:
    """What somebody wrote already."""

    spec: ModelSpec
    at: datetime
    note: str
    is_draft: bool


def suggest_spec(services: Services, actor: Actor, project_id: str) -> Suggestion:
    """The specification to go on with.

    What was left on the Model page or fitted last, whichever is newer, where its columns still exist; a plan that was
    approved later changes it. Else sensible defaults for plan and data.
    """
    with services.work(actor) as work:
        version = work.datasets.latest(project_id)
        if version is None:
            return _no_data()
        now = working(work, version)
        project = work.projects.get(project_id)
        plan = work.projects.latest_plan(project_id)
        columns = tuple(map(str, now.frame.columns))
        begun = _begun(work, project_id, columns, actor)
        here = here_of(work, project_id, plan) if begun is None else None
        past = [m for m in lessons(work, here) if m.shared] if here else []
    if begun is not None:
        return _gone_on(services, actor, project, now, begun, plan)
    spec, notes = _anew(project, now, plan)
    spec, before = with_precedents(_agreed(plan), spec, columns)
    with services.work(actor) as work:
        spec, told = with_accepted(work, project_id, spec)
    return Suggestion(spec, (*notes, *before, *told, *_not_taken(past, before)))


def given_spec(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> Suggestion:
    """A specification that somebody brought along, with what the plan that was approved for it changes."""
    with services.work(actor) as work:
        plan = work.projects.latest_plan(project_id)
        project = work.projects.get(project_id)
        now = working(work, ensure_usable(work.datasets.latest(project_id)))
    told: tuple[str, ...] = ()
    if plan is not None and plan.status is PlanStatus.APPROVED and not follows(plan, spec):
        fresh = _anew(project, now, plan)[0]
        if fresh.kpi.column == spec.kpi.column:
            # What it is worth, its own words say.
            fresh = fresh.model_copy(update={"kpi": spec.kpi})
        spec, told = with_plan(plan, spec, fresh)
    spec, before = with_precedents(_agreed(plan), spec, tuple(map(str, now.frame.columns)))
    return Suggestion(spec, (*told, *before))


def keep_draft(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> None:
    """Keep a person's changes to the specification: they outlive the browser, and an analysis begins with them."""
    require(actor, TeamRole.ANALYST, "change the specification")
    with services.work(actor) as work:
        before = work.spec_drafts.find(work.projects.get(project_id).id)
        now = services.now()
        work.spec_drafts.put(SpecDraft(project_id, spec.to_yaml(), actor.name, now))
        if before is None or before.saved_by != actor.name or now - before.saved_at > ONE_SITTING:
            work.audit.record("specification.changed", project_id, {"channels": len(spec.channels)})


def drop_draft(services: Services, actor: Actor, project_id: str) -> None:
    """Give up the changes that no model was fitted with."""
    require(actor, TeamRole.ANALYST, "change the specification")
    with services.work(actor) as work:
        work.spec_drafts.delete(work.projects.get(project_id).id)
        work.audit.record("specification.dropped", project_id)


def _begun(work: Work, project_id: str, columns: Sequence[str], actor: Actor) -> _Begun | None:
    """The newest of draft and models that the data still carry; a fit that failed or was cancelled is no model."""
    models = [r for r in work.runs.list(project_id) if r.status not in (RunStatus.FAILED, RunStatus.CANCELLED)]
    found = []
    if models:
        newest = max(models, key=lambda r: r.requested_at)
        note = f"Taken over from {newest.name or 'the last model'}."
        found.append(_Begun(ModelSpec.from_yaml(newest.spec_yaml), newest.requested_at, note, False))
    if draft := work.spec_drafts.find(project_id):
        who = "you" if draft.saved_by == actor.name else draft.saved_by
        note = f"As {who} left it on {f.moment(draft.saved_at)}; no model was fitted with it yet."
        found.append(_Begun(ModelSpec.from_yaml(draft.spec_yaml), draft.saved_at, note, True))
    usable = [one for one in found if set(one.spec.columns) <= set(columns)]
    return max(usable, key=lambda one: one.at, default=None)


def _gone_on(
    services: Services, actor: Actor, project: Project, now: Working, begun: _Begun, plan: Plan | None
) -> Suggestion:
    spec, draft = begun.spec, begun.is_draft
    notes: tuple[str, ...] = (begun.note,)
    if plan is not None and _decided_after(plan, begun.at):
        fresh, anew = _anew(project, now, plan)
        spec, told = with_plan(plan, begun.spec, fresh)
        notes = (*told, *anew) if spec is fresh else (*notes, *told)
        draft = draft and spec is not fresh
    spec, before = with_precedents(_agreed(plan, begun.at), spec, tuple(map(str, now.frame.columns)))
    with services.work(actor) as work:
        spec, told = with_accepted(work, project.id, spec, since=begun.at)
    return Suggestion(spec, (*notes, *before, *told), draft)


def _anew(project: Project, now: Working, plan: Plan | None) -> tuple[ModelSpec, tuple[str, ...]]:
    if plan is not None and plan.status is PlanStatus.SKIPPED and not plan.channels:
        # Skipped before anything was written: what it would say of target and controls nobody said.
        plan = None
    spec, notes = suggest.suggest_spec(
        now.frame,
        now.recognition,
        currency=project.currency,
        kpi_unit=project.kpi_unit.value,
        value_per_unit=_value(project),
        target=plan.target if plan else "",
        channels=plan.channels if plan else (),
        controls=plan.controls if plan else (),
    )
    if plan is not None and not plan.controls and (spec.controls or spec.holidays):
        notes = (*notes, "The plan names no controls: those that the data speak for were chosen.")
    return spec, notes


def _decided_after(plan: Plan, moment: datetime) -> bool:
    return plan.status is PlanStatus.APPROVED and plan.decided_at is not None and plan.decided_at > moment


def _agreed(plan: Plan | None, since: datetime | None = None) -> tuple[Precedent, ...]:
    """What an approved plan takes over of earlier models; only what was decided later than ``since``."""
    if plan is None or plan.status is not PlanStatus.APPROVED:
        return ()
    return plan.precedents if since is None or _decided_after(plan, since) else ()


def _not_taken(past: Sequence[Lesson], taken: Sequence[str]) -> tuple[str, ...]:
    """The best earlier model in a sentence, and why nothing of it is in here where that is so."""
    if not past or taken:
        return ()
    best = past[0]
    why = "What it could hand on is offered in the plan, which takes none of it." if best.offers else best.refused[0]
    return (f"What worked before: {best.sentence} {why}",)


def check_spec(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> PriorPicture:
    """SpecError with one sentence where the specification does not fit the data; else what its priors imply."""
    return implied.picture(spec, _data(services, actor, project_id, spec))


def read_lift_tests(content: bytes, filename: str) -> pd.DataFrame:
    """A file of lift tests as the table that a person then edits."""
    return lift_table.from_file(read.read_table(content, filename).frame)


def review_lift_tests(frame: pd.DataFrame, spec: ModelSpec) -> lift_table.Review:
    """How a specification's lift tests stand to the data and to one another."""
    bare = spec.model_copy(update={"lift_tests": ()})
    return lift_table.review(spec, prepare.prepare(frame, bare))


def first_look(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> ridge.FirstLook:
    return ridge.ridge(_data(services, actor, project_id, spec), spec)


def prepared(work: Work, project_id: str, spec: ModelSpec) -> tuple[str, ModelData]:
    """Id of the usable newest version and the numbers that the specification reads from it."""
    version = ensure_usable(work.datasets.latest(project_id))
    return version.id, prepare.prepare(working(work, version).frame, spec)


def _data(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> ModelData:
    with services.work(actor) as work:
        return prepared(work, project_id, spec)[1]


def _value(project: Project) -> float | None:
    return project.value_per_unit if project.kpi_unit is KpiUnit.COUNT else None


def _no_data() -> Suggestion:
    raise SpecError("Add data on the Data page first; the specification is suggested from its columns.")
