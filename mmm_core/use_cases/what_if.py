"""What-if: evaluate, save, compare and optimise plans on a fitted model (W1, W3, W4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm_core.analysis import optimise as optimiser
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.planning import Bounds, OptimisedPlan, PlanOutcome, Scenario, SpendPlan
from mmm_core.domain.ports import Services
from mmm_core.use_cases.access import require

STYLES = ("base", "aggressive", "conservative")


def evaluate(response: ResponseModel, plan: SpendPlan) -> PlanOutcome:
    """What a plan brings; pure computation on loaded draws, so a slider may call it at every move."""
    return response.outcome(plan)


def optimise_styles(
    response: ResponseModel, total: float, periods: int, bounds: dict[str, Bounds] | None = None
) -> tuple[OptimisedPlan, ...]:
    """Base, aggressive and conservative plans for one total; channels without limits move as far as the style does."""
    if not total > 0:
        raise PlanError("Give a total budget above zero.")
    return tuple(optimiser.optimise(response, total, periods, bounds, style) for style in STYLES)


def default_bounds(response: ResponseModel, periods: int, total: float) -> dict[str, Bounds]:
    """Limits to start from in an editor: half to twice today's spend of each channel, scaled to the total."""
    today = response.current_plan(periods).spend
    now = sum(today.values())
    factor = total / now if now > 0 else 1.0
    return {c: Bounds(0.5 * s * factor, 2.0 * s * factor) for c, s in today.items()}


def save_scenario(
    services: Services, actor: Actor, run_id: str, name: str, plan: SpendPlan, parent_id: str | None = None
) -> Scenario:
    require(actor, TeamRole.ANALYST, "save a scenario")
    if not name.strip():
        raise PlanError("Give the scenario a name.")
    if plan.periods < 1 or any(not s >= 0 for s in plan.spend.values()):
        raise PlanError("A scenario needs at least one period and no negative spend.")
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        if any(s.name.casefold() == name.strip().casefold() for s in work.scenarios.list(run.project_id)):
            raise PlanError(f"There is already a scenario called {name.strip()}; choose another name.")
        scenario = Scenario(
            services.new_id(), run.project_id, run_id, name.strip(), plan, parent_id, actor.name, services.now()
        )
        work.scenarios.add(scenario)
        total = {"total": sum(plan.spend.values()), "periods": plan.periods}
        work.graph.put_node("scenario", scenario.id, scenario.name, total, run.project_id)
        work.graph.put_edge(("scenario", scenario.id), "evaluated_with", ("model", run_id))
        if parent_id:
            work.graph.put_edge(("scenario", scenario.id), "forked_from", ("scenario", parent_id))
        spread = ", ".join(f"{channel} {amount:,.0f}" for channel, amount in plan.spend.items())
        body = f"{scenario.name}: a plan over {plan.periods} periods, by {actor.name}. Spend: {spread}."
        work.documents.put("scenario", scenario.id, scenario.name, body, run.project_id)
        work.audit.record("scenario.saved", scenario.id, {"name": scenario.name, **total})
    return scenario


def list_scenarios(services: Services, actor: Actor, project_id: str) -> Sequence[Scenario]:
    with services.work(actor) as work:
        return work.scenarios.list(project_id)


def delete_scenario(services: Services, actor: Actor, scenario_id: str) -> None:
    require(actor, TeamRole.ANALYST, "delete a scenario")
    with services.work(actor) as work:
        scenario = work.scenarios.get(scenario_id)
        work.scenarios.delete(scenario_id)
        work.audit.record("scenario.deleted", scenario_id, {"name": scenario.name})


@dataclass(frozen=True)
class Compared:
    name: str
    outcome: PlanOutcome


def compare(response: ResponseModel, scenarios: Sequence[Scenario]) -> tuple[Compared, ...]:
    """Today's plan first, then each scenario over its own periods, all evaluated with one model."""
    periods = max((s.plan.periods for s in scenarios), default=13)
    today = Compared("Today", response.outcome(response.current_plan(periods)))
    return (today, *(Compared(s.name, response.outcome(s.plan)) for s in scenarios))
