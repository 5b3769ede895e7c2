"""The project's diagram as a directed graph, and the walks on it that carry an association."""

from itertools import pairwise

import networkx as nx

from mmm_core.causal.loops import refusal
from mmm_core.domain.errors import PlanError
from mmm_core.domain.project import Diagram, NodeRole


def directed(diagram: Diagram) -> nx.DiGraph:
    """The diagram as a directed acyclic graph.

    Raises
    ------
    PlanError
        Where the arrows go round in a circle, or one of them names a variable that the list does not hold.
    """
    names = {n.name for n in diagram.nodes}
    for edge in diagram.edges:
        missing = [end for end in (edge.cause, edge.effect) if end not in names]
        if missing:
            raise PlanError(
                f"The arrow {edge.cause} → {edge.effect} names {missing[0]}, which is not among the variables; "
                "add it there or remove the arrow."
            )
    if sentence := refusal(diagram.edges):
        raise PlanError(sentence)
    graph = nx.DiGraph()
    graph.add_nodes_from(n.name for n in diagram.nodes)
    graph.add_edges_from((e.cause, e.effect) for e in diagram.edges)
    return graph


def outcome(diagram: Diagram) -> str:
    """The one variable that is the KPI."""
    found = [n.name for n in diagram.nodes if n.role is NodeRole.KPI]
    if len(found) != 1:
        many = f"it has {len(found)}: {', '.join(found)}" if found else "it has none"
        raise PlanError(f"The diagram needs exactly one variable marked as the KPI; {many}.")
    return found[0]


def treatments(diagram: Diagram) -> tuple[str, ...]:
    return tuple(n.name for n in diagram.nodes if n.role is NodeRole.CHANNEL)


def without_effect(graph: nx.DiGraph, cause: str, effect: str) -> nx.DiGraph:
    """The graph less the first arrow of every directed path from cause to effect: what is left is no effect."""
    after = nx.ancestors(graph, effect) | {effect}
    cut = graph.copy()
    cut.remove_edges_from([(cause, child) for child in graph.successors(cause) if child in after])
    return cut


def on_the_way(graph: nx.DiGraph, cause: str, effect: str) -> set[str]:
    """Variables strictly between cause and effect on a directed path."""
    found: set[str] = nx.descendants(graph, cause) & nx.ancestors(graph, effect)
    return found


def separated(graph: nx.DiGraph, one: str, other: str, held: set[str]) -> bool:
    """Whether holding some variables still leaves no association between two others."""
    return bool(nx.is_d_separator(graph, {one}, {other}, held))


def open_walk(graph: nx.DiGraph, start: str, end: str, held: set[str]) -> tuple[str, ...]:
    """The shortest walk along which an association flows with ``held`` held still; empty where there is none.

    A walk passes a variable that is not held, or a meeting of two arrows where the meeting point or a consequence of
    it is held.
    """
    reached = held | {a for h in held for a in nx.ancestors(graph, h)}
    queue = [(start, True)]  # (variable, whether it was entered against its arrow)
    came: dict[tuple[str, bool], tuple[str, bool] | None] = {queue[0]: None}
    for state in queue:
        node, upward = state
        if node == end:
            return _back(came, state)
        follow: list[tuple[str, bool]] = []
        if node not in held:
            follow += [(child, False) for child in graph.successors(node)]
        if (upward and node not in held) or (not upward and node in reached):
            follow += [(parent, True) for parent in graph.predecessors(node)]
        for nxt in follow:
            if nxt not in came:
                came[nxt] = state
                queue.append(nxt)
    return ()


def _back(came: dict[tuple[str, bool], tuple[str, bool] | None], last: tuple[str, bool]) -> tuple[str, ...]:
    out: list[str] = []
    at: tuple[str, bool] | None = last
    while at is not None:
        out.append(at[0])
        at = came[at]
    return tuple(reversed(out))


def meetings(graph: nx.DiGraph, walk: tuple[str, ...]) -> set[str]:
    """Variables of a walk at which two of its arrows meet (colliders)."""
    return {
        here
        for before, here, after in zip(walk, walk[1:], walk[2:], strict=False)
        if graph.has_edge(before, here) and graph.has_edge(after, here)
    }


def spelled(graph: nx.DiGraph, walk: tuple[str, ...]) -> str:
    """A walk as words: ``tv ← demand → sales``."""
    if not walk:
        return ""
    steps = [f" {'→' if graph.has_edge(a, b) else '←'} {b}" for a, b in pairwise(walk)]
    return walk[0] + "".join(steps)


def causal_path(graph: nx.DiGraph, *through: str) -> str:
    """The shortest directed path through variables in their order, as words."""
    walk: list[str] = [through[0]]
    for a, b in pairwise(through):
        walk += nx.shortest_path(graph, a, b)[1:]
    return " → ".join(walk)
