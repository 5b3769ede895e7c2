"""Perturbation: with a little noise on what was spent, do the channels' returns stay put?"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling.prepare import prepare
from mmm_core.studies import frames, small_fit, stability
from mmm_core.studies.grading import LIMITS
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of

AS_IT_IS = "as it is"


class PerturbationOptions(Options):
    noise: Annotated[
        float,
        Field(
            gt=0,
            le=0.5,
            title="Noise on spend",
            description="Standard deviation, as a share of each period's spend.",
            json_schema_extra={"unit": "share"},
        ),
    ] = 0.05
    repeats: Annotated[int, Field(ge=1, le=20, title="Tries")] = 3


def plan(inputs: Inputs, options: PerturbationOptions) -> list[Step]:
    prepare(frames.with_noise(inputs.model.frame, inputs.model.spec, options.noise, options.seed), inputs.model.spec)
    noisy = [
        Step(f"noise {n}", f"Fit with {options.noise:.0%} noise on spend, try {n} of {options.repeats}", {"n": n})
        for n in range(1, options.repeats + 1)
    ]
    return [Step(AS_IT_IS, "Fit the data as they are"), *noisy]


def run_step(
    step: Step, inputs: Inputs, options: PerturbationOptions, earlier: Earlier, tools: Tools
) -> dict[str, Any]:
    spec, frame = inputs.model.spec, inputs.model.frame
    if step.name != AS_IT_IS:
        frame = frames.with_noise(frame, spec, options.noise, options.seed + step.arguments["n"])
    data = prepare(frame, spec)
    return {"returns": small_fit.returns(data, small_fit.fit(spec, data, options, tools))}


def conclude(inputs: Inputs, options: PerturbationOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = results_of(states)
    before = results.pop(AS_IT_IS)["returns"]
    found = stability.moved([(before, r["returns"]) for r in results.values()])
    check = stability.mean_check(
        found, LIMITS.perturbation, "perturbation", "Returns under noise", f"under {options.noise:.0%} noise on spend"
    )
    worst = found[0]
    verdict = (
        f"With {options.noise:.0%} noise on every period's spend the returns moved by "
        f"{sum(m.mean for m in found) / len(found):.1%} on average, most for {worst.channel} ({worst.mean:.1%})."
    )
    title = f"Change of each channel's return under {options.noise:.0%} noise on spend"
    table = stability.table(found, title, stability.unpaid(inputs.model.data))
    return StudyOutcome(verdict, (check,), (table,), (stability.picture(found, LIMITS.perturbation, title),))


KIND = Kind(
    name="perturbation",
    title="Perturbation",
    question="With a little noise on what was spent, do the returns stay put?",
    options=PerturbationOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
