"""The whole graph from plan to report, with every answer that lets it go on."""

import pytest

from mmm_core.domain.project import PlanStatus
from mmm_core.domain.workflow import EventKind, Stage, WorkflowStatus
from mmm_core.use_cases import baselines, fits, plans, reports, what_if, workflows
from tests.agents.workflow.conftest import Open

GATES = ["plan", "data", "baseline", "fit", "budget", "publication"]


@pytest.mark.slow
def test_from_plan_to_report_with_every_approval(office: Open) -> None:
    one = office().start()
    asked = []
    one.go()
    while not one.workflow.status.ended:
        if one.workflow.awaited == "fit":
            one.fitted()
        else:
            asked.append(one.asked.question.gate.value)
            one.yes()
    s, a, project = one.services, one.actor, one.project_id
    assert (one.workflow.status, one.workflow.leads_to) == (WorkflowStatus.DONE, "report")
    assert asked == GATES
    plan = plans.latest_plan(s, a, project)
    assert plan is not None
    assert (plan.status, plan.decided_by) == (PlanStatus.APPROVED, a.name)
    assert baselines.approved_baseline(s, a, project) is not None
    assert len(fits.list_runs(s, a, project)) == len(reports.list_reports(s, a, project)) == 1
    (kept,) = what_if.list_scenarios(s, a, project)
    assert kept.name == "Approved plan, Model 1"
    seen = workflows.watch(s, a, one.workflow_id)
    assert all(seen.ended(stage) for stage in Stage)
    assert set(one.workflow.found) == {"version", "plan", "baseline", "run", "scenario", "report"}
    with s.work(a) as work:
        trail = [row[2] for row in work.audit.list(100)]
        lineage = {step.kind for step in work.graph.lineage("workflow", one.workflow_id)}
    for gate in GATES:
        assert trail.count("approval.asked") == trail.count("approval.approve") == len(GATES), gate
    assert {"workflow", "plan", "model", "report", "decision", "dataset"} <= lineage
    stages = [e.stage for e in one.events(EventKind.BEGUN)]
    assert list(dict.fromkeys(stages)) == list(Stage)
    decided = [e for e in seen.decisions if e.kind is EventKind.DECISION]
    assert len(decided) > 10
    assert all(e.text and e.reason for e in decided)
