"""Tables that a person fills in: the browser paints them on a canvas, so they are clicked by place and typed into."""

from playwright.sync_api import Locator, Page

HEAD, ROW, MARKER = 36, 35, 44
"""Heights of the head and of a row, and the width of the column that selects rows; pixels."""


def paste(page: Page, table: Locator, row: int, text: str) -> None:
    """Paste cells (tabs between, lines for rows) from the first column of ``row`` on, counted from 0."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    _stand(table, row)
    page.keyboard.press("ControlOrMeta+V")


def clear(page: Page, table: Locator, row: int, columns: int) -> None:
    """Empty the first cells of a row."""
    _stand(table, row)
    for _ in range(columns - 1):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Delete")


def _stand(table: Locator, row: int) -> None:
    canvas = table.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    # By way of its neighbour: a click on the cell that one stands on opens it. What scrolls the canvas lies above it.
    for x in (MARKER + 200, MARKER + 30):
        canvas.click(position={"x": x, "y": HEAD + ROW * row + ROW / 2}, force=True)
