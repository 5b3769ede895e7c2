"""What a study's own process runs: its steps one after the other, each result sent as it is there.

The module imports no JAX and no PyMC at its top, so that a worker may import it to name ``main``. Protocol, over one
duplex ``multiprocessing`` connection: the starter sends one ``Work``; the child sends ``StepBegun``, ``Progress`` and
``StepEnded`` for each step in turn, then ``StudyEnded``, or one ``CarryoverError`` that ends the study. A child that
vanishes was killed or ran out of memory; the steps whose end it had sent are done. To stop it, kill it.
"""

import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from mmm_core.domain.errors import CarryoverError, FitFailed
from mmm_core.domain.fit import Progress
from mmm_core.domain.study import StepBegun, StepEnded, StudyEnded, StudyRequest
from mmm_core.modeling.fit_process import end_with_starter
from mmm_core.studies import registry
from mmm_core.studies.kind import Tools

PROGRESS_SECONDS = 1.0
"""A fit inside a step tells of itself at most this often."""


@dataclass(frozen=True)
class Work:
    request: StudyRequest
    cache_dir: str | None = None
    threads: int | None = None


def main(connection: Connection) -> None:
    """Serve one request and end; the target of the study's process."""
    work = connection.recv()
    lock = threading.Lock()
    threading.Thread(target=end_with_starter, args=(connection,), daemon=True).start()

    def send(message: object) -> None:
        with lock:
            connection.send(message)

    try:
        carry_out(work, send)
    except CarryoverError as error:
        send(error)
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        send(FitFailed("The study ran out of memory. Use fewer chains, draws or columns."))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        send(
            FitFailed(f"The study stopped on an unexpected problem ({type(error).__name__}); the worker's log has it.")
        )
    finally:
        sys.stderr.flush()
    os._exit(0)


def carry_out(work: Work, send: Callable[[object], None]) -> None:
    """Compute every requested step in this process."""
    request = work.request
    kind = registry.find(request.kind)
    options = registry.read_options(kind, request.options)
    inputs = registry.inputs(request.model, request.other)
    tools = Tools(_seldom(send), work.cache_dir, work.threads)
    earlier = dict(request.earlier)
    for step in request.steps:
        send(StepBegun(step.name))
        began = time.monotonic()
        try:
            result = plain(kind.run_step(step, inputs, options, earlier, tools))
        except CarryoverError as error:
            if not kind.tolerant:
                raise
            send(StepEnded(step.name, None, time.monotonic() - began, str(error)))
            continue
        earlier[step.name] = result
        send(StepEnded(step.name, result, time.monotonic() - began))
    send(StudyEnded())


def plain(value: Any) -> Any:
    """The value as JSON would bring it back, so that a resumed study sees what an uninterrupted one does."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def _seldom(send: Callable[[object], None]) -> Callable[[Progress], None]:
    last = 0.0

    def say(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            send(progress)

    return say
