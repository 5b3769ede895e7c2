"""What every answer of the web process tells the browser to refuse: foreign code, foreign frames, guessed types."""

import base64
import hashlib
import re
from importlib.resources import files

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)

LINK_HEADERS = {
    # What a link opens is written by us but shows names from files and people: it may draw itself, run nothing and
    # reach nothing.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}


class SafeHeaders:
    """ASGI middleware; a header that an answer brings itself is left as it is."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.headers = [
            (b"content-security-policy", policy().encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"x-frame-options", b"DENY"),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = message.setdefault("headers", [])
                known = {name.lower() for name, _ in own}
                own.extend((name, value) for name, value in self.headers if name not in known)
            await send(message)

        await self.app(scope, receive, wrapped if scope["type"] == "http" else send)


def policy() -> str:
    """Everything from this server alone; inline scripts of the page by their hashes, styles as they come.

    The causal diagram is laid out by Graphviz in WebAssembly, which a browser compiles only where that is allowed.
    """
    page = files("streamlit").joinpath("static/index.html").read_text(encoding="utf-8")
    scripts = " ".join(f"'sha256-{_hash(code)}'" for code in _SCRIPT.findall(page))
    return (
        f"default-src 'self'; script-src 'self' 'wasm-unsafe-eval' {scripts}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
    )


def _hash(code: str) -> str:
    return base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
