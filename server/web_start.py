"""What the web process needs to run, whoever started it.

Under ``mmm up`` and in a container the servers and workers are there already, or soon; whichever process comes first
brings the schema up to date. Started alone (``streamlit run app.py``,
``uvicorn app:app``) it brings the embedded ones and a worker of its own, and ends them with itself.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

from jobs import wiring
from mmm_core.settings import Settings
from server import local, logs, up, web


@contextlib.contextmanager
def servers(settings: Settings) -> Iterator[web.Backend]:
    logs.set_up(json=settings.database_url is not None, quiet=True)
    alone = settings.database_url is None
    with contextlib.ExitStack() as stack:
        ready = stack.enter_context(local.located(settings))
        wired = stack.enter_context(wiring.opened(ready))
        if alone:
            stack.enter_context(_worker(ready))
        backend = web.Backend(ready, wired.services, wired.people)
        web.use(backend)
        try:
            yield backend
        finally:
            web.use(None)


@contextlib.contextmanager
def _worker(settings: Settings) -> Iterator[None]:
    folder = settings.home.expanduser() / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    child = up.Child("worker 1", [sys.executable, "-m", "server.cli", "worker"], folder / "worker-1.log")
    child.start({**os.environ, **local.environment(settings)})
    try:
        yield
    finally:
        up.stop_all([child])
