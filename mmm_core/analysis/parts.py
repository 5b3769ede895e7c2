"""What a text says beyond the stored metrics, worked out from stored results: geos, levers, cost of one unit."""

from collections.abc import Iterator
from dataclasses import dataclass

from mmm_core.domain.report import Fact
from mmm_core.domain.results import ChannelResult, GeoResult, Interval, Results, Series


@dataclass(frozen=True)
class Lever:
    """A treatment against its reference level; shares of the mean KPI of a period."""

    name: str
    total: float
    """Over all periods, mean of the draws."""
    lowest: float
    highest: float
    range: Interval | None = None
    """Of the total; None for results stored before it was kept."""

    @property
    def cancels(self) -> bool:
        """Whether ups and downs sum to nothing, as they do against the usual level."""
        return abs(self.total) < 0.02 * max(self.highest - self.lowest, 1e-12)


@dataclass(frozen=True)
class GeoTotal:
    """One geo of a panel, all channels together; means over the draws."""

    geo: str
    kpi: float
    spend: float
    brought: float
    roi: float | None

    @property
    def media_share(self) -> float:
        return self.brought / self.kpi if self.kpi else 0.0


@dataclass(frozen=True)
class Cost:
    """Money spent per KPI unit that a channel brought."""

    p5: float
    p50: float
    p95: float


def of_total(results: Results, group: str) -> list[Series]:
    return [s for s in results.series if s.group == group and not s.geo]


def levers(results: Results) -> tuple[Lever, ...]:
    """Every treatment, the strongest first."""
    actual = next((s.mean for s in of_total(results, "actual")), ())
    level = sum(actual) / len(actual) if actual else 0.0
    if not level:
        return ()
    known = {t.treatment: t.contribution_share for t in results.treatments}
    found = []
    for s in of_total(results, "treatment"):
        share = known.get(s.name)
        total = share.mean if share else sum(s.mean) / len(s.mean) / level
        found.append(Lever(s.name, total, min(s.mean) / level, max(s.mean) / level, share))
    return tuple(sorted(found, key=lambda lever: lever.lowest - lever.highest))


def geo_totals(results: Results) -> tuple[GeoTotal, ...]:
    """Every geo, the largest first."""
    kpi = {s.geo: sum(s.mean) for s in results.series if s.group == "actual"}
    out = []
    for geo in results.geo_names:
        mine = [found for found in results.by_geo if found.geo == geo]
        paid = [found for found in mine if found.spend and found.roi]
        spend = sum(found.spend or 0.0 for found in mine)
        value = sum(found.roi.mean * found.spend for found in paid if found.roi and found.spend)
        money = sum(found.spend or 0.0 for found in paid)
        brought = sum(found.contribution.mean for found in mine)
        out.append(GeoTotal(geo, kpi.get(geo, 0.0), spend, brought, value / money if money else None))
    return tuple(sorted(out, key=lambda total: -total.kpi))


def differ(results: Results, channel: str) -> tuple[GeoResult, GeoResult] | None:
    """The geos of a channel's lowest and highest return, where their 90% intervals do not even touch."""
    found = [g for g in results.by_geo if g.channel == channel and g.roi]
    if len(found) < 2:
        return None
    low = min(found, key=lambda g: g.roi.p50 if g.roi else 0.0)
    high = max(found, key=lambda g: g.roi.p50 if g.roi else 0.0)
    return (low, high) if low.roi and high.roi and low.roi.p95 < high.roi.p5 else None


def cost(channel: ChannelResult) -> Cost | None:
    """None where there is no spend, or where the effect may be nothing."""
    brought: Interval = channel.contribution
    if not channel.spend or brought.p5 <= 0:
        return None
    return Cost(channel.spend / brought.p95, channel.spend / brought.p50, channel.spend / brought.p5)


def facts(results: Results) -> tuple[Fact, ...]:
    return tuple(_facts(results))


def _facts(results: Results) -> Iterator[Fact]:
    for lever in levers(results):
        for name in ("total", "lowest", "highest"):
            yield Fact(f"lever.{lever.name}.{name}", getattr(lever, name), "share")
        for part in ("p5", "p50", "p95") if lever.range else ():
            yield Fact(f"lever.{lever.name}.total.{part}", getattr(lever.range, part), "share")
    for total in geo_totals(results):
        stem = f"geo.{total.geo}"
        yield Fact(f"{stem}.spend", total.spend, "money")
        yield Fact(f"{stem}.contribution.mean", total.brought, "kpi")
        yield Fact(f"{stem}.media_share.mean", total.media_share, "share")
        if total.roi is not None:
            yield Fact(f"{stem}.roi.mean", total.roi, "ratio")
    for found in results.by_geo:
        if found.roi:
            for part in ("p5", "p50", "p95"):
                yield Fact(f"geo.{found.geo}.channel.{found.channel}.roi.{part}", getattr(found.roi, part), "ratio")
    if not results.is_revenue:
        for channel in results.channels:
            each = cost(channel)
            for part in ("p5", "p50", "p95") if each else ():
                yield Fact(f"channel.{channel.channel}.cost.{part}", getattr(each, part), "price")
