"""Priors that are about what a channel returns: what an effect of one earns with these curves (NumPy only).

A return, a share of the KPI and one over a cost per unit are the effect times what an effect of one earns, which memory
and saturation alone decide. A belief about them is therefore, given memory and saturation, a prior of the effect: its
log is Normal around ``mu`` less the log of those earnings. That is a density of the effect given the others, so that no
Jacobian enters, and the return has the stated range whatever memory and saturation are.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.spec import Belief, ModelSpec
from mmm_core.modeling.unit_effect import MORE

Z90 = 1.6448536269514722
"""Standard normal quantile at 95%: a 90% range is +/- this many deviations."""
NOTHING = 1e-30
"""Earnings are taken to be at least this much of the typical ones, so that their logarithm stays finite."""
BLOCK_CELLS = 2_000_000
"""Draws x geos x periods x channels that are held at once (16 MB)."""


@dataclass(frozen=True)
class Families:
    adstock: str
    saturation: str
    max_lag: int


@dataclass(frozen=True)
class Believed:
    """C channels, G geos, T periods."""

    worth: Array
    """(C, G, T) what a scaled KPI unit that the channel brings then counts for in its return, in such units that
    typical memories and curves earn 1; 0 for channels without a belief."""
    marginal: npt.NDArray[np.bool_]
    """(C,) whether the return is that of 1% more."""
    mu: Array
    """(C,) location of the log of the return, in those units."""
    sigma: Array
    """(C,)"""

    @property
    def on(self) -> npt.NDArray[np.bool_]:
        """(C,) whether there is a belief about the channel."""
        return np.isfinite(self.sigma)

    def earned(self, families: Families, data: ModelData, shapes: Mapping[str, Array], count: int) -> Array:
        """What an effect of one earns in each geo, (S, G, C), from draws (S, C) of memory and saturation; else ones."""
        own = np.flatnonzero(self.on)
        out = np.ones((count, len(data.geos), len(self.on)))
        scaled = data.scaled_media[..., own]
        often = None if data.scaled_frequency is None else data.scaled_frequency[..., own]
        step = max(1, BLOCK_CELLS // max(1, scaled.size))
        for start in range(0, count, step):
            part = slice(start, min(count, start + step))
            drawn = {name: values[part][:, own] for name, values in shapes.items()}
            size = (part.stop - start, own.size)
            now = _earned(self.worth[own], families, scaled, drawn, size, often)
            if self.marginal[own].any():
                more = _earned(self.worth[own], families, MORE * scaled, drawn, size, often)
                now = np.where(self.marginal[own], more - now, now)
            out[part][..., own] = now
        return np.maximum(out, NOTHING)

    def shift(
        self,
        families: Families,
        data: ModelData,
        shapes: Mapping[str, Array],
        count: int,
        deviations: Array | None = None,
    ) -> Array:
        """Log of what an effect of one earns (S, C), 0 where nothing is believed.

        Parameters
        ----------
        shapes
            (S, C) draws of memory and saturation.
        deviations
            (S, G, C) of the geos' log effects from their mean, in a panel.
        """
        return log_total(self.earned(families, data, shapes, count), deviations) * self.on


def _earned(
    worth: Array, families: Families, scaled: Array, shapes: Mapping[str, Array], size: Any, often: Array | None
) -> Array:
    exposure = saturated_exposure(
        scaled, families.adstock, families.saturation, families.max_lag, shapes, size, often
    )  # fmt: skip
    out: Array = np.einsum("sgtc,cgt->sgc", exposure, worth)
    return out


def log_total(earned: Array, deviations: Array | None) -> Array:
    """Log of the sum over geos (S, C) of earnings (S, G, C), each geo's effect at its distance from the mean."""
    each = np.log(earned) if deviations is None else np.log(earned) + deviations
    out: Array = np.logaddexp.reduce(each, axis=1)
    return out


def believed(spec: ModelSpec, data: ModelData, shapes: Mapping[str, Array], count: int) -> Believed | None:
    """What is believed of the channels' returns; None where nothing is.

    Parameters
    ----------
    shapes
        (count, C) prior draws of memory and saturation, which say what is typical.

    Raises
    ------
    SpecError
        When a return needs spend or a value per KPI unit that is not there.
    """
    beliefs = [channel.belief for channel in spec.channels]
    if not any(beliefs):
        return None
    families = Families(spec.adstock.value, spec.saturation.value, spec.max_lag)
    worth = np.stack([_worth(belief, data, c) for c, belief in enumerate(beliefs)])
    marginal = np.array([belief is not None and belief.kind == "marginal_roi" for belief in beliefs])
    # A cost is one over what is brought per money: the range of the one is that of the other, mirrored.
    sign = np.array([-1.0 if b is not None and b.kind == "cost_per_target" else 1.0 for b in beliefs])
    ends = np.log([(b.low, b.high) if b is not None else (1.0, 1.0) for b in beliefs])
    width = np.where([b is not None for b in beliefs], np.ptp(ends, axis=1) / (2 * Z90), np.nan)
    plain = Believed(worth, marginal, sign * ends.mean(axis=1), width)
    typical = plain.shift(families, data, shapes, count).mean(axis=0)
    return Believed(worth / np.exp(typical)[:, None, None], marginal, plain.mu - typical, width)


def _worth(belief: Belief | None, data: ModelData, c: int) -> Array:
    """(G, T) what a scaled KPI unit counts for in what is believed."""
    if belief is None:
        return np.zeros(data.target.shape)
    units = np.broadcast_to(data.target_scale[:, None], data.target.shape)
    if belief.kind == "contribution_share":
        return np.asarray(units / np.abs(data.target).sum())
    name, spend = data.channels[c], float(data.spend[..., c].sum())
    if not (np.isfinite(spend) and spend > 0):
        what = "cost per target" if belief.kind == "cost_per_target" else "ROI"
        raise SpecError(f"Channel {name} has no spend, so a belief about its {what} cannot be used; give a share.")
    if belief.kind == "cost_per_target":
        return np.asarray(units / spend)
    if not np.isfinite(data.value_per_unit).all():
        raise SpecError(
            f"A belief about the ROI of {name} needs the KPI's value per unit; set it, or give a share instead."
        )
    added = MORE - 1.0 if belief.kind == "marginal_roi" else 1.0
    return np.asarray(units * data.value_per_unit / (added * spend))
