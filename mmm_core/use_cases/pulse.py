"""The heartbeat of work that a worker does in attempts."""

import threading
from collections.abc import Callable
from contextlib import suppress

from mmm_core.domain.errors import CarryoverError, Conflict
from mmm_core.domain.fit import RunStatus

HEARTBEAT_SECONDS = 5.0


class Pulse:
    """A thread that marks the work as alive and notices a cancellation or a newer attempt.

    Parameters
    ----------
    beat
        Marks it once and tells its status; Conflict where a newer attempt owns it.
    """

    def __init__(self, beat: Callable[[], RunStatus]) -> None:
        self._mark = beat
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self.status = RunStatus.RUNNING
        self.overtaken = False

    def __enter__(self) -> "Pulse":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=HEARTBEAT_SECONDS)

    def stopped(self) -> bool:
        return self.status is RunStatus.CANCELLED or self.overtaken

    def _beat(self) -> None:
        while not self.stopped():
            # A database that is away for a moment must not end the work; the next beat tries again.
            with suppress(CarryoverError):
                try:
                    self.status = self._mark()
                except Conflict:
                    self.overtaken = True
            if self._end.wait(HEARTBEAT_SECONDS):
                return
