"""Our own fit in a process of its own: ``python -m benchmarks.ours_fit CASE OUT CACHE``.

Reads ``table.parquet`` and ``spec.yaml``; the clock starts when everything is imported and stops when the posterior is
there, compiling included. Then contributions and the verdict of our own checks, by the product's own doors.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np


def main(case: str, out: str, cache: str | None = None) -> None:
    started = time.perf_counter()
    from mmm_core.modeling import engine

    imported = time.perf_counter() - started
    folder = Path(case)
    spec, table = (folder / "spec.yaml").read_text(), (folder / "table.parquet").read_bytes()

    started = time.perf_counter()
    fitted = engine.fit_table(spec, table, lambda _: None, cache_dir=cache)
    seconds = time.perf_counter() - started
    print("FITTED", flush=True)

    posterior = fitted.posterior
    np.savez_compressed(f"{out}.npz", **contributions(fitted), **media_draws(posterior.draws))
    row = {
        "seconds": seconds,
        "import_seconds": imported,
        "divergences": int(posterior.divergences),
        "flags": _flags(fitted),
    }
    Path(out).write_text(json.dumps(row))


def contributions(fitted) -> dict[str, np.ndarray]:
    """Totals per draw (S, C), posterior mean per week (T, C) and expected KPI (T,), geos added up."""
    from mmm_core.analysis.response import ResponseModel

    model = ResponseModel(fitted.data, fitted.posterior)
    weeks, channels = len(fitted.data.dates), len(fitted.data.channels)
    totals = np.zeros((model.draws, channels))
    weekly, expected = np.zeros((weeks, channels)), np.zeros(weeks)
    for geo in range(len(fitted.data.geos)):
        for c in range(channels):
            part = np.asarray(model.channel_contribution(c, geo), dtype=float)
            totals[:, c] += part.sum(axis=0)
            weekly[:, c] += part.mean(axis=1)
    for first in range(0, model.draws, 500):
        expected += model.mu(first, min(first + 500, model.draws)).sum(axis=(0, 1)) / model.draws
    return {"totals": totals, "weekly": weekly, "expected": expected}


def media_draws(draws: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {f"media_{n}": v for n, v in draws.items() if n.startswith(("adstock_", "saturation_"))}


def _flags(fitted) -> list[str]:
    from mmm_core.domain.checks import Status
    from mmm_core.modeling.diagnostics import checks

    found = checks(fitted.posterior, fitted.data, fitted.spec, fitted.priors)
    return [f"{c.id}:{c.status.value}" for c in found if c.status is not Status.PASS]


if __name__ == "__main__":
    main(*sys.argv[1:])
