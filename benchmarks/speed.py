"""Speed on a quiet machine: ``mmm bench --only speed [--size small] [--contestants ours,meridian]``.

Three questions: a whole fit beside the peers (warm cache: ours has fitted another company of the size before), a
changed specification's new posterior, and the gradient of our log density against the number of cells.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks import cases, contributions, contributions_table, worlds

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
ROUNDS = {"small": 3, "medium": 3, "panel": 1, "large": 1}
FIRST = 500
"""Companies of numbers that no table of accuracy uses; even, so in-family."""
REFITS = 5

Say = Callable[[str], None]


def bench(say: Say, sizes: Sequence[str] = (), contestants: Sequence[str] = (), results: Path = RESULTS) -> str:
    results.mkdir(exist_ok=True)
    path = results / "speed.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    found["gradient"] = gradients(say)
    found["refit"] = refits(say)
    path.write_text(json.dumps(found, indent=1) + "\n")
    wanted = contributions.present(contestants or contributions.CONTESTANTS, say)
    for size in sizes or worlds.SIZES:
        for contestant in wanted:
            found.setdefault("fits", {}).setdefault(size, {})[contestant] = fits(size, contestant, say)
            # Kept at once: the next one may take an hour.
            path.write_text(json.dumps(found, indent=1) + "\n")
    table = summary(found)
    (results / "speed.md").write_text(table, encoding="utf-8")
    return table


def fits(size: str, contestant: str, say: Say) -> list[dict[str, object]]:
    """Rows as the contribution benchmark has them; our own cache is warmed by another company of the size first."""
    if contestant == contributions.OURS:
        with tempfile.TemporaryDirectory() as folder:
            contributions.fit(contributions.Job(size, FIRST - 2, contestant), Path(folder))
    out = []
    for turn in range(ROUNDS[size]):
        with tempfile.TemporaryDirectory() as folder:
            row = contributions.fit(contributions.Job(size, FIRST + 2 * turn, contestant), Path(folder))
        row.pop("channels", None)
        say(f"{size} {contestant}: {row.get('failed') or '{:.1f} s'.format(row['seconds'])}")
        out.append(row)
    return out


def refits(say: Say) -> list[dict[str, object]]:
    """Seconds until a national model answers again, through the product's own fit process, programs kept on disk."""
    from jobs.fit_server import ForkServerFitProcess
    from mmm_core.domain.ports import FitOutcome
    from mmm_core.modeling.spec import Belief, ModelSpec

    def timed(process: ForkServerFitProcess, spec: ModelSpec, table: bytes) -> tuple[float, float]:
        began, posterior = time.perf_counter(), 0.0
        for message in process.run(spec.to_yaml(), table, (), lambda: False):
            if isinstance(message, FitOutcome):
                posterior = message.results.fit.seconds
        return posterior, time.perf_counter() - began

    rows: list[dict[str, object]] = []
    for size in ("small", "medium"):
        with tempfile.TemporaryDirectory() as folder:
            process = ForkServerFitProcess(Path(folder) / "cache")
            case = cases.write(Path(folder) / "case", worlds.make(size, FIRST)).folder
            spec, table = ModelSpec.from_yaml((case / "spec.yaml").read_text()), (case / "table.parquet").read_bytes()
            last = spec.channels[-1]
            changed = last.model_copy(update={"belief": Belief(kind="roi", low=0.5, high=2.0)})
            variants = {
                "a changed prior": spec.model_copy(update={"channels": (*spec.channels[:-1], changed)}),
                "a dropped channel": spec.model_copy(update={"channels": spec.channels[:-1]}),
            }
            timed(process, spec, table)
            for what, variant in variants.items():
                # Warm means that a model of as many channels was fitted before, whatever its data.
                timed(process, variant, table)
                for _ in range(REFITS):
                    seconds, whole = timed(process, variant, table)
                    rows.append({"size": size, "what": what, "posterior": seconds, "whole": whole, "load": _load()})
                say(f"{size}, {what}: posterior {rows[-1]['posterior']:.2f} s, with results {rows[-1]['whole']:.2f} s")
    return rows


