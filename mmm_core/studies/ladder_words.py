"""What the ladder says: for each step whether to keep it, one recommendation, and the numbers behind both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import ModelData
from mmm_core.domain.study import Column, Line, Picture, Proposal, StudyOutcome, Table
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import loo, small_fit
from mmm_core.studies.ladder_rungs import Ground, Rung
from mmm_core.studies.windows import spoken

CLEAR = 2.0
"""A difference of so many standard errors is one."""
SMALL = 4.0
"""Under this a difference is too small for its standard error to be trusted (Sivula, Magnusson, Vehtari 2020)."""
WORSE_FORECAST = 1.05
"""A baseline that bends may not multiply the typical error of the forecast by more than this."""
MANY_HIGH = 0.05
"""Share of periods with a high Pareto k from which on the whole comparison is in doubt."""
LIMITS = Limits()
GEOS = 4
"""Number of the step that looks at geos."""

Done = tuple[Rung, dict[str, Any]]


@dataclass(frozen=True)
class Judged:
    rung: Rung
    result: dict[str, Any]
    keep: bool
    status: Status
    sentence: str


def judge(done: Sequence[Done], data: ModelData) -> tuple[list[Judged], Judged]:
    """Climb: each step is compared with the last one that was kept; that one is recommended in the end."""
    out: list[Judged] = []
    best: Judged | None = None
    for rung, result in done:
        one = _judged(rung, result, best, data)
        out.append(one)
        best = one if one.keep or best is None else best
    assert best is not None
    return out, best


def _judged(rung: Rung, result: dict[str, Any], best: Judged | None, data: ModelData) -> Judged:
    doubts = _doubts(result, data)
    broken = result["rhat"] > LIMITS.rhat_fail
    if best is None:
        text = f"The start: {rung.name.lower()}, nothing else. {_rest(result)}"
        return Judged(rung, result, not broken, _status(result), f"{text}{doubts}")
    apart, error = loo.difference(np.asarray(result["elpd"]), np.asarray(best.result["elpd"]))
    clear = abs(apart) > CLEAR * error and abs(apart) > SMALL
    keep, advice, status = _advice(rung, apart, clear, _forecast_worse(result, best.result))
    name = _what(rung)
    compared = f"{name} explains the data {'better' if apart > 0 else 'worse'} than step {best.rung.number}"
    told = f"{compared} by {abs(apart):.1f} ± {error:.1f}"
    if not clear:
        open_question = f"{name[:1].lower()}{name[1:]} explains the data better than step {best.rung.number}"
        told = f"Whether {open_question} cannot be told ({apart:+.1f} ± {error:.1f})"
    if broken:
        keep, status = False, Status.REVIEW
        advice = "its chains do not agree, so leave it until a longer fit has been seen."
    status = status if status is not Status.PASS else _status(result)
    return Judged(rung, result, keep, status, f"{told}; {advice} {_rest(result)}{doubts}")


def _what(rung: Rung) -> str:
    """Adding what the rung adds, as the subject of a sentence."""
    if rung.number == GEOS:
        return "Looking at each geo, partly pooled,"
    if rung.number == 5:
        return "Letting the baseline bend"
    if rung.number == 6:
        return "Letting media or baseline drift"
    return f"Adding {rung.name[:1].lower()}{rung.name[1:]}"


def _advice(rung: Rung, apart: float, clear: bool, forecasts_worse: bool) -> tuple[bool, str, Status]:
    if clear and apart < 0:
        return False, "leave it out.", Status.REVIEW
    if rung.ground is Ground.FLEXIBLE:
        if clear and forecasts_worse:
            return False, "but it forecasts worse: leave it out, it follows the past too closely.", Status.REVIEW
        if clear:
            watch = "keep it, and watch whether returns fall: what is so flexible can take what is media's."
            return True, watch, Status.PASS
        return False, "leave it out: what bends without need takes what is media's.", Status.PASS
    if clear:
        return True, "keep it.", Status.PASS
    if rung.ground is Ground.SHAPE:
        return True, "keep it, because advertising is known to work so and nothing speaks against it.", Status.REVIEW
    if rung.number == GEOS:
        return True, "keep it: without it geos that differ are read as one.", Status.REVIEW
    return True, "keep it: without it media are credited with what it does.", Status.REVIEW


def _forecast_worse(new: dict[str, Any], old: dict[str, Any]) -> bool:
    errors = [r["forecast"].get("mape") for r in (new, old)]
    return None not in errors and errors[0] > WORSE_FORECAST * errors[1]


def _rest(result: dict[str, Any]) -> str:
    ahead = result["forecast"]
    told = "Its holdout could not be fitted"
    if "mape" in ahead:
        told = f"It forecasts the periods held out with a typical error of {ahead['mape']:.1%}"
    pattern = "noise is left over" if _quiet(result) else "a pattern is left over"
    chance = "under 0.001" if result["chance"] < 0.001 else f"{result['chance']:.3f}"
    return f"{told}, and {pattern} (correlation {result['correlation']:.2f}, p {chance})."


def _quiet(result: dict[str, Any]) -> bool:
    return bool(result["chance"] >= LIMITS.ljung_box and abs(result["correlation"]) <= LIMITS.autocorrelation_review)


def _doubts(result: dict[str, Any], data: ModelData) -> str:
    """Why the step's numbers may not be trusted; empty where they may."""
    out = []
    high = int((np.asarray(result["k"]) > result["k_limit"]).sum())
    if high:
        out.append(
            f"{spoken(data, high)} of {len(result['k'])} {'weighs' if high == 1 else 'weigh'} so much (Pareto k over "
            f"{result['k_limit']:.2f}) that the comparison is rough."
        )
    if result["rhat"] > LIMITS.rhat_fail:
        out.append(f"The chains of this small fit do not agree (R-hat {result['rhat']:.2f}).")
    return "".join(f" {sentence}" for sentence in out)


