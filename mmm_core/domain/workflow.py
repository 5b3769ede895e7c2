"""The analysis as a workflow: its phases, what it decides, what it asks people, and what they answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from mmm_core.domain.study import Table
from mmm_core.domain.tuning import TuningOptions


class WorkflowKind(StrEnum):
    ANALYSIS = "analysis"
    TUNING = "tuning"


class Phase(StrEnum):
    PLAN = "plan"
    DATA = "data"
    MODEL = "model"
    INTERPRET = "interpret"


class Stage(StrEnum):
    """The finer phases, in order."""

    PLANNING = "planning"
    LOADING = "loading"
    PROFILING = "profiling"
    VALIDATION = "validation"
    FEATURES = "features"
    ADSTOCK = "adstock"
    FITTING = "fitting"
    EVALUATION = "evaluation"
    BUDGET = "budget"
    REPORT = "report"

    @property
    def phase(self) -> Phase:
        return _PHASES[self]


_PHASES = {
    Stage.PLANNING: Phase.PLAN,
    Stage.LOADING: Phase.DATA,
    Stage.PROFILING: Phase.DATA,
    Stage.VALIDATION: Phase.DATA,
    Stage.FEATURES: Phase.DATA,
    Stage.ADSTOCK: Phase.MODEL,
    Stage.FITTING: Phase.MODEL,
    Stage.EVALUATION: Phase.MODEL,
    Stage.BUDGET: Phase.INTERPRET,
    Stage.REPORT: Phase.INTERPRET,
}


class Gate(StrEnum):
    """What a person is asked to approve."""

    PLAN = "plan"
    DATA = "data"
    BASELINE = "baseline"
    FIT = "fit"
    BUDGET = "budget"
    PUBLICATION = "publication"
    TUNING = "tuning"
    """The third rejection in a row of a tuning session."""


class Verdict(StrEnum):
    APPROVE = "approve"
    EDIT = "edit"
    REJECT = "reject"


@dataclass(frozen=True)
class Input:
    """Something about the question that a person may change before approving it."""

    name: str
    label: str
    kind: str
    """'text', 'number', 'whole' (number), 'choice' (one of ``options``) or 'choices' (any of them)."""
    value: Any
    options: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    """How an option is called, where it is not called by its own name."""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Question:
    """One approval as it is put to a person, with the evidence for the answer."""

    key: str
    """Unique within the workflow: the gate and how often it has been asked, ``fit:2``."""
    gate: Gate
    text: str
    evidence: tuple[str, ...]
    rejected: str
    """Where a rejection leads, said beside the button."""
    inputs: tuple[Input, ...] = ()
    tables: tuple[Table, ...] = ()
    subject: dict[str, str] = field(default_factory=dict)
    """Ids of what it is about: plan, version, baseline, run."""
    needs_reason: bool = False
    """Whether an approval, too, has to say why."""
    problem: str = ""
    """Why the last edit could not be done."""
    remark: str = ""
    """A sentence of a language model about the evidence; never a figure that the evidence does not hold."""
    yes: str = "Approve"
    """The three answers as its buttons call them."""
    changed: str = "Approve with changes"
    no: str = "Reject"


@dataclass(frozen=True)
class Answer:
    verdict: Verdict
    reason: str
    edits: dict[str, Any]
    by: str
    user_id: str
    at: datetime


@dataclass(frozen=True)
class Approval:
    """A question that was asked, and its answer once there is one."""

    workflow_id: str
    project_id: str
    question: Question
    asked_at: datetime
    answer: Answer | None = None


class WorkflowStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """For a person, a fit or a study; no worker is held."""
    DONE = "done"
    STOPPED = "stopped"
    """A person's rejection ended it."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        return self in (WorkflowStatus.DONE, WorkflowStatus.STOPPED, WorkflowStatus.FAILED, WorkflowStatus.CANCELLED)


class Awaited(StrEnum):
    """What a waiting workflow waits for."""

    APPROVAL = "approval"
    FIT = "fit"
    STUDY = "study"


@dataclass(frozen=True)
class WorkflowOptions:
    spec_yaml: str | None = None
    """A specification of the person's own; None has one suggested."""
    ladder: bool = False
    """Climb the ladder before the fit."""
    hand_over: bool = False
    """Each of its steps once more with the posterior of the step before as prior."""
    auto: bool = False
    """A person approved every checkpoint beforehand; failed checks are never waived so."""
    tuning: TuningOptions | None = None
    """What a tuning session starts from."""


