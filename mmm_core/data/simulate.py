"""Sample companies whose truth is known: what each channel really brought, week by week.

``truth`` is written as ``truth.json``. Its fields:

- ``schema`` (1), ``company``, ``kind`` ('national' or 'geo'), ``seed``, ``currency``, ``kpi``, ``date_column``,
  ``geo_column`` (null for national), ``weeks``, ``first_week``, ``last_week``;
- ``channels``, each with ``channel``, ``spend_column``, ``exposure_column``, ``spend`` (money over the data; null for
  organic), ``contribution`` (KPI over the data), ``contribution_share`` (of all KPI), ``roi`` (contribution per money
  spent), ``marginal_roi`` (of +1% spend in every week, carry-over inside the data), ``adstock`` (``alpha``,
  ``half_life_weeks``), ``saturation`` (``slope``; ``half_point``, the exposure per week with half the effect of the
  ceiling, counted for the whole country; ``ceiling`` in KPI per week) and ``weekly_contribution`` (geos added up);
- ``controls``, each with ``column`` and ``effect`` (KPI per unit, whole country);
- ``baseline_share`` of all KPI that is neither media, controls, holidays, season nor noise;
- ``weekly``: ``week``, ``baseline``, ``controls``, ``holidays``, ``season`` and ``noise``, one number per week with
  geos added up; with the channels they sum to the KPI;
- ``geos`` (empty for national), each with ``geo``, ``population`` and ``contribution`` by channel.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm_core.data.simulate_catalogue import BRANDS, CHANNELS, HOLIDAYS, REGIONS, ChannelKind
from mmm_core.domain.errors import DataError

Array = npt.NDArray[np.float64]

LAST_WEEK = pd.Timestamp("2025-12-29")
MEDIA_BUDGET = 0.13
"""All spend as a share of the mean KPI."""


@dataclass(frozen=True)
class Company:
    frame: pd.DataFrame
    """One row per week (and region): ``week``, ``revenue``, media, controls, holidays."""
    truth: dict[str, Any]


@dataclass(frozen=True)
class Media:
    """One channel's plan and its true response; G geos, T weeks."""

    name: str
    spend: Array | None
    """(G, T) money."""
    exposure: Array
    """(G, T)"""
    exposure_column: str
    alpha: float
    slope: float
    half_point: float
    ceiling: float
    """KPI per week and head; multiplied by a geo's size."""
    size: Array
    """(G,) share of the population."""

    def effect(self, factor: float = 1.0) -> Array:
        """(G, T) KPI that the channel brings when its exposure is multiplied by ``factor``."""
        kept = carry_over(self.exposure * factor, self.alpha) / self.size[:, None]
        return self.ceiling * self.size[:, None] * half_saturating(kept, self.half_point, self.slope)


def company(
    kind: Literal["national", "geo"] = "national",
    seed: int = 7,
    *,
    weeks: int = 156,
    channels: int = 6,
    geos: int = 8,
) -> Company:
    """Make up a company.

    Parameters
    ----------
    kind
        One row per week, or one per week and region.
    seed
        The same seed gives the same company.
    weeks
        20 to 520 weeks, the last always the same.
    channels
        Paid channels, 1 to 10; an organic newsletter comes on top.
    geos
        Regions of a 'geo' company, 2 to 12.
    """
    _refuse(kind, weeks, channels, geos)
    rng = np.random.default_rng([seed, 0 if kind == "national" else 1])
    dates = pd.date_range(end=LAST_WEEK, periods=weeks, freq="7D")
    size = np.ones(1) if kind == "national" else rng.dirichlet(np.full(geos, 6.0))
    level = float(np.round(rng.uniform(0.8e6, 2.5e6), -4))
    season = _season(dates, rng)
    media = [_paid(k, rng, size, season, level, weeks) for k in _scaled(CHANNELS[:channels])]
    media.append(_newsletter(rng, size, season, level, weeks))
    parts, columns, effects = _baseline(dates, rng, size, season, level)
    brought = {m.name: m.effect() for m in media}
    kpi = np.sum([*brought.values(), *parts.values()], axis=0)
    names = [""] if kind == "national" else list(REGIONS[:geos])
    population = np.round(size * rng.uniform(4e6, 2e7), -3)
    frame = _frame(dates, names, population, kpi, media, columns)
    head = {
        "schema": 1, "company": BRANDS[seed % len(BRANDS)], "kind": kind, "seed": seed, "currency": "EUR",
        "kpi": "revenue", "date_column": "week", "geo_column": None if kind == "national" else "region", "weeks": weeks,
        "first_week": dates[0].date().isoformat(), "last_week": dates[-1].date().isoformat(),
    }  # fmt: skip
    truth = head | _truth(dates, names, population, kpi, media, brought, parts, effects)
    return Company(frame, truth)


