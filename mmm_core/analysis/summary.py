"""Results in the shapes that others read: facts by key, the summary document, the tables behind the CSV files."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from mmm_core.domain.report import Fact
from mmm_core.domain.results import ChannelResult, Interval, Results

PARTS = ("mean", "p5", "p50", "p95")


def facts(results: Results) -> tuple[Fact, ...]:
    """Every number that a text may refer to, e.g. ``channel.tv.roi.p50`` (channel names as they are)."""
    return tuple(_facts(results))


def _facts(results: Results) -> Iterator[Fact]:
    for name, count in (("periods", results.periods), ("period_days", results.period_days), ("geos", results.geos)):
        yield Fact(name, float(count), "count")
    yield Fact("channels", float(len(results.channels)), "count")
    yield from _interval("baseline_share", results.baseline_share, "share")
    yield from _interval("media_share", results.media_share, "share")
    fit = results.fit
    for name, value, unit in (
        ("r2", fit.r2, "share"),
        ("mape", fit.mape, "share"),
        ("rhat_max", fit.rhat_max, "number"),
        ("ess_bulk_min", fit.ess_bulk_min, "count"),
        ("divergences", float(fit.divergences), "count"),
        ("draws", float(fit.draws), "count"),
        ("chains", float(fit.chains), "count"),
        ("seconds", fit.seconds, "number"),
    ):
        yield Fact(f"fit.{name}", value, unit)
    for channel in results.channels:
        yield from _channel_facts(channel, results.period_days)
    for check in results.checks:
        if check.value is not None:
            yield Fact(f"check.{check.id}.value", float(check.value), "number")


def _channel_facts(channel: ChannelResult, period_days: int) -> Iterator[Fact]:
    stem = f"channel.{channel.channel}"
    if channel.spend is not None:
        yield Fact(f"{stem}.spend", channel.spend, "money")
    if channel.spend_share is not None:
        yield Fact(f"{stem}.spend_share", channel.spend_share, "share")
    yield from _interval(f"{stem}.contribution", channel.contribution, "kpi")
    yield from _interval(f"{stem}.contribution_share", channel.contribution_share, "share")
    for name, found in (
        ("roi", channel.roi),
        ("marginal_roi", channel.marginal_roi),
        ("roi_prior", channel.roi_prior),
    ):
        if found is not None:
            yield from _interval(f"{stem}.{name}", found, "ratio")
    unit = "kpi" if channel.spend is None else "money"
    yield Fact(f"{stem}.level.current", channel.curve.current, "number" if unit == "kpi" else unit)
    yield Fact(f"{stem}.level.highest", channel.curve.highest_seen, "number" if unit == "kpi" else unit)
    mean_lag = sum(lag * share for lag, share in enumerate(channel.curve.carryover))
    yield Fact(f"{stem}.carryover.mean_lag", mean_lag * period_days / 7, "weeks")


def _interval(stem: str, found: Interval, unit: str) -> Iterator[Fact]:
    for part in PARTS:
        yield Fact(f"{stem}.{part}", getattr(found, part), unit)


def summary(results: Results) -> dict[str, Any]:
    """The document ``summary.json``."""
    return {
        "kpi": results.kpi,
        "periods": results.periods,
        "geos": results.geos,
        "channels": [
            {
                "channel": c.channel,
                "spend": c.spend,
                "contribution": _plain(c.contribution),
                "contribution_share": _plain(c.contribution_share),
                "roi": _plain(c.roi),
                "marginal_roi": _plain(c.marginal_roi),
                "evidence": c.evidence.value,
            }
            for c in results.channels
        ],
        "baseline_share": _plain(results.baseline_share),
        "fit": {name: getattr(results.fit, name) for name in results.fit.__dataclass_fields__},
        "checks": [
            {"id": c.id, "status": c.status.value, "value": c.value, "message": c.message} for c in results.checks
        ],
        "versions": dict(results.versions),
    }


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {part: getattr(found, part) for part in PARTS}


def contributions_frame(results: Results) -> pd.DataFrame:
    """Columns date, geo, channel, mean, p5, p50, p95; KPI units per period; ``geo`` empty for national data."""
    shown = ("channel", "baseline", "controls", "seasonality")
    parts = [
        pd.DataFrame(
            {
                "date": pd.to_datetime(pd.Series(results.dates)),
                "geo": s.geo,
                "channel": s.name,
                **{part: getattr(s, part) for part in PARTS},
            }
        )
        for s in results.series
        if s.group in shown
    ]
    return pd.concat(parts, ignore_index=True)


def curves_frame(results: Results) -> pd.DataFrame:
    """Columns channel, level, mean, p5, p95, current, highest_seen; KPI units per period at steady state."""
    parts = [
        pd.DataFrame(
            {
                "channel": c.channel,
                "level": c.curve.level,
                "mean": c.curve.mean,
                "p5": c.curve.p5,
                "p95": c.curve.p95,
                "current": c.curve.current,
                "highest_seen": c.curve.highest_seen,
            }
        )
        for c in results.channels
    ]
    return pd.concat(parts, ignore_index=True)
