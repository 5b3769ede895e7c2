"""Fits in the fork server's children: messages, endings, and who dies with whom."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobs.fit_server import FitKilled, ForkServerFitProcess
from mmm_core.domain.errors import Cancelled, FitFailed
from mmm_core.domain.fit import Chunk

ROOT = Path(__file__).resolve().parents[2]


def fake(name: str, preload: tuple[str, ...] = ()) -> ForkServerFitProcess:
    return ForkServerFitProcess(target=f"tests.jobs.fake_fit:{name}", preload=preload)


def messages(process: ForkServerFitProcess, chunks: list[Chunk]) -> list[Chunk]:
    """Chunks that came before the fit ended with its sentence."""
    got: list[Chunk] = []

    def collect() -> None:
        for message in process.run("spec", b"table", chunks, lambda: False):
            assert isinstance(message, Chunk)
            got.append(message)

    with pytest.raises(FitFailed, match="on purpose"):
        collect()
    return got


def gone(pid: int) -> bool:
    """Whether the process has ended; one that waits to be reaped counts as ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.02)
    return False


def test_a_fit_hands_over_its_chunks_and_goes_on_from_those_of_the_request() -> None:
    first = messages(fake("counting"), [])
    assert [c.progress.chunk for c in first] == [0, 1, 2]
    assert first[0].draws == b"table"
    rest = messages(fake("counting"), first[:2])
    assert [c.progress.chunk for c in rest] == [2]
    assert rest[0].checkpoint != first[0].checkpoint, "each fit has a process of its own"


def test_a_fit_that_is_killed_once_goes_on_by_itself(tmp_path: Path) -> None:
    mark = tmp_path / "killed"
    got = messages(ForkServerFitProcess(target="tests.jobs.fake_fit:killed_once", preload=(), cache_dir=mark), [])
    assert [c.progress.chunk for c in got] == [0, 1, 2]
    assert mark.exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("killed", "ran out of memory"), ("crashing", "SIGSEGV"), ("silent", "without a result")],
)
def test_a_process_that_vanishes_twice_is_a_failed_fit_with_a_sentence(name: str, words: str) -> None:
    with pytest.raises(FitKilled, match=words):
        list(fake(name).run("spec", b"", [], lambda: False))


def test_stop_kills_the_process_at_once() -> None:
    pids: list[int] = []
    fit = fake("endless").run("spec", b"", [], lambda: bool(pids))
    message = next(fit)
    assert isinstance(message, Chunk)
    pids.append(int(message.checkpoint))
    with pytest.raises(Cancelled):
        next(fit)
    assert gone(pids[0])


def test_leaving_the_loop_kills_the_process() -> None:
    fit = fake("endless").run("spec", b"", [], lambda: False)
    message = next(fit)
    assert isinstance(message, Chunk)
    fit.close()  # type: ignore[attr-defined]
    assert gone(int(message.checkpoint))


def test_a_forked_process_uses_the_server_of_its_parent() -> None:
    code = """
        import os
        from jobs.fit_server import ForkServerFitProcess, _server
        from mmm_core.domain.errors import FitFailed
        process = ForkServerFitProcess(target="tests.jobs.fake_fit:counting", preload=())
        process.start()
        def count(who):
            found = []
            try:
                for message in process.run("spec", b"", [], lambda: False): found.append(message)
            except FitFailed:
                print(who, _server()._forkserver_pid, len(found), flush=True)
        print("started", _server()._forkserver_pid, flush=True)
        child = os.fork()
        if child == 0:
            count("child")
            os._exit(0)
        os.waitpid(child, 0)
        count("parent")
    """
    lines = [line.split() for line in python(code).splitlines()]
    assert len({line[1] for line in lines}) == 1, "one server"
    assert [[line[0], *line[2:]] for line in lines] == [["started"], ["child", "3"], ["parent", "3"]]


def test_a_forked_process_starts_a_server_of_its_own_when_the_parents_is_gone() -> None:
    code = """
        import os, signal
        from jobs.fit_server import ForkServerFitProcess, _server
        from mmm_core.domain.errors import FitFailed
        process = ForkServerFitProcess(target="tests.jobs.fake_fit:counting", preload=())
        process.start()
        child = os.fork()
        if child == 0:
            os.kill(_server()._forkserver_pid, signal.SIGKILL)
            try:
                for n, _ in enumerate(process.run("spec", b"", [], lambda: False)): pass
            except FitFailed as error:
                print(n + 1, error, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
    """
    assert "3 The fit ended on purpose" in python(code)


def test_a_dead_starter_takes_server_and_fit_with_it() -> None:
    code = """
        from jobs.fit_server import ForkServerFitProcess, _server
        process = ForkServerFitProcess(target="tests.jobs.fake_fit:endless", preload=())
        for message in process.run("spec", b"", [], lambda: False):
            print(_server()._forkserver_pid, int(message.checkpoint), flush=True)
    """
    with subprocess.Popen([sys.executable, "-c", dedented(code)], cwd=ROOT, stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        server, fit = map(int, starter.stdout.readline().split())
        assert Path(f"/proc/{fit}").exists()
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        assert gone(server)
        assert gone(fit)


def test_modules_are_in_memory_before_the_fit_asks_for_them() -> None:
    """In a process of its own: a running server keeps the modules that it was started with."""
    code = """
        from jobs.fit_server import ForkServerFitProcess
        from mmm_core.domain.errors import FitFailed
        process = ForkServerFitProcess(target="tests.jobs.fake_fit:heavy", preload=("wave",))
        try:
            list(process.run("", b"", [], lambda: False))
        except FitFailed as error:
            print("loaded:", error)
    """
    assert "wave" in python(code)


def test_the_starters_script_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        dedented("""
        print("script runs", flush=True)
        from jobs.fit_server import ForkServerFitProcess
        from mmm_core.domain.errors import FitFailed
        process = ForkServerFitProcess(target="tests.jobs.fake_fit:counting", preload=())
        try:
            list(process.run("", b"", [], lambda: False))
        except FitFailed as error:
            print(error)
    """)
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.stdout + done.stderr).count("script runs") == 1
    assert "on purpose" in done.stdout


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", dedented(code)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def dedented(code: str) -> str:
    import textwrap

    return textwrap.dedent(code)
