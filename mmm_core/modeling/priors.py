"""Every prior as numbers (NumPy only): one table that both engines, the checks and the evidence badges read.

A channel's effect is LogNormal. By default its centre follows the channel's share of spend and its width is solved for,
so that the share of the KPI that all media bring together has the specification's 90% range. A belief about what a
channel returns is a prior of that return (``believed``). Baseline priors are wide and centred beside the media range,
because a tight baseline is a media prior in disguise.
"""

from dataclasses import dataclass

import numpy as np

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.domain.results import Interval
from mmm_core.modeling.believed import Believed, Families, believed
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.prepare import period_days
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from mmm_core.modeling.transforms import ADSTOCK_PARAMETERS, EFFECT, SATURATION_PARAMETERS, media_parameters
from mmm_core.modeling.unit_effect import Unit, unit_effect

SEED = 20_240_229
SHAPE_DRAWS = 1000
SHARE_DRAWS = 8000
SPEND_POWER = 0.85
"""Expected effect grows a little slower than spend: returns diminish, and a tiny channel keeps some room."""
WIDTHS = (0.25, 2.0)
"""Log-scale widths of a channel's effect that the search for the media range stays within."""
GEO_EFFECT = 0.4
"""Scale of the spread over geos of a channel's log effect: regions of a company differ by half, rarely threefold."""
VARYING_DAYS = 182.0
"""Effects that drift do so over half a year, not from week to week."""
VARYING_RATE = 4.0
"""Expected drift of a quarter of the mean: enough to see a change of strength, not enough to explain all noise."""
BENDING = 0.5
"""All bends of a spline together move the baseline by this share of the KPI's spread: with more it would eat media."""
GEO_SHARE = 0.5
"""A geo's own part of season and controls is held to half of what the geos share; level and trend are free."""


@dataclass(frozen=True)
class GeoPriors:
    """How far geos may differ from what they share. Standard deviations on the scale of each geo's own KPI."""

    effect: Distribution
    """(C,) HalfNormal: standard deviation over geos of a channel's log effect."""
    intercept: Array
    """()"""
    control: Array
    """(K,)"""
    fourier: Array
    """(F,)"""
    shock: Distribution
    """(): standard deviation of the shocks that hit all geos in the same period."""


@dataclass(frozen=True)
class Varying:
    """A softplus Gaussian process of mean 1 over periods, as PyMC-Marketing's ``HSGPKwargs`` has it; geos share it."""

    baseline: bool
    media: bool
    terms: int
    """Basis functions."""
    length: float
    """Mean length scale in periods (inverse gamma)."""
    rate: float
    """Of the exponential prior on the process's standard deviation."""

    @property
    def spread(self) -> float:
        """Standard deviation of the length scale."""
        return 0.5 * self.length


@dataclass(frozen=True)
class Priors:
    """Distributions by PyMC-Marketing's parameter names; C channels, K linear columns, F Fourier columns.

    In a panel, effect, intercept, control and Fourier terms are those of the mean over geos, and ``geo`` tells how far
    a geo may be from it; memory and saturation are the same everywhere, and each geo has a noise scale.
    """

    adstock: str
    saturation: str
    max_lag: int
    media: dict[str, Distribution]
    """Per media parameter, arrays (C,): adstock_*, saturation_*, saturation_beta last; where ``believed`` is on, the
    last is of the return, in units in which it is the effect with typical memories and curves."""
    intercept: Distribution
    """Scalars ()."""
    control: Distribution
    """(K,)"""
    fourier: Distribution
    """(F,)"""
    sigma: Distribution
    """Scalars (); of the Normal likelihood."""
    geo: GeoPriors | None = None
    """None for national data."""
    varying: Varying | None = None
    """What drifts over time; None where nothing does."""
    believed: Believed | None = None
    """Where the effect's prior is that of a return; None where it is the effect's own in every channel."""

    @property
    def families(self) -> Families:
        return Families(self.adstock, self.saturation, self.max_lag)

    @property
    def collapsible(self) -> bool:
        """Whether intercept, linear columns and season are all Normal, so that they integrate out exactly."""
        return all(d.family == "Normal" for d in (self.intercept, self.control, self.fourier))


