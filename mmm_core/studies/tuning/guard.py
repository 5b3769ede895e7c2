"""The methodology guard: deterministic, before anything is fitted, and never open to argument.

A proposal names settings and values. Those that may be tuned are the only ones that are ever applied; what comes out is
compared whole with the specification that the session began with; then the words of the proposal are read.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from mmm_core.domain.tuning import Context, Proposal, Refusal
from mmm_core.modeling.spec import Adstock, ModelSpec
from mmm_core.studies.tuning import reading, settings
from mmm_core.studies.tuning.settings import Setting

LEAST_WIDTH = 1.25
"""High over low end of a belief: a narrower one is no belief but a result."""
LEAST_SHARES = 0.05
MOST_CHANGES = 12
LONGEST_REASON = 2000


@dataclass(frozen=True)
class Bounds:
    """What the session's own data and context allow."""

    start: ModelSpec
    """The specification that the session began with."""
    context: Context = field(default_factory=Context)
    controls: frozenset[str] = frozenset()
    """Columns that may become controls."""
    holidays: frozenset[str] = frozenset()
    barred: Mapping[str, str] = field(default_factory=dict)
    """Columns that must not, and why: the KPI in disguise, what follows from media."""

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(c.name for c in self.start.channels)


@dataclass(frozen=True)
class Checked:
    spec: ModelSpec | None
    """The changed specification; None where it was refused."""
    refusals: tuple[Refusal, ...] = ()


def check(proposal: Proposal, now: ModelSpec, bounds: Bounds) -> Checked:
    """Judge a proposal about the specification as it stands now."""
    refused = _shape(proposal) or _settings(proposal, bounds)
    values: dict[str, Any] = {}
    if not refused:
        for path, value in proposal.changes.items():
            one = settings.setting(path, bounds.channels)
            assert one is not None
            try:
                values[path] = _value(one, path, value, bounds)
            except _OutOfRange as why:
                refused.append(Refusal("range", path, str(why)))
    made = None
    if not refused:
        made, wrong = _applied(now, values, bounds)
        refused += wrong
    refused += _reasoning(reading.read(proposal.reason, bounds.start, _columns(bounds)))
    return Checked(None if refused else made, tuple(refused))


def _reasoning(found: Iterable[str]) -> list[Refusal]:
    """Each thing that the reason reaches for once: clauses overlap, and would say it again."""
    once = {why.partition(" (“")[0]: why for why in reversed(list(found))}
    return [Refusal("reasoning", "", why) for why in reversed(once.values())]


def of_person(proposal: Proposal) -> Proposal:
    """A person's change as the guard judges it: people may say what they like, which settings there are holds for them
    as well."""
    return replace(proposal, reason="A change that a person asked for.")


def _columns(bounds: Bounds) -> tuple[str, ...]:
    return (*bounds.controls, *bounds.holidays, *bounds.barred)


def _shape(proposal: Proposal) -> list[Refusal]:
    if not isinstance(proposal.changes, dict) or not proposal.changes:
        return [Refusal("shape", "", "The proposal changes nothing.")]
    if len(proposal.changes) > MOST_CHANGES:
        return [Refusal("shape", "", f"More than {MOST_CHANGES} changes at once cannot be told apart.")]
    if len(proposal.reason) > LONGEST_REASON:
        return [Refusal("shape", "", "The reason is too long to be read.")]
    return []


def _settings(proposal: Proposal, bounds: Bounds) -> list[Refusal]:
    """Settings are known by one spelling each; everything else, however near, is refused."""
    return [
        Refusal("settings", str(path)[:80], _why_not(str(path)))
        for path in proposal.changes
        if settings.setting(str(path), bounds.channels) is None
    ]


def _why_not(path: str) -> str:
    plain = path.casefold()
    named = {**settings.PROTECTED, **{w: w for w in settings.WITHOUT_FIELD}}
    for field_, title in named.items():
        if field_ in plain:
            return (
                f"The {title} is protected: results with another one could not be compared, and no agent may choose it."
            )
    for field_, title in settings.FIXED.items():
        if plain.startswith(field_.split("[")[0]) or plain == field_:
            return f"The {title} is not tuned: it says what the data mean or how it is computed."
    return "There is no such setting to tune."


class _OutOfRange(ValueError):
    pass


def _value(one: Setting, path: str, value: Any, bounds: Bounds) -> Any:
    match one.kind:
        case "switch":
            if not isinstance(value, bool):
                raise _OutOfRange(f"{one.title}: say true or false.")
            return value
        case "choice":
            if not isinstance(value, str) or value not in one.options:
                raise _OutOfRange(f"{one.title}: choose one of {', '.join(one.options)}.")
            return value
        case "columns":
            return _chosen(one, value, bounds)
        case "belief":
            return _belief(path, value, bounds)
    return _number(one, path, value, bounds)


