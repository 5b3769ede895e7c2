"""Small national data sets and priors for the engine's tests."""

from dataclasses import replace

import numpy as np

from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.transforms import ADSTOCK_PARAMETERS, EFFECT, SATURATION_PARAMETERS, media_parameters

FAMILIES = tuple((a, s) for a in ADSTOCK_PARAMETERS for s in SATURATION_PARAMETERS)
EACH_ONCE = (
    ("geometric", "logistic"),
    ("geometric", "hill"),
    ("delayed", "hill"),
    ("weibull_pdf", "michaelis_menten"),
    ("weibull_cdf", "tanh"),
    ("none", "linear"),
)
"""Every family at least once."""
IN_FREQUENCY = (
    ("geometric", "hill", (1,)),
    ("delayed", "logistic", (0, 2)),
    ("weibull_cdf", "tanh", (0, 1, 2)),
    ("none", "linear", (2,)),
)
"""Families with the channels, of three, that saturate in their frequency."""


def national(
    periods: int, channels: int, seed: int, controls: int = 2, terms: int = 2, silent: int | None = None
) -> ModelData:
    """Weekly data with bursts of media, two controls, a season and noise; ``silent`` is a channel that never ran."""
    rng = np.random.default_rng(seed)
    on = rng.random((periods, channels)) < 0.7
    media = rng.gamma(2.0, 50.0, (periods, channels)) * on
    media[0] = 100.0
    if silent is not None:
        media[:, silent] = 0.0
    scale = np.where(media.max(axis=0) > 0, media.max(axis=0), 1.0)
    linear = rng.normal(size=(periods, controls))
    linear -= linear.mean(axis=0)
    angle = 2 * np.pi * np.arange(periods)[:, None] * np.arange(1, terms + 1) / 52.18
    fourier = np.concatenate([np.sin(angle), np.cos(angle)], axis=1)
    carried = media / scale
    carried[1:] = 0.7 * carried[1:] + 0.3 * carried[:-1]
    lift = np.tanh(1.2 * carried) @ rng.uniform(0.05, 0.25, channels)
    season = 0.05 * fourier[:, 0] if terms else 0.0
    kpi = 1e4 * (0.6 + lift + 0.04 * linear[:, 0] + season + 0.03 * rng.normal(size=periods))
    return ModelData(
        dates=np.datetime64("2021-01-04") + 7 * np.arange(periods),
        geos=("national",),
        channels=tuple(f"channel_{c}" for c in range(channels)),
        target=kpi[None],
        media=media[None],
        spend=media[None],
        value_per_unit=np.ones((1, periods)),
        linear=linear[None],
        linear_names=tuple(f"control_{k}" for k in range(controls)),
        linear_groups=("control",) * controls,
        fourier=fourier,
        media_scale=scale[None],
        target_scale=np.abs(kpi).max(keepdims=True),
    )


def by_frequency(data: ModelData, channels: tuple[int, ...], seed: int = 9) -> ModelData:
    """The same data with the media of some channels read as people reached, each of them 1 to 6 times."""
    often = np.full(data.media.shape, np.nan)
    drawn = np.random.default_rng(seed).uniform(1.0, 6.0, data.media.shape) * (data.media > 0)
    often[..., channels] = drawn[..., channels]
    return replace(data, frequency=often, frequency_scale=often.max(axis=(0, 1)))


def priors_for(data: ModelData, adstock: str, saturation: str) -> Priors:
    """Priors of every family, with different numbers for each channel."""
    c, k, f = len(data.channels), data.linear.shape[-1], data.fourier.shape[1]
    step = np.linspace(0.0, 1.0, c)
    media = {
        "adstock_alpha": Distribution("Beta", {"alpha": 1.5 + step, "beta": 3.0 + step}),
        "adstock_theta": Distribution("HalfNormal", {"sigma": 1.0 + step}),
        "saturation_lam": Distribution("Gamma", {"alpha": 3.0 + step, "beta": 1.0 + 0.5 * step}),
        "saturation_r": Distribution("Beta", {"alpha": 3.0 + step, "beta": 2.0 + step}),
        "adstock_lam": Distribution("LogNormal", {"mu": 0.5 + 0.3 * step, "sigma": 0.3 + 0.1 * step}),
        "adstock_k": Distribution("LogNormal", {"mu": 0.3 + 0.2 * step, "sigma": 0.3 + 0.1 * step}),
        "saturation_slope": Distribution("LogNormal", {"mu": 0.1 + step, "sigma": 0.4 + 0.1 * step}),
        "saturation_kappa": Distribution("LogNormal", {"mu": -0.7 + step, "sigma": 0.6 + 0.1 * step}),
        EFFECT: Distribution("LogNormal", {"mu": np.log(0.15) - 0.3 * step, "sigma": 0.6 + 0.2 * step}),
    }
    return Priors(
        adstock=adstock,
        saturation=saturation,
        max_lag=6,
        media={name: media[name] for name in media_parameters(adstock, saturation)},
        intercept=Distribution("Normal", {"mu": 0.5, "sigma": 0.4}),
        control=Distribution("Normal", {"mu": np.zeros(k), "sigma": np.linspace(0.1, 0.3, k)}),
        fourier=Distribution("Normal", {"mu": np.zeros(f), "sigma": np.linspace(0.1, 0.2, f)}),
        sigma=Distribution("HalfNormal", {"sigma": 0.1}),
    )


def design(data: ModelData, priors: Priors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear design (T, P), prior means and standard deviations (P,)."""
    x = np.column_stack([np.ones(data.target.shape[1]), data.linear[0], data.fourier])
    parts = (priors.intercept, priors.control, priors.fourier)
    mean, sd = (np.concatenate([np.atleast_1d(p.parameters[n]) for p in parts]) for n in ("mu", "sigma"))
    return x, mean, sd


def priors_draws(priors: Priors, max_lag: int, chains: int, draws: int, geos: int) -> Posterior:
    """A posterior of draws from the priors, those of the mean over geos standing for every geo."""
    rng = np.random.default_rng(11)
    named = {
        **priors.media,
        "intercept_contribution": priors.intercept,
        "gamma_control": priors.control,
        "gamma_fourier": priors.fourier,
        "y_sigma": priors.sigma,
    }
    found = {n: p.sample(rng, chains * draws).reshape((chains, draws, *p.shape)) for n, p in named.items()}
    if geos > 1:
        found["shocks_sigma"] = np.abs(rng.normal(0.03, 0.005, (chains, draws)))
        own = (EFFECT, "intercept_contribution", "gamma_control", "gamma_fourier", "y_sigma")
        found |= {f"{name}_mu": np.log(found[name]) if name == EFFECT else found[name] for name in own[:-1]}
        found[f"{EFFECT}_sigma"] = np.abs(rng.normal(0.3, 0.05, found[EFFECT].shape))
        found |= {n: np.stack([found[n] * (1 + 0.1 * g) for g in range(geos)], axis=2) for n in own}
    energy = rng.normal(size=(chains, draws))
    return Posterior(priors.adstock, priors.saturation, max_lag, found, energy=energy)
