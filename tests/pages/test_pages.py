"""Every page: thin, behind the guard, and never a traceback."""

import ast
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import app
from mmm_core.domain.errors import Unavailable
from server import web

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "pages").glob("[!_]*.py"))


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_a_page_is_thin_and_begins_with_the_guard(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) < 80
    first = next(n for n in ast.parse(text).body[1:] if not isinstance(n, ast.Import | ast.ImportFrom))
    assert ast.unparse(first) == "actor = guard.enter()"


def test_each_page_is_in_the_menu_and_can_be_returned_to() -> None:
    menu = (ROOT / "pages" / "ui" / "main.py").read_text()
    assert all(f'PAGES / "{p.name}"' in menu for p in PAGES)
    assert {p.stem.replace("_", "-") for p in PAGES} - {"home"} == app.SLUGS


def test_home_offers_the_sample_and_ones_own_file(backend: web.Backend) -> None:
    home = AppTest.from_file(str(ROOT / "pages" / "ui" / "main.py"), default_timeout=60).run()
    assert not home.exception
    assert home.title[0].value == "Know what your marketing brings"
    assert "Open the sample company" in [b.label for b in home.button]


@pytest.mark.parametrize("name", ["plan", "data", "model", "what_if", "report"])
def test_without_a_project_a_page_says_what_to_do(backend: web.Backend, name: str) -> None:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60).run()
    assert not page.exception
    assert "No project is open" in [s.value for s in page.subheader]
    assert [b.label for b in page.button] == ["Go to Home"]


def _goes_wrong() -> None:
    import streamlit as st

    from pages.ui.errors import shown

    kind = st.session_state["kind"]
    with shown():
        raise kind
    st.write("the rest of the page")


@pytest.mark.parametrize(
    ("error", "banner", "says"),
    [
        (Unavailable("Restarting."), "warning", "Restarting. Nothing you entered is lost."),
        (RuntimeError("secret detail"), "error", "Something went wrong on our side"),
    ],
    ids=["outage", "bug"],
)  # fmt: skip
def test_an_error_is_one_sentence_and_the_page_goes_on(error: Exception, banner: str, says: str) -> None:
    page = AppTest.from_function(_goes_wrong)
    page.session_state["kind"] = error
    page.run()
    assert not page.exception
    shown = getattr(page, banner)[0].value
    assert says in shown
    assert "secret detail" not in shown
    assert page.markdown[-1].value == "the rest of the page"
