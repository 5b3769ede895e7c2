"""Companies whose truth is known, in four sizes, for grading contributions: NumPy only, nothing shared with the model.

Even numbers are in-family: memory that decays geometrically (without end) and exponential, hyperbolic or sigmoid
saturation. Odd numbers take turns through five ways of lying outside it: another memory, another saturation, effects
that drift, spend that chases demand, and channels with few short flights. Whatever the kind, a channel's truth is what
the KPI would have lost had the channel been off: effects add up, so that is its effect in each week and geo.

Regions differ in population (several-fold), in level, season and noise, in how much each channel is bought there
beside what follows from population, and in how well each channel works; shocks of the whole country hit all of them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks import worlds_media as media
from benchmarks.companies import FIRST_DAY, NOISE, NOISE_MEMORY, SPEND_OF_KPI, smooth, wandering

Array = npt.NDArray[np.float64]

NAMES = (
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima",
)  # fmt: skip
OFF_FAMILY = ("adstock", "saturation", "drift", "confounded", "bursty")


@dataclass(frozen=True)
class Size:
    geos: int
    channels: int
    weeks: int
    companies: int
    """How many the full table has."""


SIZES = {
    "small": Size(1, 3, 130, 20),
    "medium": Size(1, 8, 160, 20),
    "panel": Size(8, 8, 156, 8),
    "large": Size(30, 12, 200, 2),
}


@dataclass(frozen=True)
class World:
    """G geos, T weeks, C channels."""

    size: str
    number: int
    kind: str
    """'in' or one of ``OFF_FAMILY``."""
    days: npt.NDArray[np.datetime64]
    """(T,) Mondays."""
    geos: tuple[str, ...]
    """Empty for a company that is not split into regions."""
    population: Array
    """(G,)"""
    kpi: Array
    """(G, T) revenue."""
    channels: tuple[str, ...]
    spend: Array
    """(C, G, T) money."""
    exposure: tuple[Array | None, ...]
    """(G, T) impressions of each channel that reports them; the effect follows them then."""
    brought: Array
    """(C, G, T) KPI: the truth."""
    controls: dict[str, Array]
    """(G, T) price and promotion."""
    peak: Array
    """(T,) 1 in the weeks of the holiday peak."""

    @property
    def in_family(self) -> bool:
        return self.kind == "in"

    @property
    def roi(self) -> Array:
        """(C,) KPI per money spent."""
        return np.asarray(self.brought.sum(axis=(1, 2)) / self.spend.sum(axis=(1, 2)), dtype=float)

    def columns(self) -> dict[str, npt.NDArray[np.generic]]:
        """The table as the company would hand it in: one row per week, or per week and region."""
        regions, weeks = self.kpi.shape
        out: dict[str, npt.NDArray[np.generic]] = {"week": np.tile(self.days, regions)}
        if self.geos:
            out["region"] = np.repeat(np.array(self.geos, dtype=object), weeks)
            out["population"] = np.repeat(self.population, weeks)
        out["revenue"] = np.round(self.kpi, 2).ravel()
        for name, spend, exposure in zip(self.channels, self.spend, self.exposure, strict=True):
            out[f"{name}_spend"] = spend.ravel()
            if exposure is not None:
                out[f"{name}_impressions"] = exposure.ravel()
        out |= {name: values.ravel() for name, values in self.controls.items()}
        return out | {"holiday_peak": np.tile(self.peak, regions)}


def kind_of(number: int) -> str:
    return "in" if number % 2 == 0 else OFF_FAMILY[number // 2 % len(OFF_FAMILY)]


def make(size: str, number: int) -> World:
    """Company ``number`` of a size; the same two give the same company."""
    rng = np.random.default_rng(np.random.SeedSequence([20_260_731, list(SIZES).index(size), number]))
    plan, kind = SIZES[size], kind_of(number)
    days = FIRST_DAY + 7 * np.arange(plan.weeks) * np.timedelta64(1, "D")
    level = float(np.exp(rng.uniform(np.log(2e5), np.log(2e7))))
    people = _population(rng, plan.geos)
    share = people / people.sum()
    market = _market(rng, days, plan.geos, hidden=kind == "confounded")
    budget = rng.uniform(*SPEND_OF_KPI) * level * plan.weeks
    parts = rng.dirichlet(np.full(plan.channels, 2.0))
    made = [
        media.channel(rng, kind, float(budget * part), share, market.demand, follows=bool(c % 2 == 0))
        for c, part in enumerate(parts)
    ]
    local = share * (rng.lognormal(0.0, 0.15, plan.geos) if plan.geos > 1 else np.ones(1))
    brought = np.stack([one.brought for one in made])
    kpi = level * local[:, None] * market.index + brought.sum(axis=0)
    return World(
        size=size,
        number=number,
        kind=kind,
        days=days,
        geos=tuple(f"region {g + 1:02d}" for g in range(plan.geos)) if plan.geos > 1 else (),
        population=people,
        kpi=np.maximum(kpi, 0.0),
        channels=NAMES[: plan.channels],
        spend=np.stack([one.spend for one in made]),
        exposure=tuple(one.exposure for one in made),
        brought=brought,
        controls=market.controls,
        peak=market.peak,
    )


def _population(rng: np.random.Generator, geos: int) -> Array:
    """People in each region, a few regions several times the size of others."""
    if geos == 1:
        return np.ones(1)
    return np.asarray(np.round(rng.lognormal(0.0, 0.7, geos) * 1e6, -3), dtype=float)


@dataclass(frozen=True)
class _Market:
    index: Array
    """(G, T) the KPI without media, as a multiple of a region's level."""
    demand: Array
    """(T,) what buyers of media may follow: season, and demand that no column shows."""
    controls: dict[str, Array]
    peak: Array