def resolve(spec: ModelSpec, data: ModelData) -> Priors:
    """Turn a specification's words into numbers.

    Raises
    ------
    SpecError
        When a belief cannot be turned into a prior (an ROI without spend or without a value per KPI unit).
    """
    if spec.media_prior.share_low >= spec.media_prior.share_high:
        raise SpecError("The media range needs its low end under its high end.")
    if spec.media_prior.style == "pymc_marketing":
        return _pymc_marketing(spec, data)
    shapes = _shapes(spec, data)
    rng = np.random.default_rng(SEED)
    draws = {name: prior.sample(rng, SHAPE_DRAWS) for name, prior in shapes.items()}
    unit = unit_effect(spec, data, draws, SHAPE_DRAWS)
    held = believed(spec, data, draws, SHAPE_DRAWS)
    effect = _effects(spec, unit, held)
    families = Families(spec.adstock.value, spec.saturation.value, spec.max_lag)
    shift = None if held is None else held.shift(families, data, draws, SHAPE_DRAWS)
    baseline = _baseline(data, _expected_share(effect, unit, shift))
    return Priors(
        adstock=spec.adstock.value,
        saturation=spec.saturation.value,
        max_lag=spec.max_lag,
        media={**shapes, EFFECT: effect},
        intercept=baseline.intercept,
        control=baseline.control,
        fourier=baseline.fourier,
        sigma=baseline.sigma,
        geo=_by_geo(data, baseline) if len(data.geos) > 1 else None,
        varying=_varying(spec, data),
        believed=held,
    )


def _varying(spec: ModelSpec, data: ModelData) -> Varying | None:
    asked = spec.time_varying
    if not (asked.baseline or asked.media):
        return None
    if asked.baseline and len(data.geos) > 1:
        raise SpecError("A baseline that drifts is for national data; with geos choose a smooth one (spline) instead.")
    days = period_days(data)
    return Varying(
        baseline=asked.baseline,
        media=asked.media,
        # A basis of m terms resolves waves down to about 3 T / m periods; a length scale needs several of those.
        terms=int(np.clip(round(6.0 * len(data.dates) * days / VARYING_DAYS), 8, 60)),
        length=VARYING_DAYS / days,
        rate=VARYING_RATE,
    )


def _by_geo(data: ModelData, baseline: "_Baseline") -> GeoPriors:
    trend = np.array([group == "trend" for group in data.linear_groups], dtype=bool)
    control = baseline.control.parameters["sigma"]
    return GeoPriors(
        effect=Distribution("HalfNormal", {"sigma": GEO_EFFECT}).repeated(len(data.channels)),
        intercept=np.asarray(baseline.intercept.parameters["sigma"]),
        control=control * np.where(trend, 1.0, GEO_SHARE),
        fourier=baseline.fourier.parameters["sigma"] * GEO_SHARE,
        shock=baseline.sigma,
    )


def _shapes(spec: ModelSpec, data: ModelData) -> dict[str, Distribution]:
    """Memory and saturation: weakly informative, the memory by the length of a period."""
    days = period_days(data)
    alpha = (5.0, 2.0) if days < 4 else (2.0, 3.0) if days < 20 else (1.5, 5.0)
    numbers: dict[str, Distribution] = {
        "adstock_alpha": Distribution("Beta", {"alpha": alpha[0], "beta": alpha[1]}),
        "adstock_theta": Distribution("HalfNormal", {"sigma": min(2.0, max(0.5, spec.max_lag / 4))}),
        "saturation_lam": Distribution("Gamma", {"alpha": 3.0, "beta": 1.0}),
        "saturation_slope": Distribution("LogNormal", {"mu": float(np.log(1.2)), "sigma": 0.4}),
        "saturation_kappa": Distribution("LogNormal", {"mu": float(np.log(0.5)), "sigma": 0.6}),
        "saturation_r": Distribution("Beta", {"alpha": 3.0, "beta": 2.0}),
        "adstock_lam": Distribution("LogNormal", {"mu": float(np.log(max(1.5, spec.max_lag / 4))), "sigma": 0.5}),
        "adstock_k": Distribution("LogNormal", {"mu": float(np.log(1.3)), "sigma": 0.4}),
    }
    if spec.saturation is Saturation.MICHAELIS_MENTEN:
        numbers["saturation_lam"] = numbers["saturation_kappa"]
    names = (*ADSTOCK_PARAMETERS[spec.adstock], *SATURATION_PARAMETERS[spec.saturation])
    return {name: numbers[name].repeated(len(data.channels)) for name in names}


