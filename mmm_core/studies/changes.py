"""What changed between two models: each return's move split into new weeks, restated history, specification and noise.

Old and new data are crossed with the old and the new specification and fitted anew with few draws. What the two stored
models differ by beyond the parts is noise of the sampling, and a second seed says how large such noise is.
"""

from collections.abc import Sequence
from itertools import chain, combinations
from typing import Any

import pandas as pd

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput, SpecError
from mmm_core.domain.results import ChannelResult
from mmm_core.domain.study import Column, Line, Picture, StepState, StudyOutcome, Table
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.studies import differences, small_fit, windows, worlds
from mmm_core.studies.kind import Earlier, Inputs, Kind, Model, Options, Step, Tools, results_of
from mmm_core.studies.worlds import SPEC, WORDS, World

AGAIN = "second seed"
NOISE = "sampling noise"
NOISE_LIMIT = 0.1
"""Noise up to this share of the new return leaves the split readable."""


def plan(inputs: Inputs, options: Options) -> list[Step]:
    old, new = inputs.other.spec, inputs.model.spec
    if not set(_paid(inputs.other)) & set(_paid(inputs.model)):
        raise BadInput("The two models have no paid channel in common, so there is no return to compare.")
    found = worlds.tables(inputs)
    factors = worlds.what_differs(inputs, found, differences.same_model(old, new))
    wanted = [frozenset(c) for c in chain.from_iterable(combinations(factors, n) for n in range(len(factors) + 1))]
    known = [w for w in worlds.possible(wanted, found, old, new) if _fits(w, inputs, found)]
    if worlds.shares(dict.fromkeys(known, 0.0), factors) is None:
        raise BadInput(
            "The old specification cannot be fitted to the new data, nor the new one to the old data, "
            "because columns or rows are gone; the models can only be compared side by side."
        )
    steps = [Step(_name(w), worlds.label(w, factors), {"world": sorted(w)}) for w in known]
    return [*steps, Step(AGAIN, "Fit the old model with another seed", {"world": [], "seed": options.seed + 1})]


def _fits(world: World, inputs: Inputs, found: worlds.Tables) -> bool:
    """Whether a world's rows hold its specification, say every geo all of its periods."""
    try:
        prepare(found.of(world), _spec_of(world, inputs, found.of(world)))
    except SpecError:
        return False
    return True


