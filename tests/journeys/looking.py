"""What a person sees of a page that is being drawn anew."""

from playwright.sync_api import Locator, Page


def shown(within: Page | Locator, selector: str) -> Locator:
    """The one that is seen: while a page runs again the old element may stand beside the new one for a moment."""
    return within.locator(selector).filter(visible=True).first
