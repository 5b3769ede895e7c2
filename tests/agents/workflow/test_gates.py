"""Each approval's three answers, and where each leads."""

from dataclasses import replace

import pandas as pd
import pytest

from mmm_core.data import simulate
from mmm_core.domain.baseline import BaselineMethod, BaselineStatus
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import BadInput, Conflict, DataError, NotAllowed
from mmm_core.domain.identity import TeamRole
from mmm_core.domain.project import PlanStatus
from mmm_core.domain.workflow import Verdict, WorkflowStatus
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import approvals, baselines, datasets, fits, models, plans, reports, what_if, workflows
from tests.agents.workflow.conftest import Open
from tests.agents.workflow.office import Office
from tests.db.test_use_cases import csv

SHORT = 45
"""Weeks, so few that a check fails."""


def short_file() -> bytes:
    frame = simulate.company("national", 5, weeks=SHORT, channels=3).frame
    return frame.assign(still=1.0).to_csv(index=False).encode()


def ended(one: Office) -> tuple[str, str | None]:
    return one.workflow.status.value, one.workflow.leads_to


# ---- plan -----------------------------------------------------------------------------------------------------------


def test_a_rejected_plan_stays_a_draft_and_nothing_is_fitted(office: Open) -> None:
    one = office().start()
    one.go()
    key = one.asked.question.key
    with pytest.raises(BadInput, match="few words why"):
        one.say(Verdict.REJECT)
    for role in (TeamRole.VIEWER, TeamRole.ANALYST):
        with pytest.raises(NotAllowed, match="approver"):
            approvals.answer(one.services, replace(one.actor, role=role), one.workflow_id, key, Verdict.APPROVE)
    one.no("TV is missing.")
    assert ended(one) == ("stopped", "plan")
    assert one.workflow.outcome is not None
    assert "TV is missing." in one.workflow.outcome
    plan = plans.latest_plan(one.services, one.actor, one.project_id)
    assert plan is not None
    assert plan.status is PlanStatus.DRAFT
    assert fits.list_runs(one.services, one.actor, one.project_id) == []
    with pytest.raises(Conflict, match="already ended"):
        approvals.answer(one.services, one.actor, one.workflow_id, key, Verdict.APPROVE)
    with pytest.raises(Conflict, match="run it again"):
        workflows.resume(one.services, one.actor, one.workflow_id)


def test_an_edited_plan_is_approved_as_it_was_changed_and_a_decided_one_is_not_asked(office: Open) -> None:
    one = office().start()
    one.go()
    channels = next(i for i in one.asked.question.inputs if i.name == "channels")
    one.edit(channels=list(channels.options[:2]), question="May we cut search?")
    plan = plans.latest_plan(one.services, one.actor, one.project_id)
    assert plan is not None
    assert (plan.status, plan.question, plan.channels) == (
        PlanStatus.APPROVED, "May we cut search?", channels.options[:2]
    )  # fmt: skip
    workflows.cancel(one.services, one.actor, one.workflow_id)
    one.start()
    one.go()
    assert one.asked.question.gate.value != "plan"
    assert "is approved already" in one.told


def test_what_is_changed_of_a_plan_reaches_the_specification_in_the_first_analysis_and_in_the_next(
    office: Open,
) -> None:
    one = office(csv().replace(b"revenue", b"orders", 1)).start()
    one.go()
    question = one.asked.question
    assert "reads like a count" in question.evidence[0]
    channels = next(i for i in question.inputs if i.name == "channels")
    one.edit(channels=list(channels.options[:2]), kpi_unit="count")
    one.until("fit")
    spec = ModelSpec.from_yaml(one.go().state["spec"])
    assert [c.name for c in spec.channels] == list(channels.options[:2])
    assert spec.kpi.unit == "count"
    one.no("Not yet.")
    left = spec.model_copy(update={"max_lag": 5})
    models.keep_draft(one.services, one.actor, one.project_id, left)
    one.start().until("fit")
    assert ModelSpec.from_yaml(one.go().state["spec"]) == left, "what was changed on the Model page is gone on with"


