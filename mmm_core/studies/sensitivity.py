"""How firm a decision is: the same plan under other priors, other models, and drivers that nobody measured (W9)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from mmm_core.analysis import recent
from mmm_core.analysis.intervals import interval
from mmm_core.analysis.response import ResponseModel, Values
from mmm_core.domain.errors import BadInput
from mmm_core.domain.planning import SpendPlan
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling.prepare import prepare
from mmm_core.studies import sensitivity_words as words
from mmm_core.studies import small_fit
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of
from mmm_core.studies.sensitivity_settings import candidates, settings

NOW = "now"
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class SensitivityOptions(Options):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    """What the plan is called."""
    periods: Annotated[int, Field(ge=1, le=520)]
    spend: dict[str, Money]
    """Money over the plan by channel."""
    scenario: str = ""
    """The scenario that holds the plan."""

    @property
    def plan(self) -> SpendPlan:
        return SpendPlan(self.periods, dict(self.spend))


def plan(inputs: Inputs, options: SensitivityOptions) -> list[Step]:
    model = ResponseModel(inputs.model.data, inputs.model.posterior)
    if not model.paid:
        raise BadInput("No channel of this model has spend in money, so there is no plan to ask about.")
    wanted, today = model.vector(options.plan), model.vector(model.current_plan(options.periods))
    if (abs(wanted - today) <= 1e-6 * max(today.sum(), 1.0)).all():
        raise BadInput(f"{options.name} spends what is spent today, so there is no decision to question.")
    others = settings(inputs.model)
    return [Step(NOW, "Ask the model itself"), *(Step(s.key, s.label, {"group": s.group}) for s in others)]


def run_step(step: Step, inputs: Inputs, options: SensitivityOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    model = inputs.model
    if step.name == NOW:
        return _answer(ResponseModel(model.data, model.posterior), options.plan)
    setting = next(s for s in candidates(model) if s.key == step.name)
    spec = setting.change(model.spec)
    data = prepare(model.frame, spec)
    return _answer(ResponseModel(data, small_fit.fit(spec, data, options, tools)), options.plan)


def gain(model: ResponseModel, plan: SpendPlan) -> Values:
    """What the plan leaves above today's, (S,): money after its spend, or KPI units where they have no value."""
    window, today = model.window(plan.periods), model.current_plan(plan.periods)
    more: Values = window.totals(model.vector(plan)).sum(axis=0) - model.current_draws(plan.periods)
    value = recent.value_per_unit(model.data)
    if value is None:
        return more
    left: Values = more * value - (sum(plan.spend.values()) - sum(today.spend.values()))
    return left


def _answer(model: ResponseModel, plan: SpendPlan) -> dict[str, Any]:
    draws = gain(model, plan)
    return {"gain": asdict(interval(draws)), "chance": float((draws > 0).mean())}


def conclude(inputs: Inputs, options: SensitivityOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = results_of(states)
    if NOW not in results:
        raise BadInput("The model itself gave no answer about this plan.")
    known = {s.key: s for s in candidates(inputs.model)}
    found = [words.read(known[key], answer) for key, answer in results.items() if key in known]
    failed = [s.step.label for s in states if s.result is None]
    valued = small_fit.has_value(inputs.model.data)
    return words.outcome(options.name, words.read(None, results[NOW]), found, failed, inputs.model.spec, valued)


KIND = Kind(
    name="sensitivity",
    title="How firm is it",
    question="Does a plan still beat today's under other priors, other models, and drivers that nobody measured?",
    options=SensitivityOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    tolerant=True,
)
