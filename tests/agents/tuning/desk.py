"""A session on real rows, its worker's stretches called by hand; trials answer from a script or from the engine."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from mmm_core.agents.workflow.drive import Hands, Stretch, drive
from mmm_core.domain.errors import FitFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.study import StepBegun, StepEnded, StudyEnded, StudyRequest
from mmm_core.domain.tuning import TuningOptions
from mmm_core.domain.workflow import Approval, Awaited, Event, Verdict, Workflow
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import trial
from mmm_core.use_cases import approvals, tuning, workflows
from mmm_core.use_cases.execute_study import execute_study
from tests.agents import world
from tests.db.test_use_cases import PriorFit

RANGES = """
channels:
  {first}: {{roi: [0.1, 9.0], judged_by: the agency}}
  {second}: {{roi: [0.1, 9.0], judged_by: the CFO}}
"""


@dataclass
class Outcome:
    """What a trial is to find; the rest is in order."""

    mape: float = 0.1
    failing: tuple[str, ...] = ()
    review: tuple[str, ...] = ()
    inside: dict[str, float] = field(default_factory=dict)
    error: str = ""


Script = Callable[[ModelSpec, int], Outcome]


@dataclass
class ScriptedTrials(PriorFit):
    """A fit process whose trials find what a script says of a specification and of its number."""

    script: Script
    asked: list[ModelSpec] = field(default_factory=list)

    def study(self, request: StudyRequest, stop: Callable[[], bool]) -> Iterator[StepBegun | StepEnded | StudyEnded]:
        spec = ModelSpec.from_yaml(request.model.spec_yaml)
        found = self.script(spec, len(self.asked))
        self.asked.append(spec)
        if found.error:
            raise FitFailed(found.error)
        for step in request.steps:
            yield StepBegun(step.name)
            made = _fit(spec, found, request.options) if step.name == trial.FIT else _ahead(found)
            yield StepEnded(step.name, made, 0.1)
        yield StudyEnded()


def _fit(spec: ModelSpec, found: Outcome, options: dict[str, Any]) -> dict[str, Any]:
    titles = {"rhat": "Chains agree", "autocorrelation": "What is left over", "fit": "Fit", "roi": "Returns"}
    status = {i: "FAIL" if i in found.failing else "REVIEW" if i in found.review else "PASS" for i in titles}
    checks = [
        {"id": i, "title": t, "status": status[i], "message": f"{t} it is.", "value": 1.0, "limit": 1.0, "columns": [],
         "fixes": [], "waived_by": None, "waived_reason": None}
        for i, t in titles.items()
    ]  # fmt: skip
    channels = {
        c.name: {
            "roi": [1.0, 0.5, 2.0], "share": [0.05, 0.02, 0.1],
            "inside": found.inside.get(c.name, 0.9) if c.name in options["ranges"] else None,
        }
        for c in spec.channels
    }  # fmt: skip
    return {"checks": checks, "channels": channels}


def _ahead(found: Outcome) -> dict[str, Any]:
    actual = [100.0, 200.0, 100.0, 200.0]
    off = 1 + found.mape
    return {
        "dates": ["2024-01-01"] * 4, "actual": actual, "mean": [a * off for a in actual],
        "low": [0.0] * 4, "high": [999.0] * 4, "low50": [0.0] * 4, "high50": [999.0] * 4, "naive": None,
        "geo_mape": [found.mape], "geos": ["all"], "left_out": [], "trained_on": 90,
    }  # fmt: skip


@dataclass
class Session:
    services: Services
    actor: Actor
    project_id: str
    trials: ScriptedTrials
    spec: ModelSpec
    context: str
    saver: Any = field(default_factory=InMemorySaver)
    id: str = ""
    model: Any = None

    def start(self, context: str | None = None, **options: Any) -> "Session":
        given = TuningOptions(**options)
        self.id = tuning.start(
            self.services, self.actor, self.project_id, self.spec, self.context if context is None else context, given
        ).id
        return self

    def go(self) -> Stretch:
        """One job of a worker."""
        return drive(self.services, self.now, self.actor.organisation_id, self.saver, self.id, Hands())

    def on(self) -> "Session":
        """Jobs of workers until a person is asked or it has ended."""
        for _ in range(200):
            now = self.now
            if now.status.ended or now.awaited is Awaited.APPROVAL:
                return self
            if now.awaited is Awaited.STUDY and now.awaited_id:
                with suppress(FitFailed):
                    execute_study(self.services, self.actor, now.awaited_id)
                workflows.wake(self.services, self.actor, Awaited.STUDY, now.awaited_id)
            else:
                self.go()
        raise AssertionError("It does not end.")

    def say(self, verdict: Verdict, reason: str = "It is so.", **edits: Any) -> "Session":
        approvals.answer(
            self.services, self.actor, self.id, self.asked.question.key, verdict, reason,
            {k.replace("__", "."): v for k, v in edits.items()},
        )  # fmt: skip
        return self.on()

    @property
    def now(self) -> Workflow:
        return workflows.get(self.services, self.actor, self.id)

    @property
    def seen(self) -> workflows.Watch:
        return workflows.watch(self.services, self.actor, self.id)

    @property
    def asked(self) -> Approval:
        found = self.seen.asked
        assert found is not None, self.now
        return found

    def told(self, what: str) -> list[Event]:
        return [e for e in self.seen.events if e.detail.get("what") == what]

    @property
    def result(self) -> dict[str, Any]:
        (last,) = self.told("result")
        found: dict[str, Any] = last.detail["result"]
        return found

    def verdicts(self) -> list[tuple[str, str]]:
        """(role, verdict) in order."""
        return [(str(e.detail["role"]), str(e.detail["verdict"])) for e in self.told("verdict") + self.told("criteria")]


def open_session(services: Services, actor: Actor, project_id: str, script: Script, build: Any = None) -> Session:
    """On a project with data and a decided plan; ``build`` makes a language model where one is wanted."""
    for before in tuning.sessions(services, actor, project_id):
        if not before.status.ended:
            workflows.cancel(services, actor, before.id)
    trials = ScriptedTrials(script)
    process: Any = trials
    own = replace(services, fit_process=process)
    if build is not None:
        # A name of its own: what was asked before in the same words would be answered from the cache.
        own = world.with_model(own, build, model=f"compatible:small-{uuid.uuid4().hex}")
    spec, _ = tuning.begun_from(own, actor, project_id)
    first, second = (c.name for c in spec.channels[:2])
    return Session(own, actor, project_id, trials, spec, RANGES.format(first=first, second=second))
