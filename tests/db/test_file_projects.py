"""A project of a file's own: called like it, its KPI taken for what its name says, and nothing left of a bad one."""

import pytest
from sqlalchemy import Engine

from mmm_core.data import simulate
from mmm_core.domain.errors import BadInput, CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec
from mmm_core.use_cases import datasets, models, projects
from mmm_core.use_cases.file_projects import KpiMeaning, open_project, settle_unit
from tests.agents import world

FRAME = simulate.company("national", 5, weeks=60, channels=3).frame


def _csv(kpi: str) -> bytes:
    return FRAME.rename(columns={"revenue": kpi}).to_csv(index=False).encode()


@pytest.fixture
def services(engine: Engine) -> Services:
    return world.services_on(engine)


@pytest.mark.parametrize(
    ("kpi", "means", "unit", "value", "told"),
    [
        ("orders", KpiMeaning(), "count", None, "taken for a count"),
        ("unit_sales", KpiMeaning(), "count", None, "taken for a count"),
        ("sign-ups", KpiMeaning(value_per_unit=30.0), "count", 30.0, ""),
        ("orders", KpiMeaning(unit=KpiUnit.REVENUE), "revenue", None, ""),
        ("net_sales", KpiMeaning(currency="USD"), "revenue", None, "taken for money in USD"),
        ("order_value", KpiMeaning(), "revenue", None, "taken for money in EUR"),
    ],
)
def test_the_kpi_is_what_is_said_or_what_its_name_says(
    services: Services, actor: Actor, kpi: str, means: KpiMeaning, unit: str, value: float | None, told: str
) -> None:
    made = open_project(services, actor, _csv(kpi), f"{kpi} {unit} {value}.csv", kpi=kpi, means=means)
    spec = models.suggest_spec(services, actor, made.project.id).spec
    assert (made.project.kpi_unit.value, spec.kpi.unit, spec.kpi.value_per_unit) == (unit, unit, value)
    assert spec.currency == (means.currency or "EUR")
    assert told in made.told
    assert bool(told) == bool(made.told)


def test_what_a_count_is_worth_is_no_word_on_money() -> None:
    with pytest.raises(BadInput, match="belongs to a KPI that counts"):
        KpiMeaning(KpiUnit.REVENUE, 3.0)


def test_a_file_or_a_specification_that_cannot_be_used_leaves_no_project_and_no_name_behind(
    services: Services, actor: Actor
) -> None:
    spec = ModelSpec(kpi=KpiSpec(column="revenue"), date="date_week", channels=(ChannelSpec(name="x", spend="x"),))
    for content, given in ((b"", None), (_csv("revenue"), spec)):
        with pytest.raises(CarryoverError):
            open_project(services, actor, content, "Bad one.csv", given=given)
    assert "Bad one" not in {p.name for p in projects.list_projects(services, actor)}
    assert open_project(services, actor, _csv("revenue"), "Bad one.csv").project.name == "Bad one"
    assert open_project(services, actor, _csv("revenue"), "bad one.csv").project.name == "bad one 2"


def test_a_project_made_before_its_data_takes_their_unit(services: Services, actor: Actor) -> None:
    made = open_project(services, actor, _csv("orders"), "Settled.csv", means=KpiMeaning(unit=KpiUnit.REVENUE))
    version = datasets.latest_dataset(services, actor, made.project.id)
    assert version is not None
    assert settle_unit(services, actor, made.project, version.recognition).kpi_unit is KpiUnit.COUNT
