"""Future spend: scenarios and optimised plans."""

from dataclasses import dataclass
from datetime import date, datetime

from mmm_core.domain.results import Interval


@dataclass(frozen=True)
class SpendPlan:
    """Money per channel over the next ``periods`` periods, spread equally."""

    periods: int
    spend: dict[str, float]
    """Total of the plan, per channel."""


@dataclass(frozen=True)
class PlanOutcome:
    """What a plan is expected to do, all its carry-over included."""

    plan: SpendPlan
    total_spend: float
    kpi: Interval
    """KPI that media of the plan bring, KPI units."""
    value: Interval | None
    """The same in money, None where KPI units have no value."""
    roi: Interval | None
    channels: dict[str, Interval]
    """KPI units by channel."""
    channel_roi: dict[str, Interval | None]
    against_current: Interval
    """KPI of this plan less KPI of today's plan, draw by draw."""
    probability_better: float
    dates: tuple[date, ...]
    media_mean: tuple[float, ...]
    """KPI units per period of the plan (and its carry-over tail)."""
    media_p5: tuple[float, ...]
    media_p95: tuple[float, ...]


@dataclass(frozen=True)
class Bounds:
    """Limits of one channel's total over the plan; ``locked`` keeps it at its current total."""

    low: float
    high: float
    locked: bool = False


@dataclass(frozen=True)
class OptimisedPlan:
    style: str
    """'base', 'aggressive' or 'conservative'."""
    outcome: PlanOutcome
    converged: bool
    binding: tuple[str, ...]
    """Channels that ended at a limit."""
    seconds: float


@dataclass(frozen=True)
class Scenario:
    id: str
    project_id: str
    run_id: str
    name: str
    plan: SpendPlan
    parent_id: str | None
    created_by: str
    created_at: datetime
