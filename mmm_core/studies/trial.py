"""A trial of a tuning session: one specification fitted small to all data, and once more without the last weeks."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.study import Column, StepState, StudyOutcome, Table
from mmm_core.modeling.priors import resolve
from mmm_core.studies import doctor, grading, holdout, small_fit, windows
from mmm_core.studies import doctor_words as words
from mmm_core.studies.kind import Earlier, Inputs, Kind, Model, Options, Step, Tools, results_of

FIT, HOLDOUT = "fit", "holdout"
COUNTED = ("ess_bulk", "ess_tail", "energy")
"""Checks that count draws: of a fit that is short on purpose they say nothing about the specification."""


class Wanted(BaseModel):
    """A range that somebody holds to be plausible for a channel."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    low: float
    high: float


class TrialOptions(Options):
    periods: Annotated[int, Field(ge=1, le=520)] | None = None
    """Periods of the holdout; None takes 13, or a fifth of short data."""
    full: bool = False
    """Fit with the specification's own draws: where the draws themselves are what is tried."""
    ranges: dict[str, Wanted] = Field(default_factory=dict, max_length=60)
    """By channel: how probable it is that the return, or the share, lies within is computed from the draws."""


def held(data: ModelData, options: TrialOptions) -> int:
    return options.periods or max(1, min(holdout.DEFAULT_PERIODS, len(data.dates) // 5))


def plan(inputs: Inputs, options: TrialOptions) -> list[Step]:
    model = inputs.model
    wanted = held(model.data, options)
    windows.ensure_room(model.data, wanted, "A holdout")
    train = len(model.data.dates) - wanted
    windows.cut(model.frame, model.spec, train)
    label = f"Fit without the last {windows.spoken(model.data, wanted)}, then forecast them"
    return [Step(FIT, "Fit with few draws"), Step(HOLDOUT, label, {"train": train})]


def run_step(step: Step, inputs: Inputs, options: TrialOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    model = inputs.model
    own = model.spec.sampling
    how = options.model_copy(update={"draws": own.draws, "tune": own.tune, "chains": own.chains})
    if step.name == FIT:
        return _fitted(model, how if options.full else options, options, tools)
    window = windows.cut(model.frame, model.spec, step.arguments["train"])
    return holdout.forecast(window, options, tools)


def _fitted(model: Model, how: Options, options: TrialOptions, tools: Tools) -> dict[str, Any]:
    from mmm_core.modeling import diagnostics

    spec, data = model.spec, model.data
    resolved = resolve(spec, data)
    posterior = small_fit.fit(spec, data, how, tools, priors=resolved)
    share = how.draws * how.chains / (spec.sampling.draws * spec.sampling.chains)
    checks = diagnostics.checks(posterior, data, spec, resolved, doctor.limits(share))
    return {
        "checks": [asdict(replace(c, fixes=())) for c in checks if options.full or c.id not in COUNTED],
        "channels": channels(data, posterior, options.ranges),
    }


def channels(data: ModelData, posterior: Posterior, ranges: dict[str, Wanted]) -> dict[str, dict[str, Any]]:
    """By channel: return (None where there is none) and share of the KPI with 90% intervals, and how probably the one
    that a range is about lies within it."""
    money, paid = small_fit.spent(data), small_fit.has_value(data)
    worth = small_fit.brought(data, posterior)
    total = float(np.abs(data.target * (data.value_per_unit if paid else 1.0)).sum())
    out: dict[str, dict[str, Any]] = {}
    for name, brought in worth.items():
        unit = money[name] if paid else None
        draws: dict[str, Array | None] = {"roi": brought / unit if unit else None, "share": brought / total}
        wanted = ranges.get(name)
        about = draws.get(wanted.kind) if wanted else None
        out[name] = {kind: None if d is None else _interval(d) for kind, d in draws.items()}
        out[name]["inside"] = (
            None if wanted is None or about is None else float(((about >= wanted.low) & (about <= wanted.high)).mean())
        )
    return out


def _interval(draws: Array) -> list[float]:
    return [float(draws.mean()), *(float(q) for q in np.quantile(draws, (0.05, 0.95)))]


def conclude(inputs: Inputs, options: TrialOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = results_of(states)
    checks = tuple(words.CHECK.validate_python(c) for c in results[FIT]["checks"])
    found, count = holdout.measured(results[HOLDOUT]), len(results[HOLDOUT]["actual"])
    ahead = forecast_checks(results[HOLDOUT])
    rows = tuple(
        (name, *(one["roi"] or (None, None, None)), one["share"][0], one["inside"])
        for name, one in results[FIT]["channels"].items()
    )
    columns = (
        Column("Channel"), Column("Return", "ratio"), Column("from", "ratio"), Column("to", "ratio"),
        Column("Share of KPI", "share"), Column("In range", "chance"),
    )  # fmt: skip
    failed = sum(c.status is Status.FAIL for c in (*checks, *ahead))
    verdict = (
        f"Fitted small, {failed} of {len(checks) + len(ahead)} checks fail; the last "
        f"{windows.spoken(inputs.model.data, count)} were forecast with a typical error of {found.mape:.1%}."
    )
    return StudyOutcome(verdict, (*checks, *ahead), (Table("Returns of the small fit", columns, rows),))


def forecast_checks(result: dict[str, Any]) -> tuple[Check, ...]:
    """The forecast of the weeks that were held out, against the suite's limits."""
    inside = grading.coverage(holdout.hits(result, "low", "high"), len(result["actual"]), 0.9)
    return (*holdout.accuracy_checks(holdout.measured(result), "holdout_"), replace(inside, id="holdout_coverage"))


KIND = Kind(
    name="trial",
    title="Tuning trial",
    question="How does this specification stand up: diagnostics, holdout, returns against what is plausible?",
    options=TrialOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    needs_run=False,
)
