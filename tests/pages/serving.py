"""Services under the pages, and a page as one person sees it."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from jobs import wiring
from mmm_core.domain.identity import Actor
from mmm_core.settings import Settings
from pages.ui import guard
from server import web

PAGES = Path(__file__).resolve().parents[2] / "pages"


@contextlib.contextmanager
def served(settings: Settings, **services: object) -> Iterator[web.Backend]:
    """What every page of this process asks, with some services replaced."""
    with wiring.opened(settings) as wired:
        made = web.Backend(settings, replace(wired.services, **services), wired.people)
        web.use(made)
        try:
            yield made
        finally:
            web.use(None)


def seen(page: str, actor: Actor, project_id: str, patch: pytest.MonkeyPatch, **session: object) -> AppTest:
    """A page of a project, run for an actor with something in its session."""
    patch.setattr(guard, "enter", lambda: actor)
    opened = AppTest.from_file(str(PAGES / f"{page}.py"), default_timeout=90)
    opened.query_params["project"] = project_id
    for name, value in session.items():
        opened.session_state[name] = value
    opened.run()
    assert not opened.exception
    return opened


def press(page: AppTest, label: str) -> AppTest:
    next(b for b in page.button if b.label == label).click().run()
    assert not page.exception
    return page
