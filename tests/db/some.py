"""One of each thing, for tests of the repositories."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

from mmm_core.domain.baseline import Baseline, BaselineEstimate, BaselineMethod, BaselineStatus
from mmm_core.domain.checks import Check, CheckReport, Fix, Status
from mmm_core.domain.conversation import Conversation, Message, Proposal, ProposalStatus, Speaker
from mmm_core.domain.dataset import ColumnRole, DatasetVersion, RecipeStep, Recognition, Restatement, Role, Shape
from mmm_core.domain.elicitation import AcceptedBelief, Inquiry
from mmm_core.domain.fit import Chunk, Progress, Run, RunStatus
from mmm_core.domain.llm import Choice, Ending, Price, Route, Task, Usage
from mmm_core.domain.plan_talk import DraftPlan, PlanTalk, TalkStatus, Topic, Turn, Voice
from mmm_core.domain.planning import Scenario, SpendPlan
from mmm_core.domain.ports import Work
from mmm_core.domain.project import KpiUnit, Plan, PlanStatus, Project
from mmm_core.domain.report import Fact, Report, ShareLink
from mmm_core.domain.results import FitFacts, Interval, Results
from mmm_core.domain.routing import Place, Routed, Routing
from mmm_core.domain.runtime_tools import RuntimeTool
from mmm_core.domain.study import Step, StepState, Study
from mmm_core.domain.tokens import PersonalToken
from mmm_core.domain.workflow import (
    Answer,
    Approval,
    Event,
    EventKind,
    Gate,
    Input,
    Question,
    Stage,
    Verdict,
    Workflow,
    WorkflowOptions,
    WorkflowStatus,
)

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


def project(name: str = "Spring") -> Project:
    return Project(uuid4().hex, name, "What works?", "sales", KpiUnit.REVENUE, None, "EUR", 0, "Ada", NOW)


def plan(project: Project, version: int = 1) -> Plan:
    lists = (("tv", "search"), ("price",), ("tv lifts search",), (), ())
    return Plan(uuid4().hex, project.id, version, "What works?", "sales", *lists, PlanStatus.DRAFT)


def version(project: Project, blob: str, number: int = 1) -> DatasetVersion:
    roles = (ColumnRole("week", Role.DATE, 1.0, "dates"), ColumnRole("tv", Role.SPEND, 0.9, "name", "tv"))
    fix = Fix("drop_columns", {"columns": ["x"], "since": date(2025, 1, 6)}, "Drop x", True)
    check = Check("vif", "Collinearity", Status.REVIEW, "tv and search move together.", 12.5, 10.0, ("tv",), (fix,))
    return DatasetVersion(
        uuid4().hex, project.id, number, f"hash{number}", "weekly.csv", blob,
        Recognition(Shape.NATIONAL, "plain", 7, roles, ("weekly",)), (RecipeStep("compute", {"as": "y"}, "Add y"),),
        CheckReport((check,)), 104, date(2024, 1, 1), date(2025, 12, 22),
        Restatement(1, 0, (("tv", date(2025, 1, 6), 1.0, 2.0),), 1), "Ada", NOW,
    )  # fmt: skip


def run(version: DatasetVersion) -> Run:
    return Run(
        uuid4().hex, version.project_id, version.id, "version: 1\n", RunStatus.QUEUED, 0, "Ada", NOW, name="Fit 1"
    )


def chunk(chain: int, number: int, draws: bytes = b"") -> Chunk:
    done = Progress(chain, number, "sampling", number * 50, 1500, step_size=0.4, rhat=1.01)
    return Chunk(done, f"state {chain}.{number}".encode(), draws)


def results() -> Results:
    some = Interval(1.0, 0.5, 1.0, 1.5)
    facts = FitFacts(0.9, 0.1, 1.01, 800.0, 0, 4000, 4, 3.2)
    days = (date(2025, 1, 6), date(2025, 1, 13))
    return Results(
        "sales", "EUR", True, True, 2, 7, 1, *days, days, (), some, some, (), facts, (), "Fine.", {"jax": "1"}
    )


def study(run: Run, *, of_run: bool = True) -> Study:
    return Study(
        uuid4().hex, run.project_id, run.dataset_version_id, run.id if of_run else None, None, "holdout", run.spec_yaml,
        {"periods": 13}, RunStatus.QUEUED, 0, "Ada", NOW,
    )  # fmt: skip


def steps(count: int = 2) -> list[StepState]:
    return [StepState(n, Step(f"step {n}", f"Step {n}", {"n": n, "since": [1.5, None]})) for n in range(count)]


def baseline(run: Run) -> Baseline:
    days, share = (date(2025, 1, 6), date(2025, 1, 13)), Interval(0.8, 0.7, 0.8, 0.9)
    numbers = ((8.0, 8.0), (7.0, 7.0), (9.0, 9.0), (10.0, 10.0))
    found = BaselineEstimate(BaselineMethod.MEDIAN, False, days, *numbers, (True, False), 0.1, share)
    of = (run.project_id, run.dataset_version_id, "hash", "sales")
    return Baseline(uuid4().hex, *of, found, BaselineStatus.DRAFT, "Ada", NOW)


def scenario(run: Run) -> Scenario:
    return Scenario(uuid4().hex, run.project_id, run.id, "More TV", SpendPlan(13, {"tv": 10.0}), None, "Ada", NOW)


def report(run: Run, blob: str) -> Report:
    return Report(uuid4().hex, run.project_id, run.id, 1, "Report", "# Report", blob, "Ada", NOW)


def link(report: Report, days: int = 30, *, passcode: bool = False) -> ShareLink:
    now = datetime.now(UTC)
    return ShareLink(uuid4().hex, report.id, "Ada", now, now + timedelta(days=days), None, passcode, 0)


def talk(project_id: str | None, user_id: str) -> Conversation:
    return Conversation(uuid4().hex, project_id, user_id, "About TV", NOW, NOW)


def message(talk: Conversation, number: int = 0, text: str = "What did TV bring?") -> Message:
    return Message(
        uuid4().hex, talk.id, number, Speaker.PERSON, text, NOW, "Ada", page="report",
        changes=({"change": "multiply", "channel": "tv", "factor": 1.2},), facts=(Fact("roi", 1.0, "ratio"),), cost=0.1,
    )  # fmt: skip


def proposal(project_id: str | None) -> Proposal:
    return Proposal(
        uuid4().hex, None, project_id, "u", "publish_report", {"title": "Spring"}, "Publish", ("A new version",),
        ProposalStatus.WAITING, NOW,
    )  # fmt: skip


def route(task: Task = Task.CHAT) -> Route:
    return Route(task, (Choice("openai", "one"), Choice("ollama", "two")), "Ada", NOW)


def price() -> Price:
    return Price(Choice("openai", "secret"), 1.0, 4.0, "Ada", NOW)


def usage(project_id: str | None, *, cost: float | None = 0.25, ending: Ending = Ending.ANSWERED) -> Usage:
    return Usage(
        uuid4().hex, NOW, "u", project_id, None, Task.CHAT, "openai", "one", ending, 100, 20, 1.5, cost
    )  # fmt: skip


def workflow(project_id: str) -> Workflow:
    return Workflow(
        uuid4().hex, project_id, WorkflowStatus.QUEUED, WorkflowOptions(), 0, "Ada", "u", NOW, queued_at=NOW
    )  # fmt: skip


def event(key: str = "planning:1:begun") -> Event:
    return Event(key, EventKind.BEGUN, Stage.PLANNING, "Planning", detail={"since": date(2025, 1, 6), "share": 0.5})


def approval(workflow: Workflow, key: str = "plan:1") -> Approval:
    field = Input("channels", "Channels", "choices", ["tv"], ("tv", "search"))
    question = Question(key, Gate.PLAN, "Approve this plan?", ("Target: sales",), "Back to the plan.", (field,))
    return Approval(workflow.id, workflow.project_id, question, NOW)


def answer(verdict: Verdict = Verdict.APPROVE) -> Answer:
    return Answer(verdict, "Looks right.", {"channels": ["tv"]}, "Ada", "u", NOW)


def store_run(work: Work, *, name: str = "Spring") -> Run:
    """A queued run with everything that it refers to."""
    spring = project(name)
    work.projects.add(spring)
    data = version(spring, work.blobs.put(b"PAR1" + spring.id.encode(), "application/vnd.apache.parquet"))
    work.datasets.add(data)
    made = run(data)
    work.runs.add(made)
    return made


def routed() -> Routed:
    return Routed(uuid4().hex, "secret", Routing(Place.PLAN, 0.9, (Place.PLAN,), "rules"), Place.PLAN, NOW)


def tool(project_id: str) -> RuntimeTool:
    return RuntimeTool(uuid4().hex, project_id, "share", 1, "A share", "def tool(data): return 1", (), "Ada", NOW)


def token() -> PersonalToken:
    return PersonalToken(uuid4().hex, "laptop", NOW, NOW + timedelta(days=900))


def inquiry(project_id: str, *, days: int = 30, passcode: bool = False) -> Inquiry:
    now = datetime.now(UTC)
    return Inquiry(
        uuid4().hex, project_id, "Maria", ("tv", "search"), "sales", False, "EUR", 1, "Ada", now,
        now + timedelta(days=days), has_passcode=passcode,
    )  # fmt: skip


def accepted(project_id: str) -> AcceptedBelief:
    return AcceptedBelief(project_id, "tv", "roi", 0.5, 2.0, "Maria (experience)", ("r",), "Ada", NOW)


def plan_talk(project_id: str) -> PlanTalk:
    turns = (Turn(Voice.ASSISTANT, "Which decision?", NOW, "rules", Topic.QUESTION),)
    draft = DraftPlan("What works?")
    return PlanTalk(
        uuid4().hex, project_id, 1, TalkStatus.OPEN, Topic.QUESTION, draft, turns, (), "Ada", NOW, NOW
    )  # fmt: skip


def renamed(project: Project, name: str) -> Project:
    return replace(project, name=name)
