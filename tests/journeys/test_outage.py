"""The database goes away while somebody clicks: one sentence, a button, and what was typed is still there."""

import psycopg
import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.engine import make_url

from jobs import wiring
from mmm_core.settings import Settings
from mmm_core.use_cases import projects
from server import embedded
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def close_database(servers: embedded.Urls, name: str, *, closed: bool) -> None:
    with psycopg.connect(servers.admin, autocommit=True) as link:
        link.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS {"false" if closed else "true"}')
        if closed:
            link.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


def test_the_database_goes_away_while_somebody_saves(
    page: Page,
    web: Web,
    servers: embedded.Urls,
    fresh_database: Database,
    redis_url: str,
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    with wiring.opened(settings) as wired:
        project = projects.create_project(wired.services, wired.people.local(), name="Outage", kpi_name="sales")
    name = make_url(fresh_database.admin).database or ""
    port = free_port()
    with web(port, DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
        page.goto(f"{address}/plan?project={project.id}")
        question = page.get_by_label("Which decision should this answer?")
        question.fill("Can we cut TV?")
        close_database(servers, name, closed=True)
        page.get_by_role("button", name="Save the plan").click()
        expect(page.get_by_text("Nothing you entered is lost.").first).to_be_visible()
        expect(page.get_by_text("Traceback")).to_have_count(0)
        close_database(servers, name, closed=False)
        page.get_by_role("button", name="Try again").first.click()
        expect(page.get_by_role("heading", name="Plan", level=1)).to_be_visible()
        expect(question).to_have_value("Can we cut TV?")
