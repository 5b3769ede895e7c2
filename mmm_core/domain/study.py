"""Studies: a set of small fits or computations that answers one question about a model or about data."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.dataset import RecipeStep
from mmm_core.domain.fit import Progress, RunStatus
from mmm_core.domain.results import Results


@dataclass(frozen=True)
class Step:
    """One piece of a study that is computed and stored by itself."""

    name: str
    """Unique within the study; results of earlier steps are found by it."""
    label: str
    """What a person reads while it runs."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Plain values, as JSON holds them."""


class StepStatus(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        return self in (StepStatus.DONE, StepStatus.FAILED)


@dataclass(frozen=True)
class StepState:
    """A step and how far it is."""

    position: int
    step: Step
    status: StepStatus = StepStatus.WAITING
    result: dict[str, Any] | None = None
    error: str | None = None
    """The sentence of a failed step."""
    seconds: float | None = None
    progress: Progress | None = None
    """The newest word of a fit inside a running step."""
    attempt: int = 0
    """The attempt that ended it."""

    @property
    def fraction(self) -> float:
        if self.status.ended:
            return 1.0
        if self.status is StepStatus.RUNNING and self.progress and self.progress.total:
            return min(1.0, self.progress.done / self.progress.total)
        return 0.0


@dataclass(frozen=True)
class Column:
    name: str
    unit: str = "text"
    """'text', 'number', 'count', 'share', 'chance' (a share that is never quite 0 or 1), 'points', 'ratio', 'change'
    (of a ratio), 'p', 'money', 'kpi' or 'date': how a cell is written."""


@dataclass(frozen=True)
class Table:
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]
    """One plain value per column; None where there is none."""
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One series of a picture; ``low`` and ``high`` are its interval, empty where it has none."""

    name: str
    values: tuple[float | None, ...]
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    role: str = ""
    """'actual', 'predicted', 'limit' or '' (a channel or anything else)."""


@dataclass(frozen=True)
class Picture:
    title: str
    kind: str
    """'lines' over dates or numbers, 'bars' over categories, 'stacked' bars, 'dots' with intervals over categories,
    'histograms' side by side, one per line."""
    x: tuple[Any, ...]
    lines: tuple[Line, ...]
    unit: str = "number"
    note: str = ""


@dataclass(frozen=True)
class Proposal:
    """A specification that a study tried and that a person may take over."""

    name: str
    spec_yaml: str
    recommended: bool = False
    needs: tuple[RecipeStep, ...] = ()
    """Recipe steps without which the data do not hold it."""


@dataclass(frozen=True)
class StudyOutcome:
    """What a study found: one sentence, the checks behind it with their numbers, and what there is to look at."""

    verdict: str
    checks: tuple[Check, ...] = ()
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    proposals: tuple[Proposal, ...] = ()

    @property
    def status(self) -> Status:
        return CheckReport(self.checks).status


@dataclass(frozen=True)
class Study:
    """A requested study; data and specification are those it saw, whatever happens to the project later."""

    id: str
    project_id: str
    dataset_version_id: str
    run_id: str | None
    """The fitted model it is about; None where it asks about data and a specification alone."""
    other_run_id: str | None
    """The model it is compared with."""
    kind: str
    spec_yaml: str
    options: dict[str, Any]
    status: RunStatus
    attempt: int
    requested_by: str
    requested_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    error: str | None = None
    job_id: str | None = None
    device: str = "auto"
    outcome: StudyOutcome | None = None


# ---- what travels to the process that computes ----------------------------------------------------------------------


@dataclass(frozen=True)
class ModelInput:
    """A model as bytes: specification, table (Parquet), and what its fit left where there was one."""

    spec_yaml: str
    table: bytes
    name: str = ""
    results: Results | None = None
    draws: bytes | None = None


@dataclass(frozen=True)
class StudyRequest:
    kind: str
    model: ModelInput
    other: ModelInput | None
    options: dict[str, Any]
    steps: tuple[Step, ...]
    """Those still to be done, in order."""
    earlier: dict[str, dict[str, Any]]
    """Results of the finished ones, by name."""


@dataclass(frozen=True)
class StepBegun:
    name: str


@dataclass(frozen=True)
class StepEnded:
    """A step's result, or the sentence of its failure where the study goes on without it."""

    name: str
    result: dict[str, Any] | None
    seconds: float
    error: str | None = None


@dataclass(frozen=True)
class StudyEnded:
    """Every requested step has ended."""
