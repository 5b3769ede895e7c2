"""The Data page of a panel: what only panels are asked, mended; trends, the baseline's approval, segments."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from jobs import wiring
from mmm_core.data import simulate
from mmm_core.domain.baseline import BaselineStatus
from mmm_core.settings import Settings
from mmm_core.use_cases import baselines, datasets, projects
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def odd_panel() -> pd.DataFrame:
    """A region that begins late, and TV known for the whole country only."""
    frame = simulate.company("geo", 7, weeks=120, channels=3, geos=4).frame
    late = (frame["region"] == "East") & (frame["week"] < frame["week"].min() + pd.Timedelta(weeks=8))
    frame = frame[~late].copy()
    for column in ("tv_spend", "tv_impressions"):
        frame[column] = frame.groupby("week")[column].transform("sum")
    return frame


def test_a_panel_is_mended_looked_at_and_its_baseline_approved(
    page: Page, web: Web, fresh_database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    content = odd_panel().to_csv(index=False).encode()
    with wiring.opened(settings) as wired:
        actor, services = wired.people.local(), wired.services
        project = projects.create_project(services, actor, name="Panel", kpi_name="revenue")
        datasets.add_dataset(services, actor, project.id, [datasets.Upload(content, "panel.csv")])
        port = free_port()
        with web(port, DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
            page.goto(f"{address}/data?project={project.id}")
            expect(page.get_by_text("112 to 120 periods each")).to_be_visible()
            expect(page.get_by_text("hold the same number in every geo")).to_be_visible()
            page.get_by_role("button", name="Apply 2 recommended fixes").click()
            expect(page.get_by_text("112 periods each")).to_be_visible()
            expect(page.get_by_text("hold the same number in every geo")).to_have_count(0)

            page.get_by_role("tab", name="Trends").click()
            expect(page.get_by_text("against the same weeks a year before")).to_be_visible()
            expect(page.get_by_text("did best against the year before")).to_be_visible()

            page.get_by_role("tab", name="Baseline").click()
            page.get_by_role("button", name="Estimate", exact=True).click()
            expect(page.get_by_text("Waits for approval")).to_be_visible()
            page.get_by_label("Why? It stays on record.").fill("Too little to stand on")
            page.get_by_role("button", name="Reject", exact=True).click()
            expect(page.get_by_text("Choose another method above")).to_be_visible()
            page.get_by_role("button", name="Estimate", exact=True).click()
            expect(page.get_by_role("alert").filter(has_text="was rejected for these data")).to_be_visible()
            page.get_by_label("Method").click()
            page.get_by_role("option", name="Median of the quiet periods").click()
            page.get_by_role("button", name="Estimate", exact=True).click()
            expect(page.get_by_text("Waits for approval")).to_be_visible()
            page.get_by_label("Why? It stays on record.").fill("As we know it from the shops")
            page.get_by_role("button", name="Approve", exact=True).click()
            expect(page.get_by_text("As we know it from the shops")).to_be_visible()

            page.get_by_role("tab", name="Segments").click()
            expect(page.get_by_text("segments of 4 items")).to_be_visible()
            page.get_by_role("button", name="Keep these segments").click()
            expect(page.get_by_text("Segments kept")).to_be_visible()
            expect(page.get_by_role("alert").filter(has_text="went wrong")).to_have_count(0)
        kept = {b.status for b in baselines.list_baselines(services, actor, project.id)}
        assert kept == {BaselineStatus.APPROVED, BaselineStatus.REJECTED}
