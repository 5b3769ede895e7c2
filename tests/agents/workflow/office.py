"""A project, its workflow and whoever answers it, on real rows; the worker's stretches are called by hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from mmm_core.agents.workflow.drive import Hands, Stretch, drive
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import FitOutcome, Services
from mmm_core.domain.workflow import Approval, Awaited, Event, EventKind, Verdict, Workflow, WorkflowOptions
from mmm_core.use_cases import approvals, datasets, projects, workflows
from mmm_core.use_cases.datasets import Upload
from mmm_core.use_cases.execute import execute
from tests.db.test_use_cases import PriorFit

RHAT = Check("rhat", "Chains agree", Status.FAIL, "The chains disagree on memory, R-hat 1.31.", 1.31, 1.01)


class Unsettled(PriorFit):
    """A fit whose chains never agree."""

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        for message in super().run(spec_yaml, table, chunks, stop):
            if isinstance(message, FitOutcome):
                message = replace(message, results=replace(message.results, checks=(RHAT,)))
            yield message


@dataclass
class Office:
    services: Services
    actor: Actor
    project_id: str
    saver: Any = field(default_factory=InMemorySaver)
    workflow_id: str = ""
    hands: Hands = field(default_factory=Hands)

    def start(self, **options: Any) -> "Office":
        self.workflow_id = workflows.start(
            self.services, self.actor, self.project_id, options=WorkflowOptions(**options)
        ).id
        return self

    def go(self) -> Stretch:
        """One job of a worker."""
        return drive(self.services, self.workflow, self.actor.organisation_id, self.saver, self.workflow_id, self.hands)

    def say(self, verdict: Verdict, reason: str = "", **edits: Any) -> Stretch:
        """Answer what is asked, and let a worker go on."""
        approvals.answer(self.services, self.actor, self.workflow_id, self.asked.question.key, verdict, reason, edits)
        return self.go()

    def yes(self, reason: str = "Looks right.") -> Stretch:
        return self.say(Verdict.APPROVE, reason)

    def no(self, reason: str = "Not so.") -> Stretch:
        return self.say(Verdict.REJECT, reason)

    def edit(self, **edits: Any) -> Stretch:
        return self.say(Verdict.EDIT, "Rather so.", **edits)

    def fitted(self) -> Stretch:
        """The fit's own job, then the workflow's next."""
        now = self.workflow
        assert now.awaited is Awaited.FIT
        assert now.awaited_id is not None
        execute(self.services, self.actor, now.awaited_id)
        assert workflows.wake(self.services, self.actor, Awaited.FIT, now.awaited_id) == 1
        return self.go()

    def until(self, gate: str, *, skip: Callable[["Office"], object] = lambda o: o.yes()) -> "Office":
        """Approve everything up to a gate."""
        self.go()
        while True:
            now = self.workflow
            assert not now.status.ended, now.outcome
            if now.awaited is Awaited.FIT:
                self.fitted()
            elif self.asked.question.gate.value == gate:
                return self
            else:
                skip(self)

    @property
    def workflow(self) -> Workflow:
        return workflows.get(self.services, self.actor, self.workflow_id)

    @property
    def asked(self) -> Approval:
        found = workflows.watch(self.services, self.actor, self.workflow_id).asked
        assert found is not None, self.workflow
        return found

    def events(self, kind: EventKind) -> list[Event]:
        return [e for e in workflows.watch(self.services, self.actor, self.workflow_id).events if e.kind is kind]

    @property
    def told(self) -> str:
        return "\n".join(e.text for e in self.events(EventKind.DECISION))

    def acts(self) -> list[str]:
        return [str(e.detail["key"]) for e in self.events(EventKind.ACT)]


def open_office(services: Services, actor: Actor, content: bytes, name: str) -> Office:
    """A project with data, nothing decided."""
    project = projects.create_project(services, actor, name=name, question="What works?")
    datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")])
    return Office(services, actor, project.id)
