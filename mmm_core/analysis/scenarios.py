"""Plans side by side, in the numbers that their outcomes already hold."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import PlanOutcome
from mmm_core.domain.results import Interval


@dataclass(frozen=True)
class ChannelLine:
    """One channel across the compared plans, in their order."""

    channel: str
    spend: tuple[float, ...]
    kpi: tuple[Interval | None, ...]
    """KPI units; None where a plan's model does not know the channel."""
    roi: tuple[Interval | None, ...]


@dataclass(frozen=True)
class Comparison:
    """Plans in the order given; the first one is what the others are held against."""

    names: tuple[str, ...]
    outcomes: tuple[PlanOutcome, ...]
    channels: tuple[ChannelLine, ...]
    spend_change: tuple[float, ...]
    """Spend less that of the first plan."""
    kpi_change: tuple[float, ...]
    """Mean KPI less that of the first plan."""
    best_kpi: str
    best_roi: str | None
    same_length: bool
    """Whether all plans run equally long; totals of plans of unequal length do not compare."""


def compare(outcomes: Mapping[str, PlanOutcome]) -> Comparison:
    """Line up named outcomes.

    Raises
    ------
    PlanError
        Where there is nothing to compare.
    """
    if not outcomes:
        raise PlanError("Choose at least one scenario to compare.")
    names, found = tuple(outcomes), tuple(outcomes.values())
    first = found[0]
    channels = tuple(dict.fromkeys(name for outcome in found for name in outcome.channels))
    valued = {name: outcome.roi.mean for name, outcome in outcomes.items() if outcome.roi is not None}
    return Comparison(
        names=names,
        outcomes=found,
        channels=tuple(_line(name, found) for name in channels),
        spend_change=tuple(o.total_spend - first.total_spend for o in found),
        kpi_change=tuple(o.kpi.mean - first.kpi.mean for o in found),
        best_kpi=max(outcomes, key=lambda name: outcomes[name].kpi.mean),
        best_roi=max(valued, key=lambda name: valued[name]) if valued else None,
        same_length=len({o.plan.periods for o in found}) == 1,
    )


def _line(channel: str, outcomes: tuple[PlanOutcome, ...]) -> ChannelLine:
    return ChannelLine(
        channel=channel,
        spend=tuple(o.plan.spend.get(channel, 0.0) for o in outcomes),
        kpi=tuple(o.channels.get(channel) for o in outcomes),
        roi=tuple(o.channel_roi.get(channel) for o in outcomes),
    )
