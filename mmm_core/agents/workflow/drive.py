"""One stretch of a workflow: from where its checkpoint stands to the next question, the next wait, or the end.

Whoever drives may die at any moment: the next stretch finds the last step that was whole, and what a half step had
written is noted beside the workflow and not written twice.
"""

import importlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from langgraph.types import Command

from mmm_core.agents.workflow.desk import Desk
from mmm_core.agents.workflow.state import State, plain_answer, question_of
from mmm_core.domain.errors import CarryoverError, Conflict, Unavailable
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Approval, Awaited, Event, Question, Workflow, WorkflowKind, WorkflowStatus
from mmm_core.use_cases import workflow_keeping as keeping
from mmm_core.use_cases.pulse import Pulse

UNEXPECTED = "The analysis stopped unexpectedly; the worker's log has the details."
COURSES = {
    WorkflowKind.ANALYSIS: "mmm_core.agents.workflow.graph",
    WorkflowKind.TUNING: "mmm_core.agents.tuning.graph",
}
MOST_TURNS = 200
"""Questions and waits of one stretch: an end to a loop that should not be."""

Respond = Callable[[Workflow, Question], None]
CarryOut = Callable[[Awaited, str], None]


@dataclass(frozen=True)
class Hands:
    """What a process can do itself: answer questions, carry out fits and studies. A worker's job does neither."""

    respond: Respond | None = None
    """Gets an answer of a person who is here, and keeps it."""
    carry_out: CarryOut | None = None
    tell: Callable[[Event], None] = lambda _: None
    leaving: Callable[[], bool] = lambda: False
    """Whether this process is asked to go."""


@dataclass(frozen=True)
class Stretch:
    """How far one went."""

    status: WorkflowStatus
    state: State = field(default_factory=lambda: State())
    desk: Desk | None = None


def drive(
    services: Services, workflow: Workflow, organisation_id: str, saver: Any, thread: str, hands: Hands | None = None
) -> Stretch:
    """Go on with a workflow.

    Raises
    ------
    Cancelled
        A person cancelled it, or this process is asked to go.
    Conflict
        Another attempt has taken it over.
    Unavailable
        Database or queue went away; it can go on later.
    CarryoverError
        It failed with this sentence, and is marked so.
    """
    own = hands or Hands()
    actor = Actor(organisation_id, workflow.user_id, workflow.requested_by, "", TeamRole.ANALYST)
    with services.work(actor) as work:
        attempt = work.workflows.begin_attempt(workflow.id)

    def beat() -> RunStatus:
        with services.work(actor) as work:
            status = work.workflows.heartbeat(workflow.id, attempt)
        return RunStatus.CANCELLED if status is WorkflowStatus.CANCELLED else RunStatus.RUNNING

    with Pulse(beat) as pulse:
        desk = Desk(
            services, actor, workflow, attempt, inline=own.carry_out is not None, tell=own.tell,
            stopped=lambda: pulse.stopped() or own.leaving(), found=dict(workflow.found),
        )  # fmt: skip
        try:
            return _Drive(desk, saver, thread, own).run()
        except (Conflict, Unavailable):
            raise
        except CarryoverError as error:
            if not desk.stopped():
                _failed(desk, str(error))
            raise
        except Exception as error:
            # The saver speaks to the database itself, and says so in its driver's own words.
            if type(error).__module__.partition(".")[0] in ("psycopg", "psycopg_pool"):
                raise Unavailable("The database cannot be reached right now; the analysis goes on later.") from error
            _failed(desk, UNEXPECTED)
            raise


class _Drive:
    def __init__(self, desk: Desk, saver: Any, thread: str, hands: Hands) -> None:
        self._desk, self._hands = desk, hands
        self._course = _course(desk.workflow.kind)
        self._graph = self._course.build(desk, saver)
        self._config = {"configurable": {"thread_id": thread}, "recursion_limit": 100}

    def run(self) -> Stretch:
        for _ in range(MOST_TURNS):
            snapshot = self._graph.get_state(self._config)
            if snapshot.created_at is None:
                self._invoke(self._course.first(self._desk.workflow))
            elif snapshot.interrupts:
                pending = snapshot.interrupts[0]
                payload = pending.value
                answer = self._question(payload) if "question" in payload else self._waited(payload)
                if answer is None:
                    return Stretch(WorkflowStatus.WAITING, snapshot.values, self._desk)
                self._invoke(Command(resume={pending.id: answer}))
            elif snapshot.next:
                self._invoke(None)
            else:
                return self._end(snapshot.values)
        raise Conflict("The analysis asks the same things over and over; cancel it and run it again.")

    def _invoke(self, what: Any) -> None:
        self._graph.invoke(what, self._config, durability="sync")

    def _question(self, payload: dict[str, Any]) -> dict[str, Any] | None:
        question = question_of(payload["question"])
        asked = self._asked(question, wait=self._hands.respond is None)
        if asked.answer is None and self._hands.respond:
            self._hands.respond(self._desk.workflow, question)
            asked = self._asked(question, wait=False)
        return plain_answer(asked.answer) if asked.answer else None

    def _asked(self, question: Question, *, wait: bool) -> Approval:
        desk = self._desk
        return keeping.ask(desk.services, desk.actor, desk.workflow, desk.attempt, question, wait=wait)

    def _waited(self, payload: dict[str, Any]) -> bool | None:
        desk, awaited, what = self._desk, Awaited(payload["wait"]), str(payload["id"])
        if keeping.ended(desk.services, desk.actor, awaited, what):
            return True
        if self._hands.carry_out:
            self._hands.carry_out(awaited, what)
            return True
        waits = keeping.wait_for(desk.services, desk.actor, desk.workflow.id, desk.attempt, awaited, what)
        return None if waits else True

    def _end(self, state: State) -> Stretch:
        desk = self._desk
        status, sentence, leads_to = self._course.ending(state)
        keeping.end(desk.services, desk.actor, desk.workflow.id, desk.attempt, status, sentence, leads_to)
        return Stretch(status, state, desk)


def _course(kind: WorkflowKind) -> Any:
    """The graph of a kind of workflow, with what it starts from and how it ends."""
    return importlib.import_module(COURSES[kind])


def _failed(desk: Desk, sentence: str) -> None:
    with suppress(CarryoverError):
        keeping.fail(desk.services, desk.actor, desk.workflow.id, sentence)
