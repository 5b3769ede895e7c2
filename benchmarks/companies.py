"""Made-up national companies for grading the model: NumPy only, nothing shared with the model or the product's sample.

What differs from the model on purpose: carry-over decays without end (the model cuts it off), three families of
saturation take turns, noise is autocorrelated, the season has a third wave and a shopping peak, the baseline wanders
off its straight trend a little, media prices drift, and returns come from ranges common in published studies rather
than from any prior.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ROI = (0.4, 5.0)
"""Log-uniform: money of KPI per money spent."""
SPEND_OF_KPI = (0.05, 0.15)
"""All media spend as a share of the KPI, uniform."""
RETENTION = (0.05, 0.75)
"""Share of a week's effect that is left a week later, uniform."""
NOISE = (0.015, 0.05)
"""Standard deviation of the noise as a share of the mean KPI, uniform."""
NOISE_MEMORY = (0.1, 0.5)
"""Correlation of the noise with itself a week later, uniform."""
WEEKS = (104, 209)
CHANNELS = (4, 9)
CURVES = ("exponential", "hyperbolic", "sigmoid")
NAMES = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
FIRST_DAY = np.datetime64("2021-01-04")


@dataclass(frozen=True)
class MadeUpChannel:
    name: str
    spend: Array
    """(T,) money."""
    exposure: Array | None
    """(T,) impressions that the effect follows; None where the spend itself is all that is known."""
    curve: str
    retention: float
    brought: Array
    """(T,) KPI of each week."""


@dataclass(frozen=True)
class MadeUpCompany:
    number: int
    days: npt.NDArray[np.datetime64]
    """(T,) Mondays."""
    kpi: Array
    """(T,) revenue."""
    channels: tuple[MadeUpChannel, ...]
    price: Array
    """(T,) control."""
    promotion: Array
    """(T,) control, share of the price."""
    peak: Array
    """(T,) 1 in the weeks of the shopping peak."""
    noise_sd: float
    noise_memory: float
    confounding: float

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """The table as a company would hand it in."""
        out: dict[str, npt.NDArray[np.generic]] = {"week": self.days, "revenue": np.round(self.kpi, 2)}
        for channel in self.channels:
            out[f"{channel.name}_spend"] = channel.spend
            if channel.exposure is not None:
                out[f"{channel.name}_impressions"] = channel.exposure
        return out | {"price": self.price, "promotion": self.promotion, "shopping_peak": self.peak}


def make(number: int, confounding: float = 0.0) -> MadeUpCompany:
    """Company ``number``; the same number gives the same company.

    Parameters
    ----------
    confounding
        How strongly spend follows the season that the KPI also follows; 0 in the main table.
    """
    rng = np.random.default_rng(np.random.SeedSequence([20_260_101, number]))
    weeks, count = int(rng.integers(*WEEKS)), int(rng.integers(*CHANNELS))
    level = np.exp(rng.uniform(np.log(2e5), np.log(2e7)))
    days = FIRST_DAY + 7 * np.arange(weeks) * np.timedelta64(1, "D")
    year = (days - days.astype("datetime64[Y]")).astype(float) / 365.25
    season = sum(
        height / order * np.sin(2 * np.pi * (order * year + rng.random()))
        for order, height in ((1, rng.uniform(0.03, 0.15)), (2, rng.uniform(0.0, 0.08)), (3, rng.uniform(0.0, 0.03)))
    )
    peak = ((year > 0.90) & (year < 0.96)).astype(float)
    price, promotion, steered = _controls(rng, weeks)
    drift = rng.uniform(-0.08, 0.15) * np.arange(weeks) / 52 + 0.01 * smooth(rng, weeks)
    memory, spread = rng.uniform(*NOISE_MEMORY), rng.uniform(*NOISE)
    base = level * (1 + drift + season + rng.uniform(0.05, 0.30) * peak + steered)
    budget = rng.uniform(*SPEND_OF_KPI) * level * weeks
    shares = rng.dirichlet(np.full(count, 2.0))
    channels = tuple(
        _channel(rng, NAMES[c], budget * shares[c], weeks, confounding * np.asarray(season)) for c in range(count)
    )
    kpi = base + sum(c.brought for c in channels) + level * spread * wandering(rng, weeks, memory)
    return MadeUpCompany(number, days, kpi, channels, price, promotion, peak, spread, memory, confounding)


