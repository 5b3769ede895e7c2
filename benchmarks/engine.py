"""Speed of a whole fit beside PyMC-Marketing's own samplers: same data, same priors, same run, taking turns.

A cold fit starts with an empty compilation cache. A warm one is the fit of another company of like size after it, as a
team meets it every day. Every fit has a process of its own, so that memory and imports are its own too.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).resolve().parents[1]
CHANNELS, WEEKS = 8, 160
TIMEOUT = 900


def run(rounds: int = 3, say: Callable[[str], None] = print, results: Path = RESULTS) -> str:
    """Time every contestant ``rounds`` times and write ``engine.json`` and ``engine.md``; returns the table."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(rounds):
            first, second = (_case(Path(folder) / f"{turn}-{k}", seed=100 + 2 * turn + k) for k in (0, 1))
            cache = Path(folder) / f"cache-{turn}"
            for name, case, label in (
                ("ours", first, "ours, cold cache"),
                ("nutpie", second, "PyMC-Marketing, nutpie"),
                ("ours", second, "ours, warm cache"),
                ("pymc", second, "PyMC-Marketing, default sampler"),
            ):
                row = _fit(name, case, cache, label, turn)
                rows.append(row)
                say(f"{label}: {row['seconds']:.1f} s, minimum ESS {row['ess_min']:.0f}, {row['peak_mb']:.0f} MB")
    results.mkdir(exist_ok=True)
    (results / "engine.json").write_text(json.dumps(rows, indent=1) + "\n")
    table = _table(rows, rounds)
    (results / "engine.md").write_text(table)
    return table


def _case(folder: Path, seed: int, channels: int = CHANNELS) -> Path:
    """A company's table and specification on disk, with its truth."""
    from mmm_core.data import read, recognise, simulate
    from mmm_core.modeling.suggest import suggest_spec

    company = simulate.company("national", seed, weeks=WEEKS, channels=channels - 1)
    spec, _ = suggest_spec(company.frame, recognise.recognise(company.frame))
    folder.mkdir()
    (folder / "table.parquet").write_bytes(read.to_parquet(company.frame))
    (folder / "spec.yaml").write_text(spec.to_yaml())
    (folder / "truth.json").write_text(json.dumps(company.truth))
    return folder


def _fit(name: str, case: Path, cache: Path, label: str, turn: int) -> dict[str, object]:
    out = case / f"{label.replace(' ', '-').replace(',', '')}.json"
    command = [sys.executable, "-m", "benchmarks.contestants", name, str(case), str(out), str(cache)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=False)
    if done.returncode:
        raise RuntimeError(f"{label} failed: {done.stderr[-1500:]}")
    row = json.loads(out.read_text())
    error = _contribution_error(case, Path(f"{out}.npz"))
    return {"label": label, "turn": turn, **row, "ess_per_second": row["ess_min"] / row["seconds"], "error": error}


def _contribution_error(case: Path, draws: Path) -> float:
    """Mean over channels of |posterior mean - truth| of the total contribution, as a share of all media's truth."""
    from mmm_core.data.read import from_parquet
    from mmm_core.modeling import prepare
    from mmm_core.modeling.predict import saturated_exposure
    from mmm_core.modeling.spec import ModelSpec

    spec = ModelSpec.from_yaml((case / "spec.yaml").read_text())
    data = prepare.prepare(from_parquet((case / "table.parquet").read_bytes()), spec)
    truth = json.loads((case / "truth.json").read_text())
    with np.load(draws) as stored:
        flat = {k: stored[k].reshape(-1, stored[k].shape[-1])[::8] for k in stored.files if stored[k].ndim == 3}
    shape = {k: v for k, v in flat.items() if k != "saturation_beta"}
    exposure = saturated_exposure(
        data.media / data.media_scale, spec.adstock.value, spec.saturation.value, spec.max_lag, shape
    )
    found = (exposure.sum(axis=(1, 2)) * flat["saturation_beta"] * data.target_scale[0]).mean(axis=0)
    true = np.array([_true_total(truth, name) for name in data.channels])
    return float(np.abs(found - true).mean() / true.sum())


def _true_total(truth: dict[str, object], channel: str) -> float:
    channels = truth["channels"]
    assert isinstance(channels, list | dict)
    found = channels[channel] if isinstance(channels, dict) else next(c for c in channels if c["channel"] == channel)
    return float(found["contribution"])


def _table(rows: list[dict[str, object]], rounds: int) -> str:
    labels = list(dict.fromkeys(str(r["label"]) for r in rows))

    def middle(label: str, key: str) -> float:
        return statistics.median(float(str(r[key])) for r in rows if r["label"] == label)

    peers = [name for name in labels if not name.startswith("ours")]
    best = max(middle(p, "ess_per_second") for p in peers)
    lines = [
        f"# A whole fit: {CHANNELS} channels x {WEEKS} weeks, 4 chains, 1000 kept draws each, 2 cores",
        "",
        f"Medians of {rounds} rounds in which the engines took turns on the same data. Seconds run from the",
        "specification to the posterior, compiling included and importing not; peak memory is the whole process.",
        "",
        "| Engine | Seconds | Minimum bulk ESS of media parameters | ESS per second | Times the better peer "
        "| Contribution error | Peak MB | Import seconds |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name in labels:
        speed = middle(name, "ess_per_second")
        lines.append(
            f"| {name} | {middle(name, 'seconds'):.2f} | {middle(name, 'ess_min'):.0f} | {speed:.1f} "
            f"| {speed / best:.1f} | {middle(name, 'error'):.1%} | {middle(name, 'peak_mb'):.0f} "
            f"| {middle(name, 'import_seconds'):.1f} |"
        )
    return "\n".join(
        [
            *lines,
            "",
            "Contribution error: mean distance of a channel's total from its truth, as a share of all media. The cold",
            "fits are of other companies than the rest, so their error compares with none.",
            "",
        ]
    )
