"""What a fit's own process runs, and the few messages it exchanges with whoever started it.

The module imports no JAX and no PyMC at its top, so that a worker may import it to name ``main``; everything heavy
is imported inside ``main``, where a fork server that preloaded ``PRELOAD`` has it in memory already.

Protocol, over one duplex ``multiprocessing`` connection:

1. The starter sends one ``FitRequest``, closes its own copy of the child's end and then only receives.
2. The child sends any number of ``Progress`` (no draws, nothing to keep) and ``Chunk`` (to keep) objects. Chunks of
   one chain arrive in order, their numbers go on where the request's chunks ended; chains are interleaved.
3. It ends with exactly one ``FitOutcome``, or one ``CarryoverError`` instance (to be raised by the starter, its text is
   a sentence for the person), and exits with code 0.
4. A child that vanishes without either (``EOFError`` at the starter) was killed or ran out of memory.
5. There is no stop message: to stop a fit, kill the process. The child ends by itself as soon as the starter's end of
   the connection closes, so that a dead worker leaves no orphan.

Only the newest checkpoint of each chain is needed to resume; every chunk's draws are.
"""

import importlib
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from mmm_core.domain.errors import CarryoverError, FitFailed
from mmm_core.domain.fit import Chunk, Progress

PRELOAD: tuple[str, ...] = (
    "mmm_core.modeling.engine",
    "mmm_core.analysis.fit_outcome",
    "pymc",
    "pymc_marketing.mmm",
)
"""Modules that the fork server imports before the first fit; the first brings jax and numpyro."""

OUTCOME = "mmm_core.analysis.fit_outcome:outcome"
"""What turns a fitted model into the ``FitOutcome`` to store."""


@dataclass(frozen=True)
class FitRequest:
    spec_yaml: str
    table: bytes
    """The working table as Parquet."""
    chunks: Sequence[Chunk] = ()
    """What was kept of an earlier attempt, in order of chain and number; empty for a fresh fit."""
    cache_dir: str | None = None
    """Folder of compiled programs, kept between fits; None compiles anew each time."""
    threads: int | None = None
    """Chains computed at a time; None takes one per processor."""


def main(connection: Connection) -> None:
    """Serve one request and end; the target of the fit's process."""
    request = connection.recv()
    lock = threading.Lock()
    threading.Thread(target=end_with_starter, args=(connection,), daemon=True).start()

    def send(message: object) -> None:
        with lock:
            connection.send(message)

    try:
        from mmm_core.modeling import engine

        fitted = engine.fit_table(
            request.spec_yaml,
            request.table,
            send,
            chunks=request.chunks,
            cache_dir=request.cache_dir,
            threads=request.threads,
        )
        total = fitted.spec.sampling.tune + fitted.spec.sampling.draws
        send(Progress(0, -1, "summarising", total, total, seconds=fitted.posterior.seconds))
        send(_outcome(fitted))
    except CarryoverError as error:
        send(error)
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        send(FitFailed("The fit ran out of memory. Use fewer chains, draws or columns."))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        send(FitFailed(f"The fit stopped on an unexpected problem ({type(error).__name__}); the worker's log has it."))
    finally:
        sys.stderr.flush()
    os._exit(0)


def _outcome(fitted: Any) -> Any:
    # The summary is made by a room above this one, so it is found by its name.
    module, _, function = OUTCOME.partition(":")
    return getattr(importlib.import_module(module), function)(fitted)


def end_with_starter(connection: Connection) -> None:
    """Leave at once when the other end is gone; the starter sends nothing after the request."""
    try:
        connection.poll(None)
        connection.recv()
    except (EOFError, OSError):
        os._exit(0)