def carry_over(exposure: Array, alpha: float) -> Array:
    """Exposure (..., T) of which a share ``alpha`` stays for each further week; a constant level stays that level."""
    out = np.empty_like(exposure)
    state = np.zeros(exposure.shape[:-1])
    for week in range(exposure.shape[-1]):
        state = alpha * state + (1 - alpha) * exposure[..., week]
        out[..., week] = state
    return out


def half_saturating(x: Array, half_point: float, slope: float) -> Array:
    """Share of the ceiling at ``x`` >= 0: one half at ``half_point``."""
    power = (x / half_point) ** slope
    return np.asarray(power / (1 + power), dtype=float)


def _refuse(kind: str, weeks: int, channels: int, geos: int) -> None:
    if kind not in ("national", "geo"):
        raise DataError(f"A sample company is national or geo, not {kind!r}.")
    for what, value, low, high in (("weeks", weeks, 20, 520), ("channels", channels, 1, 10), ("geos", geos, 2, 12)):
        if not low <= value <= high:
            raise DataError(f"A sample company takes {low} to {high} {what}, not {value}.")


def _scaled(kinds: tuple[ChannelKind, ...]) -> list[tuple[ChannelKind, float]]:
    """Each kind with its share of the budget, adding up to 1."""
    total = sum(k.budget_share for k in kinds)
    return [(k, k.budget_share / total) for k in kinds]


def _season(dates: pd.DatetimeIndex, rng: np.random.Generator) -> Array:
    """(T,) yearly wave with mean about 0 and an amplitude of 8 to 15%."""
    angle = 2 * np.pi * dates.day_of_year.to_numpy(dtype=float) / 365.25
    peak, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.08, 0.15)
    return np.asarray(
        height * np.cos(angle - peak) + height / 4 * np.cos(2 * angle - rng.uniform(0, 6.28)), dtype=float
    )


def _paid(
    kind_and_share: tuple[ChannelKind, float],
    rng: np.random.Generator,
    size: Array,
    season: Array,
    level: float,
    weeks: int,
) -> Media:
    kind, share = kind_and_share
    national = _plan(kind.pattern, rng, season, weeks)
    tilt = rng.lognormal(0, 0.25 if len(size) > 1 else 0.0, (len(size), 1))
    local = rng.lognormal(0, 0.35 if len(size) > 1 else 0.0, (len(size), weeks))
    spend = national[None, :] * tilt * local * size[:, None]
    spend *= share * MEDIA_BUDGET * level * weeks / spend.sum()
    spend = np.round(spend, 2)
    price = kind.cost * np.exp(0.10 * np.cumsum(rng.normal(0, 0.12, weeks)) + rng.normal(0, 0.06, (len(size), weeks)))
    exposure = np.round(spend / price * (1000 if kind.per_thousand else 1))
    return _respond(
        kind.name, spend, exposure, f"{kind.name}_{kind.exposure}", size, rng.uniform(*kind.carryover),
        rng.uniform(1.0, 1.4), rng.uniform(*kind.half_point), rng.uniform(*kind.roi) * float(spend.sum()),
    )  # fmt: skip


