"""What would have been: the response model's answer beside that of a structural model fitted on the diagram."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import design, graph, past
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.results import Interval
from mmm_core.domain.study import Column, StepState, StudyOutcome, Table
from mmm_core.modeling.prepare import period_days
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.studies.causal_options import DrawnOptions, held
from mmm_core.studies.kind import LONGER, Earlier, Inputs, Kind, Step, Tools, results_of

INTERVAL = TypeAdapter(Interval)
Writer = Callable[[float | None], str]


class CounterfactualOptions(DrawnOptions):
    channel: str
    first: date
    last: date
    factor: Annotated[float, Field(ge=0)] | None = None
    level: Annotated[float, Field(ge=0)] | None = None
    """Money per period."""
    repetitions: Annotated[int, Field(ge=10, le=500, title="Resamples", description=LONGER)] = 60

    @property
    def question(self) -> past.Question:
        return past.Question(self.channel, self.first, self.last, self.factor, self.level)


def plan(inputs: Inputs, options: CounterfactualOptions) -> list[Step]:
    past.instead(inputs.model.data, options.question)
    drawn = options.diagram.diagram
    graph.directed(drawn)
    graph.outcome(drawn)
    found = held(inputs, options)
    if options.channel not in found.columns.values():
        raise BadInput(f"The diagram has no variable for {options.channel}; draw it on the Plan page.")
    return [Step("past", f"Ask both models about {options.channel}")]


def run_step(
    step: Step, inputs: Inputs, options: CounterfactualOptions, earlier: Earlier, tools: Tools
) -> dict[str, Any]:
    from mmm_core.causal import structural

    model = ResponseModel(inputs.model.data, inputs.model.posterior)
    drawn = options.diagram.diagram
    bayes = past.answer(model, options.question)
    other = structural.counterfactual(
        model,
        design.exposures(model),
        inputs.model.frame,
        inputs.model.spec,
        graph.directed(drawn),
        graph.outcome(drawn),
        held(inputs, options),
        options.question,
        repetitions=options.repetitions,
        seed=options.seed,
    )
    return {
        "spent": bayes.spent,
        "instead": bayes.instead,
        "bayes": asdict(bayes.kpi),
        "structural": asdict(other.kpi),
        "bayes_value": bayes.value and asdict(bayes.value),
        "structural_value": other.value and asdict(other.value),
        "equations": other.equations,
        "unseen": other.unseen,
    }


def conclude(inputs: Inputs, options: CounterfactualOptions, states: Sequence[StepState]) -> StudyOutcome:
    result = results_of(states)["past"]
    bayes, other = (INTERVAL.validate_python(result[k]) for k in ("bayes", "structural"))
    spec = inputs.model.spec
    write = _writer(spec)
    return StudyOutcome(
        _verdict(inputs, options, bayes, other, write),
        (_agreement(bayes, other), *_unseen(result)),
        (_table(result, bayes, other, spec),),
    )


def _writer(spec: ModelSpec) -> Writer:
    return (lambda value: f.money(value, spec.currency)) if spec.kpi.unit == "revenue" else f.short


def _verdict(inputs: Inputs, options: CounterfactualOptions, bayes: Interval, other: Interval, write: Writer) -> str:
    when = f"{f.day(options.first)} to {f.day(options.last)}"
    unit = "week" if round(period_days(inputs.model.data)) == 7 else "period"
    change = (
        f"{f.share(options.factor)} of what was spent"
        if options.factor is not None
        else f"{f.money(options.level, inputs.model.spec.currency)} a {unit}"
    )
    return (
        f"With {change} on {options.channel} from {when}, the response model sees {f.signed(bayes.mean, write)} "
        f"({f.interval(bayes, write)}) and the structural model {f.signed(other.mean, write)} "
        f"({f.interval(other, write)})."
    )


def _agreement(bayes: Interval, other: Interval) -> Check:
    meet = bayes.p5 <= other.p95 and other.p5 <= bayes.p95
    inside = bayes.p5 <= other.mean <= bayes.p95
    status = Status.PASS if inside else Status.REVIEW if meet else Status.FAIL
    words = {
        Status.PASS: "Both models tell the same story.",
        Status.REVIEW: "The structural model's answer lies outside the other's interval, but the intervals meet.",
        Status.FAIL: "The two answers exclude each other: diagram and media model do not tell the same story.",
    }
    return Check("agreement", "Both models", status, words[status])


def _unseen(result: dict[str, Any]) -> tuple[Check, ...]:
    if not result["unseen"]:
        return ()
    names = ", ".join(result["unseen"])
    text = f"The structural model has to do without {names}, on which there are no data."
    return (Check("unseen", "No data", Status.REVIEW, text, columns=tuple(result["unseen"])),)


def _table(result: dict[str, Any], bayes: Interval, other: Interval, spec: ModelSpec) -> Table:
    counted = spec.kpi.unit == "count"
    rows: list[tuple[Any, ...]] = []
    for name, kpi, key in (("Response model", bayes, "bayes_value"), ("Structural model", other, "structural_value")):
        worth = INTERVAL.validate_python(result[key]).mean if counted and result[key] else None
        rows.append((name, kpi.mean, kpi.p5, kpi.p95, *((worth,) if counted else ())))
    unit = "kpi" if counted else "money"
    columns = (Column("Answer"), *(Column(n, unit) for n in ("Difference", "from", "to")))
    columns += (Column("Worth", "money"),) if counted else ()
    note = "What follows from what: " + "; ".join(map(_equation, result["equations"])) + "."
    return Table("Told twice", columns, tuple(rows), note)


def _equation(text: str) -> str:
    """``sales ← price_index, season 1, season 2`` with names as words, a season once."""
    effect, _, causes = text.partition(" ← ")
    kept = dict.fromkeys(re.sub(r"^(season|trend) \d+$", r"\1", cause) for cause in causes.split(", "))
    return f"{f.inside(effect)} from {', '.join(f.inside(c) for c in kept)}"


KIND = Kind(
    name="counterfactual",
    title="What would have been",
    question="What would have happened had a channel been spent on differently, by the diagram's own model?",
    options=CounterfactualOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
