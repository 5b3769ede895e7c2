"""From the first page to an answer that can be sent."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.looking import person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def metric(page: Page, label: str) -> str:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue").inner_text()


def test_sample_company_to_a_shared_report(page: Page, browser: Browser, product: str) -> None:
    blocked: list[str] = []
    page.on("console", lambda m: blocked.append(m.text) if "Content Security Policy" in m.text else None)
    page.goto(product)
    page.get_by_role("button", name="Open the sample company").click()
    expect(page.get_by_role("tab", name="Results")).to_be_visible(timeout=120_000)
    expect(page.get_by_text("Brought by media")).to_be_visible()
    expect(page.get_by_text("pays back")).to_be_visible()

    page.get_by_role("link", name="What-If").click()
    slider = page.get_by_role("slider").nth(1)
    expect(slider).to_be_visible()
    before = metric(page, "Brought by media")
    slider.focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("This is today's plan.")).to_have_count(0)
    expect(page.get_by_test_id("stMetric").filter(has_text="Brought by media")).not_to_contain_text(before)

    page.get_by_role("link", name="Report").click()
    page.get_by_role("button", name="Write the report").click()
    page.get_by_role("tab", name="Share and export").click()
    page.get_by_role("button", name="Create the link").click()
    link = page.get_by_test_id("stCode").inner_text().strip()
    assert "/r/" in link

    reader = person(browser)
    opened = reader.goto(link)
    assert opened is not None
    assert opened.status == 200
    expect(reader.get_by_text("What each channel brought").first).to_be_visible()

    page.get_by_role("button", name="Revoke").click()
    expect(page.locator(".stMarkdownBadge", has_text="Revoked")).to_be_visible()
    closed = reader.goto(link)
    assert closed is not None
    assert closed.status == 410
    reader.context.close()

    for name in ("Home", "Plan", "Data", "Model"):
        page.get_by_role("link", name=name).click()
        expect(page.get_by_test_id("stAppViewContainer").get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("Something went wrong on our side")).to_have_count(0)
    assert blocked == []
