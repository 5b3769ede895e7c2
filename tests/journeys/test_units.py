"""A part of a column in thousands stops the model, and one button with a preview mends it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from jobs import wiring
from mmm_core.data import simulate
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, projects
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_spend_in_thousands_is_multiplied_back(
    page: Page, web: Web, fresh_database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    frame = simulate.company("national", 7, weeks=120, channels=3).frame
    frame.loc[80:, "tv_spend"] /= 1000
    with wiring.opened(settings) as wired:
        actor, services = wired.people.local(), wired.services
        project = projects.create_project(services, actor, name="Thousands", kpi_name="revenue")
        upload = datasets.Upload(frame.to_csv(index=False).encode(), "weekly.csv")
        datasets.add_dataset(services, actor, project.id, [upload])
    with web(free_port(), DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
        page.goto(f"{address}/data?project={project.id}")
        finding = page.get_by_text("TV spend is about a 1,000th of its usual level")
        expect(finding).to_be_visible()
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 1000})
            page.get_by_role("button", name="Multiply TV spend by 1,000").scroll_into_view_if_needed()
            page.screenshot(path=tmp_path / f"finding-{width}.png")
        page.get_by_role("button", name="Multiply TV spend by 1,000").click()
        expect(page.get_by_role("dialog").get_by_text("changed in TV spend")).to_be_visible()
        page.screenshot(path=tmp_path / "preview.png")
        page.get_by_role("dialog").get_by_role("button", name="Apply").click()
        expect(page.get_by_text("done, and kept in the recipe")).to_be_visible()
        expect(finding).to_have_count(0)
