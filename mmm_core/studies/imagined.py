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


def parameters(priors: Priors, geos: int, rng: np.random.Generator) -> Posterior:
    """One draw of every parameter from the prior, as a posterior of one chain and one draw."""
    draws = {name: prior.sample(rng, 1)[0] for name, prior in priors.media.items() if name != EFFECT}
    linear = (priors.intercept, priors.control, priors.fourier)
    if priors.geo is None:
        draws[EFFECT] = priors.media[EFFECT].sample(rng, 1)[0]
        draws |= {name: prior.sample(rng, 1)[0] for name, prior in zip(LINEAR, linear, strict=True)}
        draws["y_sigma"] = priors.sigma.sample(rng, 1)[0]
    else:
        draws |= _pooled_effect(priors.media[EFFECT], priors.geo.effect, geos, rng)
        own = (priors.geo.intercept, priors.geo.control, priors.geo.fourier)
        for name, prior, spread in zip(LINEAR, linear, own, strict=True):
            centre = prior.sample(rng, 1)[0]
            draws |= {f"{name}_mu": centre, name: centre + spread * rng.standard_normal((geos, *np.shape(centre)))}
        draws["y_sigma"] = priors.sigma.repeated(geos).sample(rng, 1)[0]
        draws[SHOCK] = priors.geo.shock.sample(rng, 1)[0]
    whole = {name: np.asarray(value, dtype=float)[None, None] for name, value in draws.items()}
    return Posterior(priors.adstock, priors.saturation, priors.max_lag, whole)


def _pooled_effect(mean: Distribution, spread: Distribution, geos: int, rng: np.random.Generator) -> dict[str, Array]:
    """Effects of a panel: logs Normal around a centre, whose prior has the LogNormal's numbers."""
    centre = Distribution("Normal", mean.parameters).sample(rng, 1)[0]
    deviation = spread.sample(rng, 1)[0]
    own = rng.standard_normal((geos, *centre.shape))
    return {
        "saturation_beta_mu": centre,
        "saturation_beta_sigma": deviation,
        EFFECT: np.exp(centre + deviation * own),
    }


def company(data: ModelData, truth: Posterior, rng: np.random.Generator) -> ModelData:
    """The data with a KPI that the parameters would have given, noise included; scales stay as they are."""
    (block, media), *_ = media_blocks(data, truth)
    mean = baseline(data, truth, block)[0] + media[0].sum(axis=-1)
    made = mean + noise(truth, block, mean.shape[1], rng)[0]
    return replace(data, target=made * data.target_scale[:, None])
