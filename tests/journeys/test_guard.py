"""Nobody sees a page without signing in, whichever address they ask for first."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import Database
from tests.journeys.conftest import Web, free_port
from tests.journeys.looking import person
from tests.journeys.signing_in import settings, sign_in

pytestmark = pytest.mark.browser

ADDRESSES = ("plan", "data", "model", "what-if", "report", "team", "assistant", "")


def test_each_address_of_a_fresh_server_asks_to_sign_in(
    page: Page, web: Web, fresh_database: Database, redis_url: str
) -> None:
    port = free_port()
    with web(port, **settings(port, "http://127.0.0.1:9", fresh_database, redis_url)) as address:
        for slug in ADDRESSES:
            page.context.clear_cookies()
            page.goto(f"{address}/{slug}")
            expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            expect(page.get_by_role("heading", level=1)).to_have_text(["Carryover"])
            expect(page.get_by_test_id("stSidebarNavLink")).to_have_count(0)


def test_signing_in_leads_to_the_wanted_page_and_somebody_unknown_gets_no_further(
    page: Page, browser: Browser, web: Web, provider: tuple[str, int], fresh_database: Database, redis_url: str
) -> None:
    issuer, port = provider
    with web(port, **settings(port, issuer, fresh_database, redis_url)) as address:
        page.goto(f"{address}/what-if?project=none")
        sign_in(page, "ann@acme.test+org=acme")
        expect(page.get_by_role("heading", name="What-If", level=1)).to_be_visible()
        expect(page.get_by_text("ann · admin")).to_be_visible()

        eve = person(browser)
        eve.goto(address)
        sign_in(eve, "eve@nowhere.test")
        expect(eve.get_by_role("heading", name="No team knows you yet")).to_be_visible()
        expect(eve.get_by_text("Look around with a sample company")).to_have_count(0)
        eve.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("token_seconds", [3])
def test_the_cookie_does_not_outlive_the_token(
    page: Page, web: Web, provider: tuple[str, int], fresh_database: Database, redis_url: str
) -> None:
    issuer, port = provider
    with web(port, **settings(port, issuer, fresh_database, redis_url)) as address:
        page.goto(f"{address}/plan")
        sign_in(page, "ann@acme.test+org=acme")
        page.wait_for_url(f"{address}/**")
        # Issued before now, so ended by then.
        page.wait_for_timeout(3_500)
        page.goto(f"{address}/data")
        expect(page.get_by_text("Your sign-in has expired.")).to_be_visible()
        expect(page.get_by_role("heading", name="Data", level=1)).to_have_count(0)
