"""What the core needs from the outside, as Protocols; ``jobs/wiring.py`` hands in the real ones.

A use case gets ``services`` and ``actor`` first. ``with services.work(actor) as work:`` opens one transaction that
sees the actor's organisation alone; it commits at the end of the block and rolls back on an exception.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from mmm_core.domain.baseline import Baseline
from mmm_core.domain.code import CodeRunner
from mmm_core.domain.conversation import Conversations, Proposals
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.elicitation import Inquiries, InquiryDoor
from mmm_core.domain.fit import Chunk, Progress, Run, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.knowledge import Knowledge
from mmm_core.domain.llm import AnswerCache, LanguageModels, PriceList, Routes, UsageLog
from mmm_core.domain.plan_talk import PlanTalks
from mmm_core.domain.planning import Scenario
from mmm_core.domain.project import Diagram, Plan, Project
from mmm_core.domain.remote_tasks import RemoteTasks
from mmm_core.domain.report import Fact, LineageStep, Report, ShareLink
from mmm_core.domain.results import Results
from mmm_core.domain.routing import Router, Routings
from mmm_core.domain.runtime_tools import CodeSessions, RuntimeTools
from mmm_core.domain.search import SearchProvider
from mmm_core.domain.spec_draft import SpecDrafts
from mmm_core.domain.study import (
    StepBegun,
    StepEnded,
    StepState,
    Study,
    StudyEnded,
    StudyOutcome,
    StudyRequest,
)
from mmm_core.domain.team import AllowedDomain, Invitation, Member
from mmm_core.domain.tokens import PersonalTokens
from mmm_core.domain.workflow import Workflows


class Projects(Protocol):
    def add(self, project: Project) -> None: ...
    def get(self, project_id: str) -> Project: ...
    def list(self) -> Sequence[Project]: ...
    def update(self, project: Project) -> None: ...
    def add_plan(self, plan: Plan) -> None: ...
    def update_plan(self, plan: Plan) -> None: ...
    def latest_plan(self, project_id: str) -> Plan | None: ...


class Datasets(Protocol):
    def add(self, version: DatasetVersion) -> None: ...
    def update(self, version: DatasetVersion) -> None: ...
    def get(self, version_id: str) -> DatasetVersion: ...
    def list(self, project_id: str) -> Sequence[DatasetVersion]: ...
    def latest(self, project_id: str) -> DatasetVersion | None: ...


class Runs(Protocol):
    def add(self, run: Run) -> None: ...
    def get(self, run_id: str) -> Run: ...
    def list(self, project_id: str) -> Sequence[Run]: ...
    def set_status(
        self, run_id: str, status: RunStatus, *, error: str | None = None, job_id: str | None = None
    ) -> None: ...
    def begin_attempt(self, run_id: str) -> int:
        """Number of the attempt that now owns the run; older attempts can no longer write."""
        ...

    def heartbeat(self, run_id: str, attempt: int) -> RunStatus:
        """Marks the run as alive and tells its status, so that a worker sees a cancellation."""
        ...

    def add_progress(self, run_id: str, attempt: int, progress: Progress) -> None: ...
    def add_chunk(self, run_id: str, attempt: int, chunk: Chunk) -> None:
        """Keeps a chunk's checkpoint and draws, and its progress row, in one transaction."""
        ...

    def progress(self, run_id: str) -> Sequence[tuple[datetime, Progress]]: ...
    def latest_progress(self, run_id: str) -> Sequence[tuple[datetime, Progress]]:
        """The newest row of each chain."""
        ...

    def chunks(self, run_id: str) -> Sequence[Chunk]:
        """Every kept chunk in order of chain and number; only the last checkpoint of a chain is kept whole."""
        ...

    def drop_chunks(self, run_id: str) -> None: ...
    def finish(self, run_id: str, attempt: int, results: Results, facts: Sequence[Fact], draws_blob: str) -> None:
        """Writes the outcome of an attempt, once; a second write raises Conflict."""
        ...

    def results(self, run_id: str) -> Results: ...
    def facts(self, run_id: str) -> Sequence[Fact]: ...
    def draws_blob(self, run_id: str) -> str: ...
    def stale(self, older_than: datetime) -> Sequence[Run]: ...


