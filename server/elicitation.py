"""Routes of the links under which people are asked what they believe: a form, its answer, a passcode."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qsl

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from mmm_core.domain.elicitation import Inquiry
from mmm_core.domain.errors import BadInput, CarryoverError, NotAllowed, NotFound, Unavailable
from mmm_core.domain.ports import Services
from mmm_core.use_cases import elicitation
from server import elicitation_form as form
from server import elicitation_page as page
from server.web_headers import LINK_HEADERS

log = structlog.get_logger(__name__)

MOST_BYTES = 400_000
MOST_FIELDS = 400


def routes(services: Callable[[], Services]) -> Sequence[BaseRoute]:
    async def asked(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        fields: dict[str, str] | None = {}
        if request.method == "POST":
            fields = await _fields(request)
        if fields is None:
            return _notice(413, "That is too long", "Please shorten what you wrote; your browser's back button has it.")
        viewer = request.client.host if request.client else ""
        return await run_in_threadpool(_answer, services, str(request.path_params["token"]), fields, viewer)

    return [Route("/b/{token}", asked, methods=["GET", "POST"])]


async def _fields(request: Request) -> dict[str, str] | None:
    """What was typed; None where it is more than any person types."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return None
    try:
        found = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    return dict(found)


def _answer(services: Callable[[], Services], token: str, fields: Mapping[str, str], viewer: str) -> Response:
    passcode = fields.get("passcode") or None
    try:
        return _page(services(), token, passcode, fields, viewer)
    except NotFound:
        return _notice(
            404, "This link does not open anything", "Check that the whole address was copied, or ask again."
        )
    except NotAllowed as error:
        if "passcode" in str(error).lower():
            typed = {k: v for k, v in fields.items() if k != "passcode"}
            return _notice(403, "This link asks for a passcode", str(error), asks=True, fields=typed)
        busy = "quarter of an hour" in str(error)
        return _notice(
            429 if busy else 410, "One moment, please" if busy else "This link is no longer open", str(error)
        )
    except (Unavailable, OSError) as error:
        log.warning("inquiry.unavailable", error=repr(error))
        message = "The server cannot reach its database. Go back in your browser and try again in a minute."
        return _notice(503, "One moment, please", message)
    except CarryoverError as error:
        return _notice(400, "This cannot be used", str(error))
    except Exception:
        log.exception("inquiry.failed")
        return _notice(500, "This cannot be shown", "Something went wrong on our side; it has been logged.")


def _page(services: Services, token: str, passcode: str | None, fields: Mapping[str, str], viewer: str) -> Response:
    act = fields.get("do")
    opened = elicitation.open_link(services, token, passcode, viewer)
    inquiry = opened.inquiry
    if act not in ("look", "send"):
        last = opened.last.statements if opened.last else ()
        entries = form.start(inquiry, last)
        return _html(page.form(inquiry, entries, passcode=passcode or "", answered=bool(last)))
    entries = form.read(inquiry, fields)
    notice = _notice_of(entries, act)
    if notice or act == "look":
        text = page.form(inquiry, entries, passcode=passcode or "", notice=notice)
        return _html(text, 422 if notice else 200)
    return _send(services, token, passcode, viewer, inquiry, entries)


def _send(
    services: Services, token: str, passcode: str | None, viewer: str, inquiry: Inquiry, entries: tuple[form.Entry, ...]
) -> Response:
    said = [e.statement for e in entries if e.statement]
    try:
        reply = elicitation.answer(services, token, passcode, viewer, said)
    except (BadInput, NotAllowed, Unavailable) as error:
        # Everything typed comes back with the sentence, so that it can be sent again.
        return _html(page.form(inquiry, entries, passcode=passcode or "", notice=str(error)), 422)
    return _html(page.thanks(inquiry, reply.statements))


def _notice_of(entries: tuple[form.Entry, ...], act: str) -> str:
    wrong = sum(bool(e.error) for e in entries)
    if wrong:
        return f"{'One answer needs' if wrong == 1 else f'{wrong} answers need'} another look; nothing is sent yet."
    if act == "send" and all(e.empty and not e.cannot for e in entries):
        return "Nothing is filled in yet; give a range for one channel, or tick “I cannot say”."
    return ""


def _html(text: str, status: int = 200) -> HTMLResponse:
    return HTMLResponse(text, status_code=status, headers=LINK_HEADERS)


def _notice(
    status: int, title: str, message: str, *, asks: bool = False, fields: Mapping[str, str] | None = None
) -> HTMLResponse:
    return _html(page.notice(title, message, asks=asks, fields=fields), status)
