"""PyMC-Marketing's model with channels that saturate in their frequency, which the library itself does not have.

Imported only by a fit's or an export's own process.
"""

from typing import Any

import numpy as np
import pymc as pm
from pymc_marketing.mmm import MMM
from pytensor.xtensor import as_xtensor
from pytensor.xtensor.math import where

from mmm_core.domain.fit import Array

GEO = "geo"


class ByFrequency(MMM):  # type: ignore[misc]
    """An MMM some of whose channels saturate in their frequency, before the carry-over of the people reached."""

    often: Array
    """(G, T, C) scaled frequency; NaN for channels without."""

    def forward_pass(self, x: Any, dims: tuple[str, ...]) -> Any:
        """Contributions of every channel; the variables are those of the adstock and the saturation."""
        plain = super().forward_pass(x, dims)
        own = np.isfinite(self.often).all(axis=(0, 1))
        panel = len(self.often) > 1
        axes = ("date", GEO, "channel") if panel else ("date", "channel")
        often = np.nan_to_num(np.swapaxes(self.often, 0, 1) if panel else self.often[0], nan=1.0)
        memory, curve = (
            {n: self._variable(part, n) for n in part.function_priors} for part in (self.adstock, self.saturation)
        )
        impact = x * self.saturation.function(as_xtensor(often, dims=axes), **curve, dim="date")
        reached = self.adstock.function(impact, **memory, dim="date")
        return where(as_xtensor(own, dims=("channel",)), reached, plain)

    def _variable(self, part: Any, name: str) -> Any:
        known = pm.modelcontext(None).named_vars
        return known.get(part.variable_mapping[name], part.function_priors[name])
