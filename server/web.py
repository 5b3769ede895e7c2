"""What the web process holds: settings, services and people, opened once and shared by pages and routes."""

import threading
from dataclasses import dataclass

from jobs import wiring
from jobs.wiring import People
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings


@dataclass(frozen=True)
class Backend:
    settings: Settings
    services: Services
    people: People


class _Holder:
    """Opened at the first use and not before, so that importing a page touches no server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._backend: Backend | None = None

    def get(self) -> Backend:
        with self._lock:
            if self._backend is None:
                settings = Settings()
                wired = wiring.wire(settings)
                self._backend = Backend(settings, wired.services, wired.people)
            return self._backend

    def put(self, backend: Backend | None) -> None:
        with self._lock:
            self._backend = backend


_holder = _Holder()


def backend() -> Backend:
    """The backend of this process; a failure to open it is raised again at each call until it succeeds."""
    return _holder.get()


def use(backend: Backend | None) -> None:
    """Put another backend in place (the launcher's own, or a test's); None opens a fresh one at the next use."""
    _holder.put(backend)
