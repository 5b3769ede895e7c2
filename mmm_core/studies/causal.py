"""Causal checks: each channel's back-door estimate beside the model's, and what tries to refute it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from pydantic import Field, TypeAdapter

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import design, graph, identify
from mmm_core.causal.findings import ChannelCheck, Refutation
from mmm_core.causal.identify import Verdict
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import ModelData
from mmm_core.domain.results import Interval
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.studies import causal_words, small_fit
from mmm_core.studies.causal_options import DrawnOptions, held
from mmm_core.studies.kind import LONGER, Earlier, Inputs, Kind, Step, Tools, results_of

CHECK = TypeAdapter(ChannelCheck)


class CausalOptions(DrawnOptions):
    repetitions: Annotated[int, Field(ge=5, le=200, title="Tries of each attempt to refute", description=LONGER)] = 20


def plan(inputs: Inputs, options: CausalOptions) -> list[Step]:
    drawn = options.diagram.diagram
    built, kpi = graph.directed(drawn), graph.outcome(drawn)
    found = held(inputs, options)
    able = [c for c in found.channels if identify.identify(built, c, kpi, found).verdict is not Verdict.NO_EFFECT]
    if not able:
        raise BadInput(f"The diagram has no path from any channel of the model to {kpi}; draw one on the Plan page.")
    return [Step(f"channel {name}", f"Estimate {name} and try to refute it", {"channel": name}) for name in able]


def run_step(step: Step, inputs: Inputs, options: CausalOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    from mmm_core.causal import estimate, refute, sensitivity

    drawn, found = options.diagram.diagram, held(inputs, options)
    built, kpi = graph.directed(drawn), graph.outcome(drawn)
    one = identify.identify(built, step.arguments["channel"], kpi, found)
    model = ResponseModel(inputs.model.data, inputs.model.posterior)
    seen = design.exposures(model)
    table = design.design(model, seen, inputs.model.frame, inputs.model.spec, one, found)
    lags, geos = model.posterior.max_lag, table.geos
    fit = estimate.backdoor(table, lags=lags)
    naive = estimate.backdoor(table, lags=lags, hold=False)
    name = found.columns[one.channel]
    roi, spend = seen.roi[name], float(seen.spend[seen.channels.index(name)])
    goal = 1 / roi.mean if roi is not None and roi.mean > 0 else 0.0
    tip = sensitivity.tipping(fit, table.groups, goal)
    tries = refute.refutations(fit, geos=geos, lags=lags, repetitions=options.repetitions, seed=options.seed)
    hidden = Refutation("hidden_cause", sensitivity.graded(tip), tip.as_strong or 0.0, 0.0)
    return asdict(
        ChannelCheck(
            channel=one.channel,
            identified=one.verdict is Verdict.IDENTIFIED,
            held=tuple(n for n, columns in table.groups.items() if columns),
            coefficient=fit.coefficient,
            low=fit.low,
            high=fit.high,
            naive=naive.coefficient,
            spend=spend if roi is not None else None,
            model_roi=roi,
            model_contribution=seen.contribution[name],
            agreement=agreement(fit.coefficient, fit.low, fit.high, roi or seen.contribution[name]),
            refutations=(*tries, hidden),
            tipping=tip,
        )
    )


def agreement(coefficient: float, low: float, high: float, model: Interval) -> Status:
    """PASS where the back-door estimate lies in the model's interval, FAIL where not even the intervals meet."""
    if model.mean <= 0:
        return Status.REVIEW
    if model.p5 <= coefficient * model.mean <= model.p95:
        return Status.PASS
    return Status.REVIEW if low * model.mean <= model.p95 and high * model.mean >= model.p5 else Status.FAIL


def conclude(inputs: Inputs, options: CausalOptions, states: Sequence[StepState]) -> StudyOutcome:
    found = [CHECK.validate_python(result) for result in results_of(states).values()]
    failed = [s.error for s in states if s.error]
    if not found:
        raise BadInput(failed[0] if failed else "No channel could be estimated.")
    return causal_words.outcome(found, failed, inputs.model.spec, options.repetitions, _worth(inputs.model.data))


def _worth(data: ModelData) -> float | None:
    """Money per KPI unit over all of the data, where every one of them has a value."""
    if not small_fit.has_value(data):
        return None
    return float(np.average(data.value_per_unit, weights=np.abs(data.target)))


KIND = Kind(
    name="causal",
    title="Causal checks",
    question="Does the effect of each channel stand when the diagram is taken at its word?",
    options=CausalOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    tolerant=True,
)