def _newsletter(rng: np.random.Generator, size: Array, season: Array, level: float, weeks: int) -> Media:
    growth = np.linspace(0.8, 1.2, weeks) * rng.lognormal(0, 0.35, weeks) * (rng.random(weeks) > 0.25)
    growth[0] = 1.0
    sends = np.round(size[:, None] * growth * rng.uniform(150e3, 400e3) * rng.lognormal(0, 0.05, (len(size), weeks)))
    return _respond("newsletter", None, sends, "newsletter_sends", size, rng.uniform(0.05, 0.2), 1.0,
                    rng.uniform(1.0, 2.0), rng.uniform(0.01, 0.025) * level * weeks)  # fmt: skip


def _respond(
    name: str, spend: Array | None, exposure: Array, column: str, size: Array, alpha: float, slope: float, half: float,
    total: float,
) -> Media:  # fmt: skip
    """Set the ceiling so that the channel brings ``total`` over the data; ``half`` is relative to usual exposure."""
    per_head = exposure / size[:, None]
    half_point = half * float(per_head[per_head > 0].mean())
    unit = Media(name, spend, exposure, column, alpha, slope, half_point, 1.0, size)
    ceiling = total / float(unit.effect().sum())
    return Media(name, spend, exposure, column, alpha, slope, half_point, ceiling, size)


def _plan(pattern: str, rng: np.random.Generator, season: Array, weeks: int) -> Array:
    """(T,) relative weekly spend."""
    noise = rng.lognormal(0, 0.25, weeks)
    if pattern == "demand":
        return np.asarray((1 + 2.0 * season) * rng.lognormal(0, 0.30, weeks), dtype=float)
    if pattern == "always_on":
        drift = np.exp(0.5 * np.sin(2 * np.pi * np.arange(weeks) / rng.uniform(60, 110) + rng.uniform(0, 6.28)))
        pushes = 1 + 1.5 * (rng.random(weeks) < 0.10)
        return np.asarray(drift * noise * pushes, dtype=float)
    on = np.zeros(weeks)
    week = int(rng.integers(0, 5))
    while week < weeks:
        length = int(rng.integers(3, 8))
        on[week : week + length] = rng.uniform(0.5, 1.8)
        week += length + int(rng.integers(3, 11))
    return np.asarray(on * noise, dtype=float)


def _baseline(
    dates: pd.DatetimeIndex, rng: np.random.Generator, size: Array, season: Array, level: float
) -> tuple[dict[str, Array], dict[str, Array], dict[str, float]]:
    """KPI parts (G, T), control and holiday columns (G, T) and the KPI that one unit of each control brings."""
    weeks, shape = len(dates), (len(size), len(dates))
    promotion = np.where(rng.random(weeks) < 0.18, rng.uniform(0.05, 0.30, weeks), 0.0)
    price = 100 * np.exp(np.cumsum(rng.normal(0, 0.004, weeks))) * (1 - 0.5 * promotion)
    rival = 100 * np.exp(_autocorrelated(rng, weeks, 0.85, 0.03))
    controls = {
        "price_index": price.round(2),
        "promotion_depth": promotion.round(3),
        "competitor_price_index": rival.round(2),
    }
    effects = {
        "price_index": -0.006,
        "promotion_depth": rng.uniform(0.4, 0.8),
        "competitor_price_index": rng.uniform(0.002, 0.004),
    }
    iso = dates.isocalendar().week.to_numpy(dtype=int)
    events = {name: np.isin(iso, [w for w, _ in hits]).astype(float) for name, hits in HOLIDAYS.items()}
    lift = sum((iso == week) * height for hits in HOLIDAYS.values() for week, height in hits)
    trend = 1 + rng.uniform(-0.04, 0.10) * np.linspace(-0.5, 0.5, weeks) * weeks / 52
    moved = sum(effects[c] * (controls[c] - controls[c].mean()) for c in controls)
    local = size[:, None] * rng.lognormal(0, 0.08 if len(size) > 1 else 0.0, (len(size), 1)) * level * 0.8
    noise = np.stack([_autocorrelated(rng, weeks, 0.3, 0.025) for _ in size])
    parts = {
        "baseline": local * trend,
        "controls": local * np.broadcast_to(moved, shape),
        "holidays": local * np.broadcast_to(lift, shape),
        "season": local * np.broadcast_to(season, shape),
        "noise": local * noise,
    }
    columns = {name: np.broadcast_to(values, shape) for name, values in {**controls, **events}.items()}
    return parts, columns, {c: effects[c] * float(local.sum()) for c in controls}


