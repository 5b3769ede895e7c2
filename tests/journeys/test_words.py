"""Ask in words on What-If: look at what was understood, correct it, apply it; be asked back."""

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _metric(page: Page, label: str) -> Locator:
    return page.get_by_test_id("stMetric").filter(has_text=label).get_by_test_id("stMetricValue")


def _ask(page: Page, sentence: str) -> None:
    box = page.get_by_label("Ask in words")
    box.fill(sentence)
    box.press("Enter")


def _slider(page: Page, channel: str) -> Locator:
    return page.locator("[class*=st-key-hand_channel_]").filter(has_text=channel).get_by_role("slider")


def test_a_sentence_is_read_corrected_and_applied_and_nonsense_is_asked(page: Page, product: str) -> None:
    page.goto(product)
    page.get_by_role("button", name="Open the sample company").click()
    expect(page.get_by_text("Brought by media")).to_be_visible(timeout=300_000)
    page.get_by_role("link", name="What-If").click()
    expect(_metric(page, "Brought by media")).to_be_visible()
    before = _metric(page, "Brought by media").inner_text()

    _ask(page, "Raise TV by 20%, halve radio and keep search")
    chips = page.locator("[class*=st-key-words_chip_]")
    expect(chips).to_have_count(3)
    expect(chips.nth(0)).to_contain_text("20% more than today")
    expect(_metric(page, "Brought by media")).to_have_text(before)
    number = chips.nth(0).get_by_role("spinbutton")
    number.fill("150")
    number.press("Enter")
    expect(chips.nth(0)).to_contain_text("50% more than today")
    chips.nth(1).get_by_role("button", name="Remove").click()
    expect(chips).to_have_count(2)
    page.get_by_role("button", name="Apply").click()
    expect(chips).to_have_count(0)
    expect(_slider(page, "TV")).to_have_value("150")
    expect(_slider(page, "Radio")).to_have_value("100")
    expect(_metric(page, "Brought by media")).not_to_have_text(before)

    _ask(page, "cut TV by 10k")
    question = page.locator(".st-key-words_question")
    expect(question).to_contain_text("a week, a month or over the whole plan")
    question.get_by_role("button", name="10k a week").click()
    expect(chips).to_have_count(1)
    expect(chips.first).to_contain_text("€10,000 a week less")
    _ask(page, "make me a sandwich")
    expect(question).to_contain_text("sandwich")
    expect(chips).to_have_count(0)

    _ask(page, "optimise, TV at most 30k a week")
    expect(chips).to_have_count(2)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("The highest result that is to be expected.")).to_be_visible()
    expect(page.get_by_text("Something went wrong on our side")).to_have_count(0)
