"""A fit's posterior, widened twofold, as the priors of another one: the same data used twice, and marked as such."""

from dataclasses import replace
from typing import Any

import numpy as np

from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.transforms import ADSTOCK_PARAMETERS, EFFECT, SATURATION_PARAMETERS

WIDER = 2.0
LINEAR = ("intercept_contribution", "gamma_control", "gamma_fourier")
Moments = dict[str, Any]


def moments(posterior: Posterior, data: ModelData) -> Moments:
    """Mean and standard deviation of each parameter, small enough to be stored."""
    out: Moments = {"adstock": posterior.adstock, "saturation": posterior.saturation, "geos": len(data.geos)}
    names = (*ADSTOCK_PARAMETERS[posterior.adstock], *SATURATION_PARAMETERS[posterior.saturation])
    numbers: dict[str, list[Array]] = {name: _two(posterior.draws[name]) for name in names}
    if not posterior.panel:
        numbers |= {name: _two(posterior.draws[name]) for name in (EFFECT, *LINEAR)}
    return out | {"numbers": numbers, "linear_names": data.linear_names}


def _two(draws: Array) -> list[Array]:
    """Of draws (chains, draws, ...), chains joined."""
    return [np.asarray(draws.mean(axis=(0, 1))), np.asarray(draws.std(axis=(0, 1)))]


def widened(priors: Priors, before: Moments, data: ModelData) -> tuple[Priors, tuple[str, ...]]:
    """Priors with what the earlier posterior knows, twice as wide and never wider than they were.

    A number is handed over only where it means the same in both models: an effect where both have the same saturation
    curve, a geo's own numbers never.

    Returns
    -------
    priors, names of the parameters that were handed over
    """
    numbers = {k: (np.asarray(m, dtype=float), np.asarray(s, dtype=float)) for k, (m, s) in before["numbers"].items()}
    national = before["geos"] == len(data.geos) == 1
    same = [n for n in ADSTOCK_PARAMETERS[priors.adstock] if before["adstock"] == priors.adstock]
    if before["saturation"] == priors.saturation and before["geos"] == len(data.geos):
        same += [*SATURATION_PARAMETERS[priors.saturation], *([EFFECT] if national else [])]
    media = {n: _narrowed(d, *numbers[n]) if n in same else d for n, d in priors.media.items()}
    out, names = replace(priors, media=media | {EFFECT: _kept(priors, media[EFFECT])}), list(same)
    if national:
        control = _of_names(numbers["gamma_control"], before["linear_names"], data.linear_names, priors.control)
        out = replace(out, intercept=_narrowed(priors.intercept, *numbers["intercept_contribution"]), control=control)
        names.append("intercept_contribution")
        names += ["gamma_control"] if set(before["linear_names"]) & set(data.linear_names) else []
        if numbers["gamma_fourier"][0].shape == priors.fourier.shape != (0,):
            out = replace(out, fourier=_narrowed(priors.fourier, *numbers["gamma_fourier"]))
            names.append("gamma_fourier")
    return out, tuple(names)


def _kept(priors: Priors, narrowed: Distribution) -> Distribution:
    """A belief about a return is narrow enough and stays: the earlier effect knew nothing of these shapes."""
    if priors.believed is None:
        return narrowed
    before, on = priors.media[EFFECT].parameters, priors.believed.on
    kept = {name: np.where(on, before[name], values) for name, values in narrowed.parameters.items()}
    return Distribution(narrowed.family, kept)


def _of_names(found: tuple[Array, Array], old: list[str], new: tuple[str, ...], prior: Distribution) -> Distribution:
    """The prior of the linear columns, narrowed for those that both models have."""
    mean, deviation = prior.parameters["mu"].copy(), prior.parameters["sigma"].copy()
    for place, name in enumerate(new):
        if name in old:
            one = old.index(name)
            mean[place] = found[0][one]
            deviation[place] = min(WIDER * found[1][one], deviation[place])
    return Distribution("Normal", {"mu": mean, "sigma": deviation})


def _narrowed(prior: Distribution, mean: Array, deviation: Array) -> Distribution:
    """The prior's own family with the posterior's mean and twice its standard deviation."""
    wide = WIDER * deviation
    match prior.family:
        case "Normal":
            return Distribution("Normal", {"mu": mean, "sigma": np.minimum(wide, prior.parameters["sigma"])})
        case "LogNormal":
            return _log_normal(prior, mean, deviation)
        case "Beta":
            return _beta(prior, mean, wide)
        case "Gamma":
            shape, rate = prior.parameters["alpha"], prior.parameters["beta"]
            spread = np.minimum(wide, np.sqrt(shape) / rate)
            return Distribution("Gamma", {"alpha": (mean / spread) ** 2, "beta": mean / spread**2})
        case _:
            scale = np.minimum(np.sqrt(mean**2 + wide**2), prior.parameters["sigma"])
            return Distribution("HalfNormal", {"sigma": scale})


def _log_normal(prior: Distribution, mean: Array, deviation: Array) -> Distribution:
    """By moments: the logarithm's spread is what is doubled."""
    log_deviation = np.sqrt(np.log1p((deviation / mean) ** 2))
    spread = np.minimum(WIDER * log_deviation, prior.parameters["sigma"])
    return Distribution("LogNormal", {"mu": np.log(mean) - 0.5 * log_deviation**2, "sigma": spread})


def _beta(prior: Distribution, mean: Array, wide: Array) -> Distribution:
    a, b = prior.parameters["alpha"], prior.parameters["beta"]
    own = np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    spread = np.minimum(wide, own)
    count = np.maximum(mean * (1 - mean) / spread**2 - 1, a + b)
    return Distribution("Beta", {"alpha": mean * count, "beta": (1 - mean) * count})
