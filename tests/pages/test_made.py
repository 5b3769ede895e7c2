"""Tools to read and approve, background, and what programs ask for, as a person sees them."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.code import CodeOutcome, CodeStatus, Program
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.domain.runtime_tools import ToolStatus
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, knowledge, plans, projects, runtime_tools
from server import web
from tests.conftest import Database
from tests.pages.serving import served


class Answers:
    """Stands in for the isolated runner."""

    def run(self, program: Program) -> CodeOutcome:
        return CodeOutcome(CodeStatus.DONE, [{"week": 1, "sales": 7}], "printed", "", 0.2)


@pytest.fixture
def backend(database: Database, redis_url: str) -> Iterator[web.Backend]:
    with served(Settings(DATABASE_URL=database.admin, REDIS_URL=redis_url), code=Answers()) as made:
        yield made


@pytest.fixture
def project(backend: web.Backend) -> Project:
    made = projects.create_project(backend.services, backend.people.local(), name=f"Acme {uuid.uuid4()}")
    weeks = "\n".join(f"2024-{1 + n // 4:02d}-{1 + 7 * (n % 4):02d},{100 + n},{n % 5}" for n in range(48))
    upload = datasets.Upload(f"week,sales,tv_spend\n{weeks}\n".encode(), "acme.csv")
    datasets.add_dataset(backend.services, backend.people.local(), made.id, [upload])
    return made


def drawn(name: str, actor: Actor, project: Project) -> AppTest:
    def script(name: str, actor: object, project: object) -> None:
        from importlib import import_module

        room, _, draws = name.rpartition(".")
        getattr(import_module(f"pages.ui.{room}"), draws)(actor, project)

    return AppTest.from_function(script, args=(name, actor, project), default_timeout=60).run()


def test_a_tool_is_read_approved_run_and_removed(backend: web.Backend, project: Project) -> None:
    actor = backend.people.local()
    source = "def tool(data):\n    return data.head(1)"
    tool = runtime_tools.propose_tool(
        backend.services, actor, project.id, name="first_row", description="The *first* row.", source=source
    )
    page = drawn("tools.tab", actor, project)
    assert not page.exception
    assert source in [c.value for c in page.code]
    page.button(key=f"tool_reject_{tool.id}").click().run()
    assert "why" in page.error[0].value
    page.button(key=f"tool_approve_{tool.id}").click().run()
    assert runtime_tools.get_tool(backend.services, actor, tool.id).status is ToolStatus.APPROVED
    page.button(key=f"tool_run_{tool.id}").click().run()
    assert list(page.dataframe[0].value["sales"]) == [7]
    page.button(key=f"tool_remove_{tool.id}").click().run()
    assert runtime_tools.list_tools(backend.services, actor, project.id) == []
    assert not page.exception


def test_an_analyst_cannot_approve(backend: web.Backend, project: Project) -> None:
    actor = replace(backend.people.local(), role=TeamRole.ANALYST)
    tool = runtime_tools.propose_tool(
        backend.services, actor, project.id, name="first_row", description="x", source="def tool(data): pass"
    )
    page = drawn("tools.tab", actor, project)
    assert f"tool_approve_{tool.id}" not in {b.key for b in page.button}


def test_what_is_kept_is_found_and_a_note_removed(backend: web.Backend, project: Project) -> None:
    actor = backend.people.local()
    note = knowledge.keep_note(backend.services, actor, project.id, "Parcels", "A fifth of the orders come back.")
    page = drawn("knowledge.tab", actor, project)
    assert not page.exception
    page.text_input(key="research_question").input("How many orders come back?")
    page.button[0].click().run()
    assert any("fifth of the orders" in m.value for m in page.markdown)
    page.segmented_control(key="kept_kind").set_value("note").run()
    page.button(key=f"forget_{note.key}").click().run()
    assert knowledge.list_kept(backend.services, actor, project.id, ("note",)) == []
    assert not page.exception


def test_an_act_that_a_program_asks_for_waits_for_a_yes(backend: web.Backend, project: Project) -> None:
    actor = backend.people.local()
    given = {"question": "Does TV pay?", "target": "sales", "channels": ["tv"]}
    found = registry.call(Context(backend.services, actor, project.id), "write_plan", given)
    page = drawn("tools_asked.section", actor, project)
    assert any("Does TV pay" in m.value for m in page.markdown)
    assert plans.latest_plan(backend.services, actor, project.id) is None
    page.button(key=f"asked_yes_{found.proposal}").click().run()
    now = plans.latest_plan(backend.services, actor, project.id)
    assert now is not None
    assert now.question == "Does TV pay?"
    assert not page.exception
