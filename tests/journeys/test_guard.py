"""Nobody sees a page without signing in, whichever address they ask for first."""

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import Database
from tests.journeys.conftest import free_port

pytestmark = pytest.mark.browser

PROVIDER = Path(__file__).resolve().parents[1] / "identity_provider"
ADDRESSES = ("plan", "data", "model", "what-if", "report", "")
Web = Callable[..., contextlib.AbstractContextManager[str]]


def settings(port: int, issuer: str, database: Database, redis_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database.admin,
        "REDIS_URL": redis_url,
        "CARRYOVER_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CARRYOVER_OIDC_METADATA_URL": f"{issuer}/.well-known/openid-configuration",
        "CARRYOVER_OIDC_CLIENT_ID": "carryover",
        "CARRYOVER_OIDC_CLIENT_SECRET": "test-only-secret",
        "CARRYOVER_OIDC_ORGANISATION_CLAIM": "organisation",
        "CARRYOVER_COOKIE_SECRET": "for-tests-only-0123456789abcdefghij",
    }


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


@pytest.fixture
def provider() -> Iterator[tuple[str, int]]:
    """The identity provider's address, and the port of the product that it sends people back to."""
    node = shutil.which("node")
    if node is None or not (PROVIDER / "node_modules").is_dir():
        pytest.skip("Node and tests/identity_provider/node_modules are needed (npm ci there).")
    port, ours = free_port(), free_port()
    command = [node, "provider.mjs", str(port), f"http://127.0.0.1:{ours}/oauth2callback"]
    with subprocess.Popen(command, cwd=PROVIDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        yield f"http://127.0.0.1:{port}", ours
        assert process.stdin is not None
        process.stdin.close()


def sign_in(page: Page, who: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.locator('input[name="login"]').fill(who)
    page.locator('input[name="password"]').fill("any")
    page.locator('button[type="submit"]').click()
    page.get_by_role("button", name="Continue").click()


def test_signing_in_leads_to_the_wanted_page(
    page: Page, web: Web, provider: tuple[str, int], fresh_database: Database, redis_url: str
) -> None:
    issuer, port = provider
    with web(port, **settings(port, issuer, fresh_database, redis_url)) as address:
        page.goto(f"{address}/what-if?project=none")
        sign_in(page, "ann@acme.test+org=acme")
        expect(page.get_by_role("heading", name="What-If", level=1)).to_be_visible()
        expect(page.get_by_text("ann · admin")).to_be_visible()


def test_somebody_unknown_gets_no_further(
    page: Page, web: Web, provider: tuple[str, int], fresh_database: Database, redis_url: str
) -> None:
    issuer, port = provider
    with web(port, **settings(port, issuer, fresh_database, redis_url)) as address:
        page.goto(address)
        sign_in(page, "eve@nowhere.test")
        expect(page.get_by_role("heading", name="No team knows you yet")).to_be_visible()
        expect(page.get_by_text("Look around with a sample company")).to_have_count(0)
