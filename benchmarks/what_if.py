"""Speed of what-if and optimiser on a fitted model, beside PyMC-Marketing's own calls on the same draws.

The model is fitted once by our engine and opened in PyMC-Marketing through the exported file, so that both answer from
the same posterior. Times are wall-clock medians of repeated calls in one process each.
"""

import json
import multiprocessing
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from benchmarks.engine import RESULTS, _case

PERIODS = 13


def run(say: Callable[[str], None] = print, results: Path = RESULTS) -> str:
    rows: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        case = _case(Path(folder) / "case", seed=300, channels=11)
        for name, target in (("fit", _fit), ("ours", _ours), ("peer", _peer)):
            say(f"what-if: {name}")
            rows[name] = _apart(target, case)
    rows.pop("fit")
    results.mkdir(exist_ok=True)
    (results / "what_if.json").write_text(json.dumps(rows, indent=1) + "\n")
    table = _table(rows)
    (results / "what_if.md").write_text(table)
    return table


def _apart(target: Callable[[Path], dict[str, float]], case: Path) -> dict[str, float]:
    """In a fresh process each, so that nobody profits from what another has warmed up."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(target, (case,))


def _fit(case: Path) -> dict[str, float]:
    from mmm_core.modeling import artifact, engine, export

    spec_yaml, table = (case / "spec.yaml").read_text(), (case / "table.parquet").read_bytes()
    fitted = engine.fit_table(spec_yaml, table, lambda _: None)
    (case / "draws").write_bytes(artifact.dump(fitted.posterior))
    export.write_netcdf(case / "posterior.nc", fitted.posterior, fitted.data, fitted.priors)
    return {}


def _ours(case: Path) -> dict[str, float]:
    from mmm_core.analysis.response import ResponseModel
    from mmm_core.data.read import from_parquet
    from mmm_core.modeling import artifact, prepare
    from mmm_core.modeling.spec import ModelSpec

    spec = ModelSpec.from_yaml((case / "spec.yaml").read_text())
    data = prepare.prepare(from_parquet((case / "table.parquet").read_bytes()), spec)
    started = time.perf_counter()
    model = ResponseModel(data, artifact.load((case / "draws").read_bytes()))
    today = model.current_plan(PERIODS)
    model.outcome(today)
    opened = time.perf_counter() - started
    plans = [type(today)(PERIODS, {c: s * (1 + 0.02 * k) for c, s in today.spend.items()}) for k in range(1, 21)]
    total = sum(today.spend.values())
    optimise_first = _timed(lambda: _base(model, total))
    return {
        "open": opened,
        "scenario": statistics.median(_timed(lambda p=p: model.outcome(p)) for p in plans),
        "history": statistics.median(_timed(lambda c=c: _all_history(model, c)) for c in model.paid[:7]),
        "optimise_first": optimise_first,
        "optimise": statistics.median(_timed(lambda k=k: _base(model, total * (1 + 0.05 * k))) for k in range(1, 8)),
    }


def _all_history(model, channel: str) -> object:
    from mmm_core.analysis.calendar import days
    from mmm_core.causal import past

    first, last = days(model.data.dates[[0, -1]])
    return past.answer(model, past.Question(channel, first, last, factor=1.2))


def _base(model, total) -> object:
    from mmm_core.analysis import optimise

    return optimise.optimise(model, total, PERIODS, None, "base")


def _peer(case: Path) -> dict[str, float]:
    import numpy as np
    import pandas as pd
    import xarray as xr
    from pymc_marketing.mmm import MMM

    warnings.filterwarnings("ignore")
    started = time.perf_counter()
    mmm = MMM.load(str(case / "posterior.nc"))
    opened = time.perf_counter() - started
    frame = pd.read_parquet(case / "table.parquet")
    days = pd.to_datetime(mmm.idata["fit_data"]["date"].values if "date" in mmm.idata["fit_data"] else frame.iloc[:, 0])
    start = days.max() + pd.Timedelta(days=7)
    end = start + pd.Timedelta(days=7 * (PERIODS - 1))
    history = mmm.idata["constant_data"]["channel_data"]
    weekly = history.isel(date=slice(-PERIODS, None)).mean("date")
    total = float(weekly.sum())
    built = time.perf_counter()
    optimizer = mmm.budget_optimizer(start, end)
    built = time.perf_counter() - built
    low, high = 0.5 * weekly, 2.0 * weekly
    bounds = xr.concat([low, high], dim=pd.Index(["lower", "upper"], name="bound")).transpose("channel", "bound")
    first = _timed(lambda: optimizer.allocate_budget(total, bounds))
    scenario = _scenario(mmm, start, end, weekly)
    return {
        "open": opened,
        "scenario": statistics.median(_timed(scenario) for _ in range(3)),
        "history": statistics.median(
            _timed(lambda: mmm.sample_posterior_predictive(_training(mmm), extend_idata=False, progressbar=False))
            for _ in range(2)
        ),
        "optimise_first": built + first,
        "optimise": statistics.median(
            _timed(lambda k=k: optimizer.allocate_budget(total * (1 + 0.05 * k), bounds)) for k in range(1, 4)
        ),
        "draws": float(np.prod([mmm.posterior.sizes[d] for d in ("chain", "draw")])),
    }


def _scenario(mmm, start, end, weekly):
    from pymc_marketing.mmm.mmm import BudgetOptimizerWrapper

    mmm.add_original_scale_contribution_variable(["channel_contribution"])
    wrapper = BudgetOptimizerWrapper(mmm, str(start.date()), str(end.date()))
    return lambda: wrapper.sample_response_distribution(weekly, include_last_observations=True)


def _training(mmm):
    return mmm.X


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


NAMES = {
    "open": "open a fitted model",
    "scenario": f"one scenario of a {PERIODS}-week plan",
    "history": "another spend of a channel over the whole history",
    "optimise_first": "first optimised budget",
    "optimise": "next optimised budget",
}


def _table(rows: dict[str, dict[str, float]]) -> str:
    ours, peer = rows["ours"], rows["peer"]
    lines = [
        "# What-if and optimiser: 10 channels x 160 weeks, all 4000 draws",
        "",
        "Medians in milliseconds; both answer from the same posterior.",
        "",
        "| Question | Carryover | PyMC-Marketing | Times faster |",
        "|---|---:|---:|---:|",
    ]
    for key, name in NAMES.items():
        lines.append(f"| {name} | {1000 * ours[key]:.1f} | {1000 * peer[key]:.0f} | {peer[key] / ours[key]:.0f} |")
    return "\n".join([*lines, ""])
