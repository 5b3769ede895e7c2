"""Fits as children of Python's fork server, which has JAX and PyMC imported before the first fit is asked for.

The process that owns the server (a worker, or the command ``mmm run``) imports neither of them. A fit has its own
memory, can be killed at any moment, and ends when whoever started it ends:

worker (owner) ── fork server (preloaded) ── fit
   └── work horse (one job) ── starts the fit through the server's socket, holds the other end of its pipe
"""

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

from jobs import fit_export, fit_preload
from mmm_core.domain.errors import Cancelled, CarryoverError, FitFailed, Unavailable
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.ports import FitOutcome
from mmm_core.domain.study import StepBegun, StepEnded, StudyEnded, StudyRequest
from mmm_core.modeling import fit_process
from mmm_core.studies import process as study_process

POLL_SECONDS = 0.2


class FitKilled(FitFailed):
    """The fit's process vanished without a word; another try may go on from its chunks."""


class _Server(Protocol):
    """The part of the standard library's fork server that has no public name."""

    __dict__: dict[str, object]

    ensure_running: Callable[[], None]
    _forkserver_address: str | None
    _forkserver_alive_fd: int | None
    _forkserver_pid: int | None


class ForkServerFitProcess:
    """Runs each fit in a child of the fork server and hands on what it sends."""

    def __init__(
        self,
        cache_dir: Path | None = None,
        *,
        threads: int | None = None,
        target: str = "mmm_core.modeling.fit_process:main",
        preload: Sequence[str] = fit_process.PRELOAD,
        study_target: str = f"{study_process.__name__}:main",
    ) -> None:
        self._cache_dir = str(cache_dir) if cache_dir else None
        self._threads = threads
        self._target = target
        self._study_target = study_target
        self._preload = tuple(preload)

    def start(self) -> None:
        """Start the server (or a new one where it died); it imports its modules while nobody waits.

        The kernel ends the server together with the thread that started it, so a worker calls this in its main thread.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([fit_preload.__name__, __name__, *self._preload])
        with _environment({fit_preload.OWNER: str(os.getpid()), "PYTHONPATH": _import_path()}):
            _server().ensure_running()

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        """Yield what the fit sends, the outcome last.

        Raises
        ------
        FitFailed
            With the fit's own sentence, or FitKilled where its process vanished.
        Cancelled
            When ``stop()``, asked a few times a second, said so; the fit's process is dead by then.
        """
        kept = list(chunks)
        for message in self._once(spec_yaml, table, kept, stop):
            if isinstance(message, FitKilled):
                break
            if isinstance(message, Chunk):
                kept.append(message)
            yield message
        else:
            return
        # Killed once may be bad luck (another program took the memory); the second time it is the answer.
        for message in self._once(spec_yaml, table, kept, stop):
            if isinstance(message, FitKilled):
                raise message
            yield message

    def _once(self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]) -> Iterator[Any]:
        request = fit_process.FitRequest(spec_yaml, table, tuple(chunks), self._cache_dir, self._threads)
        yield from self._exchange(self._target, request, FitOutcome, stop)

    def study(
        self, request: StudyRequest, stop: Callable[[], bool]
    ) -> Generator[StepBegun | Progress | StepEnded | StudyEnded]:
        """Yield what the study's steps send; a second process goes on where the first was killed.

        Raises
        ------
        CarryoverError
            The sentence of a step that ends the study; FitKilled where the process vanished twice in one step.
        Cancelled
            When ``stop()`` said so.
        """
        left, killed_at = request, cast("str | None", None)
        while True:
            current = ""
            work = study_process.Work(left, self._cache_dir, self._threads)
            for message in self._exchange(self._study_target, work, StudyEnded, stop):
                if isinstance(message, FitKilled):
                    if current == killed_at:
                        raise message
                    break
                if isinstance(message, StepBegun):
                    current = message.name
                if isinstance(message, StepEnded):
                    left = _without(left, message)
                yield message
            else:
                return
            killed_at = current

    def _exchange(self, target: str, request: object, last: type, stop: Callable[[], bool]) -> Iterator[Any]:
        """One process's messages up to one of type ``last``; a FitKilled comes last where it vanished."""
        process, connection = self._launch(target)
        try:
            connection.send(request)
            yield from _messages(connection, process, last, stop)
        except BrokenPipeError:
            yield _vanished(process)
        except FitKilled as killed:
            yield killed
        finally:
            _end(process, connection)

    def export(self, spec_yaml: str, table: bytes, draws: bytes) -> bytes:
        """A stored posterior as NetCDF, written by a child as PyMC is needed for it."""
        request = fit_export.ExportRequest(spec_yaml, table, draws)
        for _ in range(2):
            process, connection = self._launch(f"{fit_export.__name__}:main")
            try:
                connection.send(request)
                answer = connection.recv()
            except (EOFError, ConnectionResetError, BrokenPipeError):
                continue
            finally:
                _end(process, connection)
            if isinstance(answer, CarryoverError):
                raise answer
            return bytes(answer)
        raise Unavailable(
            "The export was stopped before it was written, most likely for want of memory or disk space; "
            "free some and try again."
        )

    def _launch(self, target: str) -> "tuple[multiprocessing.process.BaseProcess, Connection]":
        context = multiprocessing.get_context("forkserver")
        for _ in range(2):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(theirs, target), daemon=True)
            try:
                self.start()
                with _without_main():
                    process.start()
            except (OSError, EOFError):
                ours.close()
                _forget_server()
                continue
            finally:
                theirs.close()
            return process, ours
        raise Unavailable("The fit could not be started: the fit server does not answer; the worker's log says why.")


