"""Interpret phase: what the next weeks' money could do better, and its approval."""

import json
from dataclasses import dataclass

from mmm_core.agents.workflow.desk import Desk, next_key
from mmm_core.agents.workflow.state import Decided, Plain, State, Step, plain
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import Bounds, OptimisedPlan, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.domain.study import Column, Table
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.reports import wording as f
from mmm_core.use_cases import fits, reports, what_if
from mmm_core.use_cases.fits import Fitted

REJECTED = "No plan is kept: the report tells what happened, without a plan for the next weeks."
MOST_OF_TODAY = 5.0
"""A total beyond so many times today's is another question than splitting it."""


@dataclass(frozen=True)
class Proposal:
    fitted: Fitted
    today: SpendPlan
    plans: tuple[OptimisedPlan, ...]
    chosen: OptimisedPlan


def propose(desk: Desk, state: State) -> Step:
    """Today's budget, or the one a person asked for, split better; the chosen style is asked about."""
    results = fits.get_results(desk.services, desk.actor, state["run_id"])
    wanted = state.get("budget") or {}
    try:
        found = proposed(desk, state["run_id"], wanted)
    except PlanError as problem:
        if not wanted:
            none = Decided("No budget is planned.", str(problem))
            return Step({"question": None, "budget": {}}, {"plan": None}, (none,))
        asked = _question(state, results, proposed(desk, state["run_id"], {}), {}, str(problem))
        return Step({"question": plain(asked), "budget": {}}, {}, closes=False)
    facts = _facts(found)
    return Step({"question": plain(_question(state, results, found, wanted))}, facts, closes=False)


def decide(desk: Desk, state: State) -> Step:
    answer = desk.ask(state)
    run_id, wanted = state["run_id"], dict(state.get("budget") or {})
    if answer.verdict is Verdict.REJECT:
        said = Decided(f"{answer.by} rejected the plan; the report goes without one.", answer.reason)
        return Step({"question": None, "budget": {"rejected": True}}, {"approved": False}, (said,))
    if answer.verdict is Verdict.EDIT:
        # Another total or style gives other numbers, which are looked at before they are approved.
        changed = {**wanted, **answer.edits}
        said = Decided(f"{answer.by} asked for another plan.", answer.reason, dict(answer.edits))
        return Step({"budget": changed}, {}, (said,), closes=False)
    found = proposed(desk, run_id, wanted)
    name = _name(desk, state)
    scenario_id = desk.once(
        f"scenario:{next_key(state, Gate.BUDGET)}", "Kept the approved plan as a scenario",
        lambda s, a: what_if.save_scenario(s, a, run_id, name, found.chosen.outcome.plan).id, by=desk.person(answer),
    )  # fmt: skip
    said = Decided(f"{answer.by} approved the plan; it is kept as {name}.", answer.reason)
    return Step({"question": None, "scenario_id": scenario_id}, {**_facts(found), "approved": True}, (said,))


def proposed(desk: Desk, run_id: str, wanted: Plain) -> Proposal:
    fitted = desk.keep(run_id, lambda: fits.load_fitted(desk.services, desk.actor, run_id))
    return desk.keep(f"{run_id} {json.dumps(wanted, sort_keys=True)}", lambda: proposal(fitted, wanted))


def proposal(fitted: Fitted, wanted: Plain) -> Proposal:
    """Three styles of one total; PlanError where there is no money to split, or the wishes cannot hold together."""
    today = fitted.response.current_plan(reports.PLAN_PERIODS)
    spent = sum(today.spend.values())
    if not spent > 0:
        raise PlanError("No channel of this model has spent money of late, so there is no budget to split.")
    held = {c: Bounds(today.spend[c], today.spend[c], locked=True) for c in wanted.get("hold", ()) if c in today.spend}
    total = float(wanted.get("total", spent))
    plans = what_if.optimise_styles(fitted.response, total, reports.PLAN_PERIODS, held or None)
    style = wanted.get("style", what_if.STYLES[0])
    return Proposal(fitted, today, plans, next(p for p in plans if p.style == style))


def _question(state: State, results: Results, found: Proposal, wanted: Plain, problem: str = "") -> Question:
    outcome, write = found.chosen.outcome, f.kpi_amount(results)
    spent = sum(found.today.spend.values())
    length = f.periods(found.today.periods, results.period_days)
    gain = outcome.against_current
    evidence = [
        f"It is expected to bring {f.signed(gain.mean, write)} against today's split "
        f"(90% interval {f.interval(gain, lambda v: f.signed(v, write))}).",
        f"The chance that it beats today's plan is {f.chance(outcome.probability_better)}.",
    ]
    if found.chosen.binding:
        named = ", ".join(f.plain(c) for c in found.chosen.binding)
        evidence.append(f"At a limit: {named}. Beyond these limits more money would move.")
    doubted = [c for c in results.channels if c.evidence.value == "prior" and c.spend]
    if doubted:
        evidence.append(
            f"Mostly prior, so rather to be tested than moved: {', '.join(f.plain(c.channel) for c in doubted)}."
        )
    money = f.money(outcome.total_spend, results.currency)
    paid = tuple(found.today.spend)
    return Question(
        key=next_key(state, Gate.BUDGET),
        gate=Gate.BUDGET,
        text=f"Spend {money} over the next {length} by the {found.chosen.style} plan?",
        evidence=tuple(evidence),
        rejected=REJECTED,
        inputs=(
            Input("style", "Style", "choice", found.chosen.style, what_if.STYLES),
            Input("total", f"Total over {length}", "number", round(outcome.total_spend, 2), high=MOST_OF_TODAY * spent,
                  low=0.01 * spent),
            Input("hold", "Channels to hold at today's spend", "choices", list(wanted.get("hold", ())), paid,
                  {c: f.plain(c) for c in paid}),
        ),
        tables=(_table(found, results),),
        subject={"run": state["run_id"]},
        problem=problem,
    )  # fmt: skip


def _table(found: Proposal, results: Results) -> Table:
    rows = []
    for name, today in found.today.spend.items():
        then = found.chosen.outcome.plan.spend.get(name, 0.0)
        rows.append((f.plain(name), today, then, then - today, found.chosen.outcome.channels[name].mean))
    columns = (
        Column("Channel"), Column("Today", "money"), Column("Plan", "money"), Column("Change", "money"),
        Column("Brings", "kpi"),
    )  # fmt: skip
    return Table("The plan beside today's", columns, tuple(sorted(rows, key=lambda r: -abs(r[3]))))


def _name(desk: Desk, state: State) -> str:
    # Named by the model's number, so that a repetition after a crash finds the same name free or its own act done.
    run = fits.get_run(desk.services, desk.actor, state["run_id"])
    with desk.services.work(desk.actor) as work:
        taken = {s.name.casefold() for s in work.scenarios.list(state["project_id"])}
    base = f"Approved plan, {run.name}"
    return next(n for i in range(1, 10_000) if (n := base if i == 1 else f"{base} ({i})").casefold() not in taken)


def _facts(found: Proposal) -> Plain:
    outcome = found.chosen.outcome
    return {
        "style": found.chosen.style,
        "total": outcome.total_spend,
        "periods": outcome.plan.periods,
        "spend": dict(outcome.plan.spend),
        "today": dict(found.today.spend),
        "gain": {
            "mean": outcome.against_current.mean,
            "p5": outcome.against_current.p5,
            "p95": outcome.against_current.p95,
        },
        "probability_better": outcome.probability_better,
    }
