"""Workers without the wait for their imports: one process has them in memory and forks each worker that is asked for.

A worker is a process of its own all the same: it is killed, waited for and asked for its exit code as any other. That
it also starts from nothing is shown by the tests of ``mmm up``.
"""

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Worker:
    """What ``subprocess.Popen`` offers of a process, for a grandchild."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self._nursery, self._code = nursery, None
        self._ended = os.pidfd_open(pid)

    def poll(self) -> int | None:
        return self._code if self._code is not None or not self._is_over(0) else self._reaped()

    def wait(self, timeout: float | None = None) -> int:
        if self._code is None and not self._is_over(timeout):
            raise subprocess.TimeoutExpired(f"worker {self.pid}", timeout or 0)
        return self._reaped() if self._code is None else self._code

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        if self._code is None:
            signal.pidfd_send_signal(self._ended, number)

    def _is_over(self, timeout: float | None) -> bool:
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        return bool(poll.poll(None if timeout is None else timeout * 1000))

    def _reaped(self) -> int:
        self._code = self._nursery.ask(reap=self.pid)
        os.close(self._ended)
        return self._code


class Nursery:
    """The process that forks; it ends with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from tests.jobs.nursery import serve; serve()"], cwd=ROOT, text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def worker(self, environment: Mapping[str, str], log: Path) -> Worker:
        return Worker(self, self.ask(environment=dict(environment), log=str(log)))

    def ask(self, **order: object) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@cache
def nursery() -> Nursery:
    return Nursery()


def serve() -> None:
    from tests.jobs import run_worker

    told = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        order = json.loads(line)
        if "reap" in order:
            answer = os.waitstatus_to_exitcode(os.waitpid(order["reap"], 0)[1])
        else:
            answer = os.fork()
            if answer == 0:
                told.close()
                _be_worker(run_worker.main, order["environment"], order["log"])
        print(answer, file=told, flush=True)


def _be_worker(main: object, environment: dict[str, str], log: str) -> None:
    assert callable(main)
    os.environ.clear()
    os.environ.update(environment)
    for number, path, how in ((0, os.devnull, os.O_RDONLY), (1, log, os.O_APPEND | os.O_WRONLY | os.O_CREAT)):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    os.dup2(1, 2)
    code = 1
    try:
        main()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else int(left.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