class Studies(Protocol):
    """Studies and their steps; states and attempts move as those of runs do."""

    def add(self, study: Study, steps: Sequence[StepState]) -> None: ...
    def get(self, study_id: str) -> Study: ...
    def list(self, project_id: str) -> Sequence[Study]: ...
    def of_run(self, run_id: str) -> Sequence[Study]:
        """Newest first."""
        ...

    def steps(self, study_id: str, *, results: bool = True) -> Sequence[StepState]:
        """In order; without their results where a page only watches."""
        ...

    def set_status(
        self, study_id: str, status: RunStatus, *, error: str | None = None, job_id: str | None = None
    ) -> None: ...
    def begin_attempt(self, study_id: str) -> int: ...
    def heartbeat(self, study_id: str, attempt: int) -> RunStatus: ...
    def begin_step(self, study_id: str, attempt: int, name: str) -> None: ...
    def note_progress(self, study_id: str, attempt: int, name: str, progress: Progress) -> None: ...
    def end_step(self, study_id: str, attempt: int, ended: StepEnded) -> None: ...
    def finish(self, study_id: str, attempt: int, outcome: StudyOutcome) -> None:
        """Writes the outcome of an attempt, once; a second write raises Conflict."""
        ...


class Scenarios(Protocol):
    def add(self, scenario: Scenario) -> None: ...
    def get(self, scenario_id: str) -> Scenario: ...
    def list(self, project_id: str) -> Sequence[Scenario]: ...
    def delete(self, scenario_id: str) -> None: ...


class Reports(Protocol):
    def add(self, report: Report) -> None: ...
    def get(self, report_id: str) -> Report: ...
    def list(self, project_id: str) -> Sequence[Report]: ...
    def add_link(self, link: ShareLink, token_hash: str, passcode_hash: str | None) -> None: ...
    def links(self, report_id: str) -> Sequence[ShareLink]: ...
    def revoke(self, link_id: str, at: datetime) -> None: ...


class Baselines(Protocol):
    def add(self, baseline: Baseline) -> None: ...
    def update(self, baseline: Baseline) -> None: ...
    def get(self, baseline_id: str) -> Baseline: ...
    def list(self, project_id: str) -> Sequence[Baseline]:
        """Newest first."""
        ...


class Graph(Protocol):
    """Nodes and edges in Postgres, walked with recursive CTEs."""

    def put_node(self, kind: str, key: str, label: str, properties: dict[str, Any], project_id: str) -> str:
        """Adds or updates the node known by (kind, key) and returns its id."""
        ...

    def put_edge(
        self, source: tuple[str, str], kind: str, target: tuple[str, str], properties: dict[str, Any] | None = None
    ) -> None:
        """Adds or updates an edge between two (kind, key) nodes."""
        ...

    def remove_edges(self, project_id: str, kind: str) -> None: ...
    def remove_nodes(self, project_id: str, kind: str) -> None: ...
    def remove_node(self, kind: str, key: str) -> None: ...
    def save_diagram(self, diagram: Diagram) -> None: ...
    def diagram(self, project_id: str) -> Diagram: ...
    def lineage(self, kind: str, key: str) -> Sequence[LineageStep]:
        """Everything the node was made from, nearest first."""
        ...


class Documents(Protocol):
    """Text kept for retrieval, with full text and (where an embedder is set) a vector beside it."""

    def put(
        self,
        kind: str,
        key: str,
        title: str,
        body: str,
        project_id: str | None,
        *,
        address: str = "",
        published: str = "",
    ) -> None: ...
    def search(self, query: str, limit: int) -> Sequence[tuple[str, str, str]]:
        """(kind, key, title) of the best matches."""
        ...


class Blobs(Protocol):
    """Content-addressed bytes under row-level security: tables as Parquet, draws and reports."""

    def put(self, content: bytes, media_type: str) -> str: ...
    def get(self, name: str) -> bytes: ...


class Audit(Protocol):
    def record(self, action: str, subject: str, detail: dict[str, Any] | None = None) -> None: ...
    def list(self, limit: int) -> Sequence[tuple[datetime, str, str, str, dict[str, Any]]]:
        """(when, who, action, subject, detail), newest first."""
        ...

    def first_broken(self) -> int | None:
        """Number of the first row that does not fit the hash chain; None where nobody has touched it."""
        ...