def _effects(spec: ModelSpec, unit: Unit, held: Believed | None) -> Distribution:
    """LogNormal per channel: by spend within the media range, or by the channel's belief."""
    weights = _weights(unit.spend)
    centre, width = _solve_range(spec, weights, unit)
    mu = np.log(centre * weights / unit.typical)
    sigma = np.full(len(weights), width)
    if held is not None:
        mu, sigma = np.where(held.on, held.mu, mu), np.where(held.on, held.sigma, sigma)
    return Distribution("LogNormal", {"mu": mu, "sigma": sigma})


def _weights(spend: Array) -> Array:
    """Expected share of the media effect by channel: nearly proportional to spend, organic like the median."""
    paid = np.isfinite(spend) & (spend > 0)
    typical = float(np.median(spend[paid])) if paid.any() else 1.0
    filled = np.where(paid, spend, typical)
    grown = (filled / filled.sum()) ** SPEND_POWER
    weights: Array = grown / grown.sum()
    return weights


def _solve_range(spec: ModelSpec, weights: Array, unit: Unit) -> tuple[float, float]:
    """Centre and log width of the channels' effects that give the media total its 90% range.

    The ratio of the total's 95th to 5th percentile depends on the width alone, so that a bisection finds it; the
    centre then follows from their geometric mean.
    """
    rng = np.random.default_rng(SEED)
    normal = rng.standard_normal((SHARE_DRAWS, len(weights)))
    shape = (unit.share / unit.typical)[rng.integers(0, len(unit.share), SHARE_DRAWS)] * weights
    wanted = np.log(spec.media_prior.share_high / spec.media_prior.share_low)

    def ends(width: float) -> Array:
        found: Array = np.log(np.quantile((shape * np.exp(width * normal)).sum(axis=1), (0.05, 0.95)))
        return found

    low, high = WIDTHS
    for _ in range(40):
        middle = 0.5 * (low + high)
        bottom, top = ends(middle)
        low, high = (middle, high) if top - bottom < wanted else (low, middle)
    target = 0.5 * (np.log(spec.media_prior.share_high) + np.log(spec.media_prior.share_low))
    return float(np.exp(target - ends(low).mean())), low


def _expected_share(effect: Distribution, unit: Unit, shift: Array | None) -> float:
    """Media's share of the KPI that the baseline leaves room for (the prior's median, at most 0.9)."""
    rng = np.random.default_rng(SEED)
    share = unit.share if shift is None else unit.share / np.exp(shift)
    picked = share[rng.integers(0, len(share), SHARE_DRAWS)]
    return min(0.9, float(np.median((effect.sample(rng, SHARE_DRAWS) * picked).sum(axis=1))))


@dataclass(frozen=True)
class _Baseline:
    intercept: Distribution
    control: Distribution
    fourier: Distribution
    sigma: Distribution


def _baseline(data: ModelData, media_share: float) -> _Baseline:
    """Baseline, linear columns, season and noise, on the scale of the KPI's level and of its spread."""
    scaled = data.scaled_target
    level, spread = float(scaled.mean()), float((scaled - scaled.mean(axis=1, keepdims=True)).std())
    bends = max(1, data.linear_groups.count("bend"))
    widths = {"control": 0.7, "holiday": 0.5, "treatment": 0.7, "trend": 1.0, "bend": BENDING / np.sqrt(bends)}
    control = np.array([widths[group] for group in data.linear_groups]) * spread
    pairs = data.fourier.shape[1] // 2
    order = np.tile(np.arange(1, pairs + 1), 2)
    return _Baseline(
        intercept=Distribution("Normal", {"mu": (1 - media_share) * level, "sigma": 0.5 * abs(level) + spread}),
        control=Distribution("Normal", {"mu": np.zeros(len(control)), "sigma": control}),
        fourier=Distribution("Normal", {"mu": np.zeros(2 * pairs), "sigma": 0.7 * spread / np.sqrt(order)}),
        sigma=Distribution("HalfNormal", {"sigma": spread}),
    )


_EFFECT_SCALE = {
    Saturation.LOGISTIC: 2.0,
    Saturation.HILL: 1.5,
    Saturation.MICHAELIS_MENTEN: 1.0,
    Saturation.TANH: 1.0,
    Saturation.LINEAR: 1.0,
}


def _gamma(mean: float, deviation: float) -> Distribution:
    return Distribution("Gamma", {"alpha": (mean / deviation) ** 2, "beta": mean / deviation**2})


