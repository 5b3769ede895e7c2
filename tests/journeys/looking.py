"""What a person sees of a page: not what stands there for a moment while the page is being drawn anew."""

from typing import Any

from playwright.sync_api import Browser, Locator, Page

PATIENCE = 60_000
DESK = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
AT_WORK = ", ".join(
    f'[data-testid="stApp"][data-test-script-state="{state}"]' for state in ("initial", "running", "rerunRequested")
)


def person(browser: Browser, **context: Any) -> Page:
    """A fresh person at a desk: no cookie, nothing remembered; their hand waits while the page is at work.

    While a page runs again, the old element may stand beside the new one, and a click may hit the one that goes. So
    every act and every look waits for the run's end first; what takes longer than its patience fails as ever.
    """
    opened = browser.new_context(**{"viewport": DESK, **context})
    opened.set_default_timeout(PATIENCE)
    page = opened.new_page()
    page.add_locator_handler(page.locator(AT_WORK), lambda: None)
    return page


def shown(within: Page | Locator, selector: str) -> Locator:
    """The one that is seen: while a page runs again the old element may stand beside the new one for a moment."""
    return within.locator(selector).filter(visible=True).first