class Team(Protocol):
    """Members, invitations and allowed e-mail domains of the organisation."""

    def organisation(self) -> str:
        """The organisation's name."""
        ...

    def members(self) -> Sequence[Member]: ...
    def admins(self) -> Sequence[str]:
        """User ids of the administrators, who stay what they are until the transaction ends."""
        ...

    def set_role(self, user_id: str, role: TeamRole) -> None: ...
    def remove(self, user_id: str) -> None: ...
    def invitations(self) -> Sequence[Invitation]:
        """Those that nobody has accepted, newest first."""
        ...

    def invite(self, invitation: Invitation) -> None:
        """Adds the invitation, or takes the place of an earlier one for the address."""
        ...

    def withdraw(self, email: str) -> bool:
        """Whether there was an open invitation."""
        ...

    def domains(self) -> Sequence[AllowedDomain]: ...
    def allow(self, allowed: AllowedDomain) -> bool:
        """False where the domain already leads to an organisation, this one or another."""
        ...

    def disallow(self, domain: str) -> bool: ...


class Work(Protocol):
    """One transaction of one organisation."""

    projects: Projects
    datasets: Datasets
    runs: Runs
    studies: Studies
    baselines: Baselines
    scenarios: Scenarios
    reports: Reports
    graph: Graph
    documents: Documents
    knowledge: Knowledge
    blobs: Blobs
    audit: Audit
    team: Team
    routings: Routings
    tools: RuntimeTools
    code: CodeSessions
    tokens: PersonalTokens
    workflows: Workflows
    conversations: Conversations
    proposals: Proposals
    routes: Routes
    prices: PriceList
    usage: UsageLog
    answers: AnswerCache
    inquiries: Inquiries
    plan_talks: PlanTalks
    remote_tasks: RemoteTasks
    spec_drafts: SpecDrafts


class SharedReports(Protocol):
    """The one door without an organisation: what a link's token opens."""

    def open(self, token: str, passcode: str | None, viewer: str) -> bytes:
        """HTML of the report; NotFound for a wrong token, NotAllowed (with why) for expired, revoked, passcode."""
        ...


class FitQueue(Protocol):
    def submit(self, actor: Actor, run_id: str, device: str) -> str:
        """Hands the run to a worker and returns the job's id."""
        ...

    def submit_study(self, actor: Actor, study_id: str, device: str) -> str:
        """The same for a study; fits that wait go first."""
        ...

    def submit_workflow(self, actor: Actor, workflow_id: str) -> str:
        """The same for a workflow's next stretch, which takes seconds and goes before everything else."""
        ...

    def fits_wait(self, device: str) -> bool:
        """Whether a fit or a workflow waits that a worker on a study keeps from starting."""
        ...

    def stop(self, job_id: str) -> None: ...
    def position(self, job_id: str) -> int | None:
        """0 for the next one, None when it no longer waits."""
        ...

    def workers(self) -> int: ...


@dataclass(frozen=True)
class FitOutcome:
    """What a fit process hands back: everything to store, nothing left to compute."""

    results: Results
    facts: tuple[Fact, ...]
    draws: bytes
    """The posterior as kept in the database (``mmm_core.modeling.artifact``)."""


class FitProcess(Protocol):
    """Runs a fit in a process of its own and yields what it sends until the outcome."""

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]: ...

    def study(
        self, request: StudyRequest, stop: Callable[[], bool]
    ) -> Generator[StepBegun | Progress | StepEnded | StudyEnded]:
        """Carries out a study's steps, all in one process of its own."""
        ...

    def export(self, spec_yaml: str, table: bytes, draws: bytes) -> bytes:
        """The stored posterior as full NetCDF (InferenceData of a PyMC-Marketing model)."""
        ...


@dataclass(frozen=True)
class Services:
    work: Callable[[Actor], AbstractContextManager[Work]]
    queue: FitQueue
    fit_process: FitProcess
    shared_reports: SharedReports
    now: Callable[[], datetime]
    new_id: Callable[[], str]
    max_upload_mb: int = 100
    models: LanguageModels | None = None
    """None where this process asks no language model."""
    router: Router | None = None
    code: CodeRunner | None = None
    """None where this process runs no code of agents."""
    search: SearchProvider | None = None
    """None where no search provider is set: then nothing is looked up on the web."""
    inquiries: InquiryDoor | None = None
    """None where this process opens no links to people who are asked."""
