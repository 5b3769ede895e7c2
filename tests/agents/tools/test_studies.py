"""Studies asked for in a chat: what a kind needs is found or asked for before the yes, and its settings arrive."""

from typing import Any

import pytest

from mmm_core.agents.tools import acting, registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Proposal, ProposalStatus
from mmm_core.domain.errors import BadInput, Conflict, DataError, PlanError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import conversations, plans, projects, studies
from tests.agents import world

pytestmark = pytest.mark.slow


ALONE = ("holdout", "expanding", "refresh", "perturbation", "placebo", "sbc", "recoverability", "ladder")
"""Kinds that need nothing but the model."""


@pytest.fixture
def place(services: Services, actor: Actor, fitted: str) -> Context:
    return world.context(services, actor, fitted)


def proposed(place: Context, **given: Any) -> Proposal:
    result = registry.call(place, "request_study", given)
    return conversations.proposal(place.services, place.actor, result.proposal)


def test_settings_are_shown_before_the_yes_and_kept_after_it(place: Context) -> None:
    kept = proposed(place, kind="holdout", options={"periods": 9, "draws": 600})
    said = "\n".join(kept.lines)
    assert "Periods held out: 9" in said
    assert "Draws per chain: 600" in said
    assert "Fit without the last 9 weeks" in said
    assert acting.confirm(place, kept.id).status is ProposalStatus.DONE
    study = studies.list_studies(place.services, place.actor, place.project)[0]
    assert (study.options["periods"], study.options["draws"], study.options["tune"]) == (9, 600, 300)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"kind": "holdout", "options": {"horizon": 9}}, "no setting called horizon; it has periods"),
        ({"kind": "holdout", "options": {"draws": 10**6}}, "draws: must be at most 2000"),
        ({"kind": "holdout", "options": {"periods": 500}}, "A holdout"),
        ({"kind": "trial"}, "one of holdout"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anybody_says_yes(
    place: Context, given: dict[str, Any], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        proposed(place, **given)


def test_how_firm_asks_for_the_scenario_and_takes_its_plan(place: Context) -> None:
    with pytest.raises(Conflict, match="no saved scenario of"):
        proposed(place, kind="sensitivity")
    for name in ("No TV", "Little TV"):
        made = registry.call(place, "save_scenario", {"name": name, "spend": {"tv": 10.0 * len(name)}})
        acting.confirm(place, made.proposal)
    with pytest.raises(BadInput, match=r"Say which scenario it is about: .*No TV"):
        proposed(place, kind="sensitivity")
    kept = proposed(place, kind="sensitivity", scenario="no tv")
    assert acting.confirm(place, kept.id).status is ProposalStatus.DONE
    assert studies.list_studies(place.services, place.actor, place.project)[0].options["name"] == "No TV"


def test_a_question_about_the_past_says_what_it_needs(place: Context) -> None:
    with pytest.raises(BadInput, match="Say which channel, from which day to which"):
        proposed(place, kind="counterfactual")


def test_causal_checks_take_the_diagram_or_ask_for_one(place: Context) -> None:
    with pytest.raises(PlanError, match="Draw the causal diagram"):
        proposed(place, kind="causal")
    kpi = plans.latest_plan(place.services, place.actor, place.project)
    assert kpi is not None
    nodes = (CausalNode(kpi.target, NodeRole.KPI), CausalNode("tv", NodeRole.CHANNEL))
    drawn = Diagram(place.project, nodes, (CausalEdge("tv", kpi.target),))
    plans.save_diagram(place.services, place.actor, drawn)
    kept = proposed(place, kind="causal", options={"repetitions": 7})
    assert any("Estimate tv" in line for line in kept.lines)
    assert acting.confirm(place, kept.id).status is ProposalStatus.DONE
    newest = studies.list_studies(place.services, place.actor, place.project)[0]
    assert (newest.kind, newest.options["repetitions"]) == ("causal", 7)


@pytest.mark.parametrize("kind", ALONE)
def test_a_kind_that_needs_nothing_more_is_planned(place: Context, kind: str) -> None:
    assert len(proposed(place, kind=kind).lines) > 2


def test_what_changed_asks_for_a_second_model(place: Context) -> None:
    with pytest.raises(Conflict, match="the only model that is done"):
        proposed(place, kind="changes")


def test_nothing_of_the_projects_own_kpi_is_fitted_before_the_plan_is_decided(place: Context) -> None:
    project = projects.create_project(place.services, place.actor, name="Undecided", question="?")
    spec = ModelSpec.from_yaml(place.run().spec_yaml)
    with pytest.raises(PlanError, match="Approve the plan"):
        studies.create_study(place.services, place.actor, project.id, "ladder", spec=spec)
    with pytest.raises(DataError, match="Add data"):
        studies.create_study(place.services, place.actor, project.id, "recoverability", spec=spec)
