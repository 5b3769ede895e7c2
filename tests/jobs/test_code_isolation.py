"""Code of agents against its walls: every way out that we know is tried, none is found, each is told."""

import io
import os
from pathlib import Path

import pandas as pd
import pytest

from jobs.isolation import seccomp
from jobs.isolation.runner import Bubblewrap
from mmm_core.domain.code import CodeLimits, CodeOutcome, CodeStatus, Program
from mmm_core.domain.errors import BadInput, Unavailable

RUNNER = Bubblewrap()
needs_walls = pytest.mark.skipif(RUNNER.command is None, reason="Debian's bubblewrap is not installed.")

CAUGHT = {
    "network": "import socket; socket.create_connection(('1.1.1.1', 53), 2)",
    "own machine": "import socket; socket.create_connection(('127.0.0.1', 22), 2)",
    "names": "import urllib.request; urllib.request.urlopen('http://localhost', timeout=2)",
    "unix socket": "import socket; socket.socket(socket.AF_UNIX).connect('/run/postgresql/.s.PGSQL.5432')",
    "passwords": "open('/etc/shadow').read()",
    "home": "import os; os.listdir(os.path.expanduser('~root'))",
    "project": "open({project!r}).read()",
    "writing the packages": "import numpy, os; open(os.path.join(os.path.dirname(numpy.__file__), 'x.py'), 'w')",
    "writing its input": "open('/in/program.json', 'w')",
    "shared memory": "open('/dev/shm/x', 'w')",
    "parent's environment": "open('/proc/1/environ').read() or 1/0",
    "fork": "import os; os.fork()",
    "shell": "import subprocess; subprocess.run(['/bin/sh', '-c', 'id'], check=True)",
    "process pool": "import multiprocessing as m; m.get_context('spawn').Process(target=print).start()",
    "namespaces": "import os; os.unshare(0x10000000)",
    "becoming root": "import os; os.setuid(0)",
    "mount": (
        "import ctypes, os; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.mount(b'none', b'/tmp', b'tmpfs', 0, None) != 0: raise OSError(ctypes.get_errno(), 'mount')"
    ),
    "ptrace": (
        "import ctypes; c = ctypes.CDLL(None, use_errno=True)\n"
        "if c.ptrace(16, 1, None, None) != 0: raise OSError(ctypes.get_errno(), 'ptrace')"
    ),
    "subclasses": (
        "found = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen']\n"
        "import subprocess\n"
        "[c for c in ().__class__.__base__.__subclasses__() if c.__name__ == 'Popen'][0](['/usr/bin/id'])"
    ),
    "memory": "x = bytearray(4 * 2**30)",
    "many files": (
        "for n in range(200):\n"
        "    open(f'{{n}}', 'wb').write(b'x' * 2**20)"
    ),
    "open files": "held = [open('/dev/null') for _ in range(1000)]",
    "recursion": "def f(n): return f(n + 1)\nf(0)",
    "killing everybody": "import os, signal; os.kill(-1, signal.SIGKILL)",
    "exit": "raise SystemExit(0)",
}  # fmt: skip
KILLED = {
    "endless loop": "while True: pass",
    "sleep": "import time; time.sleep(3600)",
    "deaf to signals": (
        "import signal\n"
        "for s in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM, signal.SIGXCPU): signal.signal(s, signal.SIG_IGN)\n"
        "while True: pass"
    ),
    "crash": "import ctypes; ctypes.string_at(0)",
    "suicide": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "leaves early": "import os; os._exit(0)",
    "garbage as its result": "import os, sys; os.write(int(sys.argv[1]), b'no json'); os._exit(0)",
}


def ran(source: str, **limits: float) -> CodeOutcome:
    return RUNNER.run(Program(source, limits=CodeLimits(**{"seconds": 3.0, **limits})))  # type: ignore[arg-type]


