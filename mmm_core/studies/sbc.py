"""Simulation-based calibration: refitted to companies that it made up itself, does the model find what it put in?

Parameters come from the prior, data from the parameters; among the draws of the refit the true value then has a uniform
rank, whatever the model, if and only if the sampler draws from the posterior that the model defines.

References
----------
Talts, Betancourt, Simpson, Vehtari, Gelman (2018), Validating Bayesian inference algorithms with simulation-based
calibration.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import scipy
from pydantic import Field

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.study import Column, Line, Picture, StepState, StudyOutcome, Table
from mmm_core.modeling import priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import imagined, small_fit
from mmm_core.studies.kind import LONGER, Earlier, Inputs, Kind, Options, Step, Tools, results_of

RANKS = 100
"""Possible ranks, 0 to 99: the posterior is thinned to one draw less."""
BINS = (20, 10, 5, 4)
FEWEST_IN_BIN = 5
"""Expected ranks in a bin under which a chi-square test means little."""
EVEN = "even"
PASS_AT, FAIL_AT = 0.05, 0.001
"""Probability of the most uneven histogram, were all parameters right (Bonferroni)."""


class SbcOptions(Options):
    fits: Annotated[int, Field(ge=20, le=1000, title="Made-up companies", description=LONGER)] = 200


def plan(inputs: Inputs, options: SbcOptions) -> list[Step]:
    if inputs.model.spec.time_varying.baseline or inputs.model.spec.time_varying.media:
        raise BadInput("Calibration by simulation makes up no effects that drift over time; leave them out first.")
    priors.resolve(_untested(inputs.model.spec), inputs.model.data)
    return [Step(f"fit {n}", f"Make up company {n} and refit it", {"n": n}) for n in range(1, options.fits + 1)]


def run_step(step: Step, inputs: Inputs, options: SbcOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    """Rank of every true number among the draws of its refit."""
    n, data, spec = step.arguments["n"], inputs.model.data, _untested(inputs.model.spec)
    resolved = priors.resolve(spec, data)
    rng = np.random.default_rng([options.seed, n, 9])
    truth = imagined.parameters(resolved, data, rng)
    made = imagined.company(data, truth, rng)
    found = small_fit.fit(spec, made, options, tools, seed=options.seed + n, priors=resolved)
    true, drawn = numbers(made, truth), numbers(made, found)
    return {"ranks": {name: rank(drawn[name], value[0]) for name, value in true.items()}}


def _untested(spec: ModelSpec) -> ModelSpec:
    """Without lift tests, which measured the real company and none of those made up."""
    return spec.model_copy(update={"lift_tests": ()})


def numbers(data: ModelData, posterior: Posterior) -> dict[str, Array]:
    """Draws (S,) of every number that is ranked: each parameter by channel, column and geo, and what channels bring."""
    out: dict[str, Array] = {}
    for name in posterior.draws:
        draws = posterior.flat(name)
        for place in np.ndindex(draws.shape[1:]):
            out[_label(name, place, data)] = draws[(slice(None), *place)]
    brought = small_fit.brought(data, posterior)
    return out | {f"brought by {name}": draws for name, draws in brought.items()}


def _label(name: str, place: tuple[int, ...], data: ModelData) -> str:
    """E.g. ``adstock_alpha (tv)``, in a panel ``saturation_beta (north, tv)``."""
    lengths: dict[str, Sequence[str]] = {
        "gamma_control": data.linear_names,
        "gamma_fourier": [f"wave {n + 1}" for n in range(data.fourier.shape[1])],
        "intercept_contribution": (),
        "y_sigma": (),
        "shocks_sigma": (),
    }
    last = lengths.get(name.removesuffix("_mu"), data.channels)
    parts = [data.geos[place[0]]] if len(place) > bool(last) else []
    if last:
        parts.append(last[place[-1]] if place[-1] < len(last) else str(place[-1] + 1))
    return f"{name} ({', '.join(parts)})" if parts else name


def rank(draws: Array, truth: float) -> int:
    """How many of 99 evenly spread draws lie below the true value."""
    chosen = draws[np.linspace(0, len(draws) - 1, RANKS - 1).round().astype(int)]
    return int((chosen < truth).sum())


def histogram(ranks: Array, bins: int) -> Array:
    counts: Array = np.histogram(ranks, bins=bins, range=(0, RANKS))[0].astype(float)
    return counts


def bins_for(count: int) -> int:
    """The finest histogram whose bins still hold enough."""
    return next((b for b in BINS if count / b >= FEWEST_IN_BIN), BINS[-1])


def conclude(inputs: Inputs, options: SbcOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = list(results_of(states).values())
    ranks = {name: np.array([r["ranks"][name] for r in results]) for name in results[0]["ranks"]}
    bins = bins_for(len(results))
    counts = {name: histogram(r, bins) for name, r in ranks.items()}
    check = _check(ranks, counts)
    found = "finds what was put in" if check.status is Status.PASS else f"misjudges {check.columns[0]}"
    verdict = f"Refitted to {len(results)} companies of its own making, the model {found}."
    return StudyOutcome(verdict, (check,), (_table(ranks, counts),), (_picture(counts, bins),))


def _check(ranks: dict[str, Array], counts: dict[str, Array]) -> Check:
    """The most uneven histogram, judged as one of many."""
    chances = {name: float(scipy.stats.chisquare(c).pvalue) for name, c in counts.items()}
    worst = min(chances, key=lambda name: chances[name])
    adjusted = min(1.0, chances[worst] * len(chances))
    status = Status.PASS if adjusted > PASS_AT else Status.REVIEW if adjusted > FAIL_AT else Status.FAIL
    message = f"The ranks of all {len(chances)} numbers are as even as chance makes them"
    if status is not Status.PASS:
        reading = shape(ranks[worst])
        message = f"The ranks of {worst} are uneven{'' if reading == EVEN else f': {reading}'}"
    message += f" (p = {adjusted:.2g} for the most uneven)."
    return Check("sbc", "Uniform ranks", status, message, adjusted, PASS_AT, (worst,))


def _table(ranks: dict[str, Array], counts: dict[str, Array]) -> Table:
    rows = []
    for name, found in counts.items():
        test = scipy.stats.chisquare(found)
        middle = float(ranks[name].mean() / (RANKS - 1))
        rows.append((name, float(test.statistic), float(test.pvalue), middle, shape(ranks[name])))
    columns = (
        Column("Number"), Column("Chi-square", "number"), Column("p", "p"), Column("Mean rank", "share"),
        Column("Reading"),
    )  # fmt: skip
    some = next(iter(counts.values()))
    note = (
        f"{len(some)} bins, {some.sum() / len(some):.0f} ranks expected in each; "
        f"among {len(counts)} numbers a few p under 0.05 are chance."
    )
    return Table("Number by number", columns, tuple(sorted(rows, key=lambda row: row[2])), note)


def shape(ranks: Array) -> str:
    """What an uneven histogram would mean; nothing where mean and spread are those of chance (within 3 deviations)."""
    n, unit = len(ranks), (ranks + 0.5) / RANKS
    off = (float(unit.mean()) - 0.5) * np.sqrt(12 * n)
    spread = (float(((unit - 0.5) ** 2).mean()) - 1 / 12) * np.sqrt(180 * n)
    if abs(off) > 3:
        return "guessed too low" if off > 0 else "guessed too high"
    if abs(spread) > 3:
        return "too sure" if spread > 0 else "less sure than it could be"
    return EVEN


def _picture(counts: dict[str, Array], bins: int) -> Picture:
    """One histogram per number, with the band that 99 of 100 even histograms' bins stay in."""
    total = int(next(iter(counts.values())).sum())
    low, high = (float(scipy.stats.binom.ppf(q, total, 1 / bins)) for q in (0.005, 0.995))
    lines = tuple(Line(name, tuple(c.tolist()), (low,) * bins, (high,) * bins) for name, c in counts.items())
    edges = tuple(round((i + 0.5) / bins, 3) for i in range(bins))
    note = "height: how often the true value had that rank; band: where 99 of 100 bins lie if all is right"
    return Picture("Ranks of the true values", "histograms", edges, lines, "count", note)


KIND = Kind(
    name="sbc",
    title="Calibration by simulation",
    question="Refitted to companies that it made up itself, does the model find what it put in?",
    options=SbcOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
