"""Contribution error beside other tools, on companies whose truth is known: ``mmm bench --only contributions``.

Each company goes to each contestant, one fit at a time, each in a process of its own under a time limit. One JSON line
per fit is appended to ``results/contributions.jsonl`` as it ends; a run that was cut short goes on where it stopped.
Companies are taken one after another for all contestants, so that a part of a table compares like with like.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import cases, contributions_table, grading, worlds
from benchmarks.peers import install
from benchmarks.process import Ended, run

ROOT = Path(__file__).resolve().parents[1]
RESULTS = Path(__file__).parent / "results"
LIMITS = {"small": 1800, "medium": 3600, "panel": 7200, "large": 14_400}
"""Seconds that a fit may take, by size; one that takes longer is a row that says so."""
OURS = "ours"
CONTESTANTS = (OURS, "meridian", "meridian-informed", "pymc-marketing", "pymc-marketing-informed")
"""Peers at their defaults, and with the prior information that our specification holds."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    size: str
    number: int
    contestant: str

    @property
    def key(self) -> tuple[str, int, str]:
        return self.size, self.number, self.contestant


def bench(
    say: Say,
    sizes: Sequence[str] = (),
    seeds: int | None = None,
    contestants: Sequence[str] = (),
    results: Path = RESULTS,
) -> str:
    """Fit what has no row yet, then write the table anew; returns it."""
    path = results / "contributions.jsonl"
    results.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for job in jobs(sizes, seeds, present(contestants or CONTESTANTS, say)):
            # Read anew each time, so that several runs may share the work.
            if job.key in {(r["size"], r["number"], r["contestant"]) for r in rows(path)}:
                continue
            row = fit(job, Path(folder))
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            say(_said(row))
    table = contributions_table.write(rows(path))
    (results / "contributions.md").write_text(table, encoding="utf-8")
    return table


def present(contestants: Sequence[str], say: Say) -> list[str]:
    """Without Meridian where it is not installed, so that its rows can be added later."""
    try:
        install.python()
    except FileNotFoundError as error:
        say(str(error))
        return [c for c in contestants if not c.startswith("meridian")]
    return list(contestants)


def rows(path: Path) -> list[dict[str, object]]:
    """Every whole line; a line that was cut off in the middle is no row."""
    found: list[dict[str, object]] = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else []:
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def jobs(sizes: Sequence[str], seeds: int | None, contestants: Sequence[str]) -> Iterator[Job]:
    for size in sizes or worlds.SIZES:
        wanted = worlds.SIZES[size].companies if seeds is None else seeds
        for number in range(wanted):
            for contestant in contestants:
                yield Job(size, number, contestant)


def fit(job: Job, folder: Path) -> dict[str, object]:
    """One contestant on one company, graded; a failure is a row with its reason."""
    world = worlds.make(job.size, job.number)
    row: dict[str, object] = {
        "size": job.size,
        "number": job.number,
        "kind": world.kind,
        "contestant": job.contestant,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "load": round(os.getloadavg()[0], 2),
    }
    home = folder / f"{job.size}-{job.number}"
    try:
        case = cases.write(home, world)
    except Exception as error:
        # Whatever keeps the case from being written, the rows of the other companies are still wanted.
        return row | {"failed": f"case: {type(error).__name__}: {error}"}
    out = home / f"{job.contestant}.json"
    ended = run(command(job.contestant, home, out), LIMITS[job.size], out, ROOT, _environment())
    row |= {"process_seconds": round(ended.seconds, 2), "peak_mb": round(ended.peak_mb)}
    if not out.exists():
        return row | {"failed": _why(ended, LIMITS[job.size])}
    row |= json.loads(out.read_text())
    with np.load(f"{out}.npz") as stored, np.load(home / "truth.npz") as true:
        found, truth = {k: stored[k] for k in stored.files}, {k: true[k] for k in true.files}
    row |= grading.accuracy(found, truth) | grading.convergence_of(found)
    row["ess_per_second"] = float(str(row["ess_min"])) / float(str(row["seconds"]))
    row["channels"] = grading.per_channel(found, truth, list(world.channels))
    if job.contestant == OURS:
        row["noticed"] = list(case.noticed)
    shutil.rmtree(home)
    return row


def command(contestant: str, case: Path, out: Path) -> list[str]:
    style = "informed" if contestant.endswith("-informed") else "defaults"
    if contestant == OURS:
        cache = ROOT / ".carryover" / "bench-cache"
        return [sys.executable, "-W", "ignore", "-m", "benchmarks.ours_fit", str(case), str(out), str(cache)]
    if contestant.startswith("meridian"):
        script = Path(__file__).parent / "peers" / "meridian_fit.py"
        return [str(install.python()), "-W", "ignore", str(script), str(case), str(out), style]
    module = "benchmarks.peers.pymc_marketing_fit"
    return [sys.executable, "-W", "ignore", "-m", module, str(case), str(out), style]


def _environment() -> dict[str, str]:
    return os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def _why(ended: Ended, limit: float) -> str:
    if ended.code is None:
        return f"not done within {limit:.0f} s"
    lines = [line for line in ended.error.splitlines() if line.strip()]
    return f"exit code {ended.code}: {lines[-1] if lines else 'no word'}"[:300]


def _commit() -> str:
    told = os.environ.get("CARRYOVER_COMMIT")
    if told:
        return told
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _said(row: dict[str, object]) -> str:
    name = f"{time.strftime('%H:%M')} {row['size']} {row['number']} ({row['kind']}) {row['contestant']}"
    if "failed" in row:
        return f"{name}: {row['failed']}"
    return (
        f"{name}: {row['seconds']:.1f} s, RMSE {row['rmse']:.2%}, SMAPE {row['smape']:.0%}, "
        f"90% holds {row['cover90']:.0%}, ESS {row['ess_min']:.0f}, {row['peak_mb']} MB"
    )
