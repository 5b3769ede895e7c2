"""The Approvals page: a question with its evidence and answers for who may answer, and the history of an analysis."""

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from mmm_core.domain.identity import TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Awaited, Gate, Input, Question, Stage, WorkflowStatus
from mmm_core.use_cases import plans, projects, workflows
from mmm_core.use_cases import workflow_keeping as keeping
from pages.ui import guard
from server import web
from tests.agents.workflow.office import Office, open_office
from tests.db.test_use_cases import csv
from tests.pages.serving import PAGES, press, seen


@pytest.fixture
def asked(backend: web.Backend) -> Iterator[Office]:
    """A workflow that waits for the answer to a question about its plan."""
    services: Services = backend.services
    actor = backend.people.local()
    one = open_office(services, actor, csv(weeks=60), f"Asked {uuid.uuid4()}").start()
    question = Question(
        "plan:1", Gate.PLAN, "Approve this plan?", ("Target: revenue", "FAIL: Too few [weeks](http://x)."),
        "The plan stays a draft.", (Input("channels", "Channels", "choices", ["tv"], ("tv", "search")),),
        remark="Mind the weeks.",
    )  # fmt: skip
    with services.work(actor) as work:
        attempt = work.workflows.begin_attempt(one.workflow_id)
        work.workflows.note(one.workflow_id, attempt, stage=Stage.PLANNING, found={})
    keeping.ask(services, actor, one.workflow, attempt, question, wait=True)
    yield one
    if not one.workflow.status.ended:
        workflows.cancel(services, actor, one.workflow_id)


def test_a_question_stands_with_its_evidence_and_is_answered_once(
    asked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = seen("approvals", asked.actor, asked.project_id, monkeypatch)
    said = " ".join(m.value for m in page.markdown)
    assert "Approve this plan?" in [s.value for s in page.subheader]
    assert ":red-badge[FAIL]" in said
    assert "[weeks](http://x)" not in said, "what a file holds makes no link"
    assert [i.value for i in page.info] == ["Mind the weeks."]
    press(page, "Reject")
    assert any("few words why" in e.value for e in page.error)
    assert asked.workflow.awaited is Awaited.APPROVAL
    page.multiselect[0].set_value(["tv", "search"]).run()
    press(page, "Approve with changes")
    found = workflows.watch(asked.services, asked.actor, asked.workflow_id).approvals[0].answer
    assert found is not None
    assert (found.verdict.value, found.edits) == ("edit", {"channels": ["tv", "search"]})
    assert asked.workflow.status is WorkflowStatus.QUEUED
    assert asked.workflow.job_id is not None
    workflows.cancel(asked.services, asked.actor, asked.workflow_id)
    again = seen("approvals", asked.actor, asked.project_id, monkeypatch)
    assert "Approve" not in [b.label for b in again.button]
    told = " ".join(m.value for m in again.markdown)
    assert "Approve this plan? You approved with changes." in told
    assert r"Changed\: Channels\: tv, search." in told


def test_an_analyst_sees_it_and_learns_who_answers(asked: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    page = seen("approvals", replace(asked.actor, role=TeamRole.ANALYST), asked.project_id, monkeypatch)
    assert not {"Approve", "Reject"} & {b.label for b in page.button}
    assert any("approver" in c.value for c in page.caption)


def test_the_plan_page_starts_an_analysis_and_says_how_the_last_one_ended(
    asked: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "enter", lambda: asked.actor)
    page = AppTest.from_file(str(PAGES / "plan.py"), default_timeout=60)
    page.query_params["project"] = asked.project_id
    page.run()
    assert not page.exception
    assert any("waits for an answer" in m.value for m in page.markdown)
    workflows.cancel(asked.services, asked.actor, asked.workflow_id)
    page.run()
    assert any("was cancelled" in m.value for m in page.markdown)
    press(page, "Run the analysis again")
    assert workflows.latest(asked.services, asked.actor, asked.project_id) != asked.workflow
    assert any("waits, but no worker is running" in m.value for m in page.markdown)


def test_a_draft_plan_that_nobody_has_decided_is_not_forgotten(
    backend: web.Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = backend.people.local()
    project = projects.create_project(backend.services, actor, name=f"Draft {uuid.uuid4()}")
    assert "Nothing waits for an answer" in [
        s.value for s in seen("approvals", actor, project.id, monkeypatch).subheader
    ]
    plans.save_plan(backend.services, actor, project.id, question="?", target="revenue", channels=["tv"])
    page = seen("approvals", actor, project.id, monkeypatch)
    assert any("Draft 1" in m.value and "waits for a decision" in m.value for m in page.markdown)
    assert "Nothing waits for an answer" not in [s.value for s in page.subheader]
    plans.approve_plan(backend.services, actor, project.id)
    assert not any("Draft" in m.value for m in seen("approvals", actor, project.id, monkeypatch).markdown)
