"""Whether arrows go round in a circle; no library, so that saving a diagram needs none."""

from collections.abc import Iterable

from mmm_core.domain.project import CausalEdge


def find_cycle(edges: Iterable[CausalEdge]) -> list[str]:
    """One cycle as a list of names that starts and ends alike; empty where there is none."""
    after: dict[str, list[str]] = {}
    for edge in edges:
        after.setdefault(edge.cause, []).append(edge.effect)
    finished: set[str] = set()

    def walk(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in finished:
            return []
        for nxt in after.get(node, []):
            found = walk(nxt, [*path, node])
            if found:
                return found
        finished.add(node)
        return []

    for start in list(after):
        found = walk(start, [])
        if found:
            return found
    return []


def refusal(edges: Iterable[CausalEdge]) -> str:
    """The sentence that refuses a diagram with a circle; empty where there is none."""
    cycle = find_cycle(edges)
    return f"The diagram goes round in a circle ({' → '.join(cycle)}); remove one of these arrows." if cycle else ""