def gradients(say: Say) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for saturation in ("logistic", "hill"):
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed_gradient", saturation]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        rows += [json.loads(line) | {"load": _load()} for line in done.stdout.splitlines() if line.startswith("{")]
        say(f"gradient, {saturation}: {rows[-1]['ns_per_cell']:.1f} ns per cell at {rows[-1]['cells']:,} cells")
    return rows


def exponent(rows: Sequence[dict[str, object]]) -> float:
    """Slope of log time over log cells by least squares; 1 is linear growth."""
    cells, times = (np.log([float(str(r[key])) for r in rows]) for key in ("cells", "microseconds"))
    return float(np.polyfit(cells, times, 1)[0])


def _load() -> float:
    return round(os.getloadavg()[0], 2)


def summary(found: dict) -> str:
    lines = ["# Speed", "", *_fits(found.get("fits", {})), *_refits(found.get("refit", []))]
    return "\n".join([*lines, *_gradients(found.get("gradient", []))]) + "\n"


def _fits(sizes: dict) -> list[str]:
    lines = [
        "## A whole fit, warm cache",
        "",
        "Medians over rounds on in-family companies of their own (`benchmarks/peers/README.md` says what each does).",
        "Our cache has seen another company of the size. Times: ESS per second over the better peer's; goal 25 on",
        "national sizes, 10 on panels. Memory: of the leaner peer's; goal under one half.",
        "",
        "| Size | Contestant | Rounds | Seconds | Importing | Minimum bulk ESS | ESS per second "
        "| Times the better peer | Peak MB | Of the leaner peer's | Load |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size, by_contestant in sizes.items():
        good = {c: [r for r in rows if "failed" not in r] for c, rows in by_contestant.items()}
        failed = {c: rows[0]["failed"] for c, rows in by_contestant.items() if not good[c]}
        peers = [c for c in good if c != contributions.OURS and good[c]]
        best = max((_middle(good[c], "ess_per_second") for c in peers), default=float("nan"))
        lean = min((_middle(good[c], "peak_mb") for c in peers), default=float("nan"))
        for contestant, rows in good.items():
            name = contributions_table.NAMES[contestant]
            if not rows:
                lines.append(f"| {size} | {name} | 0 | {failed[contestant]} | | | | | | | |")
                continue
            speed, peak = _middle(rows, "ess_per_second"), _middle(rows, "peak_mb")
            lines.append(
                f"| {size} | {name} | {len(rows)} | {_middle(rows, 'seconds'):.1f} "
                f"| {_middle(rows, 'import_seconds'):.1f} | {_middle(rows, 'ess_min'):.0f} | {speed:.1f} "
                f"| {speed / best:.1f} | {peak:.0f} | {peak / lean:.2f} | {_middle(rows, 'load'):.1f} |"
            )
    return [*lines, ""]


def _middle(rows: Sequence[dict[str, object]], key: str) -> float:
    return statistics.median(float(str(r[key])) for r in rows)


def _refits(rows: Sequence[dict[str, object]]) -> list[str]:
    if not rows:
        return []
    lines = [
        "## A changed specification's new posterior, warm",
        "",
        f"Medians of {REFITS} fits through the product's fit process (4 chains, 1000 kept draws); goal: under 2 s.",
        "",
        "| Size | Change | Seconds to the posterior | With checks and results | Load |",
        "|---|---|---:|---:|---:|",
    ]
    for size, what in dict.fromkeys((str(r["size"]), str(r["what"])) for r in rows):
        part = [r for r in rows if (r["size"], r["what"]) == (size, what)]
        lines.append(
            f"| {size} | {what} | {_middle(part, 'posterior'):.2f} | {_middle(part, 'whole'):.2f} "
            f"| {_middle(part, 'load'):.1f} |"
        )
    return [*lines, ""]


def _gradients(rows: Sequence[dict[str, object]]) -> list[str]:
    if not rows:
        return []
    lines = [
        "## One gradient on one core",
        "",
        "Processor time of the log density with its gradient (`benchmarks/speed_gradient.py`); single precision from",
        "4,000 cells on, double below, as in a fit. Hoped for: under 5 ns per cell with logistic saturation. Every",
        "panel here has a control that differs in each geo: integrating shared shocks out then costs, per geo,",
        "the square of the directions that all geos' controls span.",
        "",
        "| Saturation | Geos x weeks x channels | Cells | Microseconds | ns per cell |",
        "|---|---|---:|---:|---:|",
    ]
    lines += [
        f"| {r['saturation']} | {r['geos']} x {r['weeks']} x {r['channels']} | {r['cells']:,} "
        f"| {r['microseconds']:.0f} | {r['ns_per_cell']:.1f} |"
        for r in rows
    ]
    names = dict.fromkeys(str(r["saturation"]) for r in rows)
    said = ", ".join(f"{exponent([r for r in rows if r['saturation'] == name]):.2f} ({name})" for name in names)
    return [*lines, "", f"Time grows as cells to the power of {said}; 1 is linear.", ""]