def _autocorrelated(rng: np.random.Generator, weeks: int, rho: float, sd: float) -> Array:
    """(T,) AR(1) series whose own standard deviation is ``sd``."""
    shocks = rng.normal(0, sd * np.sqrt(1 - rho**2), weeks)
    out = np.empty(weeks)
    out[0] = rng.normal(0, sd)
    for week in range(1, weeks):
        out[week] = rho * out[week - 1] + shocks[week]
    return out


def _frame(
    dates: pd.DatetimeIndex,
    names: list[str],
    population: Array,
    kpi: Array,
    media: list[Media],
    columns: dict[str, Array],
) -> pd.DataFrame:
    tables = []
    for g, name in enumerate(names):
        table: dict[str, Any] = {"week": dates}
        if name:
            table |= {"region": name, "population": population[g]}
        table["revenue"] = np.round(kpi[g], 2)
        for one in media:
            if one.spend is not None:
                table[f"{one.name}_spend"] = one.spend[g]
            table[one.exposure_column] = one.exposure[g]
        table |= {column: values[g] for column, values in columns.items()}
        tables.append(pd.DataFrame(table))
    return pd.concat(tables, ignore_index=True)


def _truth(
    dates: pd.DatetimeIndex, names: list[str], population: Array, kpi: Array, media: list[Media],
    brought: dict[str, Array], parts: dict[str, Array], effects: dict[str, float],
) -> dict[str, Any]:  # fmt: skip
    total = float(kpi.sum())
    geos = [
        {
            "geo": name,
            "population": float(population[g]),
            "contribution": {c: float(v[g].sum()) for c, v in brought.items()},
        }
        for g, name in enumerate(names)
        if name
    ]
    return {
        "channels": [_channel_truth(m, brought[m.name], total) for m in media],
        "controls": [{"column": column, "effect": effect} for column, effect in effects.items()],
        "baseline_share": float(parts["baseline"].sum()) / total,
        "weekly": {"week": [d.date().isoformat() for d in dates]} | {name: _weekly(v) for name, v in parts.items()},
        "geos": geos,
    }


def _channel_truth(one: Media, brought: Array, total: float) -> dict[str, Any]:
    spend = None if one.spend is None else float(one.spend.sum())
    extra = float(one.effect(1.01).sum() - brought.sum())
    return {
        "channel": one.name,
        "spend_column": None if one.spend is None else f"{one.name}_spend",
        "exposure_column": one.exposure_column,
        "spend": spend,
        "contribution": float(brought.sum()),
        "contribution_share": float(brought.sum()) / total,
        "roi": float(brought.sum()) / spend if spend else None,
        "marginal_roi": extra / (0.01 * spend) if spend else None,
        "adstock": {"alpha": one.alpha, "half_life_weeks": float(np.log(0.5) / np.log(one.alpha))},
        "saturation": {"slope": one.slope, "half_point": one.half_point, "ceiling": one.ceiling},
        "weekly_contribution": _weekly(brought),
    }


def _weekly(values: Array) -> list[float]:
    return [round(float(v), 2) for v in values.sum(axis=0)]
