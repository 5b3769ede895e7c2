"""The diagram's use cases on the real database: advice on plan and model, checks that are queued."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

import pytest

from mmm_core.causal.past import Question
from mmm_core.domain.errors import NotAllowed, PlanError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import CausalEdge, Project
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import causal, datasets, fits, plans, studies
from tests.db import test_use_cases as cases

project, ready = cases.project, cases.ready


@dataclass
class StudyQueue(cases.KeptQueue):
    def submit_study(self, actor: Actor, study_id: str, device: str) -> str:
        return self.submit(actor, study_id, device)


@pytest.fixture
def services(request: pytest.FixtureRequest) -> Services:
    make: Callable[..., Services] = cases.services.__wrapped__  # type: ignore[attr-defined]
    return replace(make(request.getfixturevalue("engine")), queue=StudyQueue())


def drawn(services: Services, actor: Actor, project: Project, *more: CausalEdge) -> None:
    plan = plans.latest_plan(services, actor, project.id)
    assert plan
    first = plans.first_diagram(project, plan)
    plans.save_diagram(services, actor, replace(first, edges=(*first.edges, *more)))


def test_advice_follows_a_diagram_that_is_not_saved_yet(services: Services, actor: Actor, ready: Project) -> None:
    plan, version = plans.latest_plan(services, actor, ready.id), datasets.latest_dataset(services, actor, ready.id)
    assert plan
    assert version
    diagram = plans.first_diagram(ready, plan)
    control, channel = plan.controls[0], plan.channels[0]
    before = causal.advise_plan(diagram, plan, version.recognition)
    assert "mediator" not in {c.id for c in before.checks}
    way = replace(diagram, edges=(*diagram.edges, CausalEdge(channel, control)))
    found = {c.id: c for c in causal.advise_plan(way, plan, version.recognition).checks}
    assert f"{control} lies on the path {channel} → {control} → {plan.target}" in found["mediator"].message
    left = causal.advise_plan(diagram, replace(plan, controls=()), version.recognition)
    assert {c.id for c in left.checks} == {c.id for c in before.checks}, "causes of the KPI alone need no control"
    bare = causal.advise_plan(way, replace(plan, channels=(), controls=()), version.recognition)
    assert "mediator" in {c.id for c in bare.checks}, "a skipped plan takes the data's columns"


def test_a_model_is_held_against_the_diagram_and_its_checks_are_queued(
    services: Services, actor: Actor, ready: Project
) -> None:
    run_id = cases.fitted(services, actor, ready)
    spec = ModelSpec.from_yaml(fits.get_run(services, actor, run_id).spec_yaml)
    assert causal.advise_spec(services, actor, ready.id, spec) is None
    for verb in (causal.advise_model, causal.request_checks):
        with pytest.raises(PlanError, match="Draw the causal diagram"):
            verb(services, actor, run_id)
    channel, control = spec.channels[0].name, spec.controls[0]
    drawn(services, actor, ready, CausalEdge(channel, control))
    assert "mediator" in {c.id for c in causal.advise_model(services, actor, run_id).checks}
    drawn(services, actor, ready, CausalEdge(control, channel))
    assert {c.id for c in causal.advise_model(services, actor, run_id).checks} <= {"unseen"}

    assert causal.advise_spec(services, actor, ready.id, spec) == causal.advise_model(services, actor, run_id)
    without = spec.model_copy(update={"controls": tuple(c for c in spec.controls if c != control)})
    left = causal.advise_spec(services, actor, ready.id, without)
    assert left
    assert "left_out" in {c.id for c in left.checks}, "the control moves the channel and the KPI"

    study = causal.request_checks(services, actor, run_id)
    seen = studies.watch_study(services, actor, study.id)
    assert [s.step.arguments["channel"] for s in seen.steps] == [c.name for c in spec.channels]
    assert len(study.options["diagram"]["edges"]) == len(plans.get_diagram(services, actor, ready.id).edges)
    with pytest.raises(NotAllowed):
        causal.request_checks(services, replace(actor, role=TeamRole.VIEWER), run_id)

    response = fits.load_fitted(services, actor, run_id).response
    first, last = causal.quiet_weeks(response, channel)
    question = Question(channel, first, last, level=1_000.0)
    assert causal.usual_level(response, question) is not None
    assert causal.ask_past(response, question).instead == pytest.approx(4_000.0)
    assert causal.request_counterfactual(services, actor, run_id, question).options["channel"] == channel
    with pytest.raises(PlanError, match="The data run from"):
        causal.request_counterfactual(services, actor, run_id, replace(question, first=date(1999, 1, 1)))
