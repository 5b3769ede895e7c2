"""What is served beside the pages: health, shared reports, and the way back after signing in."""

from typing import Any, cast

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from mmm_core.domain.errors import BadInput, NotAllowed, NotFound, Unavailable
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings
from server.routes import routes
from server.web_secrets import sign_in_secrets
from server.web_wanted import RememberWanted

SLUGS = frozenset({"plan", "report"})


class Shared:
    def open(self, token: str, passcode: str | None, viewer: str) -> bytes:
        if token == "locked" and passcode != "open sesame":
            raise NotAllowed("This report asks for its passcode.")
        answers: dict[str, Exception] = {
            "gone": NotAllowed("This link was revoked on 3 May 2026."),
            "down": Unavailable("The database cannot be reached."),
            "bug": RuntimeError("secret detail"),
        }
        if token in answers:
            raise answers[token]
        if token not in ("good", "locked"):
            raise NotFound("No such link.")
        return b"<h1>The report</h1>"


class Queue:
    def __init__(self, works: bool = True) -> None:
        self.works = works

    def workers(self) -> int:
        if not self.works:
            raise Unavailable("The queue cannot be reached.")
        return 2


def services(queue: Queue | None = None) -> Services:
    none = cast(Any, None)
    return Services(none, cast(Any, queue or Queue()), none, Shared(), none, none)


def client(made: Services) -> TestClient:
    return TestClient(Starlette(routes=list(routes(lambda: made))), raise_server_exceptions=False)


def test_healthy() -> None:
    answer = client(services()).get("/healthz")
    assert (answer.status_code, answer.json()["workers"]) == (200, 2)


def test_a_queue_that_is_gone_is_named() -> None:
    answer = client(services(Queue(works=False))).get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["queue"] == "unavailable"
    assert answer.json()["database"] == "ok"


def test_a_shared_report_opens_and_may_run_and_reach_nothing() -> None:
    answer = client(services()).get("/r/good")
    assert answer.text == "<h1>The report</h1>"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("token", "status"), [("wrong", 404), ("gone", 410), ("down", 503), ("bug", 500)])
def test_a_link_that_does_not_open_says_so_in_one_sentence(token: str, status: int) -> None:
    answer = client(services()).get(f"/r/{token}")
    assert answer.status_code == status
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text


def test_a_passcode_is_asked_for_and_opens() -> None:
    web = client(services())
    asked = web.get("/r/locked")
    assert asked.status_code == 403
    assert 'name="passcode"' in asked.text
    assert web.post("/r/locked", data={"passcode": "wrong"}).status_code == 403
    assert web.post("/r/locked", data={"passcode": "open sesame"}).status_code == 200


def wanted() -> TestClient:
    def anything(request: Request) -> PlainTextResponse:
        return PlainTextResponse("page")

    app = RememberWanted(Starlette(routes=[Route("/{rest:path}", anything)]), SLUGS)
    return TestClient(app, follow_redirects=False)


def test_the_wanted_page_is_found_again_after_signing_in() -> None:
    web = wanted()
    assert web.get("/report?project=42").status_code == 200
    web.cookies.set("_streamlit_user", "signed")
    back = web.get("/")
    assert back.status_code == 302
    assert back.headers["location"] == "/report?project=42"
    assert web.get("/").status_code == 200


@pytest.mark.parametrize("address", ["//evil.test", "/elsewhere", "https://evil.test/plan", "/plan\\evil", "/plan\nx"])
def test_nobody_is_sent_anywhere_but_to_our_pages(address: str) -> None:
    web = wanted()
    web.cookies.set("_streamlit_user", "signed")
    from urllib.parse import quote

    web.cookies.set("carryover_wanted", quote(address, safe=""))
    assert web.get("/").status_code == 200


def test_sign_in_names_the_setting_that_is_missing() -> None:
    assert sign_in_secrets(Settings(oidc_metadata_url=None)) is None
    with pytest.raises(BadInput, match="CARRYOVER_COOKIE_SECRET"):
        sign_in_secrets(
            Settings(oidc_metadata_url="https://id.test/x", oidc_client_id="c", oidc_client_secret="s", public_url="u")
        )


def test_services_that_cannot_be_built_are_unwell() -> None:
    def broken() -> Services:
        raise Unavailable("No database.")

    answer = TestClient(Starlette(routes=list(routes(broken)))).get("/healthz")
    assert answer.status_code == 503
