"""The causal diagram put to use: advice on controls, checks of a model, questions about the past (M11, P4, W10).

Advice is imported when it is first asked for: it brings a graph library that takes most of a second to load.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import holdings, past
from mmm_core.causal.past import Answer, Question
from mmm_core.domain.dataset import DatasetVersion, Recognition
from mmm_core.domain.errors import PlanError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Diagram, Plan
from mmm_core.domain.study import Study
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.causal_options import Drawn
from mmm_core.use_cases import studies
from mmm_core.use_cases.plans import plan_columns

if TYPE_CHECKING:
    from mmm_core.causal.advice import Advice

CHECKS, COUNTERFACTUAL = "causal", "counterfactual"
NO_DIAGRAM = "Draw the causal diagram on the Plan page first."


def advise_plan(diagram: Diagram, plan: Plan, recognition: Recognition | None) -> Advice:
    """What a diagram, saved or not, says about the plan's controls; a plan without channels takes the data's."""
    from mmm_core.causal import advice

    if not plan.channels and recognition is not None:
        _, channels, controls = plan_columns(recognition)
        plan = replace(plan, channels=tuple(channels), controls=tuple(controls))
    return advice.advise(diagram, holdings.of_plan(diagram, plan, recognition))


def advise_spec(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> Advice | None:
    """What the project's diagram says about a specification on the newest data; None where nothing is drawn yet."""
    with services.work(actor) as work:
        diagram = work.graph.diagram(project_id)
        version = work.datasets.latest(project_id)
    return _of_spec(diagram, spec, version) if diagram.nodes and version else None


def advise_model(services: Services, actor: Actor, run_id: str) -> Advice:
    """What the project's diagram says about a model's controls."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        diagram = work.graph.diagram(run.project_id)
        version = work.datasets.get(run.dataset_version_id)
    if not diagram.nodes:
        raise PlanError(NO_DIAGRAM)
    return _of_spec(diagram, ModelSpec.from_yaml(run.spec_yaml), version)


def _of_spec(diagram: Diagram, spec: ModelSpec, version: DatasetVersion) -> Advice:
    from mmm_core.causal import advice

    columns = dict.fromkeys([*(r.column for r in version.recognition.roles), *spec.columns])
    return advice.advise(diagram, holdings.of_spec(diagram, spec, columns))


def ask_past(response: ResponseModel, question: Question) -> Answer:
    """What would have been, by the response model; pure computation on loaded draws."""
    return past.answer(response, question)


def usual_level(response: ResponseModel, question: Question) -> float | None:
    """What a channel was usually given per period just before a window; None for organic media."""
    return past.usual_level(response.data, question)


def quiet_weeks(response: ResponseModel, channel: str) -> tuple[date, date]:
    """A window to start from: where the channel was last cut back most."""
    return past.quietest(response.data, channel)


def request_checks(services: Services, actor: Actor, run_id: str, options: Mapping[str, Any] | None = None) -> Study:
    """Queue the back-door estimate of every channel and the attempts to refute it."""
    project_id, drawn = drawn_options(services, actor, run_id)
    return studies.request_study(
        services, actor, project_id, CHECKS, run_id=run_id, options={**(options or {}), **drawn}
    )


def request_counterfactual(
    services: Services, actor: Actor, run_id: str, question: Question, options: Mapping[str, Any] | None = None
) -> Study:
    """Queue a question about the past for a structural model fitted on the diagram."""
    project_id, drawn = drawn_options(services, actor, run_id)
    asked = {
        "channel": question.channel,
        "first": question.first.isoformat(),
        "last": question.last.isoformat(),
        "factor": question.factor,
        "level": question.level,
    }
    given = {**(options or {}), **drawn, **asked}
    return studies.request_study(services, actor, project_id, COUNTERFACTUAL, run_id=run_id, options=given)


def drawn_options(services: Services, actor: Actor, run_id: str) -> tuple[str, dict[str, Any]]:
    """A model's project, and its diagram as a study of it keeps that; PlanError where nothing is drawn."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        diagram = work.graph.diagram(run.project_id)
    if not diagram.nodes:
        raise PlanError(NO_DIAGRAM)
    return run.project_id, {"diagram": Drawn.of(diagram).model_dump(mode="json")}
