"""Projects: create, list, look up, rename, archive (P1)."""

from dataclasses import dataclass, replace
from datetime import date

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.use_cases.access import require

CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY", "SEK", "NOK", "DKK", "PLN", "CZK", "INR", "BRL", "AUD", "CAD", "CNY")


def create_project(
    services: Services,
    actor: Actor,
    *,
    name: str,
    question: str = "",
    kpi_name: str = "",
    kpi_unit: KpiUnit = KpiUnit.REVENUE,
    value_per_unit: float | None = None,
    currency: str = "EUR",
    week_start: int = 0,
    is_sample: bool = False,
) -> Project:
    require(actor, TeamRole.ANALYST, "create a project")
    project = Project(
        id=services.new_id(),
        name=name.strip(),
        question=question.strip(),
        kpi_name=kpi_name.strip(),
        kpi_unit=kpi_unit,
        value_per_unit=value_per_unit,
        currency=currency,
        week_start=week_start,
        created_by=actor.name,
        created_at=services.now(),
        is_sample=is_sample,
    )
    _validate(project)
    with services.work(actor) as work:
        if any(p.name.casefold() == project.name.casefold() for p in work.projects.list() if not p.archived):
            raise BadInput(f"There is already a project called {project.name}; choose another name.")
        work.projects.add(project)
        work.graph.put_node("project", project.id, project.name, {"question": project.question}, project.id)
        work.audit.record("project.created", project.id, {"name": project.name})
    return project


def update_project(services: Services, actor: Actor, project: Project) -> Project:
    require(actor, TeamRole.ANALYST, "change a project")
    _validate(project)
    with services.work(actor) as work:
        before = work.projects.get(project.id)
        kept = replace(project, created_at=before.created_at, created_by=before.created_by)
        work.projects.update(kept)
        work.graph.put_node("project", kept.id, kept.name, {"question": kept.question}, kept.id)
        work.audit.record("project.changed", kept.id, {"name": kept.name})
    return kept


def list_projects(services: Services, actor: Actor) -> list[Project]:
    with services.work(actor) as work:
        return [p for p in work.projects.list() if not p.archived]


def find_project(services: Services, actor: Actor, wanted: str) -> Project:
    """By id or name; BadInput with the names there are."""
    known = list_projects(services, actor)
    exact = [p for p in known if wanted == p.id] or [p for p in known if wanted.casefold() == p.name.casefold()]
    if not exact:
        names = ", ".join(p.name for p in known)
        there = f"there are: {names}." if names else "there is none."
        raise BadInput(f"There is no project called {wanted}; {there}")
    return exact[0]


def get_project(services: Services, actor: Actor, project_id: str) -> Project:
    with services.work(actor) as work:
        return work.projects.get(project_id)


def archive_project(services: Services, actor: Actor, project_id: str) -> None:
    require(actor, TeamRole.ANALYST, "archive a project")
    with services.work(actor) as work:
        work.projects.update(replace(work.projects.get(project_id), archived=True))
        work.audit.record("project.archived", project_id)


@dataclass(frozen=True)
class Stamp:
    """What every page of a project says about how current it is."""

    data_through: date | None
    data_version: int | None
    model_name: str | None
    model_of: date | None
    model_is_stale: bool
    """The newest data version is not the one that the newest model saw."""


def stamp(services: Services, actor: Actor, project_id: str) -> Stamp:
    with services.work(actor) as work:
        version = work.datasets.latest(project_id)
        done = [r for r in work.runs.list(project_id) if r.status is RunStatus.DONE]
    newest = max(done, key=lambda r: r.ended_at or r.requested_at, default=None)
    return Stamp(
        data_through=version.last_period if version else None,
        data_version=version.number if version else None,
        model_name=newest.name if newest else None,
        model_of=(newest.ended_at or newest.requested_at).date() if newest else None,
        model_is_stale=bool(newest and version and newest.dataset_version_id != version.id),
    )


def _validate(project: Project) -> None:
    if not project.name:
        raise BadInput("Give the project a name.")
    if len(project.name) > 120:
        raise BadInput("A project's name has at most 120 characters.")
    if project.value_per_unit is not None and project.value_per_unit <= 0:
        raise BadInput("The value of one KPI unit must be above zero.")
    if len(project.currency) != 3 or not project.currency.isalpha():
        raise BadInput("Give the currency as its three-letter code, for example EUR.")
    if not 0 <= project.week_start <= 6:
        raise BadInput("The week starts on a day from 0 (Monday) to 6 (Sunday).")
