"""What a trial is worth: a score from the product's own checks, the analyst's verdict, the executive's criteria.

Numbers come from the trial's fits alone. The score is the mean of three parts, each between 0 and 1: diagnostics,
forecast of the weeks held out, and returns against what is plausible (left out where nobody gave a range).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.tuning import Context, Criteria
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import holdout, trial
from mmm_core.studies.doctor_remedies import SAMPLER
from mmm_core.studies.doctor_words import CHECK
from mmm_core.studies.grading import LIMITS

MARK = {Status.PASS: 1.0, Status.REVIEW: 0.5, Status.FAIL: 0.0}
ASSUMED = 0.5
"""A channel whose range was put in as its belief: agreeing with one's own assumption is no evidence."""
GAIN = 0.005
"""By which a score has to rise: less is noise of a small fit."""
WORSE = 1.1
"""So many times the error of the best forecast is harm..."""
WORSE_POINTS = 0.005
"""...where it is at least so much of the KPI more."""
LIKELY = 0.5
LEAVES = 0.1
"""By so much a chance has to fall for a channel to have left its range."""


@dataclass(frozen=True)
class Findings:
    """What a trial found."""

    checks: tuple[Check, ...]
    """Of the fit to all data."""
    ahead: tuple[Check, ...]
    """Of the forecast of the weeks held out."""
    mape: float
    r2: float
    channels: Mapping[str, Mapping[str, Any]]
    """As ``trial.channels`` gives them."""

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(c for c in (*self.checks, *self.ahead) if c.status is Status.FAIL)

    def inside(self, channel: str) -> float | None:
        found = self.channels.get(channel, {}).get("inside")
        return None if found is None else float(found)


def findings(fit: Mapping[str, Any], ahead: Mapping[str, Any]) -> Findings:
    """From the results of a trial's two steps."""
    accuracy = holdout.measured(dict(ahead))
    checks = tuple(CHECK.validate_python(c) for c in fit["checks"])
    return Findings(checks, trial.forecast_checks(dict(ahead)), accuracy.mape, accuracy.r2, fit["channels"])


@dataclass(frozen=True)
class Score:
    total: float
    diagnostics: float
    forecast: float
    plausibility: float | None
    """None where nobody gave a range."""
    assumed: tuple[str, ...] = ()
    """Channels whose range is their belief."""


def score(found: Findings, spec: ModelSpec, context: Context) -> Score:
    believed = {c.name for c in spec.channels if c.belief is not None}
    marks = [_mark(c) for c in found.checks]
    diagnostics = sum(marks) / len(marks) if marks else 0.0
    coverage = next((MARK[c.status] for c in found.ahead if c.id == "holdout_coverage"), 0.0)
    near = min(1.0, LIMITS.mape / found.mape) if found.mape > 0 else 1.0
    follows = min(1.0, max(0.0, found.r2 / LIMITS.r2))
    forecast = (near + follows + coverage) / 3
    inside = {
        r.channel: min(p, ASSUMED) if r.channel in believed else p
        for r in context.ranges
        if (p := found.inside(r.channel)) is not None
    }
    plausibility = sum(inside.values()) / len(inside) if inside else None
    parts = [p for p in (diagnostics, forecast, plausibility) if p is not None]
    total = sum(parts) / len(parts)
    return Score(total, diagnostics, forecast, plausibility, tuple(n for n in inside if n in believed))


def _mark(check: Check) -> float:
    # Few draws are what a small fit is made of: its own draws count where they fail outright.
    if check.id in SAMPLER and check.status is Status.REVIEW:
        return 1.0
    return MARK[check.status]


class Judgement(StrEnum):
    BETTER = "better"
    SET_ASIDE = "set aside"
    """Neither harm nor gain: the proposal was fair, the data did not ask for it."""
    REJECTED = "rejected"


@dataclass(frozen=True)
class Judged:
    judgement: Judgement
    reason: str


def judge(new: Findings, after: Score, best: Findings, before: Score, context: Context) -> Judged:
    """The business analyst's verdict on a trial against the best so far: harm first, then gain."""
    if harm := _harm(new, best, context):
        return Judged(Judgement.REJECTED, harm)
    gain = after.total - before.total
    if gain >= GAIN:
        return Judged(Judgement.BETTER, f"The score rises from {before.total:.3f} to {after.total:.3f}.")
    if abs(gain) < GAIN:
        return Judged(Judgement.SET_ASIDE, f"The score hardly moves, from {before.total:.3f} to {after.total:.3f}.")
    return Judged(Judgement.SET_ASIDE, f"The score falls from {before.total:.3f} to {after.total:.3f}.")


def _harm(new: Findings, best: Findings, context: Context) -> str:
    failing = {c.id for c in best.failed}
    for check in new.failed:
        if check.id not in failing:
            return f"{check.title} fails now: {check.message}"
    if new.mape > WORSE * best.mape and new.mape - best.mape > WORSE_POINTS:
        return f"The forecast of the weeks held out gets worse: {best.mape:.1%} became {new.mape:.1%}."
    for one in context.ranges:
        was, now = best.inside(one.channel), new.inside(one.channel)
        if was is not None and now is not None and was >= LIKELY > now and was - now > LEAVES:
            return (
                f"The return of {one.channel} leaves what {one.judged_by} holds plausible "
                f"({one.low:g} to {one.high:g}): the chance that it lies within falls from {was:.0%} to {now:.0%}."
            )
    return ""


@dataclass(frozen=True)
class Criterion:
    name: str
    wanted: str
    found: str
    met: bool


def criteria(found: Findings, context: Context) -> tuple[Criterion, ...]:
    """The executive's success criteria, each with what was found."""
    asked: Criteria = context.criteria
    failed = found.failed
    out = [
        Criterion(
            "Error of the forecast of weeks held out", f"at most {asked.holdout_error_at_most:.1%}",
            f"{found.mape:.1%}", found.mape <= asked.holdout_error_at_most,
        ),
        Criterion(
            "Checks that fail", f"at most {asked.failed_checks_at_most}",
            f"{len(failed)}" + (f" ({', '.join(c.title for c in failed[:3])})" if failed else ""),
            len(failed) <= asked.failed_checks_at_most,
        ),
    ]  # fmt: skip
    seen = [p for r in context.ranges if (p := found.inside(r.channel)) is not None]
    if seen:
        share = sum(p >= LIKELY for p in seen) / len(seen)
        out.append(
            Criterion(
                "Channels with a range whose return likely lies within", f"at least {asked.in_range_at_least:.0%}",
                f"{share:.0%} ({sum(p >= LIKELY for p in seen)} of {len(seen)})", share >= asked.in_range_at_least,
            )
        )  # fmt: skip
    return tuple(out)
