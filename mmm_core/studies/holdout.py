"""Chronological holdout: fitted without the last weeks, how well does the model forecast them?"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.domain.checks import Check
from mmm_core.domain.fit import Array
from mmm_core.domain.study import Column, Line, Picture, StepState, StudyOutcome, Table
from mmm_core.modeling.prepare import period_days
from mmm_core.reports import wording
from mmm_core.studies import grading, small_fit, windows
from mmm_core.studies.grading import LIMITS, Accuracy
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of
from mmm_core.studies.windows import Window

DEFAULT_PERIODS = 13
QUANTILES = {"low": 0.05, "low50": 0.25, "high50": 0.75, "high": 0.95}


class HoldoutOptions(Options):
    periods: Annotated[
        int | None, Field(ge=1, le=520, title="Periods held out", description="13, or a fifth of short data.")
    ] = None


def plan(inputs: Inputs, options: HoldoutOptions) -> list[Step]:
    data = inputs.model.data
    wanted = options.periods or max(1, min(DEFAULT_PERIODS, len(data.dates) // 5))
    windows.ensure_room(data, wanted, "A holdout")
    train = len(data.dates) - wanted
    windows.cut(inputs.model.frame, inputs.model.spec, train)
    words = f"Fit without the last {windows.spoken(data, wanted)}, then forecast them"
    return [Step("holdout", words, {"train": train})]


def run_step(step: Step, inputs: Inputs, options: HoldoutOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    window = windows.cut(inputs.model.frame, inputs.model.spec, step.arguments["train"])
    return forecast(window, options, tools)


def forecast(window: Window, options: Options, tools: Tools) -> dict[str, Any]:
    """Fit the training part and forecast what follows; KPI units, geos summed."""
    posterior = small_fit.fit(window.spec, window.train, options, tools)
    seen = small_fit.predict(window.whole, posterior, options.seed)
    after = slice(window.edge, None)
    actual = window.whole.target[:, after]
    bands = {name: np.quantile(seen.noisy[:, after], q, axis=0) for name, q in QUANTILES.items()}
    return {
        "dates": window.whole.dates[after].astype("datetime64[D]").astype(str),
        "actual": actual.sum(axis=0),
        "mean": seen.expected[:, after].mean(axis=0),
        **bands,
        "naive": _last_year(window),
        "geo_mape": [grading.accuracy(a, p).mape for a, p in zip(actual, seen.by_geo[:, after], strict=True)],
        "geos": window.whole.geos,
        "left_out": window.left_out,
        "trained_on": window.edge,
    }


def _last_year(window: Window) -> Array | None:
    """The same periods a year before, as a yardstick; None where the data do not reach back."""
    days = period_days(window.whole)
    season = round(364 / days) if days <= 31 else 0
    first, last = window.edge - season, len(window.whole.dates) - season
    if season < last - first or first < 0:
        return None
    before: Array = window.whole.target[:, first:last].sum(axis=0)
    return before


def measured(result: dict[str, Any]) -> Accuracy:
    return grading.accuracy(np.asarray(result["actual"], dtype=float), np.asarray(result["mean"], dtype=float))


def hits(result: dict[str, Any], low: str, high: str) -> int:
    actual = np.asarray(result["actual"])
    return int(((actual >= np.asarray(result[low])) & (actual <= np.asarray(result[high]))).sum())


def conclude(inputs: Inputs, options: HoldoutOptions, states: Sequence[StepState]) -> StudyOutcome:
    result = results_of(states)["holdout"]
    found, count = measured(result), len(result["actual"])
    span = windows.spoken(inputs.model.data, count)
    checks = (*accuracy_checks(found), grading.coverage(hits(result, "low", "high"), count, 0.9))
    verdict = (
        f"Fitted without the last {span}, the model forecast them with a typical error of {found.mape:.1%} "
        f"and explained {_explained(found.r2)} of their ups and downs."
    )
    return StudyOutcome(
        verdict, checks, _tables(result, found, count), (picture(result, inputs.model.spec.kpi.column),)
    )


def _explained(r2: float) -> str:
    return f"{r2:.0%}" if r2 > 0 else "none"


def accuracy_checks(found: Accuracy, prefix: str = "") -> tuple[Check, ...]:
    """The suite's three: MAPE, SMAPE, R2; ``prefix`` sets means over windows apart."""
    r2 = grading.least(found.r2, LIMITS.r2, LIMITS.r2_fail)
    worse = "; a forecast of their plain average would have done better" if found.r2 < 0 else ""
    return (
        Check(
            f"{prefix}mape", "Typical error (MAPE)", grading.most(found.mape, LIMITS.mape),
            f"The forecast is off by {found.mape:.1%} of the KPI in a typical period.", found.mape, LIMITS.mape,
        ),
        Check(
            f"{prefix}smape", "Symmetric error (SMAPE)", grading.most(found.smape, LIMITS.smape),
            f"Measured against forecast and actual alike it is off by {found.smape:.1%}.", found.smape, LIMITS.smape,
        ),
        Check(
            f"{prefix}r2", "Ups and downs followed (R²)", r2,
            f"The forecast follows {_explained(found.r2)} of the ups and downs of the weeks it had not seen{worse}.",
            found.r2, LIMITS.r2,
        ),
    )  # fmt: skip


def _tables(result: dict[str, Any], found: Accuracy, count: int) -> tuple[Table, ...]:
    rows: list[tuple[Any, ...]] = [("The model", found.mape, found.smape, found.r2)]
    if result["naive"]:
        last = grading.accuracy(np.asarray(result["actual"]), np.asarray(result["naive"]))
        rows.append(("Last year's figures repeated", last.mape, last.smape, last.r2))
    note = f"{hits(result, 'low50', 'high50')} of {count} periods fell inside their 50% interval."
    if result["left_out"]:
        note += f" {', '.join(result['left_out'])} began after the cut, so the forecast knows nothing of it."
    columns = (Column("Forecast"), Column("MAPE", "share"), Column("SMAPE", "share"), Column("R²", "number"))
    out = [Table("How far off", columns, tuple(rows), note)]
    if len(result["geos"]) > 1:
        pairs = sorted(zip(result["geos"], result["geo_mape"], strict=True), key=lambda p: -p[1])
        out.append(Table("By geo", (Column("Geo"), Column("MAPE", "share")), tuple(pairs)))
    return tuple(out)


def picture(result: dict[str, Any], kpi: str) -> Picture:
    actual = Line("Actual", tuple(result["actual"]), role="actual")
    said = Line("Forecast", tuple(result["mean"]), tuple(result["low"]), tuple(result["high"]), role="predicted")
    return Picture(
        f"{wording.plain(kpi)}: forecast and actual", "lines", tuple(result["dates"]), (said, actual), "kpi",
        "line: the forecast; ribbon: its 90% interval; dots: what came",
    )  # fmt: skip


KIND = Kind(
    name="holdout",
    title="Holdout",
    question="Fitted without the last weeks, how well does the model forecast them?",
    options=HoldoutOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
