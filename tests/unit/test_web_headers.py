"""The headers that keep foreign code out of the pages."""

import re

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from server.web_headers import SafeHeaders, policy


def test_every_answer_carries_them_and_a_stricter_policy_stays() -> None:
    own = {"Content-Security-Policy": "default-src 'none'"}
    routes = [
        Route("/", lambda _: PlainTextResponse("page")),
        Route("/r", lambda _: PlainTextResponse("shared", headers=own)),
    ]
    client = TestClient(SafeHeaders(Starlette(routes=routes)))
    page, shared, missing = client.get("/"), client.get("/r"), client.get("/nowhere")
    assert page.headers["content-security-policy"] == missing.headers["content-security-policy"] == policy()
    assert shared.headers.get_list("content-security-policy") == ["default-src 'none'"]
    assert {a.headers["x-content-type-options"] for a in (page, shared, missing)} == {"nosniff"}


def test_scripts_run_from_this_server_or_by_their_hash_alone() -> None:
    rules = dict(re.findall(r"([a-z-]+) ([^;]+)", policy()))
    allowed = rules["script-src"].split()
    assert "'self'" in allowed
    # WebAssembly draws the causal diagram; it is no way to run a text as a script.
    assert all(a in ("'self'", "'wasm-unsafe-eval'") or a.startswith("'sha256-") for a in allowed)
    assert rules["frame-ancestors"] == "'none'"
