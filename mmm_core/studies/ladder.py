"""The ladder: from a linear model upwards, one thing more at a time; which of them do the data ask for?"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.analysis import convergence
from mmm_core.domain.errors import BadInput, CarryoverError
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.studies import handover, holdout, ladder_rungs, ladder_words, loo, small_fit, windows
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of
from mmm_core.studies.ladder_rungs import Rung


class LadderOptions(Options):
    periods: Annotated[
        int | None, Field(ge=1, le=520, title="Periods held out", description="13, or a fifth of short data.")
    ] = None
    hand_over: bool = False
    """Fit each step once more with the posterior of the step before, widened twofold, as its prior. The same data are
    then used twice, so that nothing but the returns of these fits is shown."""


def plan(inputs: Inputs, options: LadderOptions) -> list[Step]:
    model = inputs.model
    wanted = _held(model.data, options)
    windows.ensure_room(model.data, wanted, "A holdout")
    found, _ = ladder_rungs.carried(model.frame, model.spec)
    if len(found) < 2:
        raise BadInput("These data are too few for more than one step of the ladder; bring more periods.")
    return [Step(r.key, r.name, {"number": r.number}) for r in found]


def _held(data: ModelData, options: LadderOptions) -> int:
    return options.periods or max(1, min(holdout.DEFAULT_PERIODS, len(data.dates) // 5))


def run_step(step: Step, inputs: Inputs, options: LadderOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    """One rung: fitted to all periods for elpd, leftovers and returns, and without the last ones to forecast them."""
    model = inputs.model
    rung = next(r for r in ladder_rungs.rungs(model.frame, model.spec) if r.key == step.name)
    frame = ladder_rungs.table(model.frame, model.spec, rung)
    data = prepare(frame, rung.spec)
    priors = resolve(rung.spec, data)
    posterior = small_fit.fit(rung.spec, data, options, tools, priors=priors)
    seen = loo.likelihood(data, posterior)
    left = loo.leave_one_out(seen, posterior.chains)
    correlation, chance = loo.leftover(seen.residual)
    rhat, _ = convergence.worst(posterior)
    out: dict[str, Any] = {
        "elpd": left.elpd, "k": left.k, "effective": left.effective, "k_limit": left.limit,
        "correlation": correlation, "chance": chance, "rhat": rhat, "divergences": posterior.divergences,
        "returns": returns(data, posterior), "forecast": _forecast(frame, rung, options, tools),
    }  # fmt: skip
    if options.hand_over:
        before = _before(earlier, rung)
        if before is not None:
            narrowed, names = handover.widened(priors, before, data)
            again = small_fit.fit(rung.spec, data, options, tools, priors=narrowed)
            out["handed"] = {"parameters": names, "returns": returns(data, again)}
        out["moments"] = handover.moments(posterior, data)
    return out


def _forecast(frame: Any, rung: Rung, options: LadderOptions, tools: Tools) -> dict[str, Any]:
    """Holdout of a rung; its sentence where the shorter data do not hold it."""
    try:
        data = prepare(frame, rung.spec)
        window = windows.cut(frame, rung.spec, len(data.dates) - _held(data, options))
        result = holdout.forecast(window, options, tools)
    except CarryoverError as error:
        return {"error": str(error)}
    plain = {k: np.asarray(result[k], dtype=float) for k in ("actual", "mean", "low", "high")}
    found = holdout.measured(plain)
    inside = holdout.hits(plain, "low", "high")
    return {"mape": found.mape, "smape": found.smape, "r2": found.r2, "inside": inside, "count": len(plain["actual"])}


def _before(earlier: Earlier, rung: Rung) -> handover.Moments | None:
    """What the rung below knows; None for the first, or where that one failed."""
    below = [n for n in range(rung.number) if f"step {n}" in earlier]
    return earlier[f"step {below[-1]}"].get("moments") if below else None


def returns(data: ModelData, posterior: Posterior) -> dict[str, list[float]]:
    """Mean and 90% interval of each channel's return on its spend; of its share of the KPI where there is none."""
    money, paid = small_fit.spent(data), small_fit.has_value(data)
    brought = small_fit.brought(data, posterior) if paid else {}
    out = {}
    for name, draws in (brought or shares(data, posterior)).items():
        each: Array = draws / (money[name] or np.nan) if paid else draws
        if np.isfinite(each).all():
            out[name] = [float(each.mean()), *(float(q) for q in np.quantile(each, (0.05, 0.95)))]
    return out


def shares(data: ModelData, posterior: Posterior) -> dict[str, Array]:
    """Draws (S,) of each channel's share of the KPI."""
    total = float(np.abs(data.target).sum())
    return {name: draws / total for name, draws in small_fit.brought(data, posterior).items()}


def conclude(inputs: Inputs, options: LadderOptions, states: Sequence[StepState]) -> StudyOutcome:
    model = inputs.model
    found, left_out = ladder_rungs.carried(model.frame, model.spec)
    results = results_of(states)
    failed = [f"{s.step.label} failed: {s.error}" for s in states if s.error]
    done = [(rung, results[rung.key]) for rung in found if rung.key in results]
    if not done:
        raise BadInput(failed[0] if failed else "No step of the ladder was fitted.")
    return ladder_words.outcome(done, (*left_out, *failed), model.data, model.spec)


KIND = Kind(
    name="ladder",
    title="Ladder",
    question="From a linear model upwards, one thing more at a time: which step do the data ask for?",
    options=LadderOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    needs_run=False,
    tolerant=True,
)
