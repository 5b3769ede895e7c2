"""A small, consistent set of results for tests of what reads them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.planning import OptimisedPlan, PlanOutcome, SpendPlan
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.domain.results import (
    Action,
    ChannelResult,
    Curve,
    Evidence,
    FitFacts,
    GeoResult,
    Interval,
    Results,
    Series,
    TreatmentResult,
)  # fmt: skip


def interval(middle: float, width: float = 0.2) -> Interval:
    return Interval(middle, middle * (1 - width), middle, middle * (1 + width))


def channel(name: str, contribution: float, spend: float | None, evidence: Evidence = Evidence.DATA) -> ChannelResult:
    level = tuple(float(x) for x in range(0, 50, 10))
    return ChannelResult(
        channel=name,
        spend=spend,
        contribution=interval(contribution),
        contribution_share=interval(contribution / 10_000),
        roi=interval(contribution / spend) if spend else None,
        marginal_roi=interval(0.5 * contribution / spend) if spend else None,
        roi_prior=interval(1.0, 0.9) if spend else None,
        evidence=evidence,
        evidence_reason="The data narrow it down.",
        action=Action.SCALE,
        action_reason="Its next money returns more than it costs.",
        spend_share=0.5 if spend else None,
        curve=Curve(level, level, level, level, 20.0, 40.0, (0.7, 0.3), (0.6, 0.2), (0.8, 0.4)),
    )


def some_results(names: tuple[str, ...] = ("tv", "search")) -> Results:
    start = date(2024, 1, 1)
    dates = tuple(start + timedelta(weeks=i) for i in range(4))
    flat = (10.0, 11.0, 12.0, 13.0)
    series = [Series(n, "channel", "", flat, flat, flat, flat) for n in names]
    series += [Series(g, g, "", flat, flat, flat, flat) for g in ("baseline", "seasonality", "actual", "predicted")]
    channels = tuple(channel(n, 1000.0 * (i + 1), 500.0) for i, n in enumerate(names))
    return Results(
        kpi="revenue", currency="EUR", is_revenue=True, has_value=True, periods=4, period_days=7, geos=1,
        first_period=dates[0], last_period=dates[-1], dates=dates,
        channels=(*channels, channel("newsletter", 200.0, None, Evidence.PRIOR)),
        baseline_share=interval(0.7), media_share=interval(0.3), series=tuple(series),
        fit=FitFacts(0.91, 0.05, 1.004, 812.0, 0, 1000, 4, 2.5),
        checks=(Check("rhat", "Chains agree", Status.PASS, "All chains agree.", 1.004, 1.01),),
        verdict="Media brought about a third of revenue.",
    )  # fmt: skip


def some_plan(style: str, names: tuple[str, ...] = ("tv", "search")) -> OptimisedPlan:
    plan = SpendPlan(13, dict.fromkeys(names, 100.0))
    outcome = PlanOutcome(
        plan, 200.0, interval(900), interval(900), interval(4.5), {n: interval(450) for n in names},
        {n: interval(4.5) for n in names}, interval(50), 0.9, (), (), (), (),
    )  # fmt: skip
    return OptimisedPlan(style, outcome, True, (), 0.01)


def some_project() -> Project:
    return Project(
        "p", "Acme", "What works?", "revenue", KpiUnit.REVENUE, None, "EUR", 0, "Ann", datetime(2024, 1, 1, tzinfo=UTC)
    )


def some_panel(names: tuple[str, ...] = ("tv", "search"), geos: tuple[str, ...] = ("North", "South")) -> Results:
    """Results of a panel of geos, with a price that counts from its lowest level."""
    whole = some_results(names)
    series = list(whole.series)
    price = (-0.2, -0.4, 0.0, -0.6)
    series.append(Series("price", "treatment", "", price, price, price, price))
    for geo in geos:
        series += [replace(s, geo=geo) for s in whole.series]
    by_geo = tuple(
        GeoResult(geo, c.channel, c.spend and c.spend / len(geos), interval(100.0 * (place + 1)), c.roi)
        for place, geo in enumerate(geos)
        for c in whole.channels
    )
    level = sum(next(s.mean for s in whole.series if s.group == "actual"))
    share = Interval(sum(price) / level, -0.05, sum(price) / level, -0.01)
    brought = Interval(*(level * v for v in (share.mean, share.p5, share.p50, share.p95)))
    levers = (TreatmentResult("price", brought, share),)
    return replace(whole, geos=len(geos), series=tuple(series), by_geo=by_geo, treatments=levers)
