"""A search server on this machine that answers as a script says."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Script:
    status: int = 200
    body: Any = None
    seen: list[tuple[str, dict[str, str], str]] = field(default_factory=list)
    """(path, headers, body) of each request."""


@contextmanager
def serving(body: Any, status: int = 200) -> Iterator[tuple[str, Script]]:
    script = Script(status, body)

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def _answer(self) -> None:
            given = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            script.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}, given))
            content = script.body if isinstance(script.body, bytes) else json.dumps(script.body).encode()
            self.send_response(script.status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
