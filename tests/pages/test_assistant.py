"""The Assistant page as each role sees it, and what it keeps."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from streamlit.testing.v1 import AppTest

from mmm_core.domain.errors import BadInput, NotAllowed
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.llm import Choice, Task
from mmm_core.reports import wording
from mmm_core.settings import Settings
from mmm_core.use_cases import assistants
from pages.ui import guard, providers
from server import web
from tests.conftest import Database
from tests.db import some
from tests.pages.serving import served

PAGE = str(Path(__file__).resolve().parents[2] / "pages" / "assistant.py")
UNSET: dict[str, Any] = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))


@pytest.fixture
def backend(database: Database, redis_url: str) -> Iterator[web.Backend]:
    settings = Settings(
        **{"DATABASE_URL": database.admin, "REDIS_URL": redis_url, **UNSET}, compatible_url="http://127.0.0.1:9/v1"
    )
    with served(settings) as made:
        yield made


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
    assert words.count("Set up") == 1
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


def test_a_price_that_is_entered_counts_from_then_on(backend: web.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = backend.people.local()
    asked = replace(some.usage(None, cost=None), model="three")
    with backend.services.work(actor) as work:
        work.usage.add(asked)
    choice = Choice(asked.provider, asked.model)
    page = seen(actor, monkeypatch)
    page.session_state["assistant_tabs"] = "Cost so far"
    page.run()
    assert any("three" in m.value and "no price" in m.value for m in page.markdown)
    next(b for b in page.button if b.label == "Save the price").click().run()
    assert "Enter both prices" in page.warning[0].value
    page.selectbox(key="price_model").select(choice)
    page.number_input(key="price_in").set_value(2.0)
    page.number_input(key="price_out").set_value(8.0)
    next(b for b in page.button if b.label == "Save the price").click().run()
    assert not page.exception
    (kept,) = assistants.list_prices(backend.services, actor)
    assert (kept.choice, kept.input, kept.output, kept.set_by) == (choice, 2.0, 8.0, actor.name)
    assert "\\$2 in, \\$8 out" in " ".join(m.value for m in page.markdown)
    page.button(key=f"price_remove_{choice}").click().run()
    assert assistants.list_prices(backend.services, actor) == []
    for wrong in ((-1.0, 1.0), (1.0, float("nan")), (20_000.0, 1.0)):
        with pytest.raises(BadInput):
            assistants.set_price(backend.services, actor, choice, *wrong)
    with pytest.raises(NotAllowed):
        assistants.set_price(backend.services, replace(actor, role=TeamRole.ANALYST), choice, 1.0, 1.0)


def test_who_answers_is_said_plainly(backend: web.Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    actor = backend.people.local()
    words = " ".join(m.value for m in seen(actor, monkeypatch).markdown)
    for without in providers.WITHOUT.values():
        assert wording.safe(without) in words
    assistants.set_route(backend.services, actor, Task.CHAT, [Choice("openai", "big"), Choice("compatible", "small")])
    words = " ".join(m.value for m in seen(actor, monkeypatch).markdown)
    assert wording.safe("compatible · small (not asked, without a key: openai · big)") in words