def test_another_target_is_the_kpi_whose_data_are_checked_and_modelled(office: Open) -> None:
    frame = simulate.company("national", 5, weeks=110, channels=3).frame
    frame["visits"] = frame["revenue"].rolling(2, min_periods=1).mean().round()
    one = office(frame.to_csv(index=False).encode()).start()
    one.go()
    one.edit(target="visits")
    version = datasets.latest_dataset(one.services, one.actor, one.project_id)
    assert version is not None
    assert version.recognition.one(Role.KPI) == "visits"
    one.until("fit")
    spec = ModelSpec.from_yaml(one.go().state["spec"])
    assert spec.kpi.column == "visits"
    assert "revenue" not in spec.columns


# ---- data -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_rejected_data_stay_as_they_are(office: Open) -> None:
    one = office(short_file()).start().until("data")
    before = datasets.latest_dataset(one.services, one.actor, one.project_id)
    question = one.asked.question
    assert "failed check" in question.text
    assert any(line.startswith("FAIL: ") for line in question.evidence)
    assert any(line.startswith("Fix: ") for line in question.evidence)
    with pytest.raises(BadInput, match="few words why"):
        one.say(Verdict.APPROVE)
    one.no("Two more years are coming.")
    assert ended(one) == ("stopped", "data")
    assert datasets.latest_dataset(one.services, one.actor, one.project_id) == before


@pytest.mark.slow
def test_fixes_left_out_and_checks_not_waived_are_asked_again_until_the_data_can_be_used(office: Open) -> None:
    one = office(short_file()).start().until("data")
    question = one.asked.question
    leave = next(i for i in question.inputs if i.name == "leave")
    failing = next(i for i in question.inputs if i.name == "waive")
    one.edit(leave=list(leave.options), waive=[])
    again = one.asked.question
    assert again.key == "data:2"
    assert "cannot be modelled yet" in again.problem
    one.yes("It is all there is.")
    version = datasets.latest_dataset(one.services, one.actor, one.project_id)
    assert version is not None
    assert {c.id for c in version.report.checks if c.waived_by == one.actor.name} >= set(failing.options)
    assert [s.label for s in version.recipe] == list(leave.options), "the second answer approved the fix as well"
    assert one.workflow.awaited_id != "data:2"


def test_two_rows_of_one_period_are_no_question_but_lead_to_the_data_page(office: Open) -> None:
    frame = simulate.company("national", 5, weeks=60, channels=3).frame
    other = frame.iloc[[7]].assign(revenue=1.0)
    one = office(pd.concat([frame, other]).to_csv(index=False).encode()).start()
    one.go()
    one.yes()
    assert ended(one) == ("stopped", "data")
    assert "1 row repeats a period" in (one.workflow.outcome or "")
    version = datasets.latest_dataset(one.services, one.actor, one.project_id)
    assert version is not None
    with pytest.raises(BadInput, match="cannot be waived"):
        datasets.waive(one.services, one.actor, version.id, "duplicate_periods", "we like it")


def test_beforehand_approval_waives_no_failed_check(office: Open) -> None:
    one = office(short_file())
    with pytest.raises(NotAllowed):
        workflows.create(
            one.services, replace(one.actor, role=TeamRole.ANALYST), one.project_id,
            options=workflows.WorkflowOptions(auto=True),
        )  # fmt: skip
    one.start(auto=True)
    one.go()
    with pytest.raises(DataError, match="cannot be modelled"):
        one.yes("--auto-approve")
    assert one.workflow.status is WorkflowStatus.FAILED
    version = datasets.latest_dataset(one.services, one.actor, one.project_id)
    assert version is not None
    assert not any(c.waived_by for c in version.report.checks)


