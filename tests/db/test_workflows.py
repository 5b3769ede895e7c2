"""Rows of workflows: who owns an attempt, what is told once, what cannot be changed any more."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from db.work import PostgresWork
from mmm_core.domain.errors import Cancelled, Conflict
from mmm_core.domain.identity import Actor
from mmm_core.domain.workflow import Awaited, EventKind, Stage, Verdict, Workflow, WorkflowKind, WorkflowStatus
from tests.db import some

Open = Callable[[], PostgresWork]


@pytest.fixture
def flow(work: Open) -> Workflow:
    with work() as w:
        project = some.project(f"Flow {some.uuid4()}")
        w.projects.add(project)
        made = some.workflow(project.id)
        w.workflows.add(made)
    return made


def test_it_is_read_as_it_was_written(work: Open, flow: Workflow) -> None:
    with work() as w:
        assert w.workflows.get(flow.id) == flow
        assert w.workflows.list(flow.project_id) == [flow]


def test_one_at_a_time_in_a_project(work: Open, flow: Workflow) -> None:
    with pytest.raises(Conflict), work() as w:
        w.workflows.add(some.workflow(flow.project_id))
    with work() as w:
        w.workflows.end(flow.id, WorkflowStatus.STOPPED, outcome="Stopped.")
        w.workflows.add(some.workflow(flow.project_id))


def test_a_tuning_session_beside_an_analysis(work: Open, flow: Workflow) -> None:
    session = replace(some.workflow(flow.project_id), kind=WorkflowKind.TUNING)
    with work() as w:
        w.workflows.add(session)
        assert w.workflows.get(session.id) == session
        assert w.workflows.list(flow.project_id) == [flow]
        assert w.workflows.list(flow.project_id, WorkflowKind.TUNING) == [session]
        assert w.workflows.begin_attempt(session.id) == 1
        w.workflows.note(session.id, 1, stage=None, found={"trial": "t"})
        assert (w.workflows.get(session.id).stage, w.workflows.get(session.id).found) == (session.stage, {"trial": "t"})
    with pytest.raises(Conflict), work() as w:
        w.workflows.add(replace(some.workflow(flow.project_id), kind=WorkflowKind.TUNING))


def test_a_newer_attempt_takes_over(work: Open, flow: Workflow) -> None:
    with work() as w:
        assert (w.workflows.begin_attempt(flow.id), w.workflows.begin_attempt(flow.id)) == (1, 2)
        assert w.workflows.heartbeat(flow.id, 2) is WorkflowStatus.RUNNING
        w.workflows.note(flow.id, 2, stage=Stage.FITTING, found={"run": "r"})
        w.workflows.note(flow.id, 2, stage=Stage.BUDGET, found={"scenario": "s"})
        assert w.workflows.get(flow.id).found == {"run": "r", "scenario": "s"}
        for late in (w.workflows.heartbeat, w.workflows.hold):
            with pytest.raises(Conflict, match="Attempt 2 has taken over"):
                late(flow.id, 1)
        w.workflows.end(flow.id, WorkflowStatus.CANCELLED, outcome="Cancelled.")
        with pytest.raises(Cancelled):
            w.workflows.hold(flow.id, 2)
        with pytest.raises(Conflict, match="already ended"):
            w.workflows.end(flow.id, WorkflowStatus.DONE, outcome="Done.")


def test_waiting_and_back_in_line(work: Open, flow: Workflow) -> None:
    with work() as w:
        attempt = w.workflows.begin_attempt(flow.id)
        w.workflows.wait(flow.id, attempt, Awaited.FIT, "run")
        assert [f.id for f in w.workflows.awaiting(Awaited.FIT, "run")] == [flow.id]
        assert w.workflows.awaiting(Awaited.STUDY, "run") == []
        assert w.workflows.go_on(flow.id, attempt)
        assert not w.workflows.go_on(flow.id, attempt)
        assert w.workflows.queue(flow.id, some.NOW)
        now = w.workflows.get(flow.id)
        assert (now.status, now.awaited, now.job_id, now.queued_at) == (WorkflowStatus.QUEUED, None, None, some.NOW)
        w.workflows.end(flow.id, WorkflowStatus.FAILED, outcome="It broke.", error="It broke.")
        assert w.workflows.queue(flow.id, some.NOW), "what failed may go on"
        w.workflows.end(flow.id, WorkflowStatus.STOPPED, outcome="No.")
        assert not w.workflows.queue(flow.id, some.NOW)
        with pytest.raises(Conflict):
            w.workflows.begin_attempt(flow.id)


def test_what_is_told_twice_is_kept_once_and_in_order(work: Open, flow: Workflow) -> None:
    first, second = some.event("planning:1:begun"), replace(some.event("planning:1:0"), kind=EventKind.DECISION)
    with work() as w:
        w.workflows.record(flow.id, [first, second])
    with work() as w:
        w.workflows.record(flow.id, [replace(first, text="Otherwise"), some.event("loading:1:begun")])
        told = w.workflows.events(flow.id)
    assert [(e.number, e.key) for e in told] == [(1, first.key), (2, second.key), (3, "loading:1:begun")]
    assert replace(told[0], number=0, at=None) == first


def test_a_question_is_answered_once(work: Open, flow: Workflow) -> None:
    asked = some.approval(flow)
    with work() as w:
        assert w.workflows.ask(asked)
        assert not w.workflows.ask(asked)
        attempt = w.workflows.begin_attempt(flow.id)
        w.workflows.wait(flow.id, attempt, Awaited.APPROVAL, "plan:1")
        assert asked in w.workflows.open_approvals()
        w.workflows.answer(flow.id, "plan:1", some.answer(Verdict.EDIT))
    with work() as w:
        with pytest.raises(Conflict, match="Ada has answered this already: edit"):
            w.workflows.answer(flow.id, "plan:1", some.answer(Verdict.REJECT))
        assert w.workflows.approval(flow.id, "plan:1") == replace(asked, answer=some.answer(Verdict.EDIT))
        assert w.workflows.approvals(flow.id)[0].answer is not None
        assert asked.question.key not in {a.question.key for a in w.workflows.open_approvals()} or all(
            a.workflow_id != flow.id for a in w.workflows.open_approvals()
        )


def test_an_act_is_noted_once(work: Open, flow: Workflow) -> None:
    with work() as w:
        assert w.workflows.act(flow.id, "fit:1") is None
        w.workflows.add_act(flow.id, "fit:1", "run")
        assert w.workflows.act(flow.id, "fit:1") == "run"
    with pytest.raises(Conflict), work() as w:
        w.workflows.add_act(flow.id, "fit:1", "other")


@pytest.mark.parametrize("table", ["workflow_events", "workflow_acts", "approvals", "approval_answers"])
@pytest.mark.parametrize("statement", ["UPDATE carryover.{} SET key = 'x'", "DELETE FROM carryover.{}"])
def test_history_cannot_be_changed_by_the_application(database: Any, actor: Actor, table: str, statement: str) -> None:
    with psycopg.connect(database.app, autocommit=True) as link:
        link.execute("SELECT set_config('app.organisation', %s, false)", [actor.organisation_id])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            link.execute(statement.format(table))
