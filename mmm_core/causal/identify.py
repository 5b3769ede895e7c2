"""What has to be held still so that a channel's effect on the KPI can be read from data (back-door criterion)."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import networkx as nx

from mmm_core.causal.graph import on_the_way, separated, without_effect
from mmm_core.causal.holdings import Holdings

MOST_FRONTDOOR = 3
"""Front-door sets of more variables than this are not looked for."""


class Verdict(StrEnum):
    IDENTIFIED = "identified"
    HIDDEN = "hidden"
    """Something without data drives both the channel and the KPI."""
    NO_EFFECT = "no effect"
    """The diagram has no path from the channel to the KPI."""


@dataclass(frozen=True)
class Identification:
    """What the diagram says about one channel."""

    channel: str
    verdict: Verdict
    adjust: tuple[str, ...]
    """A minimal set of variables to hold still; what of it has no data is in ``unseen``."""
    unseen: tuple[str, ...]
    left_out: tuple[str, ...]
    """Of ``adjust``, what has data and yet is not held still."""
    also: tuple[str, ...]
    """Other causes of the KPI that may be held still too, and make the estimate sharper."""
    frontdoor: tuple[str, ...] = ()
    instruments: tuple[str, ...] = ()


def identify(graph: nx.DiGraph, channel: str, kpi: str, holdings: Holdings) -> Identification:
    """Adjustment set of one channel.

    Of several minimal sets the one is taken that the model holds already, else one that has data, else any.
    """
    if channel not in graph or not nx.has_path(graph, channel, kpi):
        return Identification(channel, Verdict.NO_EFFECT, (), (), (), ())
    cut = without_effect(graph, channel, kpi)
    free = set(graph) - nx.descendants(graph, channel) - {channel, kpi}
    found: set[str] | None = None
    for allowed in (free & holdings.held, free & holdings.data, free):
        found = nx.find_minimal_d_separator(cut, {channel}, {kpi}, restricted=allowed)
        if found is not None:
            break
    adjust = found or set()
    unseen = adjust - holdings.data
    return Identification(
        channel=channel,
        verdict=Verdict.HIDDEN if unseen else Verdict.IDENTIFIED,
        adjust=tuple(sorted(adjust)),
        unseen=tuple(sorted(unseen)),
        left_out=tuple(sorted(adjust - unseen - holdings.held)),
        also=tuple(sorted(_sharper(graph, cut, channel, kpi, adjust - unseen, free & holdings.data))),
        frontdoor=frontdoor(graph, channel, kpi, holdings.data),
        instruments=instruments(graph, channel, kpi, holdings.data),
    )


def _sharper(
    graph: nx.DiGraph, cut: nx.DiGraph, channel: str, kpi: str, adjust: set[str], allowed: set[str]
) -> set[str]:
    """Direct causes of the KPI and of what leads there, added one by one while nothing opens."""
    way = on_the_way(graph, channel, kpi) | {kpi}
    wanted = {parent for node in way for parent in graph.predecessors(node)} & allowed
    kept: set[str] = set()
    fine = separated(cut, channel, kpi, adjust)
    for name in sorted(wanted - adjust):
        if not fine or separated(cut, channel, kpi, adjust | kept | {name}):
            kept.add(name)
    return kept


def instruments(graph: nx.DiGraph, channel: str, kpi: str, data: frozenset[str]) -> tuple[str, ...]:
    """Causes of the channel that touch the KPI through it alone, and share no cause with the KPI."""
    alone = graph.copy()
    alone.remove_edges_from(list(graph.in_edges(channel)))
    causes = nx.ancestors(alone, kpi)
    caused = set().union(*(nx.descendants(alone, c) for c in causes)) if causes else set()
    return tuple(sorted((set(graph.predecessors(channel)) - causes - caused) & data))


def frontdoor(graph: nx.DiGraph, channel: str, kpi: str, data: frozenset[str]) -> tuple[str, ...]:
    """The smallest set of measured variables that carries the whole effect and shares no hidden cause with its ends."""
    able = sorted(on_the_way(graph, channel, kpi) & data)
    for size in range(1, min(MOST_FRONTDOOR, len(able)) + 1):
        for chosen in combinations(able, size):
            if _carries(graph, channel, kpi, set(chosen)):
                return chosen
    return ()


def _carries(graph: nx.DiGraph, channel: str, kpi: str, through: set[str]) -> bool:
    rest = graph.copy()
    rest.remove_nodes_from(through)
    if nx.has_path(rest, channel, kpi):
        return False
    before = graph.copy()
    before.remove_edges_from(list(graph.out_edges(channel)))
    if not nx.is_d_separator(before, {channel}, through, set()):
        return False
    after = graph.copy()
    after.remove_edges_from(list(graph.out_edges(through)))
    return bool(nx.is_d_separator(after, through, {kpi}, {channel}))