def _controls(rng: np.random.Generator, weeks: int) -> tuple[Array, Array, Array]:
    """Price, promotion depth, and what both do to the baseline as a share of it."""
    price = np.round(20 * (1 + 0.04 * wandering(rng, weeks, 0.9)), 2)
    promotion = np.round(np.where(rng.random(weeks) < 0.15, rng.uniform(0.1, 0.3, weeks), 0.0), 2)
    steered = -rng.uniform(0.3, 1.2) * (price / price.mean() - 1) + rng.uniform(0.2, 0.7) * (
        promotion - promotion.mean()
    )
    return price, promotion, steered


def _channel(rng: np.random.Generator, name: str, money: float, weeks: int, follows: Array) -> MadeUpChannel:
    raw = schedule(rng, weeks) * np.clip(1 + 4 * follows, 0.1, None)
    spend = np.round(money * raw / raw.sum(), 2)
    exposure = None
    if rng.random() < 0.5:
        price = rng.uniform(0.003, 0.02) * np.exp(0.08 * wandering(rng, weeks, 0.9))
        exposure = np.round(spend / price)
    acting = spend if exposure is None else exposure
    retention, curve = float(rng.uniform(*RETENTION)), str(rng.choice(CURVES))
    stock = _decay(acting, retention)
    shape = _bend(stock / (rng.uniform(0.7, 3.0) * acting[acting > 0].mean()), curve, rng)
    total = np.exp(rng.uniform(*np.log(ROI))) * money
    return MadeUpChannel(name, spend, exposure, curve, retention, total * shape / shape.sum())


def _decay(acting: Array, retention: float) -> Array:
    """What is still at work of all weeks so far, newest first, without a last week."""
    age = np.arange(len(acting))[:, None] - np.arange(len(acting))[None, :]
    weight = np.where(age >= 0, (1 - retention) * retention ** np.maximum(age, 0), 0.0)
    return np.asarray(weight @ acting, dtype=float)


def _bend(u: Array, curve: str, rng: np.random.Generator) -> Array:
    """Diminishing response to stock ``u``."""
    if curve == "exponential":
        return -np.expm1(-u)
    if curve == "hyperbolic":
        return u / (1 + u)
    power = u ** rng.uniform(1.0, 1.8)
    return np.asarray(power / (1 + power), dtype=float)


def schedule(rng: np.random.Generator, weeks: int) -> Array:
    """Relative weekly spend: campaigns with silence between, always on, or always on with pushes."""
    kind = rng.random()
    always = np.exp(0.35 * wandering(rng, weeks, 0.5))
    if kind < 0.3:
        return np.asarray(always, dtype=float)
    if kind < 0.55:
        return np.asarray(always * np.where(rng.random(weeks) < 0.15, rng.uniform(2, 4, weeks), 1.0), dtype=float)
    on, left = np.zeros(weeks), 0
    running = bool(rng.random() < 0.5)
    for week in range(weeks):
        if left == 0:
            running, left = not running, int(rng.integers(2, 9))
            strength = rng.uniform(0.5, 2.0)
        on[week] = strength if running else 0.0
        left -= 1
    return np.asarray(on * always, dtype=float)


def wandering(rng: np.random.Generator, weeks: int, memory: float) -> Array:
    """Autoregressive series with standard deviation 1."""
    out = np.empty(weeks)
    out[0] = rng.standard_normal()
    for week in range(1, weeks):
        out[week] = memory * out[week - 1] + np.sqrt(1 - memory**2) * rng.standard_normal()
    return out


def smooth(rng: np.random.Generator, weeks: int) -> Array:
    """Slow movement over a year or more, standard deviation about 1."""
    knots = rng.standard_normal(weeks // 40 + 2)
    return np.interp(np.linspace(0, len(knots) - 1, weeks), np.arange(len(knots)), knots)
