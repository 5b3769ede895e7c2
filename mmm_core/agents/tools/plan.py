"""Tools that try plans: nothing is saved, and what they change waits as chips for the person."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from mmm_core import grammar
from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Sheet, Tool, name, sheet_of
from mmm_core.domain.errors import PlanError
from mmm_core.domain.instructions import Change, Reading
from mmm_core.domain.planning import PlanOutcome, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.reports import change_words, wording
from mmm_core.use_cases import sentences, what_if

PERIODS = 13
MOST_MONEY = 1e15
"""Beyond it squares of money overflow; no plan of any company comes near."""


class Sentence(Arguments):
    sentence: str = Field(
        max_length=grammar.LONGEST,
        description="The change in plain words with channels as the model names them, for example "
        "'raise tv by 20% and cut search by 10k a week'. Every number must be the person's own.",
    )


class Budget(Arguments):
    total: float = Field(gt=0, le=MOST_MONEY, description="Money over the whole plan.")
    periods: int = Field(default=PERIODS, ge=4, le=52)


class Spends(Arguments):
    spend: dict[str, Annotated[float, Field(le=MOST_MONEY)]] = Field(
        description="Money over the plan by channel; the others stay as today."
    )
    periods: int = Field(default=PERIODS, ge=4, le=52)


class Names(Arguments):
    scenarios: list[str] = Field(default=[], description="Names of saved scenarios; all if empty.")


def propose_changes(context: Context, given: Sentence) -> Result:
    """Read a sentence by the grammar, work out what it would bring, and leave the chips for the person."""
    results, response = context.results(), context.fitted().response
    reading = sentences.read(response, results, given.sentence, context.before)
    if reading.question is not None:
        return asked(reading)
    return changed(context, reading.changes)


def asked(reading: Reading) -> Result:
    said = {"not_understood": reading.question, "choices": list(reading.options)}
    return Result(said, question=reading.question or "", options=reading.options, unclear=reading.unclear)


def changed(context: Context, changes: Sequence[Change]) -> Result:
    """What changes bring beside today's plan of the same length."""
    results, response = context.results(), context.fitted().response
    one = sentences.applied(response, results, changes, response.current_plan(PERIODS))
    answer = sentences.answer(response, one)
    sheet = sheet_of(results)
    said = {
        "understood": [change_words.said(c, results.currency) for c in changes],
        "waits": "These changes wait as chips; nothing runs or is saved before the person presses Apply.",
        **_beside(sheet, answer.today, answer.outcome, results),
    }
    return sheet.result(said, changes=tuple(changes), lineage_of=context.run().id)


def simulate_scenario(context: Context, given: Spends) -> Result:
    results, response = context.results(), context.fitted().response
    today = response.current_plan(given.periods)
    unknown = [c for c in given.spend if c not in today.spend]
    if unknown:
        raise PlanError(f"The model has no spend for {name(unknown[0])}; it has {', '.join(today.spend)}.")
    if any(not s >= 0 for s in given.spend.values()):
        raise PlanError("Spend cannot be negative.")
    plan = SpendPlan(given.periods, {**today.spend, **given.spend})
    sheet = sheet_of(results)
    said = _beside(sheet, what_if.evaluate(response, today), what_if.evaluate(response, plan), results)
    return sheet.result(said, lineage_of=context.run().id)


def optimize_budget(context: Context, given: Budget) -> Result:
    results, response = context.results(), context.fitted().response
    plans = what_if.optimise_styles(response, given.total, given.periods)
    today = response.current_plan(given.periods)
    sheet = sheet_of(results)
    styles: dict[str, Any] = {}
    for plan in plans:
        stem = f"plan.{plan.style}"
        outcome = plan.outcome
        styles[plan.style] = {
            "spend": _spend(sheet, outcome.plan, stem),
            "against_today": _interval(sheet, f"{stem}.against_current", outcome.against_current, "kpi"),
            "probability_better": sheet.n(f"{stem}.probability_better", outcome.probability_better, "share"),
            "at_a_limit": [name(c) for c in plan.binding],
        }
    total = sheet.n("plan.total", given.total, "money")
    return sheet.result({"total": total, "today": _spend(sheet, today, "plan.today"), "styles": styles})


