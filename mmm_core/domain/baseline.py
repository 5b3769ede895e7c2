"""What the KPI would have been without media and promotions, estimated before any model and approved by a person."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from mmm_core.domain.results import Interval


class BaselineMethod(StrEnum):
    MEDIAN = "median"
    """The middle of the quiet periods."""
    MEAN = "mean"
    """The mean of the quiet periods."""
    REGRESSION = "regression"
    """Trend, season and a line in media, fitted to the calmer half and read where there are no media."""


class BaselineStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True)
class BaselineEstimate:
    """Numbers of one method; T periods, all geos added up."""

    method: BaselineMethod
    seasonal: bool
    """Whether the yearly season of the KPI is laid over a flat level (a regression always has one)."""
    dates: tuple[date, ...]
    """(T,)"""
    level: tuple[float, ...]
    """(T,) KPI units per period."""
    low: tuple[float, ...]
    high: tuple[float, ...]
    """(T,) 90% interval."""
    kpi: tuple[float, ...]
    quiet: tuple[bool, ...]
    """(T,) periods with little media and neither promotion nor event."""
    quiet_media: float
    """Media pressure left in the quiet periods, as a share of its mean over all periods; the median and the mean count
    what it brings as baseline, the regression takes it off."""
    share: Interval
    """Of the KPI over the data."""
    geos: tuple[tuple[str, float], ...] = ()
    """(geo, baseline's share of that geo's KPI); empty for national data."""


@dataclass(frozen=True)
class Baseline:
    id: str
    project_id: str
    dataset_version_id: str
    content_hash: str
    """Of the table that it was estimated from."""
    kpi: str
    estimate: BaselineEstimate
    status: BaselineStatus
    created_by: str
    created_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