def _pymc_marketing(spec: ModelSpec, data: ModelData) -> Priors:
    """That library's own defaults, as numbers."""
    if any(channel.belief for channel in spec.channels):
        raise SpecError("PyMC-Marketing's default priors hold no beliefs; remove them or choose priors by spend.")
    if len(data.geos) > 1:
        raise SpecError("PyMC-Marketing's default priors do not pool geos; choose priors by spend for a panel.")
    numbers: dict[str, Distribution] = {
        "adstock_alpha": Distribution("Beta", {"alpha": 1.0, "beta": 3.0}),
        "adstock_theta": Distribution("HalfNormal", {"sigma": 1.0}),
        "saturation_lam": Distribution("Gamma", {"alpha": 3.0, "beta": 1.0}),
        "saturation_slope": Distribution("HalfNormal", {"sigma": 1.5}),
        "saturation_kappa": Distribution("HalfNormal", {"sigma": 1.5}),
        "saturation_r": Distribution("Beta", {"alpha": 2.0, "beta": 3.0}),
        "adstock_lam": _gamma(2.0, 1.0 if spec.adstock is Adstock.WEIBULL_PDF else 2.5),
        "adstock_k": _gamma(*((3.0, 1.0) if spec.adstock is Adstock.WEIBULL_PDF else (2.0, 2.5))),
        EFFECT: Distribution("HalfNormal", {"sigma": _EFFECT_SCALE[spec.saturation]}),
    }
    if spec.saturation is Saturation.MICHAELIS_MENTEN:
        numbers |= {"saturation_lam": Distribution("HalfNormal", {"sigma": 1.0}), EFFECT: _gamma(2.0, 1.0)}
    linear, season = data.linear.shape[-1], data.fourier.shape[-1]
    return Priors(
        adstock=spec.adstock.value,
        saturation=spec.saturation.value,
        max_lag=spec.max_lag,
        media={
            name: numbers[name].repeated(len(data.channels))
            for name in media_parameters(spec.adstock.value, spec.saturation.value)
        },
        intercept=Distribution("Normal", {"mu": 0.0, "sigma": 2.0}),
        control=Distribution("Normal", {"mu": np.zeros(linear), "sigma": np.full(linear, 2.0)}),
        fourier=Distribution("Laplace", {"mu": np.zeros(season), "b": np.ones(season)}),
        sigma=Distribution("HalfNormal", {"sigma": 2.0}),
        varying=_varying(spec, data),
    )


def simulated(spec: ModelSpec, data: ModelData, priors: Priors, draws: int) -> tuple[Unit, Array]:
    """Prior draws: what an effect of one brings with the shapes drawn, and the effects (draws, C)."""
    rng = np.random.default_rng(SEED + 1)
    media = {name: prior.sample(rng, draws) for name, prior in priors.media.items()}
    effect = media.pop(EFFECT)
    if priors.believed is not None:
        effect = effect / np.exp(priors.believed.shift(priors.families, data, media, draws))
    return unit_effect(spec, data, media, draws), effect


def roi_prior(spec: ModelSpec, data: ModelData, priors: Priors, draws: int = 2000) -> dict[str, Interval | None]:
    """What the prior alone says each channel returns per money spent; None where there is no spend or no value."""
    unit, effect = simulated(spec, data, priors, draws)
    out: dict[str, Interval | None] = {}
    for c, name in enumerate(data.channels):
        usable = np.isfinite(unit.spend[c]) and unit.spend[c] > 0 and bool(np.isfinite(unit.money[:, c]).all())
        out[name] = interval(effect[:, c] * unit.money[:, c] / unit.spend[c]) if usable else None
    return out


def share_draws(spec: ModelSpec, data: ModelData, priors: Priors, draws: int = 2000) -> Array:
    """Prior draws (draws, C) of each channel's share of the KPI."""
    unit, effect = simulated(spec, data, priors, draws)
    shares: Array = effect * unit.share
    return shares


def share_prior(spec: ModelSpec, data: ModelData, priors: Priors, draws: int = 2000) -> dict[str, Interval]:
    """What the prior alone says each channel brings, as a share of the KPI (organic channels too)."""
    shares = share_draws(spec, data, priors, draws)
    return {name: interval(shares[:, c]) for c, name in enumerate(data.channels)}


def media_share_prior(spec: ModelSpec, data: ModelData, priors: Priors, draws: int = 4000) -> Interval:
    """What the prior alone says all media bring together, as a share of the KPI."""
    return interval(share_draws(spec, data, priors, draws).sum(axis=1))


def interval(values: Array) -> Interval:
    """Mean and percentiles of draws (S,)."""
    p5, p50, p95 = np.quantile(values, (0.05, 0.5, 0.95))
    return Interval(mean=float(values.mean()), p5=float(p5), p50=float(p50), p95=float(p95))
