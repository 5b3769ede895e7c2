"""Projects, their plan and their causal diagram."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class KpiUnit(StrEnum):
    REVENUE = "revenue"
    COUNT = "count"


@dataclass(frozen=True)
class Project:
    id: str
    name: str
    question: str
    kpi_name: str
    kpi_unit: KpiUnit
    value_per_unit: float | None
    currency: str
    week_start: int
    """0 = Monday ... 6 = Sunday."""
    created_by: str
    created_at: datetime
    is_sample: bool = False
    archived: bool = False
    asks_before_web: bool = True
    """Whether an assistant's question to the search provider waits for a person."""


class PlanStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    SKIPPED = "skipped"


class PrecedentKind(StrEnum):
    PRIOR = "prior"
    """A channel's return, as a belief."""
    MEMORY = "memory"
    SATURATION = "saturation"
    CONTROL = "control"


@dataclass(frozen=True)
class Precedent:
    """Something of an earlier model of the organisation that a plan takes over into the next specification."""

    kind: PrecedentKind
    name: str
    """The channel, the family or the control."""
    run_id: str
    source: str
    """Model, project and grade in words."""
    low: float | None = None
    high: float | None = None
    """Of a prior: its 90% range, widened already."""
    max_lag: int | None = None
    """Of a memory: how many periods it may last."""


@dataclass(frozen=True)
class Plan:
    """The research plan: what is asked, of which columns, with which beliefs."""

    id: str
    project_id: str
    version: int
    question: str
    target: str
    channels: tuple[str, ...]
    controls: tuple[str, ...]
    hypotheses: tuple[str, ...]
    data_needed: tuple[str, ...]
    experiments: tuple[str, ...]
    status: PlanStatus
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision_reason: str | None = None
    precedents: tuple[Precedent, ...] = ()


class NodeRole(StrEnum):
    KPI = "kpi"
    CHANNEL = "channel"
    CONTROL = "control"
    UNOBSERVED = "unobserved"


@dataclass(frozen=True)
class CausalNode:
    name: str
    role: NodeRole


@dataclass(frozen=True)
class CausalEdge:
    cause: str
    effect: str
    mechanism: str = ""
    lag_weeks: int = 0
    confidence: float = 0.5
    evidence: str = ""


@dataclass(frozen=True)
class Diagram:
    project_id: str
    nodes: tuple[CausalNode, ...]
    edges: tuple[CausalEdge, ...]
