"""What a fitted model says: the numbers that every page, file and sentence reads."""

from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from mmm_core.domain.checks import Check


@dataclass(frozen=True)
class Interval:
    """Mean and the 5th, 50th and 95th percentile over the posterior draws."""

    mean: float
    p5: float
    p50: float
    p95: float


class Evidence(StrEnum):
    TESTED = "tested"
    DATA = "data"
    PRIOR = "prior"


class Action(StrEnum):
    SCALE = "scale"
    HOLD = "hold"
    TEST = "test"
    PULL_BACK = "pull back"


@dataclass(frozen=True)
class Curve:
    """Response of one channel to a constant level, per period at steady state, in KPI units."""

    level: tuple[float, ...]
    """Spend per period in money (or exposure where there is no spend), ascending."""
    mean: tuple[float, ...]
    p5: tuple[float, ...]
    p95: tuple[float, ...]
    current: float
    """Mean level over the recent periods in which the channel was on; over all of these where it was off lately."""
    highest_seen: float
    carryover: tuple[float, ...]
    """Mean share of the effect by lag, 0..max_lag-1; sums to 1."""
    carryover_p5: tuple[float, ...]
    carryover_p95: tuple[float, ...]


@dataclass(frozen=True)
class FrequencyCurve:
    """What today's number of contacts would bring if more or fewer people shared them, KPI units per period."""

    level: tuple[float, ...]
    """Contacts per person reached, ascending."""
    mean: tuple[float, ...]
    p5: tuple[float, ...]
    p95: tuple[float, ...]
    today: float
    """Recent contacts per person reached."""
    best: Interval
    """The level that brings the most; at the end of the curve where it still rises there."""
    gain: Interval
    """What the level that is best on average brings above today's, as a share of today's."""


@dataclass(frozen=True)
class ChannelResult:
    channel: str
    spend: float | None
    contribution: Interval
    contribution_share: Interval
    roi: Interval | None
    marginal_roi: Interval | None
    roi_prior: Interval | None
    evidence: Evidence
    evidence_reason: str
    action: Action
    action_reason: str
    spend_share: float | None
    curve: Curve
    frequency: FrequencyCurve | None = None
    """None for a channel that is not modelled by reach and frequency."""


@dataclass(frozen=True)
class Series:
    """One component of the KPI over time, KPI units per period."""

    name: str
    group: str
    """'channel', 'baseline', 'treatment', 'controls', 'seasonality', 'predicted' or 'actual'."""
    geo: str
    """Empty for the total over geos."""
    mean: tuple[float, ...]
    p5: tuple[float, ...]
    p50: tuple[float, ...]
    p95: tuple[float, ...]


@dataclass(frozen=True)
class GeoResult:
    """What one channel brought in one geo of a panel."""

    geo: str
    channel: str
    spend: float | None
    contribution: Interval
    roi: Interval | None


@dataclass(frozen=True)
class TreatmentResult:
    """What a lever that is no media (price, promotion) did against its reference level, over all of the data."""

    treatment: str
    contribution: Interval
    contribution_share: Interval


@dataclass(frozen=True)
class FitFacts:
    r2: float
    mape: float
    rhat_max: float
    ess_bulk_min: float
    divergences: int
    draws: int
    chains: int
    seconds: float


@dataclass(frozen=True)
class Results:
    kpi: str
    currency: str
    is_revenue: bool
    has_value: bool
    """Whether KPI units have a value in money, so that ROI exists."""
    periods: int
    period_days: int
    geos: int
    first_period: date
    last_period: date
    dates: tuple[date, ...]
    channels: tuple[ChannelResult, ...]
    baseline_share: Interval
    media_share: Interval
    series: tuple[Series, ...]
    fit: FitFacts
    checks: tuple[Check, ...]
    verdict: str
    versions: dict[str, str] = field(default_factory=dict)
    by_geo: tuple[GeoResult, ...] = ()
    """Geo by geo, channels in order; empty for national data."""
    treatments: tuple[TreatmentResult, ...] = ()

    @property
    def geo_names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(found.geo for found in self.by_geo))

    def of_geo(self, geo: str) -> "Results":
        """The same with the series of one geo alone; those of the total for an empty name."""
        mine = (replace(found, geo="") for found in self.series if found.geo == geo)
        return replace(self, series=tuple(mine))
