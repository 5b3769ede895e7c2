"""The team's page as each role sees it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from db import identity
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.settings import Settings
from mmm_core.use_cases import team
from pages.ui import guard, team_audit
from server import web
from tests.conftest import Database
from tests.pages.serving import served

PAGES = Path(__file__).resolve().parents[2] / "pages"
ISSUER = "https://id.example"


@pytest.fixture
def backend(database: Database, redis_url: str) -> Iterator[web.Backend]:
    settings = Settings(DATABASE_URL=database.admin, REDIS_URL=redis_url, public_url="https://mmm.example")
    with served(settings) as made:
        yield made


@pytest.fixture
def shared(backend: web.Backend) -> web.Backend:
    """With a provider, so that there is a team."""
    settings = backend.settings.model_copy(update={"oidc_metadata_url": "https://id.example/.well-known/x"})
    made = web.Backend(settings, backend.services, backend.people)
    web.use(made)
    return made


def member(engine: Engine, who: str, claim: str) -> Actor:
    found = identity.sign_in(
        engine, issuer=ISSUER, subject=who, email=who, email_verified=True, name=who.split("@")[0], organisation=claim
    )
    assert found is not None
    return found


def as_seen_by(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(guard, "enter", lambda: actor)
    page = AppTest.from_file(str(PAGES / "team.py"), default_timeout=60)
    return page.run()


def test_alone_there_is_only_the_trail(backend: web.Backend) -> None:
    actor = backend.people.local()
    with backend.services.work(actor) as work:
        work.audit.record("project.created", "p1", {"name": "Spring"})
    page = AppTest.from_file(str(PAGES / "team.py"), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Audit trail"
    shown = page.dataframe[0].value.iloc[0]
    assert list(shown[["Who", "What", "Of", "Details"]]) == ["You", "Project created", "p1", "name: Spring"]
    assert "Intact" in " ".join(m.value for m in page.markdown)


def test_a_viewer_learns_whom_to_ask(shared: web.Backend, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    member(engine, "boss@one.example", "one")
    viewer = member(engine, "vi@one.example", "one")
    page = as_seen_by(viewer, monkeypatch)
    assert not page.exception
    assert [s.value for s in page.subheader] == ["For administrators"]
    assert [b.label for b in page.button] == ["Go to Home"]
    assert "boss" not in " ".join(m.value for m in page.markdown)


def test_an_administrator_changes_roles_and_removes(
    shared: web.Backend, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = member(engine, "boss@two.example", "two")
    ann = member(engine, "ann_*b*@two.example", "two")
    page = as_seen_by(boss, monkeypatch)
    assert not page.exception
    role = page.selectbox(key=f"role_{ann.user_id}_viewer")
    role.select(TeamRole.APPROVER).run()
    page.button(key=f"change_{ann.user_id}").click().run()
    now = team.get_team(shared.services, boss).members
    assert {m.name: m.role for m in now} == {"boss": TeamRole.ADMIN, "ann_*b*": TeamRole.APPROVER}
    page.button(key=f"remove_{boss.user_id}").click().run()
    assert "last administrator cannot be removed" in page.warning[0].value
    page.button(key=f"remove_{ann.user_id}").click().run()
    assert [m.name for m in team.get_team(shared.services, boss).members] == ["boss"]
    assert not page.exception


@pytest.mark.parametrize(
    ("action", "says"), [("member.role_changed", "Member role changed"), ("used", "Used")], ids=["long", "short"]
)
def test_an_action_is_words(action: str, says: str) -> None:
    assert team_audit.words(action) == says
    assert team_audit.details({"expires_at": "x", "role": "viewer"}) == "expires at: x, role: viewer"
