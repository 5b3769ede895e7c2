"""Every tool on a real project: what it reads is a fact, and what it writes waits for a person and happens once."""

import json
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import identity
from mmm_core.agents.tools import acting, numbers, registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Proposal, ProposalStatus
from mmm_core.domain.errors import BadInput, CarryoverError, Conflict, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.reports.number_lock import CLAIM
from mmm_core.reports.story import spell
from mmm_core.use_cases import conversations, datasets, fits, knowledge, reports, what_if
from tests.agents import world

READING: dict[str, dict[str, Any]] = {
    "returns_during": {"first": "2024-06-03", "last": "2024-09-02"},
    "get_data_status": {}, "inspect_data": {}, "check_data": {}, "get_channel_stats": {}, "sample_rows": {"count": 3},
    "get_column_stats": {"column": "tv_spend"}, "get_top_values": {"column": "tv_spend"}, "detect_outliers": {},
    "get_correlation_matrix": {}, "scan_trends": {}, "get_adstock_recommendations": {}, "run_ols_mmm": {},
    "optimize_adstock_parameters": {"channel": "tv"}, "list_models": {}, "roi_summary": {}, "list_studies": {},
    "channel_results": {"channel": "TV"}, "model_quality": {}, "where_from": {"figure": "channel.tv.roi.p50"},
    "propose_changes": {"sentence": "raise tv by 20%"}, "simulate_scenario": {"spend": {"tv": 1000.0}},
    "optimize_budget": {"total": 500_000.0}, "list_scenarios": {}, "compare_scenarios": {},
    "search_knowledge": {"question": "tv"}, "get_analysis_history": {}, "list_reports": {}, "list_all_tools": {},
    "list_custom_tools": {}, "ask_user": {"question": "Which?"},
    "ask_user_to_choose": {"question": "Which?", "options": ["a", "b"]},
}  # fmt: skip
WRITING: dict[str, dict[str, Any]] = {
    "apply_data_step": {"step": "add_time_features", "reason": "seasons"}, "clean_data": {}, "add_time_features": {},
    "aggregate_weekly": {}, "waive_check": {"check": "coverage", "reason": "known"}, "approve_plan": {},
    "run_bayesian_mmm": {"name": "From the chat"}, "request_study": {"kind": "holdout"},
    "save_scenario": {"name": "More TV", "spend": {"tv": 1000.0}}, "publish_report": {"name": "Spring"},
    "add_analysis_note": {"title": "Strike", "text": "It ended in May."},
    "write_plan": {"question": "What works?", "target": "revenue", "channels": ["tv"]},
    "create_custom_tool": {"name": "rows", "description": "Counts", "source": "def tool(data):\n    return 1\n"},
}  # fmt: skip
ELSEWHERE = {
    "compare_models",
    "execute_query",
    "use_custom_tool",
    "inspect_custom_tool",
    "remove_custom_tool",
    "look_up",
}
"""They need a second model, walls for code, a tool or a search provider, and have tests of their own."""

pytestmark = pytest.mark.slow


@pytest.fixture
def place(services: Services, actor: Actor, fitted: str) -> Context:
    return world.context(services, actor, fitted)


def proposed(place: Context, tool: str, given: dict[str, Any]) -> Proposal:
    result = registry.call(place, tool, given)
    return conversations.proposal(place.services, place.actor, result.proposal)


@pytest.mark.parametrize("name", READING)
def test_every_figure_of_a_tool_is_a_fact(place: Context, name: str) -> None:
    result = registry.call(place, name, READING[name])
    said = json.dumps(result.said, ensure_ascii=False, default=str)
    assert len(said) < 12_000, "it must fit beside others into what a model reads"
    known = {f.key: f for f in result.facts}
    results = place.results()
    for shown, key in CLAIM.findall(said):
        assert shown == spell(known[key], results.currency, results.is_revenue), key
    if name not in ("sample_rows", "list_all_tools"):
        keys = {k for k in known if k}
        assert keys == {key for _, key in CLAIM.findall(said)}, "a fact that is not said, or the reverse"
    assert result.proposal == ""


def test_every_tool_is_tried_here() -> None:
    assert set(READING) | set(WRITING) | ELSEWHERE == set(registry.TOOLS)
    assert {n for n, t in registry.TOOLS.items() if t.writes} == {*WRITING, "remove_custom_tool"}


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("execute_query", {"code": "len(data)"}), ("use_custom_tool", {"tool": "none", "arguments": {}}),
        ("inspect_custom_tool", {"tool": "none"}), ("remove_custom_tool", {"tool": "none"}),
    ],
)  # fmt: skip
def test_what_this_server_cannot_do_is_one_sentence(place: Context, name: str, given: dict[str, Any]) -> None:
    with pytest.raises(CarryoverError, match=r"\.$"):
        registry.call(place, name, given)


def test_two_models_are_compared_by_name(place: Context) -> None:
    with pytest.raises(NotFound, match="no model called Nothing"):
        registry.call(place, "compare_models", {"one": "First model", "other": "Nothing"})
    with pytest.raises(BadInput, match="two different"):
        registry.call(place, "compare_models", {"one": "First model", "other": "First model"})


@pytest.mark.parametrize("name", WRITING)
def test_a_tool_that_writes_says_what_it_would_change_and_changes_nothing(
    place: Context, database: Any, name: str
) -> None:
    def rows() -> list[Any]:
        tables = ("projects", "plans", "dataset_versions", "runs", "studies", "scenarios", "reports", "documents")
        with psycopg.connect(database.admin) as link:
            return [link.execute(f"SELECT * FROM carryover.{t} ORDER BY 1, 2, 3").fetchall() for t in tables]

    before = rows()
    # Two of them have nothing to do in these data, and say so.
    if name in ("approve_plan", "clean_data"):
        with pytest.raises(Conflict, match=r"\.$"):
            proposed(place, name, WRITING[name])
        return
    kept = proposed(place, name, WRITING[name])
    assert kept.status is ProposalStatus.WAITING
    assert kept.lines
    assert kept.title == registry.find(name).title
    assert rows() == before