def list_scenarios(context: Context, _: Nothing) -> Result:
    found = what_if.list_scenarios(context.services, context.actor, context.project)
    return Result({"scenarios": [{"name": name(s.name), "by": name(s.created_by)} for s in found[:30]]})


def compare_scenarios(context: Context, given: Names) -> Result:
    run = context.run()
    every = what_if.list_scenarios(context.services, context.actor, context.project)
    kept = [s for s in every if s.run_id == run.id and (not given.scenarios or s.name in given.scenarios)]
    missing = set(given.scenarios) - {s.name for s in kept}
    if missing:
        raise PlanError(f"The newest model has no scenario called {name(min(missing))}; list_scenarios gives them.")
    results = context.results()
    sheet = sheet_of(results)
    rows = []
    for one in what_if.compare(context.fitted().response, kept):
        stem = f"scenario.{one.name}"
        rows.append(
            {
                "name": name(one.name),
                "spend": sheet.n(f"{stem}.spend", one.outcome.total_spend, "money"),
                "brought": _interval(sheet, f"{stem}.kpi", one.outcome.kpi, "kpi"),
                "roi": sheet.n(f"{stem}.roi.p50", one.outcome.roi.p50 if one.outcome.roi else None, "ratio"),
            }
        )
    return sheet.result({"scenarios": rows})


def _beside(sheet: Sheet, today: PlanOutcome, then: PlanOutcome, results: Results) -> dict[str, Any]:
    """Both outcomes and their difference; channels that move, alone."""
    moved = {c: s for c, s in then.plan.spend.items() if abs(s - today.plan.spend[c]) > 0.5}
    said: dict[str, Any] = {
        "periods": sheet.n("plan.periods", then.plan.periods, "count"),
        "one_period": wording.period(results.period_days),
        "spend_now": _spend(sheet, SpendPlan(today.plan.periods, {c: today.plan.spend[c] for c in moved}), "now"),
        "spend_then": _spend(sheet, SpendPlan(then.plan.periods, moved), "then"),
        "total_now": sheet.n("now.spend", today.total_spend, "money"),
        "total_then": sheet.n("then.spend", then.total_spend, "money"),
        "brought_now": sheet.n("now.kpi.mean", today.kpi.mean, "kpi"),
        "brought_then": sheet.n("then.kpi.mean", then.kpi.mean, "kpi"),
        "difference": _interval(sheet, "then.against_current", then.against_current, "kpi"),
        "probability_better": sheet.n("then.probability_better", then.probability_better, "share"),
    }
    if today.roi and then.roi:
        said["roi_now"] = sheet.n("now.roi.p50", today.roi.p50, "ratio")
        said["roi_then"] = sheet.n("then.roi.p50", then.roi.p50, "ratio")
    return said


def _spend(sheet: Sheet, plan: SpendPlan, stem: str) -> dict[str, str | None]:
    return {name(c): sheet.n(f"{stem}.channel.{c}.spend", s, "money") for c, s in plan.spend.items()}


def _interval(sheet: Sheet, stem: str, value: Any, unit: str) -> dict[str, str | None]:
    return {part: sheet.n(f"{stem}.{part}", getattr(value, part), unit) for part in ("mean", "p5", "p95")}


TOOLS = (
    Tool("propose_changes", "plan",
         "Use for every 'what if' and every wish to change spend: reads the sentence by rules, says what it would "
         "bring and leaves editable chips for the person. Pass the person's own words.",
         "sentences.read, sentences.applied, sentences.answer", Sentence, propose_changes),
    Tool("simulate_scenario", "plan", "What given spends would bring beside today's plan.",
         "what_if.evaluate", Spends, simulate_scenario),
    Tool("optimize_budget", "plan", "The best split of a total, in three styles from careful to bold.",
         "what_if.optimise_styles", Budget, optimize_budget),
    Tool("list_scenarios", "plan", "Saved scenarios.", "what_if.list_scenarios", Nothing, list_scenarios),
    Tool("compare_scenarios", "plan", "Saved scenarios beside today's plan.", "what_if.compare", Names,
         compare_scenarios),
)  # fmt: skip
