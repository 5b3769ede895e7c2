"""Diagrams for the tests of causal advice."""

import numpy as np

from mmm_core.causal.holdings import Holdings
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole


def diagram(text: str, *, channels: str = "tv", kpi: str = "sales", unseen: str = "") -> Diagram:
    """``"price > tv, price > sales"`` as a diagram."""
    edges = [tuple(part.strip() for part in arrow.split(">")) for arrow in text.split(",") if arrow.strip()]
    names = dict.fromkeys([kpi, *channels.split(), *(end for edge in edges for end in edge)])

    def role(name: str) -> NodeRole:
        if name == kpi:
            return NodeRole.KPI
        if name in channels.split():
            return NodeRole.CHANNEL
        return NodeRole.UNOBSERVED if name in unseen.split() else NodeRole.CONTROL

    nodes = tuple(CausalNode(name, role(name)) for name in names)
    return Diagram("p", nodes, tuple(CausalEdge(a, b) for a, b in edges))


def holdings(drawn: Diagram, held: str = "") -> Holdings:
    """Everything that is not marked as unseen has data; channels and the named controls are held still."""
    data = [n.name for n in drawn.nodes if n.role is not NodeRole.UNOBSERVED]
    channels = tuple(n.name for n in drawn.nodes if n.role is NodeRole.CHANNEL)
    return Holdings(frozenset(data), frozenset([*held.split(), *channels]), channels, {n: n for n in data})


def random_diagram(rng: np.random.Generator, variables: int = 7, density: float = 0.35) -> Diagram:
    """A random acyclic diagram of one channel, the KPI and other variables, some of them unseen."""
    order = ["tv", "sales", *(f"v{i}" for i in range(variables - 2))]
    rng.shuffle(order)
    first, second = sorted((order.index("tv"), order.index("sales")))
    order[first], order[second] = ("tv", "sales") if rng.random() < 0.9 else ("sales", "tv")
    unseen = {n for n in order if n.startswith("v") and rng.random() < 0.4}
    edges = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :] if rng.random() < density]
    return diagram(", ".join(f"{a} > {b}" for a, b in edges), unseen=" ".join(unseen))
