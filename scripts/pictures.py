"""Take the pictures of ``docs/pictures`` anew, from the sample company: ``uv run python scripts/pictures.py``.

It starts the product in a folder of its own, goes through the pages as a person would, and takes a few minutes. Names
of pictures as arguments take those alone.
"""

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.journeys import grid  # noqa: E402
from tests.journeys.conftest import CHROMIUM, FLAGS, running  # noqa: E402
from tests.journeys.looking import AT_WORK, person  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
COLOURS = 256
FITTED = 300_000
"""Milliseconds that the sample company's model may take."""
BELIEFS = "tv\troi\t0.5\t2\tAnn, media\nsearch\troi\t1\t4\tTest of 2023"
ASKED = "raise tv by 20% and cut search by 2k a week"


def main() -> int:
    wanted = sys.argv[1:] or list(TAKES)
    if unknown := set(wanted) - set(TAKES):
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(TAKES)}.")
    if CHROMIUM is None:
        sys.exit("Debian's chromium is needed to take the pictures.")
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="co-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        address = stack.enter_context(running(home))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        stack.callback(browser.close)
        page = person(browser, color_scheme="light")
        page.goto(address)
        page.get_by_role("button", name="Open the sample company").click()
        expect(page.get_by_text("Brought by media")).to_be_visible(timeout=FITTED)
        for name in wanted:
            TAKES[name](page)
            take(page, name)
    return 0


def data(page: Page) -> None:
    turn(page, "Data", "Explore")
    drawn(page)


def model(page: Page) -> None:
    turn(page, "Model", "Specification")
    beliefs = page.get_by_test_id("stExpander").filter(has_text="Beliefs about channels")
    beliefs.get_by_text("Beliefs about channels").first.click()
    grid.paste(page, beliefs.get_by_test_id("stDataFrame"), 0, BELIEFS)
    expect(page.get_by_text("Diamond: a stated belief")).to_be_visible()
    page.get_by_test_id("stExpander").filter(has_text="Channels (").locator("summary").first.click()
    drawn(page)


def what_if(page: Page) -> None:
    turn(page, "What-If", "By hand")
    slider = page.locator("[class*=st-key-hand_channel_]").filter(has_text="TV").get_by_role("slider")
    slider.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_text("This is today's plan.")).to_have_count(0)


def assistant(page: Page) -> None:
    turn(page, "What-If", "By hand")
    page.get_by_role("button", name="Ask", exact=True).click()
    box = page.get_by_test_id("stChatInput").get_by_role("textbox")
    box.fill(ASKED)
    box.press("Enter")
    expect(page.get_by_role("button", name="Apply on What-If")).to_be_visible()


def report(page: Page) -> None:
    turn(page, "Report", None)
    page.get_by_role("button", name="Write the report").click()
    expect(page.get_by_text("In short")).to_be_visible()


TAKES: dict[str, Callable[[Page], None]] = {
    "data": data, "model": model, "what-if": what_if, "report": report, "assistant": assistant,
}  # fmt: skip


def turn(page: Page, name: str, tab: str | None) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    if tab:
        page.get_by_role("tab", name=tab, exact=True).click()


def drawn(page: Page) -> None:
    expect(page.locator(".js-plotly-plot .main-svg").filter(visible=True).first).to_be_visible()


def take(page: Page, name: str) -> None:
    """The top of the page as it stands, with nothing under the hand; few colours keep the file small."""
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_test_id("stToast")).to_have_count(0)
    page.evaluate(
        "() => { document.activeElement?.blur(); document.querySelector('[data-testid=stMain]').scrollTo(0, 0) }"
    )
    expect(page.locator(AT_WORK)).to_have_count(0)
    # Charts glide to their place.
    page.wait_for_timeout(1_500)
    seen = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    seen.quantize(COLOURS, dither=Image.Dither.NONE).save(PICTURES / f"{name}.png", optimize=True)
    print(f"{PICTURES / name}.png")


if __name__ == "__main__":
    sys.exit(main())
