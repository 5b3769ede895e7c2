from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from db.work import PostgresWork
from mmm_core.domain.errors import NotFound
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from tests.db import some

Open = Callable[[], PostgresWork]


def _chain(w: PostgresWork, project: str, *steps: str) -> None:
    """step1 -made_from-> step2 -> ..., each a node of kind 'thing'."""
    for step in steps:
        w.graph.put_node("thing", f"{project}{step}", step, {"note": f"about {step}"}, project)
    for before, after in pairwise(steps):
        w.graph.put_edge(("thing", project + before), "made_from", ("thing", project + after))


def test_lineage_is_everything_it_was_made_from_nearest_first(work: Open) -> None:
    p = some.project().id
    with work() as w:
        _chain(w, p, "report", "model", "dataset", "file")
        _chain(w, p, "model", "plan")
        _chain(w, p, "report", "file")
        steps = w.graph.lineage("thing", f"{p}report")
    assert {(s.depth, s.label) for s in steps} == {
        (0, "report"), (1, "file"), (1, "model"), (2, "dataset"), (2, "plan"),
    }  # fmt: skip
    assert [s.depth for s in steps] == sorted(s.depth for s in steps)
    assert steps[0].detail.startswith("note: about ")
    assert steps[0].at is not None


def test_lineage_ends_in_a_cycle_and_in_many_paths(work: Open) -> None:
    p = some.project().id
    with work() as w:
        _chain(w, p, "a", "b", "c", "a")
        assert sorted(s.label for s in w.graph.lineage("thing", f"{p}a")) == ["a", "b", "c"]
        layers = [[f"{layer}.{i}" for i in range(4)] for layer in range(12)]
        for upper, lower in pairwise(layers):
            for one in upper:
                for other in lower:
                    _chain(w, p, one, other)
        # 4**11 paths; 44 nodes below the first.
        assert len(w.graph.lineage("thing", f"{p}0.0")) == 45


def test_lineage_of_nothing_is_empty_and_an_edge_needs_both_ends(work: Open) -> None:
    with work() as w:
        assert w.graph.lineage("thing", "nothing") == []
        with pytest.raises(NotFound, match="has no thing nothing"):
            w.graph.put_edge(("thing", "nothing"), "made_from", ("thing", "nothing"))


def test_a_node_is_known_by_kind_and_key(work: Open) -> None:
    p = some.project().id
    with work() as w:
        first = w.graph.put_node("thing", p, "one", {"n": 1}, p)
        assert w.graph.put_node("thing", p, "two", {"tags": ["x", "y"], "none": None}, p) == first
        w.graph.put_node("top", p, "top", {}, p)
        w.graph.put_edge(("top", p), "of", ("thing", p), {"v": 1})
        w.graph.put_edge(("top", p), "of", ("thing", p), {"v": 2})
        _, step = w.graph.lineage("top", p)
        assert (step.label, step.detail) == ("two", "tags: x, y")
        w.graph.remove_edges(p, "of")
        assert len(w.graph.lineage("top", p)) == 1
        w.graph.put_edge(("top", p), "of", ("thing", p))
        w.graph.remove_nodes(p, "thing")
        assert len(w.graph.lineage("top", p)) == 1


def _diagram(project: str) -> Diagram:
    nodes = (
        CausalNode("sales", NodeRole.KPI),
        CausalNode("tv", NodeRole.CHANNEL),
        CausalNode("'); --", NodeRole.CONTROL),
    )
    edges = (CausalEdge("tv", "sales", "advertising", 2, 0.8, "lift test"), CausalEdge("'); --", "sales"))
    return Diagram(project, nodes, edges)


def test_a_diagram_comes_back_equal_and_is_replaced_whole(work: Open) -> None:
    p = some.project().id
    other = some.project().id
    with work() as w:
        assert w.graph.diagram(p) == Diagram(p, (), ())
        w.graph.save_diagram(_diagram(p))
        w.graph.save_diagram(_diagram(other))
        assert w.graph.diagram(p) == _diagram(p)
        smaller = replace(_diagram(p), nodes=_diagram(p).nodes[1::-1], edges=_diagram(p).edges[:1])
        w.graph.save_diagram(smaller)
        assert w.graph.diagram(p) == smaller
        assert w.graph.diagram(other) == _diagram(other)


def test_what_causes_what_is_no_lineage(work: Open) -> None:
    p = some.project().id
    with work() as w:
        w.graph.save_diagram(_diagram(p))
        assert [s.label for s in w.graph.lineage("causal_variable", f"{p}/tv")] == ["tv"]
