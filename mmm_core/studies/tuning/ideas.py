"""What a role proposes without a language model: the fit doctor's remedies, beliefs from ranges, and a look around."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.results import Interval, Results
from mmm_core.domain.study import ModelInput
from mmm_core.domain.tuning import Proposal, TuningRole
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import doctor_remedies
from mmm_core.studies.doctor_remedies import SAMPLER
from mmm_core.studies.kind import Model
from mmm_core.studies.tuning import guard, settings
from mmm_core.studies.tuning.guard import Bounds
from mmm_core.studies.tuning.scoring import LIKELY, Findings

LONG_DOUBTS = ("holdout_mape", "holdout_smape", "holdout_r2")


@dataclass(frozen=True)
class _Return:
    channel: str
    roi: Interval | None


@dataclass(frozen=True)
class _Seen:
    """As much of a fit's results as the doctor reads."""

    checks: tuple[Check, ...]
    channels: tuple[_Return, ...]


@dataclass(frozen=True)
class Case(Model):
    """The best specification so far as the doctor examines a model."""

    found: Findings

    @property
    def results(self) -> Results:
        returns = tuple(_Return(name, _interval(one["roi"])) for name, one in self.found.channels.items())
        # A small fit's draws are few on purpose; they are worth an idea where they fail outright.
        open_ones = (c for c in self.found.checks if c.id not in SAMPLER or c.status is Status.FAIL)
        return cast(Results, _Seen(tuple(open_ones), returns))


def case(spec: ModelSpec, table: bytes, found: Findings) -> Case:
    return Case(ModelInput(spec.to_yaml(), table), found)


def _interval(values: list[float] | None) -> Interval | None:
    return None if values is None else Interval(values[0], values[1], values[0], values[2])


def propose(one: Case, bounds: Bounds, role: TuningRole, tried: frozenset[str]) -> Proposal | None:
    """The first idea that the guard would let through, the data hold and nobody has tried; None when there is none.

    Parameters
    ----------
    tried
        Specifications that were tried or refused before, as ``mark`` names them.
    """
    sources = (_remedies, _beliefs, _around) if role is TuningRole.SCIENTIST else (_beliefs, _remedies, _around)
    moved = set(difference(bounds.start, one.spec))
    found = [idea for source in sources for idea in source(one, bounds)]
    # What nobody has moved yet comes first: more of what helped once can wait until the rest was tried.
    for changes, reason in sorted(found, key=lambda idea: bool(moved & set(idea[0]))):
        proposal = Proposal(changes, reason, role)
        made = guard.check(proposal, one.spec, bounds).spec
        if made is not None and mark(made) not in tried and _held(one, made):
            return proposal
    return None


def mark(spec: ModelSpec) -> str:
    """What two specifications share that a trial would see alike."""
    return hashlib.sha256(spec.to_yaml().encode()).hexdigest()[:16]


def _held(one: Case, spec: ModelSpec) -> bool:
    try:
        prepare(one.frame, spec)
    except CarryoverError:
        return False
    return True


def _remedies(one: Case, bounds: Bounds) -> Iterator[tuple[dict[str, Any], str]]:
    """What the doctor would try, as far as it is a change of tunable settings."""
    titles = {c.id: c.title for c in one.found.checks}
    for remedy in doctor_remedies.remedies(one):
        changes = {} if remedy.needs else difference(one.spec, remedy.change(one.spec))
        if changes:
            open_ones = ", ".join(f"“{titles[i]}”" for i in remedy.targets if i in titles)
            yield changes, f"{remedy.cause} Open: {open_ones}."


def difference(before: ModelSpec, after: ModelSpec) -> dict[str, Any]:
    """Changes that lead from one specification to another; none where more than what may be tuned differs."""
    if settings.frozen(before) != settings.frozen(after):
        return {}
    names = [s.path for s in settings.TUNABLE if s.path != settings.BELIEF]
    names += [settings.belief_of(c.name) for c in before.channels]
    was, now = ({n: settings.current(spec, n) for n in names} for spec in (before, after))
    return {n: now[n] for n in names if now[n] != was[n]}


def _beliefs(one: Case, bounds: Bounds) -> Iterator[tuple[dict[str, Any], str]]:
    """The range of a channel as its belief, where the data leave its return outside: the farthest out first."""
    out = [(p, r) for r in bounds.context.ranges if (p := one.found.inside(r.channel)) is not None and p < LIKELY]
    held = {c.name for c in one.spec.channels if c.belief is not None}
    for chance, known in sorted(out, key=lambda pair: pair[0]):
        if known.channel not in held:
            kind = {"roi": "roi", "share": "contribution_share"}[known.kind]
            belief = {"kind": kind, "low": known.low, "high": known.high}
            yield (
                {settings.belief_of(known.channel): belief},
                f"What {known.channel} brings is plausible to the business with a chance of {chance:.0%} alone.",
            )


def _around(one: Case, bounds: Bounds) -> Iterator[tuple[dict[str, Any], str]]:
    """One step to each side of what stands, the stiffer side first where the forecast is what is open."""
    spec = one.spec
    waves, knots, lag = spec.season.yearly_terms, spec.trend.knots, spec.max_lag
    doubt = any(c.status is not Status.PASS for c in one.found.ahead if c.id in LONG_DOUBTS)
    if spec.trend.kind in ("piecewise", "spline") and doubt:
        straight = {"trend.kind": "linear", "trend.knots": bounds.start.trend.knots}
        changes = {path: value for path, value in straight.items() if value != settings.current(spec, path)}
        yield changes, "The forecast misses, and a baseline that bends runs on beyond the data."
    stiffer: list[tuple[dict[str, Any], str]] = [
        ({"season.yearly_terms": waves - 1}, "A season with a wave less may forecast better.")
    ]
    richer: list[tuple[dict[str, Any], str]] = [
        ({"season.yearly_terms": waves + 1}, "Demand may follow the year more closely than the season does.")
    ]
    if spec.trend.kind in ("piecewise", "spline"):
        stiffer.append(({"trend.knots": knots - 1}, "A baseline that bends less leaves more to tell apart."))
        richer.append(({"trend.knots": knots + 1}, "Something slow may be missing from the baseline."))
    yield from (stiffer + richer if doubt else richer + stiffer)
    yield {"max_lag": round(1.5 * lag)}, "Effects may last longer than they are let."
    yield {"max_lag": -(-lag // 2)}, "Effects may be over sooner, which leaves fewer weights to learn."
    for column in spec.controls:
        kept = [c for c in spec.controls if c != column]
        yield {"controls": kept}, f"{column} may explain nothing that the rest does not."
