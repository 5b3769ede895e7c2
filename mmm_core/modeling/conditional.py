"""Draws of the linear block given the sampled parameters (NumPy), after the sampling."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData
from mmm_core.modeling.linear_block import LinearBlock
from mmm_core.modeling.parameters import NOISE, SHOCK, Layout
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.transforms import EFFECT, media_parameters

Array = npt.NDArray[np.float64]
BLOCK_CELLS = 400_000
"""Cells of a block of draws x periods x channels held at once: small enough to stay in a processor's cache."""


def media_effect(plan: Layout, data: ModelData, values: Mapping[str, Array]) -> Array:
    """Effect of all media per geo and period (S, G, T), scaled KPI units.

    Parameters
    ----------
    values
        (S, C) constrained draws by name; the effect (S, G, C) in a panel.
    """
    effect = values[EFFECT] if plan.panel else values[EFFECT][:, None]
    media, frequency = data.scaled_media, data.scaled_frequency
    out = np.empty((len(effect), *media.shape[:2]))
    shapes = {name: values[name] for name in media_parameters(plan.adstock, plan.saturation) if name != EFFECT}
    step = max(1, BLOCK_CELLS // media.size)
    for start in range(0, len(effect), step):
        part = slice(start, start + step)
        chosen = {name: v[part] for name, v in shapes.items()}
        size = effect[part, 0].shape
        exposure = saturated_exposure(media, plan.adstock, plan.saturation, plan.max_lag, chosen, size, frequency)
        out[part] = np.einsum("sgtc,sgc->sgt", exposure, effect[part])
    return out


def draw_linear(
    plan: Layout, block: LinearBlock, data: ModelData, values: Mapping[str, Array], seed: int
) -> dict[str, Array]:
    """Draw intercept, control and Fourier coefficients from their exact conditional.

    Parameters
    ----------
    values
        (chains, draws, ...) constrained draws by name, as ``parameters.constrain`` gives them.

    Returns
    -------
    dict of arrays (chains, draws, ...) by PyMC-Marketing's names.
    """
    centres, coefficients = [], []
    for chain in range(values[NOISE].shape[0]):
        one = {name: v[chain] for name, v in values.items()}
        sigma = one[NOISE] if plan.panel else one[NOISE][:, None]
        rng = np.random.default_rng([seed, chain, 7])
        centre, drawn = block.draw(residual(plan, block, data, one), sigma, one.get(SHOCK), rng)
        centres.append(centre)
        coefficients.append(drawn)
    found = block.split(np.stack(coefficients))
    if not plan.panel:
        return {name: v[:, :, 0] for name, v in found.items()}
    return found | {f"{name}_mu": v for name, v in block.split(np.stack(centres)).items()}


def residual(plan: Layout, block: LinearBlock, data: ModelData, values: Mapping[str, Array]) -> Array:
    """The scaled KPI less media at draws (S, ...) and less the linear block's prior mean, (S, G, T)."""
    left: Array = data.scaled_target - block.offset - media_effect(plan, data, values)
    return left
