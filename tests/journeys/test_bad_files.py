"""Files that are no data, dropped on the page: one sentence each, and what is there already stays."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from jobs import wiring
from mmm_core.settings import Settings
from mmm_core.use_cases import projects
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def weekly() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2022-01-03", periods=110, freq="7D")
    spend = rng.gamma(2.0, 50.0, (110, 2)).round(2)
    sales = (900 + 2 * spend[:, 0] + spend[:, 1] + rng.normal(0, 40, 110)).round(2)
    return pd.DataFrame({"week": weeks, "sales": sales, "tv_spend": spend[:, 0], "search_spend": spend[:, 1]})


def picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", "0" * 300_000_000)
    return out.getvalue()


def wide() -> bytes:
    names = ["week", *(f"c{i}" for i in range(2000))]
    return "\n".join([",".join(names), *(",".join([f"2022-01-{d:02d}", *["1"] * 2000]) for d in range(1, 9))]).encode()


def nothing() -> bytes:
    return weekly().assign(sales=None, tv_spend=None, search_spend=None).to_csv(index=False).encode()


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.csv": (lambda: b"", "is empty"),
    "picture.csv": (picture, "is a PNG picture, not a table"),
    "bomb.xlsx": (bomb, "unpacks to far more than a table needs"),
    "wide.csv": (wide, "has 2,001 columns"),
    "nothing.csv": (nothing, "holds no values besides dates"),
}


def drop(page: Page, name: str, content: bytes) -> None:
    page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.get_by_role("button", name="Read the data").click()


def test_each_gets_a_sentence_and_a_good_file_goes_on(
    page: Page, web: Web, fresh_database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    with wiring.opened(settings) as wired:
        project = projects.create_project(wired.services, wired.people.local(), name="Files", kpi_name="sales")
    port = free_port()
    with web(port, DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
        for name, (content, sentence) in BAD.items():
            page.goto(f"{address}/data?project={project.id}")
            drop(page, name, content())
            expect(page.get_by_role("alert").filter(has_text=sentence)).to_be_visible()
            expect(page.get_by_text("Traceback")).to_have_count(0)
        odd = weekly().rename(columns={"search_spend": "'); DROP TABLE"})
        page.goto(f"{address}/data?project={project.id}")
        drop(page, "weekly.csv", odd.to_csv(index=False).encode())
        expect(page.get_by_role("tab", name="Quality")).to_be_visible()
        expect(page.get_by_role("alert").filter(has_text="went wrong")).to_have_count(0)
