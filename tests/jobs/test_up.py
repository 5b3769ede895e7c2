"""``mmm up`` as a person runs it: everything starts, answers, is revived, and ends without a trace."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.jobs.conftest import ROOT
from tests.jobs.test_fit_server import gone
from tests.jobs.test_worker import children


@contextmanager
def running(home: Path, *more: str) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    """``mmm up`` with its address, once it has printed it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("CARRYOVER_", "DATABASE_URL", "REDIS_URL"))}
    environment = kept | {"CARRYOVER_HOME": str(home), "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "server.cli", "up", *more], env=environment, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT, cwd=home.parent,
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"running at (\S+)", line):
                yield process, found[1]
                break
        else:
            raise AssertionError("".join(said))
    finally:
        process.stdout.close()
        if process.poll() is None:
            process.terminate()
            process.wait(60)


def health(address: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
        found: dict[str, object] = json.load(answer)
        return found


def wait(what: object, seconds: float = 150.0) -> None:
    assert callable(what)
    deadline = time.monotonic() + seconds
    while True:
        try:
            if what():
                return
        except (OSError, urllib.error.URLError):
            pass
        assert time.monotonic() < deadline, f"{seconds:.0f} s in vain"
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_up_starts_all_revives_what_dies_and_ends_without_a_trace(short_folder: Path) -> None:
    home = short_folder / "home"
    with running(home) as (process, address):
        assert address.startswith("http://127.0.0.1:")
        wait(lambda: health(address)["workers"] == 1)
        assert health(address)["database"] == "ok"
        web = next(p for p in children(process.pid) if "uvicorn" in command(p))
        os.kill(web, signal.SIGKILL)
        assert gone(web)
        wait(lambda: health(address)["web"] == "ok")
        keeper = json.loads((home / "servers.json").read_text())["pid"]
        everything = [*children(process.pid), keeper, *children(keeper)]
        assert len(everything) > 8
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert all(gone(pid) for pid in everything)
    assert not still_in(home)
    with running(home) as (process, address):
        wait(lambda: health(address)["database"] == "ok")
        keeper = json.loads((home / "servers.json").read_text())["pid"]
        everything = [*children(process.pid), keeper, *children(keeper)]
        process.kill()
        process.wait()
        assert all(gone(pid) for pid in everything), "nothing survives, even when it cannot say goodbye"


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")


def still_in(home: Path) -> list[str]:
    """Processes that name the folder on their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = command(int(entry.name))
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(home) in line:
                found.append(line)
    return found
