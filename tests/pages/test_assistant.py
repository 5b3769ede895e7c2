"""The Assistant page as each role sees it, and what it keeps."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from jobs import wiring
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.llm import Choice, Task
from mmm_core.settings import Settings
from mmm_core.use_cases import assistants
from pages.ui import guard
from server import web
from tests.conftest import Database
from tests.db import some

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "assistant.py")
UNSET: dict[str, Any] = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))


@pytest.fixture
def backend(database: Database, redis_url: str) -> Iterator[web.Backend]:
    settings = Settings(
        **{"DATABASE_URL": database.admin, "REDIS_URL": redis_url, **UNSET}, compatible_url="http://127.0.0.1:9/v1"
    )
    with wiring.opened(settings) as wired:
        made = web.Backend(settings, wired.services, wired.people)
        web.use(made)
        yield made
        web.use(None)


def seen(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(guard, "enter", lambda: actor)
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    return page


def chosen(page: AppTest, task: str, model: str) -> AppTest:
    page.text_input(key=f"route_model_{task}_0").input(model)
    next(b for b in page.button if b.label == "Save").click().run()
    assert not page.exception
    return page


def test_a_viewer_learns_whom_to_ask(backend: web.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    page = seen(replace(backend.people.local(), role=TeamRole.VIEWER), monkeypatch)
    assert [s.value for s in page.subheader] == ["For administrators"]
    assert "Anthropic" not in " ".join(m.value for m in page.markdown)


def test_an_administrator_chooses_and_no_key_is_kept(
    backend: web.Backend, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = backend.people.local()
    page = seen(actor, monkeypatch)
    words = " ".join(m.value for m in page.markdown)
    assert words.count("Ready") == 1
    assert "OPENAI\\_API\\_KEY" in words
    chosen(page, "chat", "sk-this-is-a-key-0123456789")
    assert "That is no name of a model" in page.error[0].value
    assert assistants.list_routes(backend.services, actor) == []
    with psycopg.connect(database.admin) as link:
        for table in ("llm_routes", "audit"):
            assert "sk-this" not in str(link.execute(f"SELECT * FROM carryover.{table}").fetchall())
    chosen(page, "chat", "small-one")
    (route,) = assistants.list_routes(backend.services, actor)
    assert (route.task, route.choices) == (Task.CHAT, (Choice("compatible", "small-one"),))
    assert "compatible · small" in " ".join(m.value for m in page.markdown)
    page.button(key="route_remove_chat").click().run()
    assert assistants.list_routes(backend.services, actor) == []


def test_what_it_has_cost_is_shown_and_what_is_not_known_said(
    backend: web.Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = backend.people.local()
    with backend.services.work(actor) as work:
        work.usage.add(some.usage(None, cost=0.25))
        work.usage.add(replace(some.usage(None, cost=None), model="two"))
    page = seen(actor, monkeypatch)
    page.session_state["assistant_tabs"] = "Cost so far"
    page.run()
    assert not page.exception
    assert [m.value for m in page.metric] == ["$0.25", "2", "240"]
    table = page.dataframe[0].value
    assert sorted(table["Cost"]) == ["$0.2500", "price not known"]
