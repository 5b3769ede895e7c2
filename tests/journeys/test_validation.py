"""A fitted model is put to the test from its card, and the answer stays."""

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_one_test_is_run_from_the_card_and_its_answer_stays(page: Page, product: str) -> None:
    page.goto(product)
    page.get_by_role("button", name="Open the sample company").click()
    expect(page.get_by_text("Brought by media")).to_be_visible(timeout=300_000)
    page.get_by_role("tab", name="Validation").click()
    page.locator(".st-key-validate_holdout").get_by_role("button").click()
    expect(page.get_by_text("1 of 5 tests done")).to_be_visible(timeout=180_000)
    page.reload()
    page.get_by_role("tab", name="Validation").click()
    expect(page.get_by_text("Fitted without the last 13 weeks")).to_be_visible()
    page.get_by_text("What it looked at").first.click()
    expect(page.get_by_text("Typical error (MAPE)")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_role("button", name="Run what is missing")).to_be_visible()
    expect(page.get_by_text("Something went wrong on our side")).to_have_count(0)
