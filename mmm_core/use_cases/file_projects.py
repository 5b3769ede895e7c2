"""A project of a file's own, for commands that are given a file instead of a project."""

from dataclasses import dataclass, replace
from pathlib import Path

from mmm_core.data import recognise
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, given_spec, projects
from mmm_core.use_cases.datasets import Upload

QUESTION = "What did each channel bring, and where should the money go?"
MOST = 100_000
"""Projects of one file name."""


@dataclass(frozen=True)
class KpiMeaning:
    """What a person says of the KPI; the specification, the data or its name decide where they say nothing."""

    unit: KpiUnit | None = None
    value_per_unit: float | None = None
    currency: str | None = None

    def __post_init__(self) -> None:
        if self.unit is KpiUnit.REVENUE and self.value_per_unit is not None:
            raise BadInput("A value per unit belongs to a KPI that counts things; leave it out, or say it is a count.")


@dataclass(frozen=True)
class FileProject:
    project: Project
    told: str
    """What the KPI is taken for, where nobody said so; empty else."""


def open_project(
    services: Services,
    actor: Actor,
    content: bytes,
    filename: str,
    *,
    kpi: str | None = None,
    given: ModelSpec | None = None,
    means: KpiMeaning | None = None,
    question: str = "",
) -> FileProject:
    """Read the file into a new project called like it; what cannot be used leaves no project behind."""
    said = means or KpiMeaning()
    upload = Upload(content, filename)
    opened = datasets.open_files(
        [upload], kpi=kpi or (given.kpi.column if given else None), max_mb=services.max_upload_mb
    )
    unit, value = kpi_of(said, given, opened.recognition)
    project = projects.create_project(
        services, actor, name=_name(services, actor, filename), question=question, kpi_unit=unit, value_per_unit=value,
        currency=said.currency or (given.currency if given else projects.CURRENCIES[0]),
    )  # fmt: skip
    try:
        version = datasets.add_dataset(services, actor, project.id, opened)
        if given:
            given_spec.ensure_fits(services, actor, version.id, given)
    except Exception:
        projects.archive_project(services, actor, project.id)
        raise
    return FileProject(project, "" if given else _told(project, said, version.recognition))


def unit_of(recognition: Recognition) -> KpiUnit:
    """What the KPI's name and the columns beside it say that it is."""
    kpi = recognition.one(Role.KPI)
    counted = recognition.columns(Role.VALUE_PER_UNIT) or (kpi and recognise.counts(kpi))
    return KpiUnit.COUNT if counted else KpiUnit.REVENUE


def settle_unit(services: Services, actor: Actor, project: Project, recognition: Recognition) -> Project:
    """The project with the unit that its first data speak of."""
    unit = unit_of(recognition)
    return (
        project
        if unit is project.kpi_unit
        else projects.update_project(services, actor, replace(project, kpi_unit=unit))
    )


def kpi_of(said: KpiMeaning, given: ModelSpec | None, recognition: Recognition) -> tuple[KpiUnit, float | None]:
    """What the KPI is and what a unit of it is worth, by whoever says so first."""
    if said.unit or said.value_per_unit is not None:
        return said.unit or KpiUnit.COUNT, said.value_per_unit
    if given:
        value = given.kpi.value_per_unit
        return KpiUnit(given.kpi.unit), value if isinstance(value, float) else None
    return unit_of(recognition), None


def _told(project: Project, said: KpiMeaning, recognition: Recognition) -> str:
    kpi = recognition.one(Role.KPI)
    if kpi is None or said.unit or said.value_per_unit is not None or recognition.columns(Role.VALUE_PER_UNIT):
        return ""
    if project.kpi_unit is KpiUnit.COUNT:
        return (
            f"{f.plain(kpi)} is taken for a count, as its name says: there is no return on spend unless "
            "--value-per-unit says what one is worth; --kpi-unit revenue if it is money."
        )
    return f"{f.plain(kpi)} is taken for money in {project.currency}; --kpi-unit and --currency say otherwise."


def _name(services: Services, actor: Actor, filename: str) -> str:
    taken = {p.name.casefold() for p in projects.list_projects(services, actor)}
    stem = Path(filename).stem or "Analysis"
    return next(n for i in range(1, MOST) if (n := stem if i == 1 else f"{stem} {i}").casefold() not in taken)
