"""What a program may send: one JSON-RPC request of bearable size; anything else is refused in one sentence."""

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope

LARGEST = 1_000_000
"""Bytes of one request; the longest tool that anybody writes has a hundredth of it."""
TOO_LARGE = f"The request is larger than {LARGEST // 1_000_000} MB."
NO_JSON = "The request is not JSON."
NO_CALL = 'Send one JSON-RPC 2.0 request: an object with "jsonrpc": "2.0", "id" and "method".'
POST_ONLY = "Send the request with POST; nothing is pushed from here."
PARSE_ERROR, INVALID_REQUEST = -32700, -32600


class Refused(Exception):
    def __init__(self, status: int, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code, self.sentence = status, code, sentence


async def checked(scope: Scope, receive: Receive) -> Receive:
    """The request's body once more, for whoever answers it; Refused where nobody could."""
    if scope["method"] != "POST":
        raise Refused(405, INVALID_REQUEST, POST_ONLY)
    body = await _read(Request(scope, receive))
    _look_at(body)
    left = [body]

    async def again() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return again


def refusal(refused: Refused) -> Response:
    error = {"code": refused.code, "message": refused.sentence}
    headers = {"Allow": "POST"} if refused.status == 405 else None
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, refused.status, headers)


async def _read(request: Request) -> bytes:
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > LARGEST:
                raise Refused(413, INVALID_REQUEST, TOO_LARGE)
            parts.append(part)
    except ClientDisconnect:
        raise Refused(400, INVALID_REQUEST, NO_CALL) from None
    return b"".join(parts)


def _look_at(body: bytes) -> None:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise Refused(400, PARSE_ERROR, NO_JSON) from None
    # What a client answers to a server has no method; the protocols' own libraries read the rest.
    known = isinstance(said, dict) and said.get("jsonrpc") == "2.0"
    if not known or not (isinstance(said.get("method"), str) or {"result", "error"} & set(said)):
        raise Refused(400, INVALID_REQUEST, NO_CALL)
