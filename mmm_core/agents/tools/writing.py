"""Tools that change something. Each says first what it will change; only a person's yes on the page lets it act."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Tool, name
from mmm_core.data import recipe
from mmm_core.domain.errors import BadInput, Conflict, NotFound
from mmm_core.domain.identity import TeamRole
from mmm_core.domain.planning import SpendPlan
from mmm_core.domain.project import PlanStatus
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording
from mmm_core.studies import registry
from mmm_core.use_cases import datasets, fits, knowledge, models, plans, reports, study_requests, what_if


class Step(Arguments):
    step: str = Field(description="Name of a recipe step.")
    arguments: dict[str, Any] = Field(default={})
    reason: str = Field(default="", max_length=300)


class Named(Arguments):
    name: str = Field(default="", max_length=120)


class Saved(Arguments):
    name: str = Field(min_length=1, max_length=120)
    spend: dict[str, float] = Field(description="Money over the plan by channel; the others stay as today.")
    periods: int = Field(default=13, ge=4, le=52)


class Waived(Arguments):
    check: str = Field(description="Id of a failed check.")
    reason: str = Field(min_length=3, max_length=500)


class Reasoned(Arguments):
    reason: str = Field(default="", max_length=500)


class Note(Arguments):
    title: str = Field(min_length=1, max_length=120)
    text: str = Field(min_length=1, max_length=4000)


class Studied(Arguments):
    kind: str = Field(description=f"One of {', '.join(study_requests.KINDS)}.")
    options: dict[str, Any] = Field(
        default={},
        description="Settings by name where the person asks for other than the usual, such as draws, tune, chains, "
        "seed; periods (holdout, ladder, expanding, refresh), windows, refreshes, noise and repeats (perturbation), "
        "channels and shuffles (placebo), fits (sbc), worlds (recoverability), most (doctor), repetitions (causal); "
        "counterfactual needs channel, first, last, and factor or level.",
    )
    scenario: str = Field(default="", max_length=120, description="For sensitivity: name of the saved scenario.")
    other: str = Field(default="", max_length=120, description="For changes: name of the model to compare with.")


MOST_STEPS = 5
"""Steps that are listed one by one before a yes."""


# ---- data ------------------------------------------------------------------------------------------------------------


def preview_step(context: Context, given: Step) -> Sequence[str]:
    version = context.working().version
    step = recipe.step(given.step, reason=given.reason, **given.arguments)
    found = datasets.preview_step(context.services, context.actor, version.id, step)
    return (f"{step.label} (data version {version.number})", found.sentence)


def apply_step(context: Context, given: Step) -> str:
    version = context.working().version
    step = recipe.step(given.step, reason=given.reason, **given.arguments)
    changed = datasets.apply_step(context.services, context.actor, version.id, step)
    return f"{step.label}: done; data version {changed.number} can be undone on the Data page."


def preview_time_features(context: Context, _: Nothing) -> Sequence[str]:
    return preview_step(context, Step(step="add_time_features"))


def add_time_features(context: Context, _: Nothing) -> str:
    return apply_step(context, Step(step="add_time_features"))


def preview_weeks(context: Context, _: Nothing) -> Sequence[str]:
    return preview_step(context, Step(step="aggregate_weeks"))


def aggregate_weekly(context: Context, _: Nothing) -> str:
    return apply_step(context, Step(step="aggregate_weeks"))


def preview_clean(context: Context, _: Nothing) -> Sequence[str]:
    now = context.working()
    steps = recipe.recommend(now.recognition, now.version.report)
    if not steps:
        raise Conflict("The checks recommend no fix; there is nothing to clean.")
    return tuple(f"{s.label}{f': {s.reason}' if s.reason else ''}" for s in steps)


def clean_data(context: Context, _: Nothing) -> str:
    changed = datasets.apply_recommended(context.services, context.actor, context.working().version.id)
    return f"Recommended fixes are applied; the checks now say {changed.report.status.value}."


def preview_waiver(context: Context, given: Waived) -> Sequence[str]:
    found = [c for c in context.working().version.report.checks if c.id == given.check]
    if not found:
        raise NotFound(f"There is no check called {name(given.check)} in this report.")
    return (f"{found[0].title} stands although: {found[0].message}", f"Reason on record: {given.reason}")


def waive_check(context: Context, given: Waived) -> str:
    datasets.waive(context.services, context.actor, context.working().version.id, given.check, given.reason)
    return f"The check {given.check} is waived, with the reason on record."


# ---- plan and model --------------------------------------------------------------------------------------------------


def preview_approval(context: Context, given: Reasoned) -> Sequence[str]:
    plan = plans.latest_plan(context.services, context.actor, context.project)
    if plan is None:
        raise NotFound("There is no plan yet; write one on the Plan page.")
    if plan.status is PlanStatus.APPROVED:
        raise Conflict("This plan is already approved.")
    channels = ", ".join(wording.plain(name(c)) for c in plan.channels)
    return (f"Plan {plan.version}: {name(plan.question)}", f"Target {name(plan.target)}; channels {channels}.")


def approve_plan(context: Context, given: Reasoned) -> str:
    plan = plans.approve_plan(context.services, context.actor, context.project, given.reason)
    return f"Plan {plan.version} is approved."


def _suggested(context: Context) -> ModelSpec:
    return models.suggest_spec(context.services, context.actor, context.project).spec


def preview_fit(context: Context, given: Named) -> Sequence[str]:
    spec = _suggested(context)
    models.check_spec(context.services, context.actor, context.project, spec)
    channels = ", ".join(wording.plain(name(c.name)) for c in spec.channels)
    sampling = f"{spec.sampling.chains} chains of {spec.sampling.draws} draws"
    return (f"A Bayesian fit of {channels}", f"{spec.adstock} adstock, {spec.saturation} saturation, {sampling}")


def run_bayesian_mmm(context: Context, given: Named) -> str:
    run = fits.request_fit(context.services, context.actor, context.project, _suggested(context), name=name(given.name))
    return f"{run.name} is on the queue; the Model page shows how far it is."


def _asked(given: Studied) -> study_requests.Ask:
    return study_requests.Ask(given.kind, given.options, given.scenario, given.other)


def preview_study(context: Context, given: Studied) -> Sequence[str]:
    found = study_requests.plan(context.services, context.actor, context.run(), _asked(given))
    lines = [f"{found.title}, of {name(found.model)}"]
    lines += [f"{title}: {wording.plain(name(value))}" for title, value in found.settings]
    shown = found.steps if len(found.steps) <= MOST_STEPS + 1 else found.steps[:MOST_STEPS]
    lines += [name(step.label) for step in shown]
    if len(shown) < len(found.steps):
        lines.append(f"and {len(found.steps) - len(shown)} steps more")
    return (*lines, "It runs on the queue after waiting fits.")


def request_study(context: Context, given: Studied) -> str:
    run = context.run()
    study = study_requests.request(context.services, context.actor, run, _asked(given))
    return f"{registry.find(study.kind).title}, of {name(run.name)}, is on the queue."


# ---- what-if, report, notes ------------------------------------------------------------------------------------------


def _plan(context: Context, given: Saved) -> SpendPlan:
    today = context.fitted().response.current_plan(given.periods)
    unknown = [c for c in given.spend if c not in today.spend]
    if unknown:
        raise BadInput(f"The model has no spend for {name(unknown[0])}.")
    return SpendPlan(given.periods, {**today.spend, **given.spend})


def preview_scenario(context: Context, given: Saved) -> Sequence[str]:
    plan, currency = _plan(context, given), context.results().currency
    lines = [f"{wording.plain(name(c))}: {wording.money(s, currency)}" for c, s in plan.spend.items()]
    return (f"Scenario {name(given.name)} over {given.periods} periods", *lines)


def save_scenario(context: Context, given: Saved) -> str:
    kept = what_if.save_scenario(
        context.services, context.actor, context.run().id, name(given.name), _plan(context, given)
    )
    return f"The scenario {kept.name} is saved."


def preview_report(context: Context, given: Named) -> Sequence[str]:
    known = reports.list_reports(context.services, context.actor, context.project)
    return (f"Report {len(known) + 1} of {name(context.run().name)}: {name(given.name) or 'with its usual title'}",)


def publish_report(context: Context, given: Named) -> str:
    made = reports.publish(context.services, context.actor, context.run().id, title=name(given.name))
    return f"Report {made.version} is published on the Report page; nobody outside has a link to it."


def preview_note(context: Context, given: Note) -> Sequence[str]:
    return (f"A note in the knowledge base: {name(given.title)}", given.text[:500])


def add_note(context: Context, given: Note) -> str:
    kept = knowledge.keep_note(context.services, context.actor, context.project, given.title, given.text)
    return f"The note {name(kept.title)} is kept."


def _tool(tool: str, group: str, says: str, wraps: str, title: str, arguments: Any, preview: Any, act: Any,
          needs: TeamRole = TeamRole.ANALYST) -> Tool:  # fmt: skip
    return Tool(tool, group, says, wraps, arguments, None, preview, act, title, needs)


TOOLS = (
    _tool("apply_data_step", "data", f"Change the data by one recipe step: {', '.join(recipe.STEPS)}.",
          "datasets.preview_step, datasets.apply_step", "Change the data", Step, preview_step, apply_step),
    _tool("clean_data", "data", "Apply the fixes that the data checks recommend.",
          "recipe.recommend, datasets.apply_recommended", "Clean the data", Nothing, preview_clean, clean_data),
    _tool("add_time_features", "data", "Add calendar columns.", "datasets.apply_step", "Add calendar columns",
          Nothing, preview_time_features, add_time_features),
    _tool("aggregate_weekly", "data", "Aggregate daily rows to weeks.", "datasets.apply_step", "Aggregate to weeks",
          Nothing, preview_weeks, aggregate_weekly),
    _tool("waive_check", "data", "Let a failed data check stand, with a reason.", "datasets.waive",
          "Let a failed check stand", Waived, preview_waiver, waive_check, TeamRole.APPROVER),
    _tool("approve_plan", "plan", "Approve the research plan.", "plans.approve_plan", "Approve the plan", Reasoned,
          preview_approval, approve_plan, TeamRole.APPROVER),
    _tool("run_bayesian_mmm", "model", "Queue a Bayesian fit with the suggested specification.",
          "models.suggest_spec, models.check_spec, fits.request_fit", "Start a fit", Named, preview_fit,
          run_bayesian_mmm),
    _tool("request_study", "model", "Queue a study of the newest model: a validation test, calibration, the "
          "ladder, the doctor, causal checks, how firm a scenario is.", "study_requests.plan, study_requests.request",
          "Start a study", Studied, preview_study, request_study),
    _tool("save_scenario", "plan", "Save a plan under a name.", "what_if.save_scenario", "Save a scenario", Saved,
          preview_scenario, save_scenario),
    _tool("publish_report", "plan", "Publish the report of the newest model as its next version.", "reports.publish",
          "Publish a report", Named, preview_report, publish_report),
    _tool("add_analysis_note", "meta", "Keep an insight in the knowledge base.", "knowledge.keep_note", "Keep a note",
          Note, preview_note, add_note),
)  # fmt: skip
