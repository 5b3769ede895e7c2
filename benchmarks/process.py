"""A child process under a time limit, with the peak resident memory of its whole tree (Linux)."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Ended:
    code: int | None
    """None where the limit was reached."""
    seconds: float
    peak_mb: float
    """Until the child printed ``FITTED``, or to its end where it never did."""
    error: str
    """The end of what it wrote on stderr."""


def run(command: Sequence[str], limit: float, log: Path, cwd: Path, env: Mapping[str, str] | None = None) -> Ended:
    """Run a command; everything it started is ended with it."""
    began, peak, fitted = time.perf_counter(), 0.0, False
    out, errors = log.with_suffix(".out"), log.with_suffix(".err")
    with out.open("wb") as stdout, errors.open("wb") as stderr:
        child = subprocess.Popen(
            command, cwd=cwd, env=None if env is None else dict(env), stdout=stdout, stderr=stderr,
            stdin=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        try:
            while child.poll() is None and time.perf_counter() - began < limit:
                fitted = fitted or b"FITTED" in out.read_bytes()
                # What is measured is the fit; grading its draws afterwards takes memory of its own.
                peak = peak if fitted else max(peak, tree_mb(child.pid))
                time.sleep(LOOK_SECONDS)
        finally:
            code = child.poll()
            _end(child)
    tail = errors.read_text(errors="replace")[-2000:]
    return Ended(code, time.perf_counter() - began, peak, tail)


def tree_mb(pid: int) -> float:
    """Highest resident memory so far of a process and of each descendant that lives, added up."""
    total, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        with contextlib.suppress(OSError, ValueError, StopIteration):
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
            total += next(float(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
            for task in Path(f"/proc/{one}/task").iterdir():
                waiting += [int(p) for p in (task / "children").read_text().split()]
    return total


def _end(child: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
