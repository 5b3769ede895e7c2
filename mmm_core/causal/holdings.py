"""Which of a diagram's variables have data, and which of them a plan or a model holds still."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.project import Diagram, NodeRole, Plan
from mmm_core.modeling.spec import ModelSpec

SEASON = frozenset(("season", "seasonality", "time of year", "calendar"))
TREND = frozenset(("trend", "time", "growth"))
"""Variables that the model builds from the date where the data have no column for them."""


@dataclass(frozen=True)
class Holdings:
    """Names are those of the diagram."""

    data: frozenset[str]
    """Variables that have data."""
    held: frozenset[str]
    """Variables that the model conditions on: its controls, its channels, its trend and season."""
    channels: tuple[str, ...]
    """Channels of the model that the diagram has, in the diagram's order."""
    columns: dict[str, str]
    """Column or channel of the data behind a variable."""
    strangers: tuple[str, ...] = ()
    """Channels and controls of the model that the diagram does not have."""


def key(name: str) -> str:
    """``Brand Search`` and ``brand_search`` are one variable."""
    return re.sub(r"[\s_\-]+", " ", name).strip().casefold()


def of_spec(diagram: Diagram, spec: ModelSpec, columns: Iterable[str]) -> Holdings:
    """What a specification holds still, among the columns of its data."""
    behind = {key(c): c for c in columns}
    for channel in spec.channels:
        behind |= {key(c): channel.name for c in (channel.name, *channel.columns)}
    used = [*(c.name for c in spec.channels), *spec.controls, *spec.holidays, *(t.column for t in spec.treatments)]
    times = (SEASON if spec.season.yearly_terms else frozenset()) | (
        TREND if spec.trend.kind != "none" else frozenset()
    )
    return _of(diagram, behind, used, times, [c.name for c in spec.channels])


def of_plan(diagram: Diagram, plan: Plan, recognition: Recognition | None) -> Holdings:
    """What a model after the plan would hold still; without data, what the plan names counts as having some."""
    named = [*plan.channels, *plan.controls]
    behind = {key(c): c for c in named}
    if recognition is not None:
        behind = {}
        for role in recognition.roles:
            if role.role is not Role.IGNORE:
                behind |= {key(n): role.channel or role.column for n in (role.column, role.channel) if n}
    used = [*named, *(behind[key(n)] for n in named if key(n) in behind)]
    return _of(diagram, behind, used, SEASON | TREND, plan.channels)


def _of(
    diagram: Diagram, behind: dict[str, str], used: Iterable[str], times: frozenset[str], channels: Iterable[str]
) -> Holdings:
    """``behind`` leads from a variable's key to its column, ``used`` names what is conditioned on."""
    used_keys = {key(u) for u in used}
    columns, held = {}, set()
    for node in diagram.nodes:
        if node.role is NodeRole.UNOBSERVED:
            continue
        k = key(node.name)
        if k in behind:
            columns[node.name] = behind[k]
        elif k in times:
            columns[node.name] = ""
        if node.name in columns and (key(columns[node.name]) in used_keys or k in used_keys or k in times):
            held.add(node.name)
    known = {key(n.name) for n in diagram.nodes} | {key(c) for c in columns.values()}
    media = {key(c) for c in channels}
    treated = [
        n.name
        for n in diagram.nodes
        if n.role is NodeRole.CHANNEL and (key(columns.get(n.name, "")) in media or key(n.name) in media)
    ]
    kpi = {n.name for n in diagram.nodes if n.role is NodeRole.KPI}
    return Holdings(
        frozenset(columns),
        frozenset(held - kpi),
        tuple(treated),
        columns,
        tuple(u for u in dict.fromkeys(used) if key(u) not in known),
    )
