"""The worker: takes runs and studies from the queue, owns the fork server, and looks after runs whose worker is gone.

Its process never imports JAX or PyMC, because a process that is forked after JAX ran hangs. Each job is a forked work
horse; the fit itself is a child of the fork server (``jobs/fit_server.py``). When the worker is killed, horse, fork
server and fit die with it, and another worker goes on from the last chunk.
"""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import FrameType
from typing import Any
from uuid import uuid4

import redis
import scipy
import structlog
from rq import Queue
from rq import Worker as RqWorker
from rq.exceptions import StopRequested
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer
from rq.utils import now as rq_now

from jobs import addresses, fit_preload, fit_server, queue, recovery, tasks, wiring
from mmm_core.agents.workflow import drive
from mmm_core.domain.errors import BadInput, Unavailable
from mmm_core.settings import Settings

log = structlog.get_logger("carryover.worker")

IMPORTED_BEFORE_FORKING = (tasks, drive, scipy.optimize, scipy.stats)
"""What every horse needs, in memory once."""

NEVER_IMPORTED = frozenset({"jax", "jaxlib", "pytensor", "pymc", "pymc_marketing", "numpyro"})
LOOK_AROUND_SECONDS = 15
PULSE_SECONDS = 5
HORSE_MAY_TAKE = timedelta(seconds=10)
"""After SIGTERM a horse has this long to stop its fit and hand the run back."""


def refuse_heavy_imports() -> None:
    """Raise BadInput where this process holds a module that must not be forked."""
    found = sorted(NEVER_IMPORTED & set(sys.modules))
    if found:
        raise BadInput(f"A worker must not import {', '.join(found)}: fits started from it would hang.")


class FitWorker(RqWorker):  # type: ignore[misc]
    """rq's forking worker with a fork server, prompt endings and a look at abandoned runs every 15 seconds."""

    def __init__(
        self,
        queues: Sequence[Queue],
        *,
        server: fit_server.ForkServerFitProcess,
        look: recovery.Look,
        leave: threading.Event,
    ) -> None:
        name = f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}"
        super().__init__(
            queues,
            name=name,
            connection=queues[0].connection,
            serializer=JSONSerializer,
            worker_ttl=LOOK_AROUND_SECONDS + 15,
            maintenance_interval=LOOK_AROUND_SECONDS,
            job_monitoring_interval=PULSE_SECONDS,
            log_job_description=False,
        )
        self._server = server
        self._look = look
        self._leave = leave
        self._looked_at = 0.0

    def execute_job(self, job: Job, queue: Queue) -> None:
        refuse_heavy_imports()
        # The server may have died (out of memory); the horse should find it running.
        self._server.start()
        super().execute_job(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        fit_preload.die_with_parent(self.pid)
        super().main_work_horse(job, queue)

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()
        self._look_around()
        # The exception that a signal raised may have ended in somebody's handler on the way.
        if self._stop_requested:
            raise StopRequested

    def maintain_heartbeats(self, job: Job, execution: Any) -> None:
        try:
            super().maintain_heartbeats(job, execution)
            self._look_around()
        except redis.RedisError as error:
            # The fit itself needs the database alone; the queue may come back before it ends.
            log.warning("queue away during a fit", error=str(error))
        self._end_late_horse()

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()
        # A signal that came before is known to the event alone.
        self._stop_requested = self._leave.is_set()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self._leave.set()
        super().request_stop(signum, frame)

    def handle_warm_shutdown_request(self) -> None:
        """On SIGTERM or Ctrl-C: have the horse stop its fit and hand the run back."""
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second signal changes nothing: the horse already has its deadline."""

    def _shutdown(self) -> None:
        self._stop_requested = True
        try:
            super()._shutdown()
        except redis.RedisError:
            log.warning("queue away while stopping")

    def _end_late_horse(self) -> None:
        asked = self._shutdown_requested_date
        if asked and self.horse_pid and rq_now() - asked > HORSE_MAY_TAKE:
            self.kill_horse()

    def _look_around(self) -> None:
        if time.monotonic() - self._looked_at < LOOK_AROUND_SECONDS:
            return
        self._looked_at = time.monotonic()
        for one in self.queues:
            # rq's own lock on this outlives a killed worker by a quarter of an hour; cleaning twice does no harm.
            StartedJobRegistry(queue=one).cleanup()
        recovery.try_look(self._look, datetime.now(UTC))


def main(settings: Settings, devices: Sequence[str] = ("cpu",)) -> None:
    """Work until SIGTERM or Ctrl-C; a queue or database that is away is waited for."""
    refuse_heavy_imports()
    leave = threading.Event()
    _until(leave)
    server = wiring.fit_process(settings)
    server.start()
    pause = 1.0
    while not leave.is_set():
        try:
            _work(settings, devices, server, leave)
            pause = 1.0
        except (redis.RedisError, Unavailable) as error:
            log.warning("waiting for the queue or the database", reason=str(error), seconds=pause)
            pause = min(2 * pause, 15.0)
        _until(leave)
        leave.wait(pause)


def _work(
    settings: Settings, devices: Sequence[str], server: fit_server.ForkServerFitProcess, leave: threading.Event
) -> None:
    """One life of a worker: it ends when asked to, or when the queue went away."""
    names = queue.queue_names(devices)
    with contextlib.ExitStack() as stack, wiring.opened(settings) as wired:
        look = recovery.watchful(wired.services, queue.RqFitQueue(wired.redis), addresses.admin_url(settings))
        # rq waits in this connection for work, longer than a click may take.
        connection = stack.enter_context(contextlib.closing(wiring.redis_connection(settings)))
        queues = [Queue(n, connection=connection, serializer=JSONSerializer) for n in names]
        FitWorker(queues, server=server, look=look, leave=leave).work(logging_level="WARNING")


def _until(leave: threading.Event) -> None:
    """Have SIGTERM and Ctrl-C set the event while no worker listens to them."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: leave.set())
