"""What is handed to every contestant of the contribution benchmark: files in one folder.

- ``table.parquet``: the table as the company would hand it in.
- ``spec.yaml``: what the product proposes for it (recognised roles, suggested specification), nothing told about the
  truth.
- ``case.json``: the columns by role, and each channel's return as our specification believes it, a LogNormal with the
  same 90% range (``roi``: channel to [mu, sigma]).
- ``prepared.parquet``: trend and season columns of our specification (row order of the table), for the contestants that
  get the same information.
- ``truth.npz``: what nobody reads before the grading.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.worlds import World
from mmm_core.data import quality, read, recognise
from mmm_core.domain.checks import Status
from mmm_core.domain.results import Interval
from mmm_core.modeling import priors
from mmm_core.modeling.believed import Z90
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.suggest import suggest_spec

KPI = "revenue"
DATE, GEO, POPULATION = "week", "region", "population"


@dataclass(frozen=True)
class Case:
    folder: Path
    noticed: tuple[str, ...]
    """Checks of the table that do not pass, before any fit."""


def write(folder: Path, world: World) -> Case:
    """Write a company's files."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame(world.columns())
    recognition = recognise.recognise(frame)
    spec, _ = suggest_spec(frame, recognition)
    report = quality.check(frame, recognition)
    (folder / "table.parquet").write_bytes(read.to_parquet(frame))
    (folder / "spec.yaml").write_text(spec.to_yaml())
    (folder / "case.json").write_text(json.dumps(_roles(world, frame, spec)))
    extra = _extra(frame, spec)
    (folder / "prepared.parquet").write_bytes(read.to_parquet(extra))
    np.savez_compressed(folder / "truth.npz", brought=world.brought.sum(axis=1), kpi=world.kpi.sum(axis=0))
    return Case(folder, tuple(c.id for c in report.checks if c.status is not Status.PASS))


def _roles(world: World, frame: pd.DataFrame, spec: ModelSpec) -> dict[str, object]:
    data = prepare(frame, spec)
    believed = priors.roi_prior(spec, data, priors.resolve(spec, data))
    return {
        "date": DATE,
        "geo": GEO if world.geos else None,
        "population": POPULATION if world.geos else None,
        "kpi": KPI,
        "channels": [
            {
                "name": name,
                "spend": f"{name}_spend",
                "acting": f"{name}_spend" if exposure is None else f"{name}_impressions",
            }
            for name, exposure in zip(world.channels, world.exposure, strict=True)
        ],
        "controls": [*world.controls, "holiday_peak"],
        "max_lag": spec.max_lag,
        "roi": {name: _log_normal(found) for name, found in believed.items() if found is not None},
    }


def _log_normal(found: Interval) -> list[float]:
    """Location and width of the LogNormal with the same 90% range."""
    low, high = np.log(found.p5), np.log(found.p95)
    return [float(0.5 * (low + high)), float((high - low) / (2 * Z90))]


def _extra(frame: pd.DataFrame, spec: ModelSpec) -> pd.DataFrame:
    """Trend and season of our specification, one row per row of the table."""
    data = prepare(frame, spec)
    trend = [k for k, group in enumerate(data.linear_groups) if group == "trend"]
    national = {data.linear_names[k].replace(" ", "_"): data.linear[0, :, k] for k in trend}
    national |= {f"season_{k + 1}": data.fourier[:, k] for k in range(data.fourier.shape[1])}
    by_week = pd.DataFrame(national, index=pd.DatetimeIndex(data.dates))
    return by_week.loc[pd.DatetimeIndex(frame[DATE])].reset_index(drop=True)