@needs_walls
def test_a_table_goes_in_and_an_answer_comes_out() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"tv": [1.0, 2.0, 4.0]}).to_parquet(buffer)
    source = (
        "print('looking')\nresult = {'mean': tables['spend']['tv'].mean(), 'rows': tables['spend'] * arguments['by']}"
    )
    found = RUNNER.run(Program(source, {"spend": buffer.getvalue()}, {"by": 2}))
    assert found.status is CodeStatus.DONE
    assert found.result == {"mean": pytest.approx(7 / 3), "rows": [{"tv": 2.0}, {"tv": 4.0}, {"tv": 8.0}]}
    assert found.output == "looking\n"


@needs_walls
def test_an_error_is_told_with_its_line() -> None:
    found = ran("x = 1\nresult = x / 0")
    assert (found.status, found.error) == (CodeStatus.FAILED, "ZeroDivisionError in line 2: division by zero.")


@needs_walls
@pytest.mark.slow
@pytest.mark.parametrize("way", list(CAUGHT))
def test_no_way_out(way: str) -> None:
    found = ran(CAUGHT[way].format(project=str(Path(__file__).resolve())))
    assert found.status in (CodeStatus.FAILED, CodeStatus.STOPPED)
    assert found.result is None
    assert found.error


@needs_walls
@pytest.mark.slow
@pytest.mark.parametrize("way", list(KILLED))
def test_what_does_not_end_by_itself_is_ended(way: str) -> None:
    found = ran(KILLED[way], seconds=1.0)
    assert found.status is CodeStatus.STOPPED
    assert found.error


@needs_walls
@pytest.mark.slow
def test_the_next_program_runs_after_one_that_was_ended() -> None:
    for way in ("deaf to signals", "crash"):
        assert ran(KILLED[way], seconds=1.0).status is CodeStatus.STOPPED
        assert RUNNER.run(Program("result = 1")).result == 1


@needs_walls
@pytest.mark.slow
def test_a_fork_bomb_and_many_threads_stay_inside() -> None:
    before = len(os.listdir("/proc"))
    bomb = ran("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass")
    assert bomb.status is CodeStatus.STOPPED
    threads = ran(
        "import threading, time\nfor _ in range(5000): threading.Thread(target=time.sleep, args=(60,)).start()"
    )
    assert threads.status in (CodeStatus.FAILED, CodeStatus.STOPPED)
    assert len(os.listdir("/proc")) < before + 100


@needs_walls
@pytest.mark.slow
def test_floods_are_cut() -> None:
    printed = ran("for _ in range(10**6): print('x' * 100)", seconds=20)
    assert len(printed.output) < 21_000
    assert printed.output.endswith("[cut: it printed more]")
    large = ran("result = 'x' * 10_000_000")
    assert (large.status, large.result) == (CodeStatus.STOPPED, None)
    assert "larger than 2 MB" in large.error


@needs_walls
@pytest.mark.slow
def test_secrets_of_the_worker_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret")
    found = ran("import os\nresult = [dict(os.environ), os.getuid(), sorted(os.listdir('/'))]")
    environment, user, places = found.result
    assert "DATABASE_URL" not in environment
    assert user != 0
    assert "etc" not in places


def test_without_walls_nothing_runs() -> None:
    with pytest.raises(Unavailable, match="no bubblewrap"):
        Bubblewrap(command=None).run(Program("result = 1"))


@needs_walls
def test_walls_that_do_not_hold_are_found_out(tmp_path: Path) -> None:
    """A stand-in that only starts the program, as a broken bubblewrap might."""
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done; shift; exec "$@"\n')
    fake.chmod(0o755)
    with pytest.raises(Unavailable, match="did not hold"):
        Bubblewrap(command=str(fake)).run(Program("result = 1"))


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (Program("x" * 200_000), "longer than"),
        (Program("1", limits=CodeLimits(memory_mb=10**6)), "memory"),
        (Program("1", tables={"../etc": b""}), "name that Python knows"),
    ],
)
def test_unreasonable_programs_are_refused(program: Program, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        RUNNER.run(program)


def test_processors_without_known_numbers_are_refused() -> None:
    assert seccomp.filter_of("riscv64") is None
    for machine in seccomp.MACHINES:
        found = seccomp.filter_of(machine)
        assert found is not None
        assert len(found) % 8 == 0
