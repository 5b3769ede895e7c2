"""Stand-ins for the engine's ``main``: the same protocol, no JAX."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mmm_core.domain.errors import FitFailed, SpecError
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.ports import FitOutcome
from mmm_core.domain.report import Fact
from mmm_core.modeling.fit_process import FitRequest
from mmm_core.modeling.spec import ModelSpec
from tests.fakes.some_results import some_results


def progress(done: int, chain: int = 0) -> Progress:
    return Progress(chain, done, "sampling", done, 10)


def counting(connection: Connection) -> None:
    """Three chunks that go on where the request's chunks ended, then an error in place of an outcome."""
    request = connection.recv()
    first = len(request.chunks)
    for number in range(first, 3):
        connection.send(Chunk(progress(number), f"{os.getpid()}".encode(), request.table))
    connection.send(FitFailed(f"The fit ended on purpose after chunk {first}."))


def endless(connection: Connection) -> None:
    connection.recv()
    connection.send(Chunk(progress(0), str(os.getpid()).encode()))
    time.sleep(600)


def killed(connection: Connection) -> None:
    connection.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def crashing(connection: Connection) -> None:
    connection.recv()
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGSEGV)


def silent(connection: Connection) -> None:
    connection.recv()


def heavy(connection: Connection) -> None:
    """Says which modules were in memory before it imported anything."""
    connection.recv()
    loaded: list[Any] = sorted(m for m in ("decimal", "wave") if m in sys.modules)
    connection.send(FitFailed(",".join(loaded)))


def killed_once(connection: Connection) -> None:
    """Dies after its first chunk unless the file that the request names as cache folder is there."""
    request = connection.recv()
    mark = Path(request.cache_dir)
    first = len(request.chunks)
    for number in range(first, 3):
        connection.send(Chunk(progress(number), b"state", request.table))
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    connection.send(FitFailed("The fit ended on purpose."))


CHUNKS = 10
STEADY, REFUSED, KILLED = 1, 2, 3


def by_seed(connection: Connection) -> None:
    """What a test asks for through the specification: the seed names the fit, ``tune`` a chunk's milliseconds."""
    request = connection.recv()
    sampling = ModelSpec.from_yaml(request.spec_yaml).sampling
    if sampling.seed == REFUSED:
        connection.send(SpecError("The column tv_spend is gone."))
    elif sampling.seed == KILLED:
        os.kill(os.getpid(), signal.SIGKILL)
    else:
        steady(connection, request, sampling.tune / 1000)


def steady(connection: Connection, request: FitRequest, seconds: float) -> None:
    """Two chains of ten chunks, then an outcome."""
    kept = {chain: [c for c in request.chunks if c.progress.chain == chain] for chain in (0, 1)}
    for number in range(min(len(k) for k in kept.values()), CHUNKS):
        time.sleep(seconds)
        for chain in (0, 1):
            if number < len(kept[chain]):
                continue
            row = Progress(chain, number, "sampling", number + 1, CHUNKS)
            kept[chain].append(Chunk(row, f"{chain}:{number}".encode(), f"{chain}:{number};".encode()))
            connection.send(kept[chain][-1])
    draws = b"".join(c.draws for chain in (0, 1) for c in kept[chain])
    connection.send(FitOutcome(some_results(), (Fact("channel.tv.roi.p50", 2.0, "ratio"),), draws))
