"""Without sign-in there is one local user, so this machine alone is answered, however the server was started."""

import ipaddress

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

SENTENCE = "Without sign-in Carryover answers this machine alone. Open it on 127.0.0.1, or set up sign-in.\n"


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class LocalOnly:
    """ASGI middleware that refuses requests from, or addressed to, anything but a loopback address.

    The Host header counts too: a page elsewhere whose name was pointed at 127.0.0.1 would otherwise be let in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or _is_local(scope):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(SENTENCE, status_code=403)(scope, receive, send)


def _is_local(scope: Scope) -> bool:
    headers = dict(scope.get("headers") or [])
    named = headers.get(b"host", b"").decode("latin-1")
    addresses = [address[0] for key in ("client", "server") if (address := scope.get(key))]
    return all(is_loopback(a) for a in addresses) and (not named or is_loopback(_host(named)))


def _host(header: str) -> str:
    return header[1:].partition("]")[0] if header.startswith("[") else header.rpartition(":")[0] or header
