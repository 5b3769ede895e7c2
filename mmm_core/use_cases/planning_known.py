"""What is known while a plan is talked over: the project's columns, its diagram, and plans approved before."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from mmm_core.causal.holdings import key
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import ColumnRole, DatasetVersion, Role
from mmm_core.domain.ports import Work
from mmm_core.domain.project import CausalEdge, Diagram, NodeRole, Plan, PlanStatus, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases.plans import plan_columns

MOST_EARLIER = 8
MEDIA = (Role.SPEND, Role.EXPOSURE, Role.REACH, Role.FREQUENCY, Role.ORGANIC)
NO_CONTROL = (*MEDIA, Role.DATE, Role.GEO, Role.POPULATION, Role.KPI, Role.VALUE_PER_UNIT, Role.PRODUCT, Role.TIME)
"""Columns that have another part already, or that the model builds by itself."""


@dataclass(frozen=True)
class Earlier:
    """An approved plan of another project, with its diagram."""

    project: Project
    plan: Plan
    diagram: Diagram


@dataclass(frozen=True)
class Known:
    project: Project
    plan: Plan | None
    version: DatasetVersion | None
    diagram: Diagram
    earlier: tuple[Earlier, ...]
    beliefs: tuple[str, ...]
    """Channels about which a person's range was accepted."""

    @property
    def roles(self) -> tuple[ColumnRole, ...]:
        return self.version.recognition.roles if self.version else ()

    @property
    def suggested(self) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        """Target, channels and controls as the data suggest them."""
        if self.version is None:
            return self.project.kpi_name, (), ()
        target, channels, controls = plan_columns(self.version.recognition)
        return target or self.project.kpi_name, tuple(channels), tuple(controls)

    @property
    def names(self) -> dict[str, str]:
        """Every name that the data know, by key: a channel's columns lead to the channel."""
        found: dict[str, str] = {}
        for r in self.roles:
            if r.role is not Role.DATE:
                found[key(r.column)] = (r.channel or r.column) if r.role in MEDIA else r.column
        for r in self.roles:
            if r.channel:
                found[key(r.channel)] = r.channel
        # As people read them, too: black friday is holiday_black_friday.
        for name in list(found.values()):
            found.setdefault(key(f.plain(name)), name)
        return found

    def find(self, text: str) -> str | None:
        return self.names.get(key(text))

    def near(self, text: str) -> str | None:
        """What somebody may have meant by a name that the data do not know."""
        close = get_close_matches(key(text), list(self.names), n=1, cutoff=0.75)
        return self.names[close[0]] if close else None

    def role(self, name: str) -> ColumnRole | None:
        """Of a column, or of the first column of a channel."""
        wanted = key(name)
        mine = [r for r in self.roles if key(r.column) == wanted]
        return next(iter(mine or [r for r in self.roles if r.channel and key(r.channel) == wanted]), None)

    def checks(self, *ids: str) -> Iterator[Check]:
        """Findings of the data's report that are not settled."""
        for check in self.version.report.checks if self.version else ():
            if check.id in ids and check.status is not Status.PASS and check.waived_by is None:
                yield check

    def channels_in(self, columns: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.names.get(key(c), c) for c in columns))

    def drawn(self, cause: str, effect: str) -> bool:
        return any(_ends(e) == (key(cause), key(effect)) for e in self.diagram.edges)


def known(work: Work, project_id: str) -> Known:
    accepted = [a.channel for a in work.inquiries.accepted(project_id) if a.withdrawn_at is None]
    return Known(
        work.projects.get(project_id),
        work.projects.latest_plan(project_id),
        work.datasets.latest(project_id),
        work.graph.diagram(project_id),
        tuple(_earlier(work, project_id)),
        tuple(accepted),
    )


def _earlier(work: Work, project_id: str) -> Iterator[Earlier]:
    others = [p for p in work.projects.list() if p.id != project_id and not p.archived]
    count = 0
    for project in sorted(others, key=lambda p: p.created_at, reverse=True):
        plan = work.projects.latest_plan(project.id)
        if plan is None or plan.status is not PlanStatus.APPROVED:
            continue
        yield Earlier(project, plan, work.graph.diagram(project.id))
        count += 1
        if count == MOST_EARLIER:
            return


def arrows_of(one: Earlier) -> Iterator[tuple[CausalEdge, bool]]:
    """Arrows that somebody drew, and whether each ends at the KPI; that channels act on it goes without saying."""
    roles = {n.name: n.role for n in one.diagram.nodes}
    for edge in one.diagram.edges:
        to_kpi = roles.get(edge.effect) is NodeRole.KPI
        if not (to_kpi and roles.get(edge.cause) in (NodeRole.CHANNEL, NodeRole.CONTROL)):
            yield edge, to_kpi


def _ends(edge: CausalEdge) -> tuple[str, str]:
    return key(edge.cause), key(edge.effect)
