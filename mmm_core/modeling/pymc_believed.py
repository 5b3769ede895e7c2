"""PyMC-Marketing's model with priors of returns in place of effects, which the library itself does not have.

Imported only by a fit's or an export's own process.
"""

from typing import Any

import numpy as np
import pymc as pm
from pytensor.xtensor import as_xtensor
from pytensor.xtensor.math import exp, log, maximum, where

from mmm_core.domain.fit import Array
from mmm_core.modeling.pymc_frequency import GEO


def believe(mmm: Any, effect: str, worth: Array, mu: Array, sigma: Array, times: Array, scaled: Array) -> None:
    """Make the LogNormal priors of some channels' effects those of what the channels return.

    Parameters
    ----------
    effect
        Name of the effect sizes; in a panel their mean over geos, as a logarithm, has the same name and ``_mu``.
    worth
        (C, G, T) what a scaled KPI unit that the channel brings then counts for; 0 for channels without a belief.
    mu, sigma
        (C,) of the log of the return, and of the prior that the effects have in the model.
    times
        (C,) 1 for a return; for that of 1% more what exposure is multiplied with.
    scaled
        (G, T, C) media that the model acts on.
    """
    panel = worth.shape[1] > 1
    axes = ("date", GEO, "channel") if panel else ("date", "channel")

    def labelled(values: Array) -> Any:
        """From (G, T, C)."""
        return as_xtensor(np.swapaxes(values, 0, 1) if panel else values[0], dims=axes)

    with mmm.model as model:
        brought = model["channel_contribution"]
        if (times > 1).any():
            more = labelled(times * scaled)
            for part in (mmm.adstock, mmm.saturation):
                known = {n: model.named_vars.get(part.variable_mapping[n], p) for n, p in part.function_priors.items()}
                more = part.function(more, **known, dim="date")
            if "media_temporal_latent_multiplier" in model.named_vars:
                more = more * model["media_temporal_latent_multiplier"]
            often = getattr(mmm, "often", None)
            if often is not None:
                reached = as_xtensor(np.isfinite(often).all(axis=(0, 1)), dims=("channel",))
                more = where(reached, as_xtensor(times, dims=("channel",)) * brought, more)
            brought = where(as_xtensor(times > 1, dims=("channel",)), more - brought, brought)
        size = model[f"{effect}_mu"] if panel else log(model[effect])
        earned = maximum((brought / exp(size) * labelled(np.moveaxis(worth, 0, 2))).sum(axes[:-1]), 1e-30)
        here, before = (v - as_xtensor(mu, dims=("channel",)) for v in (size + log(earned), size))
        believed = as_xtensor(np.where(worth.any(axis=(1, 2)), 0.5 / sigma**2, 0.0), dims=("channel",))
        pm.Potential("believed", (believed * (before**2 - here**2)).sum().values)
