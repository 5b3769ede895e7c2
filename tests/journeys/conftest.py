"""A browser, and the product as a person starts it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.journeys.looking import PATIENCE, person

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PROVIDER = ROOT / "tests" / "identity_provider"
Web = Callable[..., contextlib.AbstractContextManager[str]]

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("Debian's chromium is not installed; browser journeys need it.")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh person: no cookie, nothing remembered."""
    opened = person(browser)
    yield opened
    opened.context.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(command: list[str], port: int, log: Path, **environment: str) -> Iterator[str]:
    """Run a command of the product until its web server answers; give its address; stop it as Ctrl-C would."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 120
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"The server did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    """The web process alone, with the settings of a test."""

    def start(port: int, **environment: str) -> contextlib.AbstractContextManager[str]:
        command = [sys.executable, "-m", "uvicorn", "app:app", "--host", "127.0.0.1", "--port", str(port)]
        return started(command, port, tmp_path / "web.log", **environment)

    return start


@contextlib.contextmanager
def running(folder: Path, home: Path | None = None) -> Iterator[str]:
    """``mmm up`` in a folder of its own: servers, worker and web app."""
    port = free_port()
    command = [sys.executable, "-m", "server.cli", "up", "--port", str(port)]
    alone = {name: "" for name in ("DATABASE_URL", "REDIS_URL") if name in os.environ}
    with started(command, port, folder / "up.log", CARRYOVER_HOME=str(home or folder / "home"), **alone) as address:
        yield address


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One product for every journey that leaves its settings alone: each opens a project of its own."""
    home = Path(tempfile.mkdtemp(prefix="co-"))
    with running(tmp_path_factory.mktemp("product"), home) as address:
        yield address
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def token_seconds() -> int:
    """How long the provider's tokens last."""
    return 3600


@pytest.fixture
def provider(token_seconds: int) -> Iterator[tuple[str, int]]:
    """The identity provider's address, and the port of the product that it sends people back to."""
    node = shutil.which("node")
    if node is None or not (PROVIDER / "node_modules").is_dir():
        pytest.skip("Node and tests/identity_provider/node_modules are needed (npm ci there).")
    port, ours = free_port(), free_port()
    command = [node, "provider.mjs", str(port), f"http://127.0.0.1:{ours}/oauth2callback"]
    with subprocess.Popen(
        command, cwd=PROVIDER, env={**os.environ, "ID_TOKEN_SECONDS": str(token_seconds)},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline().startswith("ready")
        yield f"http://127.0.0.1:{port}", ours
        assert process.stdin is not None
        process.stdin.close()


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