def _status(result: dict[str, Any]) -> Status:
    many = float((np.asarray(result["k"]) > result["k_limit"]).mean()) > MANY_HIGH
    return Status.REVIEW if many or result["rhat"] > LIMITS.rhat_fail else Status.PASS


def outcome(done: Sequence[Done], notes: Sequence[str], data: ModelData, spec: ModelSpec) -> StudyOutcome:
    judged, best = judge(done, data)
    checks = tuple(Check(j.rung.key, f"Step {j.rung.number}: {j.rung.name}", j.status, j.sentence) for j in judged)
    tables = [_table(judged, best, notes), _returns(judged, spec, data, "returns", "Returns by step")]
    if any("handed" in j.result for j in judged):
        tables.append(_returns(judged, spec, data, "handed", "Returns with the step before as prior"))
    return StudyOutcome(
        _verdict(judged, best), checks, tuple(tables), _pictures(judged, best), _proposals(judged, best)
    )


def _verdict(judged: Sequence[Judged], best: Judged) -> str:
    first = judged[0]
    if best is first:
        return "Nothing that was added explains the data better than a straight line does: stay with step 0."
    apart, error = loo.difference(np.asarray(best.result["elpd"]), np.asarray(first.result["elpd"]))
    text = (
        f"Step {best.rung.number} ({best.rung.name[:1].lower()}{best.rung.name[1:]}) is recommended: it explains the "
        f"data {'better' if apart > 0 else 'no better'} than a linear model ({apart:+.0f} ± {error:.0f})"
    )
    beyond = [j.rung.number for j in judged if j.rung.number > best.rung.number]
    if beyond:
        which = f"step{'' if len(beyond) == 1 else 's'} {', '.join(map(str, beyond))}"
        text += f", and what comes after it is not needed ({which})"
    return text + "."


def _table(judged: Sequence[Judged], best: Judged, notes: Sequence[str]) -> Table:
    columns = (
        Column("Step"), Column("What it adds"), Column("Advice"), Column("Against the best", "number"),
        Column("±", "number"), Column("Holdout error", "share"), Column("Holdout R²", "number"),
        Column("Left-over correlation", "number"), Column("p", "p"), Column("High Pareto k", "count"),
        Column("R-hat", "p"),
    )  # fmt: skip
    rows = []
    for j in judged:
        apart, error = loo.difference(np.asarray(j.result["elpd"]), np.asarray(best.result["elpd"]))
        high = int((np.asarray(j.result["k"]) > j.result["k_limit"]).sum())
        ahead = j.result["forecast"]
        advice = "recommended" if j is best else "keep" if j.keep else "leave out"
        rows.append(
            (
                str(j.rung.number), j.rung.name, advice, apart, error, ahead.get("mape"), ahead.get("r2"),
                j.result["correlation"], j.result["chance"], high, j.result["rhat"],
            )
        )  # fmt: skip
    note = (
        "Against the best: log predictive density of periods left out (elpd, PSIS-LOO) less that of the recommended "
        "step, summed over periods; ± its standard error."
    )
    return Table("Step by step", columns, tuple(rows), " ".join([note, *notes]))


def _returns(judged: Sequence[Judged], spec: ModelSpec, data: ModelData, field: str, title: str) -> Table:
    paid = small_fit.has_value(data)
    found = [
        (j, j.result["returns"] if field == "returns" else j.result.get("handed", {}).get("returns")) for j in judged
    ]
    shown = [(j, r) for j, r in found if r]
    names = [c.name for c in spec.channels if any(c.name in r for _, r in shown)]
    unit = "ratio" if paid else "share"
    columns = (Column("Channel"), *(Column(f"Step {j.rung.number}", unit) for j, _ in shown))
    rows = tuple((name, *(r[name][0] if name in r else None for _, r in shown)) for name in names)
    note = "Mean return on spend." if paid else "Mean share of the KPI."
    if field == "handed":
        note += (
            " Each step was given the posterior of the step before, widened twofold, as its prior: the same data are "
            "used twice, so these figures are surer than the data allow. They count neither in the comparison above "
            "nor as evidence."
        )
    return Table(title, columns, rows, note)


def _pictures(judged: Sequence[Judged], best: Judged) -> tuple[Picture, ...]:
    names = tuple(f"Step {j.rung.number}" for j in judged)
    apart = [loo.difference(np.asarray(j.result["elpd"]), np.asarray(best.result["elpd"])) for j in judged]
    line = Line(
        "Against the recommended step",
        tuple(a for a, _ in apart),
        tuple(a - CLEAR * e for a, e in apart),
        tuple(a + CLEAR * e for a, e in apart),
    )
    note = f"dot: difference of elpd, more is better; line: {CLEAR:.0f} standard errors"
    out = [Picture("How well each step explains the data", "dots", names, (line,), "number", note)]
    errors = tuple(j.result["forecast"].get("mape") for j in judged)
    if any(e is not None for e in errors):
        bars = Line("Typical error", errors)
        out.append(Picture("How far off each step forecasts", "bars", names, (bars,), "share", "less is better"))
    return tuple(out)


def _proposals(judged: Sequence[Judged], best: Judged) -> tuple[Proposal, ...]:
    return tuple(
        Proposal(f"Step {j.rung.number}: {j.rung.name}", j.rung.spec.to_yaml(), j is best, j.rung.needs) for j in judged
    )
