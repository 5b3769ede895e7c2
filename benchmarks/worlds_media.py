"""One made-up channel: its plan, its exposure and what it truly brings, by company kind (NumPy only)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.companies import CURVES, ROI, schedule, smooth, wandering

Array = npt.NDArray[np.float64]

RETENTION = (0.05, 0.70)
"""In-family: share of a week's effect that is left a week later, uniform."""
MEMORIES = ("delayed", "two speeds", "power law")
BENDS = ("log", "power", "threshold")
CHASING = 6.0
"""Spend of a channel that chases demand grows by this many per cent for each per cent of demand."""


@dataclass(frozen=True)
class Channel:
    """G geos, T weeks."""

    spend: Array
    """(G, T) money."""
    exposure: Array | None
    """(G, T) impressions that the effect follows; None where the spend itself is all that is known."""
    brought: Array
    """(G, T) KPI."""


def channel(
    rng: np.random.Generator, kind: str, money: float, share: Array, demand: Array, *, follows: bool
) -> Channel:
    """Make up one channel.

    Parameters
    ----------
    money
        Spend over the data and all geos.
    share
        (G,) of the population.
    demand
        (T,) relative demand; a confounded company's buyers follow it with every second channel.
    follows
        Whether this channel is one of them.
    """
    weeks, geos = len(demand), len(share)
    raw = _flights(rng, weeks) if kind == "bursty" else schedule(rng, weeks)
    if kind == "confounded" and follows:
        raw = np.exp(0.15 * rng.standard_normal(weeks)) * np.clip(1 + CHASING * demand, 0.05, None)
    plan = raw * share[:, None]
    if geos > 1:
        # Budgets follow people, with a lasting tilt of each region and its own movement from week to week.
        plan = plan * rng.lognormal(0.0, 0.25, (geos, 1)) * rng.lognormal(0.0, 0.30, (geos, weeks))
    spend = np.round(money * plan / plan.sum(), 2)
    exposure = None
    if rng.random() < 0.5:
        price = rng.uniform(0.003, 0.02) * np.exp(0.08 * wandering(rng, weeks, 0.9))
        exposure = np.round(spend / price)
    acting = (spend if exposure is None else exposure) / share[:, None]
    usual = float(acting[acting > 0].mean())
    stock = _kernel(rng, kind, weeks) @ acting[..., None]
    shape = _bend(rng, kind, stock[..., 0] / (rng.uniform(0.7, 3.0) * usual)) * share[:, None]
    if geos > 1:
        shape = shape * rng.lognormal(0.0, 0.25, (geos, 1))
    if kind == "drift":
        shape = shape * _drift(rng, weeks)
    total = np.exp(rng.uniform(*np.log(ROI))) * money
    return Channel(spend, exposure, total * shape / shape.sum())


def _kernel(rng: np.random.Generator, kind: str, weeks: int) -> Array:
    """(T, T) share of a week's exposure that acts in each later week; no effect has a last week."""
    age = np.arange(weeks)[:, None] - np.arange(weeks)[None, :]
    old = np.maximum(age, 0).astype(float)
    if kind == "adstock":
        weight = _other_memory(rng, old)
    else:
        kept = rng.uniform(*RETENTION)
        weight = (1 - kept) * kept**old
    return np.where(age >= 0, weight, 0.0)


def _other_memory(rng: np.random.Generator, old: Array) -> Array:
    memory = str(rng.choice(MEMORIES))
    if memory == "delayed":
        peak, width = rng.uniform(1.5, 4.0), rng.uniform(0.8, 1.6)
        weight = np.exp(-0.5 * ((old - peak) / width) ** 2)
        return np.asarray(weight / weight[:, 0].sum(), dtype=float)
    if memory == "two speeds":
        fast, slow, part = rng.uniform(0.0, 0.3), rng.uniform(0.85, 0.95), rng.uniform(0.3, 0.7)
        return np.asarray((1 - part) * (1 - fast) * fast**old + part * (1 - slow) * slow**old, dtype=float)
    weight = (1.0 + old) ** -rng.uniform(1.2, 1.8)
    return np.asarray(weight / weight[:, 0].sum(), dtype=float)


def _bend(rng: np.random.Generator, kind: str, u: Array) -> Array:
    """Diminishing response to stock ``u``."""
    curve = str(rng.choice(BENDS if kind == "saturation" else CURVES))
    if curve == "log":
        return np.asarray(np.log1p(rng.uniform(2.0, 10.0) * u), dtype=float)
    if curve == "power":
        return np.asarray(u ** rng.uniform(0.35, 0.8), dtype=float)
    if curve == "threshold":
        above = np.maximum(u - rng.uniform(0.15, 0.4), 0.0)
        return np.asarray(above**2 / (0.25 + above**2), dtype=float)
    if curve == "exponential":
        return -np.expm1(-u)
    power = u if curve == "hyperbolic" else u ** rng.uniform(1.0, 1.8)
    return np.asarray(power / (1 + power), dtype=float)


def _drift(rng: np.random.Generator, weeks: int) -> Array:
    """(T,) how well the channel works over time: from one level to another, with detours."""
    ends = np.exp(rng.uniform(-0.7, 0.7, 2))
    return np.asarray(np.linspace(*ends, weeks) * np.exp(0.2 * smooth(rng, weeks)), dtype=float)


def _flights(rng: np.random.Generator, weeks: int) -> Array:
    """(T,) relative spend of two to five short flights, nothing between."""
    out = np.zeros(weeks)
    for _ in range(int(rng.integers(2, 6))):
        first, length = int(rng.integers(0, weeks - 5)), int(rng.integers(1, 5))
        out[first : first + length] = rng.uniform(0.6, 1.6) * rng.lognormal(0.0, 0.2, length)
    return out