def _number(one: Setting, path: str, value: Any, bounds: Bounds) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _OutOfRange(f"{one.title}: give a plain number, without a unit.")
    if one.kind == "whole" and value != int(value):
        raise _OutOfRange(f"{one.title}: give a whole number.")
    low, high = span(one, bounds.start)
    if not low <= value <= high:
        raise _OutOfRange(f"{one.title}: {value:g} is outside of what may be tried ({low:g} to {high:g}).")
    return int(value) if one.kind == "whole" else float(value)


def span(one: Setting, start: ModelSpec) -> tuple[float, float]:
    """Lowest and highest value of a number; some depend on where the session began."""
    assert one.low is not None
    assert one.high is not None
    begun = settings.current(start, one.path)
    if one.path == "max_lag":
        # A memory of a period or two is no adstock in all but name, and without adstock there is none to lengthen.
        if start.adstock is Adstock.NONE:
            return begun, begun
        return min(begun, max(one.low, math.ceil(begun / 2))), min(one.high, max(begun, 2 * begun))
    if one.path.startswith("sampling."):
        # Fewer draws or longer steps hide what a fit does not find.
        return min(begun, one.high), max(begun, one.high)
    return min(one.low, begun), max(one.high, begun)


def _chosen(one: Setting, value: Any, bounds: Bounds) -> list[str]:
    if (
        not isinstance(value, list | tuple)
        or not all(isinstance(v, str) for v in value)
        or len(set(value)) != len(value)
    ):
        raise _OutOfRange(f"{one.title}: give a list of columns, each once.")
    begun = set(settings.current(bounds.start, one.path))
    allowed = begun | (bounds.controls if one.path == "controls" else bounds.holidays)
    for name in value:
        if name in begun:
            continue
        if name in bounds.barred:
            raise _OutOfRange(f"{one.title}: {name} cannot be held still: {bounds.barred[name]}")
        if name not in allowed:
            raise _OutOfRange(f"{one.title}: {name} is no column that can be one.")
    return list(value)


def _belief(path: str, value: Any, bounds: Bounds) -> dict[str, Any] | None:
    channel = next(name for name in bounds.channels if settings.belief_of(name) == path)
    begun, known = settings.current(bounds.start, path), bounds.context.of(channel)
    if value == begun:
        return value if begun is None or isinstance(begun, dict) else None
    if known is None:
        raise _OutOfRange(
            f"Belief about {channel}: the business context holds no range for it, so nobody stands behind one."
        )
    if value is None:
        if begun is not None:
            raise _OutOfRange(
                f"Belief about {channel}: somebody stated it; it may be taken back on the Plan page alone."
            )
        return None
    kind = {"roi": "roi", "share": "contribution_share"}[known.kind]
    if not isinstance(value, dict) or set(value) != {"kind", "low", "high"} or value["kind"] != kind:
        raise _OutOfRange(f"Belief about {channel}: give kind ({kind}), low and high, nothing else.")
    low, high = value["low"], value["high"]
    if any(isinstance(v, bool) or not isinstance(v, int | float) or not math.isfinite(v) for v in (low, high)):
        raise _OutOfRange(f"Belief about {channel}: low and high are plain numbers.")
    if not known.low <= low < high <= known.high:
        raise _OutOfRange(
            f"Belief about {channel}: {low:g} to {high:g} leaves what {known.judged_by} holds plausible "
            f"({known.low:g} to {known.high:g})."
        )
    if high / low < min(LEAST_WIDTH, known.high / known.low):
        raise _OutOfRange(f"Belief about {channel}: so narrow a range is a result, not a belief.")
    if begun is not None and (low > begun["low"] or high < begun["high"]):
        raise _OutOfRange(f"Belief about {channel}: narrower than what {begun['source'] or 'somebody'} stated before.")
    return {"kind": kind, "low": float(low), "high": float(high), "source": f"{known.judged_by} (business context)"}


def _applied(now: ModelSpec, values: dict[str, Any], bounds: Bounds) -> tuple[ModelSpec | None, list[Refusal]]:
    try:
        made = settings.applied(now, values)
    except ValidationError as error:
        what = error.errors()[0]["msg"].removeprefix("Value error, ")
        return None, [Refusal("specification", "", f"The specification would not hold together: {what}.")]
    if settings.frozen(made) != settings.frozen(bounds.start):
        return None, [Refusal("specification", "", "The specification would differ in more than what may be tuned.")]
    media = made.media_prior
    if media.share_high - media.share_low < LEAST_SHARES:
        return None, [Refusal("range", "media_prior", "So narrow a share of media is a result, not a prior.")]
    if made == now:
        return None, [Refusal("shape", "", "The proposal changes nothing.")]
    return made, []