def _serve(connection: Connection, target: str) -> None:
    """What the fork server's child runs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    fit_preload.die_with_parent()
    module, _, function = target.partition(":")
    getattr(importlib.import_module(module), function)(connection)


def _messages(
    connection: Connection, process: "multiprocessing.process.BaseProcess", last: type, stop: Callable[[], bool]
) -> Iterator[Any]:
    while True:
        if stop():
            raise Cancelled("It was stopped.")
        if not connection.poll(POLL_SECONDS):
            continue
        try:
            message = connection.recv()
        except (EOFError, ConnectionResetError):
            raise _vanished(process) from None
        if isinstance(message, CarryoverError):
            raise message
        yield message
        if isinstance(message, last):
            return


def _without(request: StudyRequest, ended: StepEnded) -> StudyRequest:
    """What is left of a request after a step."""
    steps = tuple(s for s in request.steps if s.name != ended.name)
    earlier = request.earlier if ended.result is None else {**request.earlier, ended.name: ended.result}
    return replace(request, steps=steps, earlier=earlier)


def _end(process: "multiprocessing.process.BaseProcess", connection: Connection) -> None:
    connection.close()
    process.kill()
    process.join()
    process.close()


def _vanished(process: "multiprocessing.process.BaseProcess") -> FitKilled:
    process.join(5)
    code = process.exitcode
    if code == -signal.SIGKILL:
        return FitKilled(
            "The fit's process was killed, most likely because the machine ran out of memory; "
            "use fewer chains or draws, or a machine with more memory."
        )
    if code is not None and code < 0:
        return FitKilled(f"The fit's process crashed ({signal.Signals(-code).name}).")
    return FitKilled("The fit's process ended without a result.")


def _server() -> _Server:
    return cast(_Server, forkserver._forkserver)


def _borrow_server() -> None:
    """In a forked child: use the parent's server, without waiting for it as for a child of one's own."""
    server = _server()
    if server._forkserver_pid is not None:
        server.ensure_running = _running_already


def _running_already() -> None:
    return None


def _forget_server() -> None:
    """After a borrowed server did not answer: the next start makes one for this process."""
    server = _server()
    if server.__dict__.pop("ensure_running", None) is None:
        return
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
    server._forkserver_address = server._forkserver_alive_fd = server._forkserver_pid = None


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """Keep the standard library from running the starter's main script anew in the fit's process."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _import_path() -> str:
    here = str(Path(__file__).resolve().parents[1])
    return os.pathsep.join(p for p in (here, os.environ.get("PYTHONPATH")) if p)


os.register_at_fork(after_in_child=_borrow_server)
