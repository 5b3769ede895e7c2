"""From a slider's key press to the redrawn chart, in a real browser against the product as a person starts it.

The clock runs inside the page: it starts at the key event and stops with the last change of the outcome chart's lines.
"""

import contextlib
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.engine import RESULTS, ROOT

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
MOVES = 30
CHART = "[data-testid=stVegaLiteChart] svg.marks"
WATCH = """() => {
  window.__pressed = 0; window.__drawn = 0;
  document.addEventListener('keydown', () => { window.__pressed = performance.now(); window.__drawn = 0; }, true);
  const chart = document.querySelector('[data-testid=stVegaLiteChart]');
  new MutationObserver(() => { window.__drawn = performance.now(); }).observe(
    chart, {subtree: true, childList: true, attributes: true, attributeFilter: ['d', 'transform']});
}"""


def run(say: Callable[[str], None] = print, results: Path = RESULTS) -> str:
    from playwright.sync_api import sync_playwright

    browser_path = shutil.which("chromium")
    if browser_path is None:
        raise RuntimeError("The slider benchmark needs Debian's chromium.")
    with (
        tempfile.TemporaryDirectory(prefix="carryover-") as home,
        _product(Path(home)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=browser_path, args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 1000})
        page.set_default_timeout(120_000)
        started = time.perf_counter()
        page.goto(address)
        page.get_by_role("button", name="Open the sample company").click()
        page.get_by_role("tab", name="Results").wait_for()
        newcomer = time.perf_counter() - started
        say(f"slider: first result {newcomer:.0f} s after the first page")
        page.get_by_role("link", name="What-If").click()
        slider = page.get_by_role("slider").nth(1)
        slider.wait_for()
        page.wait_for_selector(CHART)
        page.wait_for_timeout(2000)
        page.evaluate(WATCH)
        slider.focus()
        times = []
        for move in range(MOVES):
            page.keyboard.press("ArrowLeft" if move % 2 else "ArrowRight")
            # Changes that follow soon belong to the same picture.
            page.wait_for_timeout(700)
            while not page.evaluate("window.__drawn"):
                page.wait_for_timeout(100)
            times.append(float(page.evaluate("window.__drawn - window.__pressed")))
        browser.close()
    row = {
        "newcomer_seconds": newcomer,
        "moves": len(times),
        "median_ms": statistics.median(times),
        "p90_ms": sorted(times)[int(0.9 * len(times))],
    }
    results.mkdir(exist_ok=True)
    (results / "slider.json").write_text(json.dumps(row, indent=1) + "\n")
    table = (
        "# In the browser\n\n| What | Time |\n|---|---:|\n"
        f"| First page to a finished sample result | {row['newcomer_seconds']:.0f} s |\n"
        f"| Slider to redrawn chart, median of {row['moves']} moves | {row['median_ms']:.0f} ms |\n"
        f"| The same, slowest tenth from | {row['p90_ms']:.0f} ms |\n"
    )
    (results / "slider.md").write_text(table)
    return table


@contextlib.contextmanager
def _product(home: Path) -> Iterator[str]:
    """``mmm up`` in an empty home of its own, stopped as Ctrl-C would."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    environment["CARRYOVER_HOME"] = str(home)
    command = [sys.executable, "-m", "server.cli", "up", "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _wait(address: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, OSError), urllib.request.urlopen(address, timeout=2):
            return
        time.sleep(0.3)
    raise RuntimeError("The product did not start.")
