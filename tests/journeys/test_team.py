"""The first administrator lets a colleague in, and puts them out again."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Database
from tests.journeys.conftest import Web
from tests.journeys.looking import person
from tests.journeys.signing_in import settings, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_an_invited_person_comes_in_and_is_put_out(
    page: Page, browser: Browser, web: Web, provider: tuple[str, int], fresh_database: Database, redis_url: str
) -> None:
    issuer, port = provider
    known = settings(port, issuer, fresh_database, redis_url)
    known |= {"CARRYOVER_ORGANISATION": "Acme", "CARRYOVER_FIRST_ADMIN": "ann@acme.test"}
    with web(port, **known) as address:
        page.goto(f"{address}/team")
        sign_in(page, "ann@acme.test")
        expect(page.get_by_text("Acme · 1 member")).to_be_visible()
        page.get_by_role("tab", name="Ways in").click()
        page.get_by_label("E-mail address").fill("Bob@elsewhere.test")
        page.get_by_role("button", name="Invite").click()
        expect(page.get_by_text("bob@elsewhere.test").first).to_be_visible()

        bob = person(browser)
        bob.goto(address)
        sign_in(bob, "bob@elsewhere.test")
        expect(bob.get_by_text("bob · analyst")).to_be_visible()
        expect(bob.get_by_test_id("stSidebarNavLink").filter(has_text="Team")).to_have_count(0)
        bob.goto(f"{address}/team")
        expect(bob.get_by_role("heading", name="For administrators")).to_be_visible()

        page.get_by_role("tab", name="Members").click()
        # By the row, not by the place: a list that is still being drawn ends with somebody else.
        row = page.locator("[class*='st-key-member_']").filter(has_text="bob@elsewhere.test")
        row.get_by_role("button", name="Remove").click()
        page.get_by_role("button", name="Remove bob from the team").click()
        expect(page.get_by_text("bob is no longer on the team.")).to_be_visible()
        bob.goto(f"{address}/data")
        expect(bob.get_by_role("heading", name="No team knows you yet")).to_be_visible()
        bob.context.close()
