"""Routes beside the pages: is the server well, and a shared report for whoever holds its link."""

from collections.abc import Callable, Sequence
from html import escape

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mmm_core.domain.errors import CarryoverError, NotAllowed, NotFound, Unavailable
from mmm_core.domain.ports import Services
from mmm_core.use_cases import reports
from server import elicitation
from server.web_headers import LINK_HEADERS

log = structlog.get_logger(__name__)

_NOTICE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Carryover</title><style>
:root{{color-scheme:light dark}}
body{{font:16px/1.55 system-ui,sans-serif;margin:0;min-height:100vh;display:grid;place-items:center;
background:light-dark(#f5f7f8,#10161d);color:light-dark(#17212b,#e8edf2)}}
main{{max-width:26rem;margin:1rem;padding:2rem;border-radius:.75rem;
background:light-dark(#fff,#18212b);border:1px solid light-dark(#dce2e7,#2b3642)}}
h1{{font-size:1.3rem;margin:0 0 .5rem}}p{{margin:.25rem 0 0}}
input,button{{font:inherit;padding:.55rem .7rem;border-radius:.5rem;border:1px solid light-dark(#dce2e7,#2b3642);
background:transparent;color:inherit;width:100%;box-sizing:border-box;margin-top:.75rem}}
button{{background:#00677f;color:#fff;border-color:#00677f;cursor:pointer}}
</style></head><body><main><h1>{title}</h1><p>{message}</p>{more}</main></body></html>"""

_PASSCODE = """<form method="post"><input type="password" name="passcode" autocomplete="off" required
aria-label="Passcode" placeholder="Passcode"><button type="submit">Open the report</button></form>"""


def routes(services: Callable[[], Services]) -> Sequence[BaseRoute]:
    """``services`` is asked at each request: the servers behind it may come and go."""

    def healthz(request: Request) -> Response:
        state = {"web": "ok", "database": "ok", "queue": "ok", "workers": 0}
        try:
            opened = services()
        except Exception as error:
            log.warning("healthz.unavailable", error=repr(error))
            return JSONResponse({**state, "database": "unavailable", "queue": "unavailable"}, status_code=503)
        try:
            opened.shared_reports.open("healthz", None, "")
        except NotFound:
            pass
        except Exception as error:
            log.warning("healthz.database", error=repr(error))
            state["database"] = "unavailable"
        try:
            state["workers"] = opened.queue.workers()
        except Exception as error:
            log.warning("healthz.queue", error=repr(error))
            state["queue"] = "unavailable"
        return JSONResponse(state, status_code=503 if "unavailable" in state.values() else 200)

    async def shared(request: Request) -> Response:
        from starlette.concurrency import run_in_threadpool

        token = str(request.path_params["token"])
        passcode = None
        if request.method == "POST":
            form = await request.form(max_files=0, max_fields=4)
            passcode = str(form.get("passcode") or "") or None
        viewer = request.client.host if request.client else ""
        return await run_in_threadpool(_open, services, token, passcode, viewer)

    return [
        Route("/healthz", healthz),
        Route("/r/{token}", shared, methods=["GET", "POST"]),
        *elicitation.routes(services),
    ]


def _open(services: Callable[[], Services], token: str, passcode: str | None, viewer: str) -> Response:
    try:
        page = reports.open_shared(services(), token, passcode, viewer)
    except NotFound:
        message = "Check that the whole address was copied, or ask the sender for a new link."
        return _notice(404, "This link does not open anything", message)
    except NotAllowed as error:
        asks = "passcode" in str(error).lower()
        title = "This report asks for a passcode" if asks else "This link is no longer open"
        return _notice(403 if asks else 410, title, str(error), _PASSCODE if asks else "")
    except (Unavailable, OSError) as error:
        log.warning("shared_report.unavailable", error=repr(error))
        return _notice(503, "One moment, please", "The server cannot reach its database. Try again in a minute.")
    except CarryoverError as error:
        return _notice(400, "This report cannot be opened", str(error))
    except Exception:
        log.exception("shared_report.failed")
        return _notice(500, "This report cannot be opened", "Something went wrong on our side; it has been logged.")
    return HTMLResponse(page, headers=LINK_HEADERS)


def _notice(status: int, title: str, message: str, more: str = "") -> HTMLResponse:
    page = _NOTICE.format(title=escape(title), message=escape(message), more=more)
    return HTMLResponse(page, status_code=status, headers=LINK_HEADERS)
