"""The address a person wanted before they had to sign in, kept over the way to the provider and back.

Sign-in always ends at ``/``. Whoever asks for a page without the sign-in cookie gets the address kept in a short-lived
cookie, and the first ``/`` with a sign-in cookie leads there.
"""

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SIGNED_IN_COOKIE = "_streamlit_user"
WANTED_COOKIE = "carryover_wanted"
MINUTES = 10


class RememberWanted:
    """ASGI middleware; ``slugs`` are the pages' addresses, nothing else is ever redirected to."""

    def __init__(self, app: ASGIApp, slugs: frozenset[str]) -> None:
        self.app = app
        self.slugs = slugs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        signed_in = SIGNED_IN_COOKIE in request.cookies
        slug = request.url.path.strip("/")
        if slug in self.slugs and slug and not signed_in:
            await self.app(scope, receive, _with_cookie(send, _address(request)))
            return
        wanted = unquote(request.cookies.get(WANTED_COOKIE, ""))
        if signed_in and not slug and self._is_ours(wanted):
            response = RedirectResponse(wanted, status_code=302)
            response.delete_cookie(WANTED_COOKIE, path="/")
            await response(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _is_ours(self, wanted: str) -> bool:
        path = wanted.partition("?")[0]
        return path.startswith("/") and path[1:] in self.slugs and "\\" not in wanted and "\n" not in wanted


def _address(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _with_cookie(send: Send, wanted: str) -> Send:
    value = f"{WANTED_COOKIE}={quote(wanted[:1500], safe='/')}; Path=/; Max-Age={MINUTES * 60}; HttpOnly; SameSite=Lax"

    async def wrapped(message: Message) -> None:
        if message["type"] == "http.response.start":
            message.setdefault("headers", []).append((b"set-cookie", value.encode("latin-1")))
        await send(message)

    return wrapped
