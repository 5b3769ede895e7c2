"""A process that dies between any two writes: the next one goes on, and nothing is done twice."""

from typing import Any

import pytest

from mmm_core.agents.workflow.desk import Desk
from mmm_core.domain.errors import Conflict, Unavailable
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Awaited, Event, EventKind, WorkflowStatus
from mmm_core.use_cases import approvals, baselines, fits, plans, reports, what_if, workflows
from mmm_core.use_cases.execute import execute
from tests.agents.deadly import Deadly, Died
from tests.agents.workflow.conftest import Open

pytestmark = pytest.mark.slow


def test_a_death_after_every_act_and_before_every_checkpoint(office: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office().start()
    deadly, once, record = Deadly(), Desk.once, Desk.record

    def once_then_die(self: Desk, key: str, *rest: Any, **more: Any) -> str:
        result = once(self, key, *rest, **more)
        deadly(f"after {key}")
        return result

    def die_before_told(self: Desk, stage: Any, events: list[Event]) -> None:
        deadly(f"before {events[-1].key}")
        record(self, stage, events)
        deadly(f"after {events[-1].key}")

    monkeypatch.setattr(Desk, "once", once_then_die)
    monkeypatch.setattr(Desk, "record", die_before_told)
    for _ in range(400):
        now = one.workflow
        if now.status.ended:
            break
        if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.FIT:
            assert now.awaited_id is not None
            execute(one.services, one.actor, now.awaited_id)
            workflows.wake(one.services, one.actor, Awaited.FIT, now.awaited_id)
        elif now.status is WorkflowStatus.WAITING:
            approvals.answer(
                one.services, one.actor, one.workflow_id, one.asked.question.key, approvals.Verdict.APPROVE, "Yes."
            )
        else:
            try:
                one.go()
            except Died:
                continue
    s, a, project = one.services, one.actor, one.project_id
    assert one.workflow.status is WorkflowStatus.DONE
    assert len(deadly.seen) > 50
    plan = plans.latest_plan(s, a, project)
    assert plan is not None
    assert plan.version == 1
    assert len(fits.list_runs(s, a, project)) == 1
    assert len(reports.list_reports(s, a, project)) == 1
    assert len(what_if.list_scenarios(s, a, project)) == 1
    assert len(baselines.list_baselines(s, a, project)) == 1
    acts = one.acts()
    assert len(acts) == len(set(acts))
    with s.work(a) as work:
        trail = [row[2] for row in work.audit.list(500)]
    for action in ("plan.approved", "baseline.approved", "fit.requested", "scenario.saved", "report.published"):
        assert trail.count(action) == 1, action
    told = [e.key for e in workflows.watch(s, a, one.workflow_id).events]
    assert len(told) == len(set(told))


def test_a_worker_that_was_thought_dead_writes_nothing_more(office: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office().start()
    once = Desk.once

    def overtaken(self: Desk, key: str, *rest: Any, **more: Any) -> str:
        with one.services.work(one.actor) as work:
            work.workflows.begin_attempt(one.workflow_id)
        return once(self, key, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "once", overtaken)
        with pytest.raises(Conflict, match="taken over"):
            one.go()
    assert plans.latest_plan(one.services, one.actor, one.project_id) is None
    assert one.workflow.status is WorkflowStatus.RUNNING
    one.go()
    assert one.asked.question.gate.value == "plan"


def test_an_answer_while_the_queue_is_away_is_kept(office: Open) -> None:
    one = office().start()
    one.go()
    queue: Any = one.services.queue
    queue.down = True
    approvals.answer(one.services, one.actor, one.workflow_id, "plan:1", approvals.Verdict.APPROVE, "Yes.")
    assert one.workflow.status is WorkflowStatus.QUEUED
    assert one.workflow.job_id is None
    queue.down = False
    one.go()
    assert one.asked.question.gate.value == "data"


def test_a_database_away_leaves_the_workflow_to_be_found(office: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    one = office().start()

    def gone(services: Services, actor: Actor, project_id: str) -> None:
        raise Unavailable("The database cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr("mmm_core.agents.workflow.planning.projects.get_project", gone)
        with pytest.raises(Unavailable):
            one.go()
    assert one.workflow.status is WorkflowStatus.RUNNING, "its silent heart is what gives it away"
    one.go()
    assert [e.key for e in one.events(EventKind.BEGUN)].count("planning:1:begun") == 1
