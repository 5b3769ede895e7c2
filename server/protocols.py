"""Routes for programs of others: MCP and A2A, each call with a personal token; heavy libraries load at first use."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from server import a2a_server, mcp_server, protocol_bodies

log = structlog.get_logger(__name__)

MCP = "/mcp"
ACTOR = "carryover.actor"
UNKNOWN = "A personal token is needed: send it as 'Authorization: Bearer …'. People make theirs in the app."
Who = Callable[[str], Actor | None]


def routes(
    services: Callable[[], Services], by_token: Who, public_url: Callable[[], str | None]
) -> Sequence[BaseRoute]:
    """``by_token`` says who acts with a token; None where nobody does."""
    answer = _Once(lambda: a2a_server.dispatcher(services))

    async def mcp(scope: Scope, receive: Receive, send: Send) -> None:
        actor: Actor = scope[ACTOR]
        server = await run_in_threadpool(mcp_server.server_for, services, lambda: actor)
        await mcp_server.handle(server, scope, receive, send)

    async def a2a(scope: Scope, receive: Receive, send: Send) -> None:
        dispatcher = await run_in_threadpool(answer.get)
        response = await dispatcher.handle_requests(Request(scope, receive))
        await response(scope, receive, send)

    def card(request: Request) -> JSONResponse:
        # Not by the library's own helper: what that loads takes longer than many a client waits for a card.
        from google.protobuf.json_format import MessageToDict

        address = (public_url() or str(request.base_url)).rstrip("/")
        return JSONResponse(MessageToDict(a2a_server.card(address)))

    return [
        Route(MCP, TokenDoor(mcp, by_token)),
        Route(a2a_server.ENDPOINT, TokenDoor(a2a, by_token)),
        Route(a2a_server.CARD, card, methods=["GET"]),
    ]


class TokenDoor:
    """Lets in whoever holds a token of a member and sends one request, and says in the scope who that is."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Any], by_token: Who) -> None:
        self.app, self.by_token = app, by_token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, _, token = Request(scope).headers.get("authorization", "").partition(" ")
        try:
            known = kind.lower() == "bearer" and token.strip()
            actor = await run_in_threadpool(self.by_token, token.strip()) if known else None
        except (CarryoverError, OSError) as error:
            log.warning("protocols.unavailable", error=repr(error))
            said = {"error": "The server cannot reach its database just now; try again in a minute."}
            return await JSONResponse(said, status_code=503)(scope, receive, send)
        if actor is None:
            refusal = JSONResponse({"error": UNKNOWN}, status_code=401, headers={"WWW-Authenticate": "Bearer"})
            return await refusal(scope, receive, send)
        scope[ACTOR] = actor
        try:
            again = await protocol_bodies.checked(scope, receive)
        except protocol_bodies.Refused as refused:
            return await protocol_bodies.refusal(refused)(scope, receive, send)
        await self.app(scope, again, send)


class _Once:
    """Made at the first call, by one thread."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self._lock, self._made = make, threading.Lock(), None

    def get(self) -> Any:
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made
