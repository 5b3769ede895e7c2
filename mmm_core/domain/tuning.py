"""A tuning session: what the business knows, who may say what, what was proposed and how it was judged (M13)."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class TuningRole(StrEnum):
    SCIENTIST = "data scientist"
    GUARD = "methodology guard"
    ANALYST = "business analyst"
    EXECUTIVE = "executive"
    PERSON = "person"


@dataclass(frozen=True)
class Range:
    """What somebody holds to be plausible for a channel."""

    channel: str
    kind: str
    """'roi' (money returned per money spent) or 'share' (of the KPI)."""
    low: float
    high: float
    judged_by: str


@dataclass(frozen=True)
class Criteria:
    """What the executive asks of a specification before it goes out."""

    holdout_error_at_most: float = 0.15
    """Mean absolute error of the forecast of weeks that the fit did not see, as a share of the KPI."""
    failed_checks_at_most: int = 0
    in_range_at_least: float = 0.5
    """Share of the channels with a range whose return more likely lies within it than outside."""


@dataclass(frozen=True)
class Context:
    """The business context of a session."""

    ranges: tuple[Range, ...] = ()
    criteria: Criteria = field(default_factory=Criteria)
    notes: str = ""

    def of(self, channel: str) -> Range | None:
        return next((r for r in self.ranges if r.channel == channel), None)


@dataclass(frozen=True)
class TuningOptions:
    context: Context = field(default_factory=Context)
    iterations: int = 8
    """Proposals at most, rejected ones included."""
    threshold: float = 0.9
    """Score from which the session has converged."""
    holdout: int | None = None
    """Periods held out; None takes 13, or a fifth of short data."""
    draws: int = 300
    tune: int = 300
    chains: int = 2
    """Of the small fits that proposals are judged by."""


@dataclass(frozen=True)
class Proposal:
    """A change of the specification, setting by setting."""

    changes: dict[str, Any]
    """Value by the path of the setting: {'season.yearly_terms': 4}."""
    reason: str
    role: TuningRole = TuningRole.SCIENTIST
    source: str = "rules"
    """'rules', a person's name, or the language model."""


@dataclass(frozen=True)
class Refusal:
    """Why the guard does not let a proposal through."""

    layer: str
    """'shape' (no usable proposal), 'settings' (a setting that nobody may touch), 'range', 'specification' (compared
    whole) or 'reasoning' (what its words are after)."""
    setting: str
    reason: str
