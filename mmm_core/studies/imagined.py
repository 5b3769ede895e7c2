"""Companies that the model itself could have made up: parameters from the prior, a KPI from the parameters."""

from dataclasses import replace

import numpy as np

from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.parameters import SHOCK
from mmm_core.modeling.predict import baseline, media_blocks, noise
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.transforms import EFFECT

LINEAR = ("intercept_contribution", "gamma_control", "gamma_fourier")


def parameters(priors: Priors, data: ModelData, rng: np.random.Generator) -> Posterior:
    """One draw of every parameter from the prior, as a posterior of one chain and one draw."""
    draws = {name: prior.sample(rng, 1)[0] for name, prior in priors.media.items() if name != EFFECT}
    linear = (priors.intercept, priors.control, priors.fourier)
    geos = len(data.geos)
    if priors.geo is None:
        draws[EFFECT] = priors.media[EFFECT].sample(rng, 1)[0] / np.exp(_earned(priors, data, draws, None))
        draws |= {name: prior.sample(rng, 1)[0] for name, prior in zip(LINEAR, linear, strict=True)}
        draws["y_sigma"] = priors.sigma.sample(rng, 1)[0]
    else:
        draws |= _pooled_effect(priors, priors.geo.effect, data, draws, rng)
        own = (priors.geo.intercept, priors.geo.control, priors.geo.fourier)
        for name, prior, spread in zip(LINEAR, linear, own, strict=True):
            centre = prior.sample(rng, 1)[0]
            draws |= {f"{name}_mu": centre, name: centre + spread * rng.standard_normal((geos, *np.shape(centre)))}
        draws["y_sigma"] = priors.sigma.repeated(geos).sample(rng, 1)[0]
        draws[SHOCK] = priors.geo.shock.sample(rng, 1)[0]
    whole = {name: np.asarray(value, dtype=float)[None, None] for name, value in draws.items()}
    return Posterior(priors.adstock, priors.saturation, priors.max_lag, whole)


def _earned(priors: Priors, data: ModelData, draws: dict[str, Array], deviations: Array | None) -> Array:
    """Log of what an effect of one earns (C,), 0 where nothing is believed of the channel's return."""
    if priors.believed is None:
        return np.zeros(len(data.channels))
    shapes = {name: value[None] for name, value in draws.items()}
    apart = None if deviations is None else deviations[None]
    out: Array = priors.believed.shift(priors.families, data, shapes, 1, apart)[0]
    return out


def _pooled_effect(
    priors: Priors, spread: Distribution, data: ModelData, draws: dict[str, Array], rng: np.random.Generator
) -> dict[str, Array]:
    """Effects of a panel: logs Normal around a centre, whose prior has the LogNormal's numbers."""
    centre = Distribution("Normal", priors.media[EFFECT].parameters).sample(rng, 1)[0]
    deviation = spread.sample(rng, 1)[0]
    own = deviation * rng.standard_normal((len(data.geos), *centre.shape))
    centre = centre - _earned(priors, data, draws, own)
    return {"saturation_beta_mu": centre, "saturation_beta_sigma": deviation, EFFECT: np.exp(centre + own)}


def company(data: ModelData, truth: Posterior, rng: np.random.Generator) -> ModelData:
    """The data with a KPI that the parameters would have given, noise included; scales stay as they are."""
    (block, media), *_ = media_blocks(data, truth)
    mean = baseline(data, truth, block)[0] + media[0].sum(axis=-1)
    made = mean + noise(truth, block, mean.shape[1], rng)[0]
    return replace(data, target=made * data.target_scale[:, None])
