"""Expanding window: forecasts from several points of the past, each from all that was known by then."""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.domain.checks import Check
from mmm_core.domain.study import Column, StepState, StudyOutcome, Table
from mmm_core.studies import grading, holdout, windows
from mmm_core.studies.grading import LIMITS, Accuracy
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of


class ExpandingOptions(Options):
    windows: Annotated[int, Field(ge=2, le=26, title="Windows")] = 4
    periods: Annotated[int, Field(ge=1, le=104, title="Periods forecast from each window")] = 8


def plan(inputs: Inputs, options: ExpandingOptions) -> list[Step]:
    data = inputs.model.data
    each = windows.spoken(data, options.periods)
    words = f"{options.windows} windows of {each}, in all a span"
    edges = windows.spans(inputs.model.frame, inputs.model.spec, data, options.windows, options.periods, words)
    return [
        Step(f"window {n}", f"Learn from {windows.spoken(data, edge)}, forecast the next {each}", {"train": edge})
        for n, edge in enumerate(edges, start=1)
    ]


def run_step(step: Step, inputs: Inputs, options: ExpandingOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    train = step.arguments["train"]
    window = windows.cut(inputs.model.frame, inputs.model.spec, train, train + options.periods)
    return holdout.forecast(window, options, tools)


def conclude(inputs: Inputs, options: ExpandingOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = list(results_of(states).values())
    found = [holdout.measured(r) for r in results]
    mean = Accuracy(*(float(np.mean([getattr(f, m) for f in found])) for m in ("mape", "smape", "r2")))
    inside = sum(holdout.hits(r, "low", "high") for r in results)
    count = sum(len(r["actual"]) for r in results)
    checks = (
        *holdout.accuracy_checks(mean, "mean_"),
        *(_spread(m, words, [getattr(f, m) for f in found]) for m, words in (("mape", "MAPE"), ("smape", "SMAPE"))),
        grading.coverage(inside, count, 0.9),
    )
    each = windows.spoken(inputs.model.data, options.periods)
    verdict = (
        f"From {len(found)} points of the past the model forecast the next {each} with a typical error of "
        f"{mean.mape:.1%}, between {min(f.mape for f in found):.1%} and {max(f.mape for f in found):.1%}."
    )
    return StudyOutcome(verdict, checks, (_table(results, found),), _pictures(inputs, results))


def _spread(measure: str, words: str, values: list[float]) -> Check:
    """Whether all windows tell the same story."""
    spread = float(np.std(values, ddof=1))
    return Check(
        f"spread_{measure}",
        f"Steadiness of the error ({words})",
        grading.most(spread, LIMITS.spread),
        f"From window to window the error differs by {100 * spread:.1f} percentage points (standard deviation).",
        spread,
        LIMITS.spread,
    )


def _table(results: list[dict[str, Any]], found: list[Accuracy]) -> Table:
    columns = (
        Column("First forecast", "date"), Column("Learned from", "count"), Column("MAPE", "share"),
        Column("SMAPE", "share"), Column("R²", "number"),
    )  # fmt: skip
    rows = tuple((r["dates"][0], r["trained_on"], f.mape, f.smape, f.r2) for r, f in zip(results, found, strict=True))
    late = sorted({name for r in results for name in r["left_out"]})
    actual, said = (np.concatenate([np.asarray(r[k], dtype=float) for r in results]) for k in ("actual", "mean"))
    note = f"All windows taken together, R² is {grading.accuracy(actual, said).r2:.2f}."
    if late:
        note += f" {', '.join(late)} began later than some windows, whose forecasts know nothing of it."
    return Table("Window by window", columns, rows, note)


def _pictures(inputs: Inputs, results: list[dict[str, Any]]) -> Any:
    joined = {k: [v for r in results for v in r[k]] for k in ("dates", "actual", "mean", "low", "high")}
    return (holdout.picture(joined, inputs.model.spec.kpi.column),)


KIND = Kind(
    name="expanding",
    title="Expanding window",
    question="Asked at several points of the past, how well would the model have forecast what came next?",
    options=ExpandingOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
