"""What the diagram advises about a model's controls, each piece of advice with the path that it follows from."""

from collections.abc import Iterator
from dataclasses import dataclass

import networkx as nx

from mmm_core.causal import identify, words
from mmm_core.causal.graph import (
    causal_path,
    directed,
    meetings,
    on_the_way,
    open_walk,
    outcome,
    separated,
    spelled,
    treatments,
    without_effect,
)
from mmm_core.causal.holdings import Holdings
from mmm_core.causal.identify import Identification
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import PlanError
from mmm_core.domain.project import Diagram


@dataclass(frozen=True)
class Advice:
    kpi: str
    channels: tuple[Identification, ...]
    checks: tuple[Check, ...]
    """The most pressing first; empty where there is nothing to mend."""


@dataclass(frozen=True)
class Finding:
    """One trouble with what is held still while a channel's effect is read."""

    kind: str
    """'mediator', 'follows', 'consequence', 'collider', 'left_out' or 'unseen'."""
    variable: str
    channel: str
    path: str


def advise(diagram: Diagram, holdings: Holdings) -> Advice:
    """Identification of every channel, and what is wrong with the variables that the model holds still.

    Raises
    ------
    PlanError
        Where the diagram goes round in a circle, names a variable it does not hold, or has no single KPI.
    """
    graph = directed(diagram)
    kpi = outcome(diagram)
    names = tuple(c for c in treatments(diagram) if c in holdings.channels) or treatments(diagram)
    if not names:
        raise PlanError("The diagram has no variable marked as a channel, so there is no effect to look for.")
    found = tuple(identify.identify(graph, name, kpi, holdings) for name in names)
    troubles = [t for one in found for t in trouble(graph, one, kpi, holdings)]
    checks = [*words.sentences(troubles, found, kpi, holdings), *words.strangers(holdings)]
    order = [Status.FAIL, Status.REVIEW, Status.PASS]
    return Advice(kpi, found, tuple(sorted(checks, key=lambda c: order.index(c.status))))


def trouble(graph: nx.DiGraph, one: Identification, kpi: str, holdings: Holdings) -> Iterator[Finding]:
    """Walk from what the model holds still to what it should hold still, and say what stands between."""
    channel = one.channel
    if one.verdict is identify.Verdict.NO_EFFECT:
        return
    held = set(holdings.held) - {channel, kpi}
    for finding in _afterwards(graph, channel, kpi, held):
        held.discard(finding.variable)
        yield finding
    yield from _confounding(graph, one, kpi, held, holdings.data)


def _afterwards(graph: nx.DiGraph, channel: str, kpi: str, held: set[str]) -> Iterator[Finding]:
    """What is held still although the channel's effect passes through it, or it follows from that effect."""
    way = on_the_way(graph, channel, kpi)
    later = nx.descendants(graph, kpi)
    for name in sorted(held):
        if name in later:
            yield Finding("consequence", name, channel, causal_path(graph, kpi, name))
        elif name in way:
            yield Finding("mediator", name, channel, causal_path(graph, channel, name, kpi))
        elif source := sorted(way & nx.ancestors(graph, name)):
            yield Finding("follows", name, channel, causal_path(graph, channel, source[0], name))


def _confounding(
    graph: nx.DiGraph, one: Identification, kpi: str, held: set[str], data: frozenset[str]
) -> Iterator[Finding]:
    channel = one.channel
    cut = without_effect(graph, channel, kpi)
    before = set(graph) - nx.descendants(graph, channel) - {channel, kpi}
    ours = set(held)
    banned: set[str] = set()
    while not separated(cut, channel, kpi, held):
        walk = open_walk(cut, channel, kpi, held)
        opener = next((n for n in sorted(held) if separated(cut, channel, kpi, held - {n})), None)
        if opener is None and not (before & set(walk[1:-1])) - meetings(cut, walk) - held - banned:
            opener = _met(cut, walk, held)
        if opener is not None:
            held = held - {opener}
            banned.add(opener)
            if opener in ours:
                yield Finding("collider", opener, channel, spelled(graph, walk))
            continue
        loose = (before & set(walk[1:-1])) - meetings(cut, walk) - held - banned
        if not loose:
            return
        wanted = [n for n in walk if n in loose and n in one.adjust] or [n for n in walk if n in loose and n in data]
        name = wanted[0] if wanted else next(n for n in walk if n in loose)
        held = held | {name}
        yield Finding("left_out" if name in data else "unseen", name, channel, spelled(graph, walk))


def _met(graph: nx.DiGraph, walk: tuple[str, ...], held: set[str]) -> str | None:
    """The held variable that opens a meeting of arrows on the walk: the meeting point or a consequence of it."""
    for point in sorted(meetings(graph, walk)):
        for name in sorted(held):
            if name == point or name in nx.descendants(graph, point):
                return name
    return None
