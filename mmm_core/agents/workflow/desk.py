"""Where a step of the workflow stands: the use cases, on whose behalf, and what is written down of it."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph.types import interrupt

from mmm_core.agents.workflow.state import Plain, State, Step, answer_of
from mmm_core.domain.errors import Cancelled
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Answer, Awaited, Event, EventKind, Gate, Stage, Workflow
from mmm_core.reports.workflow_words import STAGES
from mmm_core.use_cases import workflow_keeping as keeping

Verb = Callable[[Services, Actor], str]
Work = Callable[["Desk", State], Step]


@dataclass(frozen=True)
class Desk:
    services: Services
    actor: Actor
    """The person who asked for the analysis."""
    workflow: Workflow
    attempt: int
    inline: bool = False
    """The command's own process carries fits and studies out; nothing is put on the queue."""
    stopped: Callable[[], bool] = lambda: False
    tell: Callable[[Event], None] = lambda _: None
    found: dict[str, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    """What one step worked out and a later one of the same stretch may read again."""

    def person(self, answer: Answer) -> Actor:
        """Who answered, with the right that the answer proved when it was given."""
        return Actor(self.actor.organisation_id, answer.user_id, answer.by, "", TeamRole.APPROVER)

    def once(self, key: str, text: str, verb: Verb, *, by: Actor | None = None) -> str:
        """Call a use case that writes, and note it in the same transaction; the second time, read the note.

        Parameters
        ----------
        verb
            Gives the id of what it made. It gets services whose units of work are this transaction.
        """
        who = by or self.actor
        with self.services.work(who) as work:
            work.workflows.hold(self.workflow.id, self.attempt)
            done = work.workflows.act(self.workflow.id, key)
            if done is not None:
                return done
            joined = replace(self.services, work=lambda _: nullcontext(work))
            result = verb(joined, who)
            work.workflows.add_act(self.workflow.id, key, result)
            event = Event(f"act:{key}", EventKind.ACT, None, text, detail={"key": key, "result": result}, by=who.name)
            work.workflows.record(self.workflow.id, [event])
        self.tell(event)
        return result

    def keep[T](self, key: str, make: Callable[[], T]) -> T:
        if key not in self.kept:
            self.kept[key] = make()
        found: T = self.kept[key]
        return found

    def done(self, key: str) -> str | None:
        """What an act gave, where it was done already."""
        with self.services.work(self.actor) as work:
            return work.workflows.act(self.workflow.id, key)

    def ask(self, state: State) -> Answer:
        """The answer to the state's question; whatever precedes this in a step is done again when it comes."""
        question = state.get("question")
        assert question is not None
        return answer_of(interrupt({"question": question}))

    def wait(self, awaited: Awaited, what: str) -> None:
        """Until the fit or study has ended, without holding a worker."""
        while True:
            # Asked for each time the step is done again: an answer that nobody takes would reach the next question.
            interrupt({"wait": awaited.value, "id": what})
            if keeping.ended(self.services, self.actor, awaited, what):
                return

    def record(self, stage: Stage | None, events: list[Event]) -> None:
        with self.services.work(self.actor) as work:
            work.workflows.note(self.workflow.id, self.attempt, stage=stage, found=self.found)
            work.workflows.record(self.workflow.id, events)
        for event in events:
            self.tell(event)

    def check(self) -> None:
        """Raise where the workflow was cancelled or another attempt owns it."""
        if self.stopped():
            with self.services.work(self.actor) as work:
                work.workflows.hold(self.workflow.id, self.attempt)
            raise Cancelled("The worker is asked to go.")


FOUND = {
    "version_id": "version",
    "plan_id": "plan",
    "baseline_id": "baseline",
    "run_id": "run",
    "study_id": "study",
    "scenario_id": "scenario",
    "report_id": "report",
}


def staged(desk: Desk, stage: Stage, name: str, work: Work, *, opens: bool = True) -> Callable[[State], Plain]:
    """A step as a node of the graph: written down when it begins and ends, under keys that a repetition shares.

    Parameters
    ----------
    opens
        Whether the stage begins with it; a step that asks a person goes on with a stage.
    """

    def node(state: State) -> Plain:
        visit = int(state.get("visits", {}).get(name, 0)) + 1
        mark = f"{name}:{visit}"
        desk.check()
        if opens:
            desk.record(stage, [Event(f"{mark}:begun", EventKind.BEGUN, stage, STAGES[stage])])
        began = time.perf_counter()
        step = work(desk, state)
        took = time.perf_counter() - began
        ids = {short: step.update[long] for long, short in FOUND.items() if step.update.get(long)}  # type: ignore[literal-required]
        desk.found.update({k: str(v) for k, v in ids.items()})
        decided: dict[str, Plain] = {
            f"{mark}:{n}": {"text": d.text, "reason": d.reason, "detail": d.detail}
            for n, d in enumerate(step.decisions)
        }
        events = [
            Event(key, EventKind.DECISION, stage, d["text"], reason=d["reason"], detail=d["detail"])
            for key, d in decided.items()
        ]
        detail: dict[str, Any] = {"seconds": took} if opens else {}
        kind = EventKind.ENDED if step.closes else EventKind.STATUS
        events.append(Event(f"{mark}:ended", kind, stage, STAGES[stage], detail={**detail, "facts": step.facts}))
        desk.record(stage, events)
        return {
            **step.update,
            "facts": {stage.value: {**state.get("facts", {}).get(stage.value, {}), **step.facts}},
            "decisions": {key: {"text": d["text"], "reason": d["reason"]} for key, d in decided.items()},
            "visits": {name: visit},
        }

    return node


def next_key(state: State, gate: Gate) -> str:
    """Key of the gate's next question in this workflow."""
    return f"{gate.value}:{int(state.get('visits', {}).get(asking(gate), 0)) + 1}"


def asked_again(state: State, gate: Gate) -> State:
    """The state as it will be when the gate's next question is put, for that question's key."""
    visits = state.get("visits", {})
    return {**state, "visits": {**visits, asking(gate): int(visits.get(asking(gate), 0)) + 1}}


def asking(gate: Gate) -> str:
    """Name of the step that puts the gate's question."""
    return f"ask_{gate.value}"
