"""Placebo: a copy of a channel with its weeks shuffled cannot have done anything; does the model see that?"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.domain.checks import Check
from mmm_core.domain.errors import BadInput
from mmm_core.domain.study import Column, Line, Picture, StepState, StudyOutcome, Table
from mmm_core.modeling import priors
from mmm_core.modeling.prepare import prepare
from mmm_core.studies import frames, grading, small_fit
from mmm_core.studies.grading import LIMITS
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of

DEFAULT_CHANNELS = 2


class PlaceboOptions(Options):
    channels: Annotated[
        tuple[str, ...],
        Field(title="Channels whose weeks are shuffled", description="The two largest by spend where none is named."),
    ] = ()
    shuffles: Annotated[int, Field(ge=1, le=10, title="Shuffles of each")] = 1


def plan(inputs: Inputs, options: PlaceboOptions) -> list[Step]:
    model = inputs.model
    known = [c.name for c in model.spec.channels]
    strange = [name for name in options.channels if name not in known]
    if strange:
        raise BadInput(f"The model has no channel called {strange[0]}; it has {', '.join(known)}.")
    money = small_fit.spent(model.data)
    largest = sorted(known, key=lambda name: -(money[name] or 0.0))[:DEFAULT_CHANNELS]
    chosen = options.channels or tuple(largest)
    for name in chosen:
        prepare(*frames.with_twin(model.frame, model.spec, name, options.seed)[:2])
    return [
        Step(f"{name} {n}", f"Fit beside a shuffled copy of {name}", {"channel": name, "n": n})
        for name in chosen
        for n in range(1, options.shuffles + 1)
    ]


def run_step(step: Step, inputs: Inputs, options: PlaceboOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    """Returns of the twin and of the channel itself; what they brought where KPI units have no value or no spend."""
    name = step.arguments["channel"]
    seed = options.seed + step.arguments["n"]
    frame, spec, twin = frames.with_twin(inputs.model.frame, inputs.model.spec, name, seed)
    data = prepare(frame, spec)
    resolved = priors.resolve(spec, data)
    posterior = small_fit.fit(spec, data, options, tools, priors=resolved)
    money = small_fit.spent(data)[twin]
    paid = money is not None and small_fit.has_value(data)
    unit = money if paid and money else 1.0
    draws = {n: d / unit for n, d in small_fit.brought(data, posterior).items()}
    before = priors.roi_prior(spec, data, resolved)[twin] if paid else None
    low, high = np.quantile(draws[twin], (0.05, 0.95))
    return {
        "channel": name,
        "paid": paid,
        "placebo": float(draws[twin].mean()),
        "low": low,
        "high": high,
        "itself": float(draws[name].mean()),
        "prior": None if before is None else before.mean,
    }


def conclude(inputs: Inputs, options: PlaceboOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = list(results_of(states).values())
    checks = tuple(_check(r, n) for n, r in enumerate(results, start=1))
    credited = [r["channel"] for r in results if _measure(r) > LIMITS.placebo]
    passed = f"{len(results) - len(credited)} of {len(results)} shuffled copies earned next to nothing, as they should"
    verdict = f"{passed}."
    if credited:
        names = list(dict.fromkeys(credited))
        whose = f"that of {names[0]} was" if len(names) == 1 else f"those of {', '.join(names)} were"
        verdict = f"{passed}; {whose} credited with what no copy can have done."
    return StudyOutcome(verdict, checks, (_table(results),), (_picture(results),))


def _measure(result: dict[str, Any]) -> float:
    """Its return on spend; against the channel itself where there is no such return."""
    return float(result["placebo"] if result["paid"] else result["placebo"] / result["itself"])


def _check(result: dict[str, Any], number: int) -> Check:
    value, name = _measure(result), result["channel"]
    copy = f"A copy of {name} with its weeks in random order"
    if result["paid"]:
        message = f"{copy} returns {value:.2f} per money spent; it should be under {LIMITS.placebo:g}"
    else:
        message = f"{copy} brings {value:.0%} of what {name} itself does; it should be under {LIMITS.placebo:.0%}"
    prior = result["prior"]
    if value > LIMITS.placebo and prior is not None:
        message += f". Before the data spoke it was given {prior:.2f}: the data did not talk the model out of it"
    status = grading.most(value, LIMITS.placebo)
    return Check(f"placebo_{number}", f"Placebo of {name}", status, f"{message}.", value, LIMITS.placebo, (name,))


def _table(results: list[dict[str, Any]]) -> Table:
    unit = "ratio" if all(r["paid"] for r in results) else "number"
    columns = (
        Column("Channel"), Column("Shuffled copy", unit), Column("from", unit), Column("to", unit),
        Column("Channel itself", unit), Column("Copy before the data", unit),
    )  # fmt: skip
    rows = tuple((r["channel"], r["placebo"], r["low"], r["high"], r["itself"], r["prior"]) for r in results)
    return Table("Return of the copy and of the channel", columns, rows, "from and to: the 90% interval of the copy.")


def _picture(results: list[dict[str, Any]]) -> Picture:
    names = tuple(r["channel"] for r in results)
    copy = Line(
        "Shuffled copy",
        tuple(r["placebo"] for r in results),
        tuple(r["low"] for r in results),
        tuple(r["high"] for r in results),
    )
    itself = Line("Channel itself", tuple(r["itself"] for r in results))
    unit = "ratio" if all(r["paid"] for r in results) else "number"
    return Picture("Return of a shuffled copy beside the channel's own", "dots", names, (copy, itself), unit)


KIND = Kind(
    name="placebo",
    title="Placebo channel",
    question="A copy of a channel with its weeks shuffled cannot have done anything; does the model see that?",
    options=PlaceboOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