@dataclass(frozen=True)
class Workflow:
    id: str
    project_id: str
    status: WorkflowStatus
    options: WorkflowOptions
    attempt: int
    requested_by: str
    user_id: str
    requested_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    queued_at: datetime | None = None
    stage: Stage | None = None
    awaited: Awaited | None = None
    awaited_id: str | None = None
    """Key of the question, or id of the fit or study."""
    error: str | None = None
    outcome: str | None = None
    """One sentence on how it ended."""
    leads_to: str | None = None
    """The page where a person goes on."""
    job_id: str | None = None
    found: dict[str, str] = field(default_factory=dict)
    """Ids of what it made: version, plan, baseline, run, scenario, report; of a tuning session the newest trial."""
    kind: WorkflowKind = WorkflowKind.ANALYSIS


class EventKind(StrEnum):
    BEGUN = "begun"
    ENDED = "ended"
    DECISION = "decision"
    ASKED = "asked"
    ANSWERED = "answered"
    ACT = "act"
    """A use case that wrote something, called once."""
    REMARK = "remark"
    """What a language model was asked and said."""
    STATUS = "status"


@dataclass(frozen=True)
class Event:
    """One line of a workflow's history; never changed."""

    key: str
    """Unique within the workflow, so that work done again after a crash is not told twice."""
    kind: EventKind
    stage: Stage | None
    text: str
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    by: str = ""
    number: int = 0
    at: datetime | None = None


class Workflows(Protocol):
    """Workflows under the organisation's policy; events, questions and answers are added, never changed."""

    def add(self, workflow: Workflow) -> None: ...
    def get(self, workflow_id: str) -> Workflow: ...
    def list(self, project_id: str, kind: WorkflowKind = WorkflowKind.ANALYSIS) -> Sequence[Workflow]:
        """Newest first."""
        ...

    def awaiting(self, awaited: Awaited, awaited_id: str) -> Sequence[Workflow]:
        """Those that wait for a fit or a study."""
        ...

    def begin_attempt(self, workflow_id: str) -> int:
        """Number of the attempt that now owns the workflow; Conflict where it has ended."""
        ...

    def heartbeat(self, workflow_id: str, attempt: int) -> WorkflowStatus: ...
    def hold(self, workflow_id: str, attempt: int) -> None:
        """Lock it for this attempt; Conflict or Cancelled where the attempt may no longer write."""
        ...

    def note(self, workflow_id: str, attempt: int, *, stage: Stage | None, found: dict[str, str]) -> None:
        """Where it stands (a tuning session has no stages), and ids of what it made so far."""
        ...

    def wait(self, workflow_id: str, attempt: int, awaited: Awaited, awaited_id: str) -> None: ...
    def go_on(self, workflow_id: str, attempt: int) -> bool:
        """Run again in the same attempt; False where it does not wait any more."""
        ...

    def end(
        self, workflow_id: str, status: WorkflowStatus, *, outcome: str, leads_to: str = "", error: str | None = None
    ) -> None:
        """Conflict where it has ended already."""
        ...

    def queue(self, workflow_id: str, at: datetime) -> bool:
        """Put one that waits, failed or was cancelled, or whose worker is gone, back in line; False where it is not."""
        ...

    def note_job(self, workflow_id: str, job_id: str) -> None: ...
    def record(self, workflow_id: str, events: Sequence[Event]) -> None:
        """Add what is new; an event whose key is known stays as it was."""
        ...

    def events(self, workflow_id: str) -> Sequence[Event]: ...
    def act(self, workflow_id: str, key: str) -> str | None:
        """What an act of this key gave, where it was done already."""
        ...

    def add_act(self, workflow_id: str, key: str, result: str) -> None: ...
    def ask(self, approval: Approval) -> bool:
        """Whether the question is new."""
        ...

    def answer(self, workflow_id: str, key: str, answer: Answer) -> None:
        """Conflict where it was answered before."""
        ...

    def approval(self, workflow_id: str, key: str) -> Approval | None: ...
    def approvals(self, workflow_id: str) -> Sequence[Approval]:
        """In the order they were asked."""
        ...

    def open_approvals(self) -> Sequence[Approval]:
        """Unanswered ones of workflows that have not ended, oldest first."""
        ...
