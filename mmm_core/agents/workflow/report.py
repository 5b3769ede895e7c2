"""Interpret phase, its end: the report, once a person wants it out."""

from mmm_core.agents.workflow import budget
from mmm_core.agents.workflow.desk import Desk, next_key
from mmm_core.agents.workflow.state import Decided, State, Step, plain
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import OptimisedPlan
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.reports import wording as f
from mmm_core.use_cases import fits, projects, reports

REJECTED = "No report is written; model and plan stay, and it can be written on the Report page at any time."


def propose(desk: Desk, state: State) -> Step:
    results = fits.get_results(desk.services, desk.actor, state["run_id"])
    project = projects.get_project(desk.services, desk.actor, state["project_id"])
    wanted = state.get("budget") or {}
    plan = "without a plan for the next weeks" if wanted.get("rejected") else "with the plan for the next weeks"
    facts = results.fit
    evidence = [
        results.verdict,
        f"The model explains {f.share(facts.r2)} of {f.inside(results.kpi)}; the report is written {plan}.",
        *(f"{c.status}: {c.message}" for c in results.checks if c.status is not Status.PASS),
    ]
    asked = Question(
        key=next_key(state, Gate.PUBLICATION),
        gate=Gate.PUBLICATION,
        text="Write the report?",
        evidence=tuple(evidence),
        rejected=REJECTED,
        inputs=(Input("title", "Title", "text", f"{project.name}: what marketing brought"),),
        subject={"run": state["run_id"]},
    )
    return Step({"question": plain(asked)}, {}, closes=False)


def decide(desk: Desk, state: State) -> Step:
    answer = desk.ask(state)
    run_id = state["run_id"]
    if answer.verdict is Verdict.REJECT:
        sentence = f"{answer.by} did not want the report: {answer.reason} {REJECTED}"
        return Step({"question": None, "stopped": sentence, "leads_to": "report"})
    title = str(answer.edits.get("title", ""))
    plans = plans_of(desk, state)
    report_id = desk.once(
        f"report:{next_key(state, Gate.PUBLICATION)}", "Wrote the report",
        lambda s, a: reports.publish(s, a, run_id, title=title, plans=plans).id, by=desk.person(answer),
    )  # fmt: skip
    said = Decided(f"{answer.by} had the report written.", answer.reason or "Approved.")
    return Step({"question": None, "report_id": report_id, "leads_to": "report"}, {"report": report_id}, (said,))


def plans_of(desk: Desk, state: State) -> tuple[OptimisedPlan, ...]:
    """The plans that report and files tell about: none where they were rejected, or there is no money to plan."""
    wanted = state.get("budget") or {}
    if wanted.get("rejected"):
        return ()
    try:
        return budget.proposed(desk, state["run_id"], wanted).plans
    except PlanError:
        return ()
