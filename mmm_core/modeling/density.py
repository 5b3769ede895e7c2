"""The collapsed log density in JAX: the linear block integrated out, the rest in standardised unconstrained numbers.

Everything that changes between data sets of like size is an argument (``Inputs``), padded to a few sizes, so that one
compiled program serves them all. Only ``Layout`` (families, lags, number of channels) is fixed at compile time.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from mmm_core.modeling import parameters as par
from mmm_core.modeling.linear_block import LinearBlock
from mmm_core.modeling.parameters import NOISE, Layout
from mmm_core.modeling.transforms import EFFECT

Array = npt.NDArray[np.float64]
WEEKS_STEP = 32
COLUMNS_STEP = 8


class Inputs(NamedTuple):
    """Arguments of the density. W periods and R directions, both padded with zeros; C channels, D parameters."""

    target: Any
    """(W,) scaled KPI less the linear block's prior mean."""
    mask: Any
    """(W,) 1 for a period of the data, 0 for padding."""
    media: Any
    """(C, W) scaled media."""
    basis: Any
    """(R, W) left singular vectors of the prior-scaled linear design."""
    power: Any
    """(R,) its squared singular values."""
    level: Any
    """(C,) mean non-zero scaled media."""
    loc: Any
    """(D,)"""
    scale: Any
    """(D,)"""
    numbers: dict[str, Any]
    """Prior numbers by parameter, (2, C) each; (2, 1) for the noise scale."""
    constant: Any
    """() every additive constant of the log density."""


class Expanded(NamedTuple):
    """``Inputs`` with the lagged media that a program builds once before its loop."""

    inputs: Inputs
    lagged: Any
    """(C, L, W) media of 0..L-1 periods before; periods last, whatever the number of lags, keeps the products fast."""


def inputs(plan: Layout, target: Array, media: Array, block: LinearBlock, numbers: dict[str, Array]) -> Inputs:
    """Pad and standardise one national data set.

    Parameters
    ----------
    target
        (T,) scaled KPI.
    media
        (T, C) scaled media, each channel's largest value 1.
    numbers
        (2, C) prior numbers by parameter, (2, 1) for the noise scale.
    """
    periods, columns = target.size, block.singular.size
    weeks = _padded(periods, WEEKS_STEP)
    width = _padded(columns, COLUMNS_STEP)
    centres = [par.FAMILIES[f].centre(numbers[n][0], numbers[n][1]) for n, f in plan.families]
    loc = np.concatenate([c[0] for c in centres])
    scale = np.concatenate([c[1] for c in centres])
    level = mean_level(media)
    loc = _centre_effect(plan, loc, level)
    constant = par.log_prior_constant(plan, numbers) + np.sum(np.log(scale)) - 0.5 * periods * np.log(2.0 * np.pi)
    basis = np.zeros((width, weeks))
    basis[:columns, :periods] = block.basis.T
    return Inputs(
        target=np.pad(target - block.offset, (0, weeks - periods)),
        mask=np.pad(np.ones(periods), (0, weeks - periods)),
        media=np.pad(media, ((0, weeks - periods), (0, 0))).T.copy(),
        basis=basis,
        power=np.pad(block.singular**2, (0, width - columns)),
        level=level,
        loc=loc,
        scale=scale,
        numbers={name: np.asarray(numbers[name], dtype=float) for name, _ in plan.families},
        constant=np.float64(constant),
    )


def mean_level(media: Array) -> Array:
    """Mean of each channel's non-zero scaled media (C,); 1 for a channel that was never on."""
    on = media > 0
    count = on.sum(axis=0)
    return np.where(count > 0, media.sum(axis=0, where=on) / np.maximum(count, 1), 1.0)


def _centre_effect(plan: Layout, loc: Array, level: Array) -> Array:
    """Location of the effect's block: the effect size's, shifted at the other parameters' locations."""
    u = plan.blocks(loc)
    shift = par.log_level(plan, u, level, np)
    moved = loc.copy()
    start = [n for n, _ in plan.families].index(EFFECT) * plan.channels
    moved[start : start + plan.channels] += shift
    return moved


def _padded(size: int, step: int) -> int:
    return -(-size // step) * step


def expand(plan: Layout, x: Inputs) -> Expanded:
    """Lagged media, to be built once before a loop."""
    weeks = x.media.shape[1]
    padded = jnp.pad(x.media, ((0, 0), (plan.max_lag - 1, 0)))
    first = plan.max_lag - 1
    lags = [padded[:, first - k : first - k + weeks] for k in range(plan.max_lag)]
    return Expanded(x, jnp.stack(lags, axis=1))


def media_effect(plan: Layout, u: dict[str, Any], lagged: Any) -> Any:
    """Effect of all media per period (W,), scaled KPI units, from logits and logs of the parameters.

    The formulas are those of ``transforms``, in logs so that no power of a small number underflows.
    """
    lag = jnp.arange(plan.max_lag, dtype=lagged.dtype)
    distance = lag if plan.adstock == "geometric" else (lag - jnp.exp(u["adstock_theta"])[:, None]) ** 2
    weights = jax.nn.softmax(distance * jax.nn.log_sigmoid(u["adstock_alpha"])[:, None], axis=-1)
    x = jnp.einsum("clw,cl->cw", lagged, weights)
    if plan.saturation == "logistic":
        curve = jnp.tanh(0.5 * jnp.exp(u["saturation_lam"])[:, None] * x)
    else:
        positive = jnp.where(x > 0, x, 1.0)
        steep = jnp.exp(u["saturation_slope"])[:, None] * (jnp.log(positive) - u["saturation_kappa"][:, None])
        curve = jnp.where(x > 0, jax.nn.sigmoid(steep), 0.0)
    return jnp.exp(u[EFFECT]) @ curve


def log_density(plan: Layout, z: Any, data: Expanded) -> Any:
    """Log posterior density of ``z`` (D,), the linear block integrated out, all constants included."""
    x = data.inputs
    u = par.unconstrained(plan, z, x.loc, x.scale, x.level, jnp)
    residual = x.mask * (x.target - media_effect(plan, u, data.lagged))
    variance = jnp.exp(2.0 * u[NOISE])
    projected = x.basis @ residual
    rest = residual - projected @ x.basis
    quadratic = rest @ rest / variance + jnp.sum(projected**2 / (variance + x.power))
    log_determinant = 2.0 * u[NOISE] * jnp.sum(x.mask) + jnp.sum(jnp.log1p(x.power / variance))
    likelihood = -0.5 * (quadratic + log_determinant)
    return likelihood + par.log_prior_kernel(plan, u, x.numbers, jnp) + x.constant
