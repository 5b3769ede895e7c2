"""Which specification a project goes on with: what was left, what was fitted, and what a later plan changes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from mmm_core.data import simulate
from mmm_core.domain.errors import NotAllowed
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit
from mmm_core.modeling.spec import Belief, LiftTest, ModelSpec
from mmm_core.use_cases import datasets, fits, models, plans, projects
from tests.agents import world


@pytest.fixture
def services(engine: Engine) -> Services:
    return world.services_on(engine)


def _two_outcomes(frame: Any) -> Any:
    return frame.assign(new_customers=(frame["revenue"] / 50).round() if "revenue" in frame else range(len(frame)))


def _plan(services: Services, actor: Actor, project_id: str, **changes: Any) -> None:
    last = plans.latest_plan(services, actor, project_id)
    assert last is not None
    told: dict[str, Any] = {"target": last.target, "channels": last.channels, "controls": last.controls} | changes
    plans.save_plan(services, actor, project_id, question="?", **told)
    plans.approve_plan(services, actor, project_id)


def _suggested(services: Services, actor: Actor, project_id: str) -> models.Suggestion:
    return models.suggest_spec(services, actor, project_id)


def _names(spec: ModelSpec) -> list[str]:
    return [c.name for c in spec.channels]


def test_a_plan_approved_after_a_model_takes_its_channels_and_keeps_what_was_said_of_them(
    services: Services, actor: Actor
) -> None:
    project = world.company(services, actor, fit=False)
    spec = _suggested(services, actor, project).spec
    first, second, third = spec.channels[:3]
    believed = first.model_copy(update={"belief": Belief(kind="roi", low=1.0, high=3.0)})
    data = datasets.latest_dataset(services, actor, project)
    assert data is not None
    assert data.last_period is not None
    end = data.last_period - timedelta(weeks=10)
    test = LiftTest(channel=third.name, start=end - timedelta(weeks=4), end=end, lift=500.0, standard_error=200.0)
    spec = spec.model_copy(update={"channels": (believed, third), "lift_tests": (test,)})
    fits.request_fit(services, actor, project, spec, name="Two channels")
    assert _names(_suggested(services, actor, project).spec) == [first.name, third.name], "newer than the plan"

    _plan(services, actor, project, channels=(first.name, second.name))
    found = _suggested(services, actor, project)
    assert _names(found.spec) == [first.name, second.name]
    assert found.spec.channels[0].belief == believed.belief
    assert found.spec.lift_tests == ()
    assert found.notes[0] == "Taken over from Two channels."
    assert any("no longer has the channel" in n for n in found.notes)
    assert any("Taken in as the plan has the channel" in n for n in found.notes)


def test_a_plan_with_another_target_changes_the_kpi_before_and_after_the_first_model(
    services: Services, actor: Actor
) -> None:
    project = world.company(services, actor, rename=_two_outcomes, fit=False)
    was = _suggested(services, actor, project).spec.kpi.column
    assert was != "new_customers"
    _plan(services, actor, project, target="New customers")
    found = _suggested(services, actor, project)
    assert found.spec.kpi.column == "new_customers"
    assert was not in found.spec.columns, "the former KPI is no control of the new one"
    assert any("the plan's target" in n for n in found.notes)
    fits.request_fit(services, actor, project, found.spec)
    _plan(services, actor, project, target=was)
    again = _suggested(services, actor, project)
    assert again.spec.kpi.column == was
    assert "no longer New customers" in again.notes[0]
    _plan(services, actor, project, target="Happiness")
    assert any("no column of numbers Happiness" in n for n in _suggested(services, actor, project).notes)


def test_a_kpi_that_turns_out_to_be_a_count_is_one_in_the_next_specification(services: Services, actor: Actor) -> None:
    project = world.company(services, actor)
    spec = _suggested(services, actor, project).spec
    assert spec.kpi.unit == "revenue"
    known = projects.get_project(services, actor, project)
    projects.update_project(services, actor, replace(known, kpi_unit=KpiUnit.COUNT, value_per_unit=4.0))
    _plan(services, actor, project)
    found = _suggested(services, actor, project)
    assert (found.spec.kpi.unit, found.spec.kpi.value_per_unit) == ("count", 4.0)
    assert any("is a count now" in n for n in found.notes)
    brought = models.given_spec(services, actor, project, spec.model_copy(update={"channels": spec.channels[:2]}))
    assert brought.spec.kpi == spec.kpi, "what was brought along says itself what its KPI is"


def test_a_plan_skipped_before_it_was_written_is_not_quoted(services: Services, actor: Actor) -> None:
    project = projects.create_project(services, actor, name=services.new_id(), kpi_name="Sales of the year").id
    content = simulate.company("national", 7, weeks=110, channels=2).frame.to_csv(index=False).encode()
    datasets.add_dataset(services, actor, project, [datasets.Upload(content, "weekly.csv")])
    plans.skip_plan(services, actor, project, "Only trying it")
    suggested = _suggested(services, actor, project)
    assert suggested.spec.controls
    assert not [note for note in suggested.notes if "plan" in note]


def test_controls_of_a_later_plan_are_taken_in_and_left_out(services: Services, actor: Actor) -> None:
    project = world.company(services, actor, fit=False)
    spec = _suggested(services, actor, project).spec
    assert len(spec.controls) >= 2, "the company has some"
    fits.request_fit(services, actor, project, spec.model_copy(update={"controls": spec.controls[1:]}))
    _plan(services, actor, project, controls=(spec.controls[0],))
    found = _suggested(services, actor, project)
    assert (found.spec.controls, found.spec.holidays) == ((spec.controls[0],), ())


def test_a_fit_that_failed_is_not_gone_on_with(services: Services, actor: Actor) -> None:
    project = world.company(services, actor)
    kept = _suggested(services, actor, project).spec
    wrong = kept.model_copy(update={"max_lag": 3})
    run = fits.request_fit(services, actor, project, wrong)
    assert _suggested(services, actor, project).spec.max_lag == 3, "it may be under way"
    with services.work(actor) as work:
        work.runs.set_status(run.id, RunStatus.FAILED, error="It broke.")
    found = _suggested(services, actor, project)
    assert (found.spec, found.notes[0]) == (kept, "Taken over from First model.")


def test_what_was_left_on_the_model_page_is_gone_on_with_until_something_newer(
    services: Services, actor: Actor
) -> None:
    project = world.company(services, actor)
    fitted = _suggested(services, actor, project)
    assert not fitted.is_draft
    models.keep_draft(services, actor, project, fitted.spec.model_copy(update={"max_lag": 5}))
    models.keep_draft(services, actor, project, fitted.spec.model_copy(update={"max_lag": 6}))
    left = _suggested(services, actor, project)
    assert (left.spec.max_lag, left.is_draft) == (6, True)
    assert "left it on" in left.notes[0]
    with services.work(actor) as work:
        told = [row for row in work.audit.list(50) if row[2] == "specification.changed" and row[3] == project]
    assert len(told) == 1, "one sitting is one line"
    models.drop_draft(services, actor, project)
    assert _suggested(services, actor, project).spec == fitted.spec
    models.keep_draft(services, actor, project, fitted.spec.model_copy(update={"max_lag": 7}))
    fits.request_fit(services, actor, project, fitted.spec.model_copy(update={"max_lag": 4}))
    assert _suggested(services, actor, project).spec.max_lag == 4
    viewer = replace(actor, role=TeamRole.VIEWER)
    with pytest.raises(NotAllowed):
        models.keep_draft(services, viewer, project, fitted.spec)
    with pytest.raises(NotAllowed):
        models.drop_draft(services, viewer, project)


def test_a_plan_changed_at_its_approval_changes_a_specification_that_was_brought_along(
    services: Services, actor: Actor
) -> None:
    project = world.company(services, actor, fit=False)
    spec = _suggested(services, actor, project).spec
    assert models.given_spec(services, actor, project, spec) == models.Suggestion(spec, ())
    _plan(services, actor, project, channels=_names(spec)[:2])
    found = models.given_spec(services, actor, project, spec)
    assert _names(found.spec) == _names(spec)[:2]
    assert found.spec.controls == spec.controls
