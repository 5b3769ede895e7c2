"""Does a 90% interval hold the truth nine times in ten? Fits made-up companies the way the product fits a file.

    python -m benchmarks.truth_recovery [--companies 40] [--first 0] [--saturation hill] [--confounding 0] [--name ...]

Each company's table goes through the suggested specification (nothing told about the truth) and the product's own fit
process. Rows are appended to ``benchmarks/results/<name>.csv`` as each fit ends, so that a run that
was cut short goes on where it stopped; ``<name>.md`` sums them up.
"""

import argparse
import csv
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.companies import MadeUpCompany, make
from benchmarks.recovery_table import summary
from jobs.fit_server import ForkServerFitProcess
from mmm_core.data import read
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.ports import FitOutcome
from mmm_core.modeling import artifact
from mmm_core.modeling.predict import media_blocks
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec, Saturation
from mmm_core.modeling.suggest import suggest_spec

RESULTS = Path(__file__).parent / "results"
COMPANIES = 40
MEDIA = "(all media)"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Row:
    """One channel's total over the data, KPI units; ``(all media)`` is their sum."""

    company: int
    channel: str
    weeks: int
    channels: int
    curve: str
    retention: float
    noise_sd: float
    noise_memory: float
    kpi: float
    spend: float
    truth: float
    mean: float
    sd: float
    p5: float
    p25: float
    p50: float
    p75: float
    p95: float
    rhat_max: float
    ess_bulk_min: float
    divergences: int
    seconds: float


def bench(say: Callable[[str], None], companies: int = COMPANIES) -> str:
    """The committed table anew; one that an earlier run left unfinished is gone on with."""
    path = RESULTS / "truth_recovery.csv"
    if path.exists() and pd.read_csv(path)["company"].nunique() >= companies:
        path.unlink()
    run("truth_recovery", 0, companies, 0.0, None, say)
    return path.with_suffix(".md").read_text(encoding="utf-8")


def run(
    name: str,
    first: int,
    companies: int,
    confounding: float,
    saturation: str | None,
    say: Callable[[str], None] = partial(print, flush=True),
) -> Path:
    """Fit what is not in the table yet; returns the table's path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.csv"
    done = set(pd.read_csv(path)["company"]) if path.exists() else set()
    with tempfile.TemporaryDirectory() as cache:
        process = ForkServerFitProcess(Path(cache))
        for number in range(first, first + companies):
            if number in done:
                continue
            rows = fit(make(number, confounding), process, saturation)
            _append(path, rows)
            inside = sum(r.p5 <= r.truth <= r.p95 for r in rows[:-1])
            say(
                f"company {number}: {inside} of {len(rows) - 1} inside, R-hat {rows[0].rhat_max:.3f}, "
                f"{rows[0].seconds:.1f} s"
            )
    (RESULTS / f"{name}.md").write_text(summary(pd.read_csv(path), confounding, saturation), encoding="utf-8")
    return path


def fit(company: MadeUpCompany, process: ForkServerFitProcess, saturation: str | None = None) -> list[Row]:
    """Suggested specification, the product's fit process, intervals of each channel's total."""
    frame = pd.DataFrame(company.columns())
    spec = suggested(frame, company)
    if saturation is not None:
        spec = spec.model_copy(update={"saturation": Saturation(saturation)})
    began = time.perf_counter()
    outcome = None
    for message in process.run(spec.to_yaml(), read.to_parquet(frame), (), lambda: False):
        outcome = message if isinstance(message, FitOutcome) else outcome
    seconds = time.perf_counter() - began
    assert outcome is not None
    data = prepare(frame, spec)
    totals = channel_totals(data, artifact.load(outcome.draws))
    return _rows(company, data, totals, outcome, seconds)


def suggested(frame: pd.DataFrame, company: MadeUpCompany) -> ModelSpec:
    """What the product proposes for the table once its roles are right."""
    roles = [ColumnRole("week", Role.DATE, 1.0, ""), ColumnRole("revenue", Role.KPI, 1.0, "")]
    for channel in company.channels:
        roles.append(ColumnRole(f"{channel.name}_spend", Role.SPEND, 1.0, "", channel.name))
        if channel.exposure is not None:
            roles.append(ColumnRole(f"{channel.name}_impressions", Role.EXPOSURE, 1.0, "", channel.name))
    roles += [ColumnRole(c, Role.CONTROL, 1.0, "") for c in ("price", "promotion")]
    roles.append(ColumnRole("shopping_peak", Role.HOLIDAY, 1.0, ""))
    spec, _ = suggest_spec(frame, Recognition(Shape.NATIONAL, "plain", 7, tuple(roles)))
    return spec


def channel_totals(data: ModelData, posterior: Posterior) -> Array:
    """(S, C) KPI that each channel brings over the data, per draw."""
    parts = [block.sum(axis=(1, 2)) for _, block in media_blocks(data, posterior)]
    return np.asarray(np.concatenate(parts) * data.target_scale[0], dtype=float)


def _rows(company: MadeUpCompany, data: ModelData, totals: Array, outcome: FitOutcome, seconds: float) -> list[Row]:
    facts = outcome.results.fit
    columns = [totals[:, data.channels.index(c.name)] for c in company.channels]
    columns.append(totals.sum(axis=1))
    truths = [float(c.brought.sum()) for c in company.channels]
    spends = [float(c.spend.sum()) for c in company.channels]
    names = [*(c.name for c in company.channels), MEDIA]
    out = []
    for i, (name, values) in enumerate(zip(names, columns, strict=True)):
        one = company.channels[i] if i < len(truths) else None
        p5, p25, p50, p75, p95 = (float(q) for q in np.quantile(values, QUANTILES))
        out.append(
            Row(
                company=company.number,
                channel=name,
                weeks=len(company.days),
                channels=len(truths),
                curve=one.curve if one else "",
                retention=one.retention if one else float("nan"),
                noise_sd=company.noise_sd,
                noise_memory=company.noise_memory,
                kpi=float(company.kpi.sum()),
                spend=spends[i] if one else sum(spends),
                truth=truths[i] if one else sum(truths),
                mean=float(values.mean()),
                sd=float(values.std()),
                p5=p5,
                p25=p25,
                p50=p50,
                p75=p75,
                p95=p95,
                rhat_max=facts.rhat_max,
                ess_bulk_min=facts.ess_bulk_min,
                divergences=facts.divergences,
                seconds=seconds,
            )
        )
    return out


def _append(path: Path, rows: list[Row]) -> None:
    """All rows of one company in one write, so that a company is in the table whole or not at all."""
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(Row)])
        if fresh:
            writer.writeheader()
        writer.writerows({k: f"{v:.6g}" if isinstance(v, float) else v for k, v in asdict(row).items()} for row in rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--companies", type=int, default=COMPANIES)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--confounding", type=float, default=0.0)
    parser.add_argument("--saturation", choices=[s.value for s in Saturation], help="instead of the suggested one")
    parser.add_argument("--name", default="truth_recovery")
    given = parser.parse_args()
    print(run(given.name, given.first, given.companies, given.confounding, given.saturation))


if __name__ == "__main__":
    main()
