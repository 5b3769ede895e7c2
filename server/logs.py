"""Structured logs on stderr: one JSON object per line for machines, plain lines for a terminal; secrets filtered."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRET_NAMES = re.compile(r"pass(word|code|wd)?|secret|token|cookie|authorization|api_?key", re.IGNORECASE)
_ADDRESS_SECRET = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^:/@\s]*):[^@\s]+@", re.IGNORECASE)
_ASSIGNED_SECRET = re.compile(
    r"(?P<name>\b[\w-]*(?:password|passwd|secret|token|api_?key|authorization)\b[\"']?\s*[=:]\s*)"
    r"(?:Bearer\s+|Basic\s+)?[\"']?[^\s\"',;&}]+",
    re.IGNORECASE,
)
_SHARE_LINK = re.compile(r"/r/[A-Za-z0-9_-]{8,}")
HIDDEN = "***"


def set_up(*, json: bool | None = None, level: str = "INFO", quiet: bool = False) -> None:
    """Route structlog and the standard library's loggers through one filter and one format.

    ``json`` None means: JSON unless stderr is a terminal. ``quiet`` keeps warnings and errors alone.
    """
    as_json = (not sys.stderr.isatty()) if json is None else json
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    plain = structlog.dev.plain_traceback
    renderer: Any = (
        structlog.processors.JSONRenderer(default=str)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel("WARNING" if quiet else level)
    for name in ("rq.worker", "rq.job", "rq.registry", "uvicorn", "uvicorn.error", "uvicorn.access"):
        log = logging.getLogger(name)
        log.handlers[:] = []
        log.propagate = True
    for name in ("rq.worker", "alembic", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace passwords in addresses, secret-looking fields and share tokens before anything is written."""
    for name, value in event.items():
        event[name] = _hidden(name, value)
    return event


def _hidden(name: str, value: Any) -> Any:
    if _SECRET_NAMES.search(name) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {k: _hidden(str(k), v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden("", v) for v in value]
    return value


def mask(text: str) -> str:
    """The text without passwords and tokens, for logs and for sentences that quote an error."""
    text = _ADDRESS_SECRET.sub(rf"\g<scheme>\g<user>:{HIDDEN}@", text)
    text = _ASSIGNED_SECRET.sub(rf"\g<name>{HIDDEN}", text)
    return _SHARE_LINK.sub(f"/r/{HIDDEN}", text)
