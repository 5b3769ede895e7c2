"""The product with the tests' identity provider, and a person who signs in there."""

from playwright.sync_api import Page

from tests.conftest import Database


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


def sign_in(page: Page, who: str) -> None:
    page.get_by_role("button", name="Sign in").click()
    page.locator('input[name="login"]').fill(who)
    page.locator('input[name="password"]').fill("any")
    page.locator('button[type="submit"]').click()
    page.get_by_role("button", name="Continue").click()
