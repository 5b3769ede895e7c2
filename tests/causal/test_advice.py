"""Advice from the diagram: what to hold still, what not, and the path it follows from."""

from itertools import pairwise

import networkx as nx
import numpy as np
import pytest

from mmm_core.causal import advice, graph, identify
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import PlanError
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from tests.causal.diagrams import diagram, holdings, random_diagram


def said(text: str, held: str = "", **more: str) -> dict[str, Check]:
    drawn = diagram(text, **more)
    return {check.id: check for check in advice.advise(drawn, holdings(drawn, held)).checks}


def test_a_control_on_the_way_takes_the_effect_away() -> None:
    found = said("tv > brand_search, brand_search > sales, tv > sales", held="brand_search")
    assert found["mediator"].status is Status.FAIL
    assert "brand_search lies on the path tv → brand_search → sales" in found["mediator"].message
    assert set(found) == {"mediator"}
    assert said("tv > brand_search, brand_search > sales, tv > sales") == {}


def test_a_channel_on_the_way_is_no_mistake_but_is_said() -> None:
    found = said("tv > search, search > sales", channels="tv search")
    assert found["channel_mediator"].status is Status.REVIEW
    assert "counted as search's" in found["channel_mediator"].message


def test_a_consequence_of_the_kpi_explains_it_by_itself() -> None:
    found = said("tv > sales, sales > web_visits", held="web_visits")
    assert "consequence of sales (sales → web_visits)" in found["consequence"].message


def test_what_follows_from_the_effect_takes_part_of_it() -> None:
    found = said("tv > visits, visits > sales, visits > app_opens", held="app_opens")
    assert "tv → visits → app_opens" in found["follows"].message


@pytest.mark.parametrize("after_the_channel", [True, False])
def test_a_meeting_of_arrows_is_left_alone(after_the_channel: bool) -> None:
    first = "tv > index" if after_the_channel else "budget > tv, budget > index"
    found = said(f"tv > sales, {first}, demand > index, demand > sales", held="index", unseen="demand budget")
    assert found["collider"].status is Status.FAIL
    assert "index ← demand → sales" in found["collider"].message
    assert set(found) == {"collider"}


def test_a_shared_cause_with_data_belongs_among_the_controls() -> None:
    text = "tv > sales, price > tv, price > sales"
    found = said(text)
    assert "price moves both tv and sales (tv ← price → sales) and has data" in found["left_out"].message
    assert said(text, held="price") == {}


def test_a_shared_cause_without_data_is_said_with_a_way_round() -> None:
    found = said("tv > sales, demand > tv, demand > sales", unseen="demand")
    assert found["unseen"].status is Status.REVIEW
    assert "experiment" in found["unseen"].message
    front = said("tv > visits, visits > sales, demand > tv, demand > sales", unseen="demand")
    assert "followed through visits (front door)" in front["unseen"].message
    aside = said("tv > sales, demand > tv, demand > sales, strike > tv", unseen="demand")
    assert "strike could serve as an instrument" in aside["unseen"].message


def test_a_confounder_blocked_elsewhere_needs_no_data() -> None:
    assert said("tv > sales, demand > budget, budget > tv, demand > sales", held="budget", unseen="demand") == {}


def test_one_variable_is_said_once_for_all_channels() -> None:
    found = said("tv > sales, radio > sales, price > tv, price > radio, price > sales", channels="tv radio")
    assert list(found) == ["left_out"]
    assert found["left_out"].columns == ("price", "tv", "radio")
    assert "The same holds for radio." in found["left_out"].message


def test_a_channel_without_a_path_has_no_effect_by_the_diagram() -> None:
    found = said("radio > sales", channels="tv radio")
    assert "no path from tv to sales" in found["no_effect"].message


def test_a_circle_is_refused_by_name() -> None:
    with pytest.raises(PlanError, match=r"circle \(tv → sales → budget → tv\); remove one"):
        said("tv > sales, sales > budget, budget > tv")


def test_an_arrow_from_nowhere_is_refused_by_name() -> None:
    nodes = (CausalNode("sales", NodeRole.KPI), CausalNode("tv", NodeRole.CHANNEL))
    drawn = Diagram("p", nodes, (CausalEdge("tv", "sales"), CausalEdge("price", "sales")))
    with pytest.raises(PlanError, match="price → sales names price, which is not among the variables"):
        advice.advise(drawn, holdings(drawn))


@pytest.mark.parametrize(("roles", "words"), [((), "it has none"), (("a", "b"), "it has 2: a, b")])
def test_one_kpi_is_needed(roles: tuple[str, ...], words: str) -> None:
    drawn = Diagram("p", (CausalNode("tv", NodeRole.CHANNEL), *(CausalNode(r, NodeRole.KPI) for r in roles)), ())
    with pytest.raises(PlanError, match=words):
        advice.advise(drawn, holdings(drawn))


def test_open_walks_are_found_just_where_something_is_open() -> None:
    rng = np.random.default_rng(5)
    for _ in range(150):
        drawn = random_diagram(rng)
        built = graph.directed(drawn)
        held = {n for n in built if n.startswith("v") and rng.random() < 0.4}
        cut = built.copy()
        cut.remove_edges_from([("tv", "sales"), ("sales", "tv")])
        walk = graph.open_walk(cut, "tv", "sales", held)
        assert bool(walk) != graph.separated(cut, "tv", "sales", held)
        assert all(cut.has_edge(a, b) or cut.has_edge(b, a) for a, b in pairwise(walk))


def test_following_all_advice_leaves_nothing_open() -> None:
    """Taking out what is flagged and adding what is missing gives a set that satisfies the back-door criterion."""
    rng = np.random.default_rng(6)
    mended = 0
    for _ in range(600):
        drawn = random_diagram(rng)
        built = graph.directed(drawn)
        control = {n.name for n in drawn.nodes if n.role is NodeRole.CONTROL}
        have = holdings(drawn, " ".join(n for n in control if rng.random() < 0.5))
        one = identify.identify(built, "tv", "sales", have)
        if one.verdict is identify.Verdict.NO_EFFECT:
            continue
        found = list(advice.trouble(built, one, "sales", have))
        add = {f.variable for f in found if f.kind in ("left_out", "unseen")}
        after = (set(have.held) - {"tv"} - {f.variable for f in found}) | add
        cut = graph.without_effect(built, "tv", "sales")
        assert graph.separated(cut, "tv", "sales", after)
        way = graph.on_the_way(built, "tv", "sales") | {"sales"}
        assert not after & (way | {d for n in way for d in nx.descendants(built, n)})
        mended += bool(found)
    assert mended > 50