def run_step(step: Step, inputs: Inputs, options: Options, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    world = frozenset(step.arguments["world"])
    frame = worlds.tables(inputs).of(world)
    spec = _spec_of(world, inputs, frame)
    data = prepare(frame, spec)
    posterior = small_fit.fit(spec, data, options, tools, seed=step.arguments.get("seed"))
    return {"returns": small_fit.returns(data, posterior), "world": sorted(world)}


def conclude(inputs: Inputs, options: Options, states: Sequence[StepState]) -> StudyOutcome:
    results = results_of(states)
    again = results.pop(AGAIN)["returns"]
    fits: dict[World, dict[str, float]] = {frozenset(r["world"]): r["returns"] for r in results.values()}
    factors = tuple(f for f in WORDS if any(f in w for w in fits))
    before, after = _paid(inputs.other), _paid(inputs.model)
    rows = []
    for name in (n for n in before if n in after):
        parts = worlds.shares({w: r[name] for w, r in fits.items() if name in r}, factors)
        if parts is not None:
            was, now = _return(before[name]), _return(after[name])
            rows.append(_Row(name, was, now, parts, abs(fits[frozenset()][name] - again[name])))
    rows.sort(key=lambda r: -abs(r.change))
    columns = [c for spec in (inputs.other.spec, inputs.model.spec) for c in spec.columns if "_" in c]
    differ = differences.in_words(inputs.other.spec, inputs.model.spec, sampling=False)
    said = tuple(f.named(line, columns) for line in differ)
    pictures = (_picture(rows, factors),) if factors else ()
    note = " ".join(("Before and the parts add up to After.", *worlds.moved_geos(inputs)))
    return StudyOutcome(_verdict(rows, factors), (_noise(rows),), _tables(rows, factors, said, note), pictures)


class _Row:
    def __init__(self, channel: str, was: float, now: float, parts: dict[str, float], jitter: float) -> None:
        self.channel, self.was, self.now, self.parts, self.jitter = channel, was, now, parts, jitter

    @property
    def change(self) -> float:
        return self.now - self.was

    @property
    def noise(self) -> float:
        """What no change of data or specification explains."""
        return self.change - sum(self.parts.values())


def _verdict(rows: list[_Row], factors: tuple[str, ...]) -> str:
    top = rows[0]
    if not factors:
        return (
            "Both models saw the same data with the same specification; what their returns differ in is chance, "
            f"at most {f.times(abs(top.change))} ({top.channel})."
        )
    causes = {**{WORDS[factor]: v for factor, v in top.parts.items()}, NOISE: top.noise}
    cause = max(causes, key=lambda c: abs(causes[c]))
    return (
        f"The mean return of {top.channel} moved most, from {f.times(top.was)} to {f.times(top.now)}; "
        f"{cause} made {f.signed(causes[cause], f.times)} of it."
    )


def _noise(rows: list[_Row]) -> Check:
    worst = max(rows, key=lambda r: abs(r.noise) / abs(r.now) if r.now else 0.0)
    value = abs(worst.noise) / abs(worst.now) if worst.now else 0.0
    status = Status.PASS if value <= NOISE_LIMIT else Status.REVIEW
    tail = "" if status is Status.PASS else "; more draws per chain (Settings) show it more clearly"
    message = (
        f"What neither data nor specification explain is at most {value:.0%} of a return ({worst.channel}); "
        f"another seed alone moves it by {f.times(worst.jitter)}{tail}."
    )
    return Check("noise", "Sampling noise", status, message, value, NOISE_LIMIT)


def _tables(rows: list[_Row], factors: tuple[str, ...], said: tuple[str, ...], note: str) -> tuple[Table, ...]:
    columns = (
        Column("Channel"), Column("Before", "ratio"), Column("After", "ratio"),
        *(Column(WORDS[factor].capitalize(), "change") for factor in factors),
        Column(NOISE.capitalize(), "change"), Column("Another seed alone", "ratio"),
    )  # fmt: skip
    cells = tuple((r.channel, r.was, r.now, *(r.parts[factor] for factor in factors), r.noise, r.jitter) for r in rows)
    out = [Table("What moved each return", columns, cells, note)]
    if said:
        out.append(Table("What the specifications differ in", (Column("Difference"),), tuple((s,) for s in said)))
    return tuple(out)


def _picture(rows: list[_Row], factors: tuple[str, ...]) -> Picture:
    lines = [Line(WORDS[factor].capitalize(), tuple(r.parts[factor] for r in rows)) for factor in factors]
    lines.append(Line(NOISE.capitalize(), tuple(r.noise for r in rows)))
    names = tuple(r.channel for r in rows)
    return Picture("What moved each return", "stacked", names, tuple(lines), "ratio")


def _paid(model: Model) -> dict[str, ChannelResult]:
    return {c.channel: c for c in model.results.channels if c.spend}


def _return(channel: ChannelResult) -> float:
    """Mean return on spend; KPI units per money where these have no value."""
    if channel.roi is not None:
        return channel.roi.mean
    return channel.contribution.mean / (channel.spend or 1.0)


def _spec_of(world: World, inputs: Inputs, frame: pd.DataFrame) -> ModelSpec:
    """A world's specification: it reads the date as the old table calls it, and keeps the lift tests its rows hold."""
    old = inputs.other.spec
    spec = inputs.model.spec.model_copy(update={"date": old.date}) if SPEC in world else old
    return windows.with_known_tests(spec, frame)


def _name(world: World) -> str:
    return " + ".join(sorted(world)) or "old"


KIND = Kind(
    name="changes",
    title="What changed",
    question="Which part of each return's move comes from new weeks, restated history, the specification, or chance?",
    options=Options,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    needs_other=True,
)