# ---- baseline, fit, budget, publication -----------------------------------------------------------------------------


@pytest.mark.slow
def test_every_change_on_the_way(office: Open) -> None:
    one = office().start().until("baseline")
    s, a = one.services, one.actor
    one.edit(method="median", season="without season")
    assert one.asked.question.key == "baseline:2"
    (found, *_) = baselines.list_baselines(s, a, one.project_id)
    assert (found.estimate.method, found.estimate.seasonal) == (BaselineMethod.MEDIAN, False)
    one.yes()
    assert one.asked.question.gate.value == "fit"
    one.edit(draws=80, chains=2, saturation="logistic")
    run = fits.get_run(s, a, one.workflow.found["run"])
    spec = ModelSpec.from_yaml(run.spec_yaml)
    assert (spec.sampling.draws, spec.sampling.chains, spec.saturation.value) == (80, 2, "logistic")
    one.fitted()
    first = one.asked.question
    total = next(i for i in first.inputs if i.name == "total")
    hold = next(i for i in first.inputs if i.name == "hold")
    one.edit(total=1.5 * total.value, hold=list(hold.options))
    again = one.asked.question
    assert (again.key, bool(again.problem)) == ("budget:2", True), "all held, yet more to spend"
    assert next(i for i in again.inputs if i.name == "total").value == pytest.approx(total.value, rel=1e-4)
    one.edit(total=1.5 * total.value, style="conservative")
    assert "conservative" in one.asked.question.text
    one.yes()
    (kept,) = what_if.list_scenarios(s, a, one.project_id)
    assert sum(kept.plan.spend.values()) == pytest.approx(1.5 * total.value, rel=1e-3)
    one.edit(title="What media brought us")
    (report,) = reports.list_reports(s, a, one.project_id)
    assert report.title == "What media brought us"
    assert "With a budget of" in report.markdown
    assert ended(one) == ("done", "report")


@pytest.mark.slow
def test_every_rejection_that_goes_on_and_the_one_of_the_report(office: Open) -> None:
    one = office().start().until("baseline")
    s, a = one.services, one.actor
    for number in (1, 2, 3):
        assert one.asked.question.key == f"baseline:{number}"
        one.no()
    tried = baselines.list_baselines(s, a, one.project_id)
    assert {b.estimate.method for b in tried} == set(BaselineMethod)
    assert {b.status for b in tried} == {BaselineStatus.REJECTED}
    assert "without an agreed baseline" in one.told
    one.yes()
    one.fitted()
    assert one.asked.question.gate.value == "budget"
    one.no("Not this quarter.")
    assert what_if.list_scenarios(s, a, one.project_id) == []
    assert any("without a plan" in line for line in one.asked.question.evidence)
    one.no("The board wants to see it first.")
    assert ended(one) == ("stopped", "report")
    assert reports.list_reports(s, a, one.project_id) == []


@pytest.mark.slow
def test_a_rejected_fit_leaves_the_first_look(office: Open) -> None:
    one = office().start().until("fit")
    question = one.asked.question
    assert any("It will take about" in line for line in question.evidence)
    with pytest.raises(BadInput, match="choose one of"):
        one.edit(adstock="square")
    with pytest.raises(BadInput, match="whole number"):
        one.edit(draws=70.5)
    with pytest.raises(BadInput, match="from 50 to"):
        one.edit(draws=1)
    with pytest.raises(BadInput, match="cannot be changed here"):
        one.edit(likelihood="student")
    with pytest.raises(BadInput, match="Nothing was changed"):
        one.edit(draws=next(i for i in question.inputs if i.name == "draws").value)
    one.no("Search should be left out.")
    assert ended(one) == ("stopped", "model")
    assert fits.list_runs(one.services, one.actor, one.project_id) == []
    assert any("first_look" in e.detail.get("facts", {}) for e in workflows.watch(
        one.services, one.actor, one.workflow_id
    ).events)  # fmt: skip
