"""The specification before the fit: suggestion, check, first look, what the prior implies (M1, M2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from mmm_core.analysis import first_look as ridge
from mmm_core.data import read
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.project import KpiUnit, Plan, PlanStatus, Precedent, Project
from mmm_core.modeling import implied, lift_table, prepare, suggest
from mmm_core.modeling.implied import PriorPicture as PriorPicture
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases.datasets import ensure_usable, working
from mmm_core.use_cases.elicited import with_accepted
from mmm_core.use_cases.experience import Lesson, here_of, lessons
from mmm_core.use_cases.precedents import with_precedents


@dataclass(frozen=True)
class Suggestion:
    spec: ModelSpec
    notes: tuple[str, ...]
    """Why something was chosen or left out."""


def suggest_spec(services: Services, actor: Actor, project_id: str) -> Suggestion:
    """Sensible defaults for the newest data, or the specification of the newest run where its columns still exist."""
    with services.work(actor) as work:
        version = work.datasets.latest(project_id)
        if version is None:
            return _no_data()
        now = working(work, version)
        project = work.projects.get(project_id)
        plan = work.projects.latest_plan(project_id)
        columns = tuple(map(str, now.frame.columns))
        runs = work.runs.list(project_id)
        if runs:
            newest = max(runs, key=lambda r: r.requested_at)
            last = ModelSpec.from_yaml(newest.spec_yaml)
            if set(last.columns) <= set(columns):
                last, before = with_precedents(_agreed(plan, newest.requested_at), last, columns)
                last, told = with_accepted(work, project_id, last, since=newest.requested_at)
                return Suggestion(last, (f"Taken over from {newest.name or 'the last model'}.", *before, *told))
        here = here_of(work, project_id, plan)
        past = [m for m in lessons(work, here) if m.shared] if here else []
    spec, notes = suggest.suggest_spec(
        now.frame,
        now.recognition,
        currency=project.currency,
        kpi_unit=project.kpi_unit.value,
        value_per_unit=_value(project),
        channels=plan.channels if plan else (),
        controls=plan.controls if plan else (),
    )
    spec, before = with_precedents(_agreed(plan), spec, columns)
    with services.work(actor) as work:
        spec, told = with_accepted(work, project_id, spec)
    return Suggestion(spec, (*notes, *before, *told, *_not_taken(past, before)))


def _agreed(plan: Plan | None, since: datetime | None = None) -> tuple[Precedent, ...]:
    """What an approved plan takes over of earlier models; only what was decided later than ``since``."""
    if plan is None or plan.status is not PlanStatus.APPROVED or plan.decided_at is None:
        return ()
    return plan.precedents if since is None or plan.decided_at > since else ()


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
