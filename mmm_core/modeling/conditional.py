"""Draws of the linear block given the sampled parameters (NumPy), after the sampling."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mmm_core.modeling.linear_block import LinearBlock
from mmm_core.modeling.parameters import NOISE, Layout
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.transforms import EFFECT

Array = npt.NDArray[np.float64]
BLOCK_CELLS = 400_000
"""Cells of a block of draws x periods x channels held at once: small enough to stay in a processor's cache."""


def media_effect(plan: Layout, media: Array, values: Mapping[str, Array]) -> Array:
    """Effect of all media per period (S, T), scaled KPI units.

    Parameters
    ----------
    media
        (T, C) scaled media.
    values
        (S, C) constrained draws by name.
    """
    draws = values[EFFECT].shape[0]
    out = np.empty((draws, media.shape[0]))
    shapes = {name: v for name, v in values.items() if name not in (EFFECT, NOISE)}
    step = max(1, BLOCK_CELLS // media.size)
    for start in range(0, draws, step):
        part = slice(start, start + step)
        chosen = {name: v[part] for name, v in shapes.items()}
        exposure = saturated_exposure(media, plan.adstock, plan.saturation, plan.max_lag, chosen)
        out[part] = np.einsum("stc,sc->st", exposure, values[EFFECT][part])
    return out


def draw_linear(
    plan: Layout, block: LinearBlock, target: Array, media: Array, values: Mapping[str, Array], seed: int
) -> dict[str, Array]:
    """Draw intercept, control and Fourier coefficients from their exact conditional.

    Parameters
    ----------
    target, media
        (T,) scaled KPI and (T, C) scaled media.
    values
        (chains, draws, C) constrained draws by name; the noise scale (chains, draws).

    Returns
    -------
    dict of arrays (chains, draws, ...) by PyMC-Marketing's names.
    """
    chains = []
    for chain in range(values[NOISE].shape[0]):
        one = {name: v[chain] for name, v in values.items()}
        residual = target - block.offset - media_effect(plan, media, one)
        draws = one[NOISE].size
        normal = np.random.default_rng([seed, chain, 7]).standard_normal((draws, block.mean.size))
        chains.append(block.draw(residual @ block.basis, one[NOISE], normal))
    return block.split(np.stack(chains))