def _market(rng: np.random.Generator, days: npt.NDArray[np.datetime64], geos: int, hidden: bool) -> _Market:
    weeks, own = len(days), geos > 1
    year = (days - days.astype("datetime64[Y]")).astype(float) / 365.25
    season = np.zeros(weeks)
    for order, height in ((1, rng.uniform(0.03, 0.15)), (2, rng.uniform(0.0, 0.08)), (3, rng.uniform(0.0, 0.03))):
        season += height / order * np.sin(2 * np.pi * (order * year + rng.random()))
    peak = ((year > 0.90) & (year < 0.96)).astype(float)
    secret = 0.06 * wandering(rng, weeks, 0.85) if hidden else np.zeros(weeks)
    tilt = rng.lognormal(0.0, 0.15, (geos, 1)) if own else np.ones((1, 1))
    controls, steered = _controls(rng, geos, weeks)
    time = np.arange(weeks) / 52
    slope = rng.uniform(-0.08, 0.15) + (rng.normal(0.0, 0.02, (geos, 1)) if own else np.zeros((1, 1)))
    memory, spread = rng.uniform(*NOISE_MEMORY), rng.uniform(*NOISE)
    common = wandering(rng, weeks, memory)
    if own:
        single = np.stack([wandering(rng, weeks, memory) for _ in range(geos)])
        # A country's shocks reach its regions; each region is noisier than the country besides.
        noise = 0.6 * common + 1.2 * rng.lognormal(0.0, 0.2, (geos, 1)) * single
    else:
        noise = common[None]
    index = 1 + slope * time + 0.01 * smooth(rng, weeks) + tilt * season + secret
    index = index + rng.uniform(0.05, 0.30) * peak + steered + spread * noise
    return _Market(index, season + secret, controls, peak)


def _controls(rng: np.random.Generator, geos: int, weeks: int) -> tuple[dict[str, Array], Array]:
    """Price and promotion depth (G, T), and what both do to the baseline as a share of it."""
    price = 20 * (1 + 0.04 * wandering(rng, weeks, 0.9))
    prices = np.round(np.stack([price * (1 + 0.01 * rng.standard_normal(weeks) * (geos > 1)) for _ in range(geos)]), 2)
    depth = np.round(np.where(rng.random(weeks) < 0.15, rng.uniform(0.1, 0.3, weeks), 0.0), 2)
    promotion = np.repeat(depth[None], geos, axis=0)
    steered = -rng.uniform(0.3, 1.2) * (prices / prices.mean() - 1) + rng.uniform(0.2, 0.7) * (promotion - depth.mean())
    return {"price": prices, "promotion": promotion}, steered
