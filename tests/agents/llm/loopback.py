"""An OpenAI-compatible server on 127.0.0.1 that answers as a script says, streamed or whole; it ends with its block."""

import contextlib
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Step = dict[str, Any]
"""One answer: ``text``, ``calls`` [(name, arguments)], ``status`` with ``headers``, ``hang`` seconds, ``drop``,
``raw``, ``finish``, ``refusal``."""


@dataclass
class Script:
    """Answers in order; the last one again and again."""

    steps: Sequence[Step]
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Step:
        return self.steps[min(len(self.requests) - 1, len(self.steps) - 1)]


def _chunks(step: Step) -> Iterator[dict[str, Any]]:
    text = step.get("text", "")
    for word in text.split(" ") if text else []:
        yield {"delta": {"content": word if word == text.split(" ")[0] else f" {word}"}}
    for place, (name, arguments) in enumerate(step.get("calls", [])):
        written = arguments if isinstance(arguments, str) else json.dumps(arguments)
        call = {"index": place, "id": f"call_{place}", "type": "function"}
        yield {"delta": {"tool_calls": [{**call, "function": {"name": name, "arguments": ""}}]}}
        for part in (written[: len(written) // 2], written[len(written) // 2 :]):
            yield {"delta": {"tool_calls": [{"index": place, "function": {"arguments": part}}]}}
    yield {"delta": {}, "finish_reason": step.get("finish", "tool_calls" if step.get("calls") else "stop")}


def _whole(step: Step) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": step.get("text", "")}
    if "refusal" in step:
        message["refusal"] = step["refusal"]
    if step.get("calls"):
        message["tool_calls"] = [
            {"id": f"call_{n}", "type": "function",
             "function": {"name": name, "arguments": a if isinstance(a, str) else json.dumps(a)}}
            for n, (name, a) in enumerate(step["calls"])
        ]  # fmt: skip
    reason = step.get("finish", "tool_calls" if step.get("calls") else "stop")
    return {"message": message, "finish_reason": reason}


USED = {"prompt_tokens": 120, "completion_tokens": 30, "total_tokens": 150}


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            script.requests.append(body)
            script.keys.append(self.headers.get("Authorization", ""))
            step = script.next()
            if "hang" in step:
                script.released.wait(step["hang"])
            if step.get("drop") or "hang" in step:
                self.close_connection = True
                return
            if "status" in step:
                self._send(step["status"], b'{"error": {"message": "key sk-secret-in-words"}}', step.get("headers"))
            elif "raw" in step:
                self._send(200, step["raw"].encode())
            elif body.get("stream"):
                self._stream(step)
            else:
                head = {"id": "x", "object": "chat.completion", "created": 1, "model": body["model"], "usage": USED}
                self._send(200, json.dumps({**head, "choices": [{"index": 0, **_whole(step)}]}).encode())

        def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, step: Step) -> None:
            head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
            lines = [{**head, "choices": [{"index": 0, **chunk}]} for chunk in _chunks(step)]
            lines.append({**head, "choices": [], "usage": USED})
            content = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Content-Length", str(len(content.encode())))
            self.end_headers()
            self.wfile.write(content.encode())

    return Handler


@contextlib.contextmanager
def serving(*steps: Step) -> Iterator[tuple[str, Script]]:
    """Address (with its /v1) and what was asked."""
    script = Script(steps)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", script
    finally:
        script.released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
