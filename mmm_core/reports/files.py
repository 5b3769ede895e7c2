"""Every file that the command writes: the stable contract that other programs rely on."""

import errno
import json
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import yaml

from mmm_core.analysis import results as metrics
from mmm_core.domain.dataset import RecipeStep
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.planning import OptimisedPlan, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.domain.study import StudyOutcome, Table
from mmm_core.reports import charts
from mmm_core.reports.excel import workbook

LADDER_FIELDS = (
    "step", "adds", "advice", "elpd_difference", "standard_error", "holdout_mape", "holdout_r2",
    "leftover_correlation", "leftover_p", "high_pareto_k", "rhat",
)  # fmt: skip
"""The columns of the ladder's table as other programs call them; differences are to the recommended step."""
LADDER_RETURNS = ("returns", "returns_handed_over")
"""Its further tables; the second only where posteriors were handed on."""


def write_all(
    folder: Path,
    results: Results,
    *,
    spec_yaml: str,
    recipe: Sequence[RecipeStep],
    current: SpendPlan,
    plans: Sequence[OptimisedPlan],
    markdown: str,
    html: str,
    netcdf: bytes,
) -> list[Path]:
    """Write the contract's files and return their paths.

    Raises
    ------
    Unavailable
        The folder cannot be written to, or the disk is full; what was written before stays.
    """
    contents: dict[str, bytes] = {
        "summary.json": _json(metrics.summary(results)),
        "contributions.csv": _csv(metrics.contributions_frame(results)),
        "response_curves.csv": _csv(metrics.curves_frame(results)),
        "plan.csv": _csv(plan_frame(current, plans)),
        "insights.json": _json(insights(results, plans)),
        "recipe.yaml": yaml.safe_dump([asdict(s) for s in recipe], sort_keys=False, allow_unicode=True).encode(),
        "report.html": html.encode(),
        "report.xlsx": workbook(results, plans, markdown),
        "report.md": markdown.encode(),
        "posterior.nc": netcdf,
        "spec.yaml": spec_yaml.encode(),
    }
    contents |= {f"charts/{name}.png": picture for name, picture in charts.pngs(results, plans, current).items()}
    return [_write(folder / name, content) for name, content in contents.items()]


def write_ladder(folder: Path, found: StudyOutcome) -> Path:
    """``ladder.json``: verdict, recommended step, all steps with their numbers, advice and specification, returns."""
    return _write(folder / "ladder.json", _json(ladder(found)))


def ladder(found: StudyOutcome) -> dict[str, object]:
    """What the ladder found, as data."""
    table = found.tables[0]
    rows = [dict(zip(LADDER_FIELDS, map(_finite, row), strict=True)) for row in table.rows]
    specifications = {p.name: yaml.safe_load(p.spec_yaml) for p in found.proposals}
    steps = [
        {**row, "sentence": check.message, "status": check.status.value, "specification": specifications[check.title]}
        for row, check in zip(rows, found.checks, strict=True)
    ]
    recommended = next((p.name for p in found.proposals if p.recommended), None)
    out: dict[str, object] = {"verdict": found.verdict, "recommended": recommended, "steps": steps, "note": table.note}
    return out | {name: _by_step(t) for name, t in zip(LADDER_RETURNS, found.tables[1:], strict=False)}


def _by_step(table: Table) -> dict[str, object]:
    """A table of channels by step: each channel's mean return by the step's number, None where it is not known."""
    steps = [column.name.removeprefix("Step ") for column in table.columns[1:]]
    rows = {str(row[0]): dict(zip(steps, map(_finite, row[1:]), strict=True)) for row in table.rows}
    return {"note": table.note, "channels": rows}


def _finite(value: object) -> object:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def plan_frame(current: SpendPlan, plans: Sequence[OptimisedPlan]) -> pd.DataFrame:
    """One row per channel: today's spend over the plan's periods and the optimised ones."""
    rows = {"channel": list(current.spend), "periods": current.periods, "current": list(current.spend.values())}
    named = {"optimised" if p.style == "base" else p.style: p for p in plans}
    for name, plan in named.items():
        rows[name] = [plan.outcome.plan.spend.get(c, 0.0) for c in current.spend]
    return pd.DataFrame(rows)


def insights(results: Results, plans: Sequence[OptimisedPlan]) -> dict[str, object]:
    """The key insights as data: verdict, one action per channel, what the base plan would gain, what to doubt."""
    base = next((p for p in plans if p.style == "base"), None)
    return {
        "verdict": results.verdict,
        "actions": [
            {"channel": c.channel, "action": c.action.value, "reason": c.action_reason, "evidence": c.evidence.value}
            for c in results.channels
        ],
        "media_share": asdict(results.media_share),
        "baseline_share": asdict(results.baseline_share),
        "plan": None
        if base is None
        else {
            "periods": base.outcome.plan.periods,
            "spend": base.outcome.plan.spend,
            "gain_over_current": asdict(base.outcome.against_current),
            "probability_better": base.outcome.probability_better,
        },
        "concerns": [
            {"id": c.id, "status": c.status.value, "message": c.message}
            for c in results.checks
            if c.status.value != "PASS"
        ],
    }


def _write(path: Path, content: bytes) -> Path:
    # Under another name first: a disk that fills up must not leave half a file, or take an older whole one.
    partial = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        why = "the disk is full" if full else (error.strerror or str(error)).lower()
        raise Unavailable(f"{path.name} could not be written to {path.parent}: {why}.") from None
    return path


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _csv(frame: pd.DataFrame) -> bytes:
    return frame.to_csv(index=False).encode()