def test_a_yes_does_it_once(place: Context) -> None:
    kept = proposed(place, "publish_report", {"name": "Spring"})
    done = acting.confirm(place, kept.id)
    assert done.status is ProposalStatus.DONE
    assert "is published" in done.outcome
    assert done.decided_by == place.actor.name
    with pytest.raises(Conflict, match="already"):
        acting.confirm(place, kept.id)
    with pytest.raises(Conflict, match="already"):
        conversations.decline(place.services, place.actor, kept.id)
    assert [r.title for r in reports.list_reports(place.services, place.actor, place.project)] == ["Spring"]
    with place.services.work(place.actor) as work:
        actions = [a for _, _, a, s, _ in work.audit.list(20) if s == kept.id]
    assert actions == ["proposal.done", "proposal.confirmed", "proposal.made"]


def test_each_act_does_what_it_said(place: Context) -> None:
    s, a, p = place.services, place.actor, place.project
    for name in ("save_scenario", "add_analysis_note", "run_bayesian_mmm", "apply_data_step"):
        done = acting.confirm(place, proposed(place, name, WRITING[name]).id)
        assert done.status is ProposalStatus.DONE, done.outcome
    assert "More TV" in [x.name for x in what_if.list_scenarios(s, a, p)]
    assert "Strike" in [d.title for d in knowledge.list_kept(s, a, p, ("note",))]
    assert fits.list_runs(s, a, p)[0].name == "From the chat"
    newest = datasets.latest_dataset(s, a, p)
    assert newest is not None
    assert newest.recipe[-1].step == "add_time_features"


def test_a_no_leaves_everything(place: Context) -> None:
    kept = proposed(place, "save_scenario", {"name": "Never", "spend": {"tv": 1.0}})
    conversations.decline(place.services, place.actor, kept.id, "not now")
    with pytest.raises(Conflict):
        acting.confirm(place, kept.id)
    assert "Never" not in [x.name for x in what_if.list_scenarios(place.services, place.actor, place.project)]


def test_an_act_that_is_no_longer_possible_ends_in_one_sentence(place: Context) -> None:
    one, two = (proposed(place, "save_scenario", {"name": "Twin", "spend": {"tv": 1.0}}) for _ in range(2))
    assert acting.confirm(place, one.id).status is ProposalStatus.DONE
    failed = acting.confirm(place, two.id)
    assert failed.status is ProposalStatus.FAILED
    assert "already a scenario called Twin" in failed.outcome


def test_roles_hold_for_proposing_and_for_confirming(place: Context) -> None:
    viewer = replace(place, actor=replace(place.actor, role=TeamRole.VIEWER))
    analyst = replace(place, actor=replace(place.actor, role=TeamRole.ANALYST))
    with pytest.raises(NotAllowed):
        registry.call(viewer, "publish_report", {})
    with pytest.raises(NotAllowed):
        registry.call(analyst, "approve_plan", {})
    kept = proposed(place, "publish_report", {})
    with pytest.raises(NotAllowed):
        acting.confirm(viewer, kept.id)
    assert conversations.proposal(place.services, place.actor, kept.id).status is ProposalStatus.WAITING
    assert registry.call(viewer, "roi_summary", {}).facts


def test_another_organisation_finds_neither_project_nor_proposal(place: Context, engine: Engine) -> None:
    stranger = identity.sign_in(engine, issuer="https://id.example", subject="tools", organisation="tools-others")
    assert stranger is not None
    kept = proposed(place, "publish_report", {})
    other = replace(place, actor=stranger)
    with pytest.raises(NotFound):
        acting.confirm(other, kept.id)
    for name in ("roi_summary", "inspect_data", "list_models"):
        try:
            said = json.dumps(registry.call(other, name, {}).said)
        except NotFound:
            continue
        assert "First model" not in said
        assert "acme" not in said


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("roi_summary", {"project_id": "x"}), ("sample_rows", {"count": 10_000}), ("optimize_budget", {"total": -1}),
        ("optimize_budget", {"total": float("nan")}), ("apply_data_step", {"step": "rm -rf"}),
        ("save_scenario", {"spend": {}}),
        ("save_scenario", {"name": "x", "spend": {"moon": 1.0}}), ("simulate_scenario", {"spend": {"tv": -5.0}}),
        ("propose_changes", {"sentence": "x" * 5000}), ("request_study", {"kind": "magic"}), ("nothing", {}),
        ("get_top_values", {"column": "nowhere"}), ("ask_user_to_choose", {"question": "?", "options": ["a", "a"]}),
    ],
)  # fmt: skip
def test_wrong_arguments_are_one_sentence(place: Context, name: str, given: dict[str, Any]) -> None:
    with pytest.raises(CarryoverError) as refused:
        registry.call(place, name, given)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_shown_figure_finds_its_metric_and_no_other_unit(place: Context) -> None:
    results = place.results()
    facts = list(fits.get_facts(place.services, place.actor, place.run().id))
    roi = next(f for f in facts if f.key == "channel.tv.roi.p50")
    shown = spell(roi, results.currency, results.is_revenue)
    assert roi in numbers.matching(shown, facts, results)
    assert roi not in numbers.matching(shown.replace("×", "%"), facts, results)
    share = next(f for f in facts if f.key == "channel.tv.contribution_share.p50")
    assert share in numbers.matching(spell(share, results.currency, True), facts, results)
    assert numbers.matching("nothing here", facts, results) == []
