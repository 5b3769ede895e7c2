"""Without sign-in only this machine is answered."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from server.web_local import LocalOnly


def answer(client: str, host: str) -> int:
    app = LocalOnly(Starlette(routes=[Route("/", lambda _: PlainTextResponse("in"))]))
    return TestClient(app, base_url=f"http://{host}", client=(client, 5000)).get("/").status_code


@pytest.mark.parametrize("host", ["127.0.0.1:8501", "localhost:8501", "[::1]:8501", "127.0.0.1"])
def test_this_machine_is_answered(host: str) -> None:
    assert answer("127.0.0.1", host) == 200


@pytest.mark.parametrize(
    ("client", "host"),
    [("192.0.2.7", "127.0.0.1:8501"), ("127.0.0.1", "evil.example:8501"), ("127.0.0.1", "192.0.2.7:8501")],
)
def test_anybody_else_is_refused(client: str, host: str) -> None:
    assert answer(client, host) == 403
