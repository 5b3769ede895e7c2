"""The assistant beside every page: chips that are applied, an act that waits for a yes, a model that is switched on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.agents.llm.loopback import Step, serving
from tests.journeys.conftest import running
from tests.journeys.looking import PHONE, person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ANSWER: tuple[Step, ...] = (
    {"text": "Let me look.", "calls": [("roi_summary", {})]},
    {"text": "Search is worth a test. Radio returned 77× though."},
)


@pytest.fixture
def talking(tmp_path: Path, short_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The product beside a server of language models that nobody has chosen yet."""
    with serving(*ANSWER) as (address, _):
        monkeypatch.setenv("CARRYOVER_COMPATIBLE_URL", address)
        for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "CARRYOVER_MODEL"):
            monkeypatch.delenv(name, raising=False)
        with running(tmp_path, short_folder) as product:
            yield product


def _say(page: Page, words: str) -> None:
    box = page.get_by_test_id("stChatInput").get_by_role("textbox")
    box.fill(words)
    box.press("Enter")


def _slider(page: Page, channel: str) -> Locator:
    return page.locator("[class*=st-key-hand_channel_]").filter(has_text=channel).get_by_role("slider")


def _apart(page: Page) -> bool:
    """Whether the panel lies on nothing of the page."""
    return bool(
        page.evaluate(
            """() => {
                const chat = document.querySelector('.st-key-chat').getBoundingClientRect();
                const main = document.querySelector('.stMainBlockContainer');
                const parts = [...main.querySelectorAll('button, input, h1, [data-testid=stMetric]')]
                    .filter(e => !e.closest('.st-key-chat') && !e.closest('.st-key-chat_toggle'))
                    .map(e => e.getBoundingClientRect()).filter(r => r.width && r.height);
                return parts.every(r => r.right <= chat.left || r.left >= chat.right || r.bottom <= chat.top
                    || r.top >= chat.bottom);
            }"""
        )
    )  # fmt: skip


def test_a_talk_from_a_question_to_an_act(page: Page, browser: Browser, talking: str) -> None:
    page.goto(talking)
    page.get_by_role("button", name="Open the sample company").click()
    expect(page.get_by_text("Brought by media")).to_be_visible(timeout=300_000)
    page.get_by_role("button", name="Ask", exact=True).click()
    panel = page.locator(".st-key-chat")
    expect(panel).to_contain_text("Built-in rules answer")
    assert _apart(page)

    _say(page, "raise TV by 20% and hold search")
    chips = panel.locator("[class*=st-key-words_chip_]")
    expect(chips).to_have_count(2)
    number = chips.nth(0).get_by_role("spinbutton")
    number.fill("150")
    number.press("Enter")
    expect(chips.nth(0)).to_contain_text("50% more than today")
    panel.get_by_role("button", name="Apply on What-If").click()
    expect(_slider(page, "TV")).to_have_value("150")
    assert _apart(page)

    _say(page, "where does channel.tv.roi.p50 come from?")
    expect(panel).to_contain_text("return on spend of TV")
    expect(panel).to_contain_text("sample_company.parquet")

    _say(page, "publish the report")
    panel.get_by_role("button", name="Yes, do it").click()
    expect(panel).to_contain_text("Report 1 is published")
    expect(panel.get_by_role("button", name="Yes, do it")).to_have_count(0)

    page.reload()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(panel).to_contain_text("Report 1 is published")
    panel.get_by_role("button", name="Talks").click()
    with page.expect_download() as started:
        page.get_by_role("button", name="Download (JSON)").click()
    talk = json.loads(started.value.path().read_text(encoding="utf-8"))
    assert [m["text"] for m in talk["messages"] if m["speaker"] == "person"][-1] == "publish the report"
    assert talk["messages"][1]["calls"][0]["tool"] == "propose_changes"
    assert talk["messages"][-1]["proposals"][0]["status"] == "done"
    page.keyboard.press("Escape")
    project = page.url.partition("project=")[2].partition("&")[0]

    page.get_by_role("link", name="Assistant").click()
    page.locator(".st-key-route_chat").get_by_text("Choose").click()
    page.get_by_label("Model").first.fill("small-one")
    page.get_by_role("button", name="Save").first.click()
    expect(page.locator(".st-key-route_chat")).to_contain_text("compatible · small-one")
    page.goto(f"{talking}/report?project={project}")
    page.get_by_role("button", name="Ask", exact=True).click()
    _say(page, "And how was it all in all, would you say?")
    expect(panel).to_contain_text("Search is worth a test. Radio returned ▮▮ though.")
    expect(panel).to_contain_text("A figure was withheld")
    expect(panel).to_contain_text("compatible · small-one · 300 tokens")
    expect(panel).to_contain_text("price not known")

    small = person(browser, viewport=PHONE)
    small.goto(f"{talking}/report?project={project}")
    small.get_by_role("button", name="Ask", exact=True).click()
    expect(small.locator(".st-key-chat")).to_contain_text("Search is worth a test")
    assert _apart(small)
    assert small.evaluate("document.documentElement.scrollWidth") <= 390
    small.get_by_role("button", name="Close", exact=True).click()
    expect(small.locator(".st-key-chat")).to_have_count(0)
    small.context.close()
