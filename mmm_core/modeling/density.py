"""The collapsed log density in JAX: the linear block integrated out, the rest in standardised unconstrained numbers.

Everything that changes between data sets of like size is an argument (``Inputs``), padded to a few sizes, so that one
compiled program serves them all. Only ``Layout`` (families, lags, number of channels) is fixed at compile time.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData
from mmm_core.modeling import parameters as par
from mmm_core.modeling.believed import NOTHING, Believed
from mmm_core.modeling.integrated import integrated
from mmm_core.modeling.lift import LiftData
from mmm_core.modeling.linear_block import LinearBlock, Shocks, shared_system
from mmm_core.modeling.parameters import NOISE, SHOCK, Layout
from mmm_core.modeling.transforms import EFFECT, adstock_of_logs, media_parameters
from mmm_core.modeling.unit_effect import MORE

Array = npt.NDArray[np.float64]
WEEKS_STEP = 32
COLUMNS_STEP = 8
LIFT_STEP = 4


class Lift(NamedTuple):
    """Lift tests: N tests, M rows (a test in one geo), W periods, L lags; M, N and W padded (see ``lift.LiftData``)."""

    test: Any
    """(M,)"""
    place: Any
    """(M,) geo x C + channel."""
    channel: Any
    """(M,)"""
    lagged: Any
    """(2, M, L, W) exposure as it was and without what was tested, of 0..L-1 periods before."""
    frequency: Any
    """(M, L, W) scaled frequency then, 1 where the channel has none; None where no tested channel has one."""
    by_frequency: Any
    """(M,) whether the channel saturates in it; None likewise."""
    weight: Any
    """(M, W) in the measure's standard errors."""
    lift: Any
    """(N,) measured, in standard errors."""


class Shared(NamedTuple):
    """What geos share; G geos, P coefficients, R directions of a geo's block, K of the shocks, padded with zeros."""

    right: Any
    """(G, P, R) right singular vectors of the prior-scaled linear design."""
    ratio: Any
    """(P,) prior standard deviation of the part that geos share over that of their own."""
    shocks: Shocks
    """See ``linear_block.Shocks``."""
    free: Any
    """() directions of time beside those K, padding among them: below 0 where there is more padding than others."""


class Held(NamedTuple):
    """Returns that the prior is about (see ``believed``)."""

    worth: Any
    """(C, G * W)"""
    on: Any
    """(C,) 1 where something is believed, else 0."""
    marginal: Any
    """(C,) whether the return is that of 1% more; None where none is."""


class Inputs(NamedTuple):
    """Arguments of the density.

    G geos, W periods (padded with zeros) and R directions (padded nationally), P coefficients, C channels, D
    parameters.
    """

    target: Any
    """(G, W) scaled KPI less the linear block's prior mean."""
    mask: Any
    """(G, W) 1 for a period of the data, 0 for padding."""
    media: Any
    """(C, G, W) scaled media."""
    frequency: Any
    """(F, G, W) scaled frequency of the channels that have one; None where none has."""
    basis: Any
    """(G, R, W) left singular vectors of the prior-scaled linear design."""
    power: Any
    """(G, R) its squared singular values."""
    shared: Any
    """``Shared``; None for national data."""
    lift: Any
    """``Lift`` of the tests; None where there is none."""
    held: Any
    """``Held``; None where nothing is believed."""
    level: Any
    """(C,) mean non-zero scaled media, or frequency of the channels that saturate in it."""
    loc: Any
    """(D,)"""
    scale: Any
    """(D,)"""
    numbers: dict[str, Any]
    """Prior numbers by parameter, (2, n) each."""
    constant: Any
    """() every additive constant of the log density."""


class Expanded(NamedTuple):
    """``Inputs`` with the lagged media that a program builds once before its loop."""

    inputs: Inputs
    lagged: Any
    """(E, L, G * W) media of 0..L-1 periods before, of the channels that saturate in their exposure; periods last,
    whatever the number of lags, keeps products fast."""


def inputs(
    plan: Layout,
    data: ModelData,
    block: LinearBlock,
    numbers: dict[str, Array],
    tests: LiftData | None = None,
    held: Believed | None = None,
) -> Inputs:
    """Pad and standardise one data set.

    Parameters
    ----------
    numbers
        (2, n) prior numbers by parameter.
    tests
        Lift tests, where there are any.
    held
        What is believed of returns, where anything is.
    """
    target, media = data.scaled_target, data.scaled_media
    geos, periods = target.shape
    columns = block.singular.shape[1]
    weeks = _padded(periods, WEEKS_STEP)
    # A panel's shared part is compiled for its number of coefficients anyway, and padding is a third of its work.
    width = columns if plan.panel else _padded(columns, COLUMNS_STEP)
    centres = [par.FAMILIES[f].centre(numbers[n][0], numbers[n][1]) for n, f, _ in plan.families]
    loc = np.concatenate([c[0] for c in centres])
    scale = np.concatenate([c[1] for c in centres])
    level = mean_level(media)
    frequency = data.scaled_frequency
    own = list(plan.by_frequency)
    if frequency is not None:
        level[own] = mean_level(frequency[..., own])
    loc = _centre_effect(plan, loc, level)
    seen = geos * periods
    constant = par.log_prior_constant(plan, numbers) + np.sum(np.log(scale)) - 0.5 * seen * np.log(2.0 * np.pi)
    if tests is not None:
        constant -= 0.5 * tests.lift.size * np.log(2.0 * np.pi) + np.log(tests.sd).sum()
    later, more = (0, weeks - periods), (0, width - columns)
    real = np.float32 if plan.single else np.float64
    return Inputs(
        target=np.pad(target - block.offset, ((0, 0), later)).astype(real),
        mask=np.pad(np.ones((geos, periods)), ((0, 0), later)).astype(real),
        media=_by_channel(media, later, real),
        frequency=None if frequency is None else _by_channel(frequency[..., own], later, real),
        basis=np.ascontiguousarray(np.swapaxes(np.pad(block.basis, ((0, 0), later, more)), 1, 2), dtype=real),
        power=np.pad(block.singular**2, ((0, 0), more)),
        shared=_shared(block, later, real),
        lift=None if tests is None else _lift(plan, tests),
        held=None if held is None else _held(held, later, real),
        level=level,
        loc=loc,
        scale=scale,
        numbers={name: np.asarray(numbers[name], dtype=float) for name, _, _ in plan.families},
        constant=np.float64(constant),
    )


def _by_channel(values: Array, later: tuple[int, int], real: type[np.floating[Any]]) -> npt.NDArray[Any]:
    """(G, T, C) as (C, G, W)."""
    return np.ascontiguousarray(np.moveaxis(np.pad(values, ((0, 0), later, (0, 0))), 2, 0), dtype=real)


def _shared(block: LinearBlock, later: tuple[int, int], real: type[np.floating[Any]]) -> Shared | None:
    if block.shared is None or block.shocks is None:
        return None
    met, count = block.shocks, block.shocks.basis.shape[1]
    more = (0, _padded(count, COLUMNS_STEP) - count)
    padded = Shocks(
        basis=np.pad(met.basis, (later, more)).astype(real),
        alike=np.pad(met.alike, ((0, 0), more)),
        columns=met.columns.astype(np.int32),
        apart=np.pad(met.apart, ((0, 0), (0, 0), more)),
    )
    return Shared(block.right, block.shared / block.own, padded, np.float64(met.free - more[1]))


def _held(held: Believed, later: tuple[int, int], real: type[np.floating[Any]]) -> Held:
    worth = np.pad(held.worth, ((0, 0), (0, 0), later)).reshape(len(held.worth), -1)
    return Held(worth.astype(real), held.on.astype(float), held.marginal if held.marginal.any() else None)


def _lift(plan: Layout, tests: LiftData) -> Lift:
    rows, periods = tests.weight.shape
    more, later = _padded(rows, LIFT_STEP) - rows, _padded(periods, COLUMNS_STEP) - periods

    def by_lag(values: Array) -> Array:
        """(M, W + L - 1) as (M, L, W), lag 0 first."""
        padded = np.pad(values, ((0, more), (0, later)))
        found = np.lib.stride_tricks.sliding_window_view(padded, periods + later, axis=1)
        return np.ascontiguousarray(found[:, ::-1])

    own = np.isin(tests.channel, plan.by_frequency)
    count = _padded(tests.lift.size, LIFT_STEP)
    return Lift(
        test=np.pad(tests.test, (0, more)).astype(np.int32),
        place=np.pad(tests.geo * plan.channels + tests.channel, (0, more)).astype(np.int32),
        channel=np.pad(tests.channel, (0, more)).astype(np.int32),
        lagged=np.stack([by_lag(tests.seen), by_lag(tests.without)]),
        frequency=by_lag(tests.frequency) if plan.by_frequency else None,
        by_frequency=np.pad(own, (0, more)) if plan.by_frequency else None,
        weight=np.pad(tests.weight / tests.sd[tests.test][:, None], ((0, more), (0, later))),
        lift=np.pad(tests.lift / tests.sd, (0, count - tests.lift.size)),
    )


def mean_level(media: Array) -> Array:
    """Mean of each channel's non-zero scaled media (C,), from media (..., C); 1 for a channel that was never on."""
    flat = media.reshape(-1, media.shape[-1])
    on = flat > 0
    count = on.sum(axis=0)
    return np.where(count > 0, flat.sum(axis=0, where=on) / np.maximum(count, 1), 1.0)


def _centre_effect(plan: Layout, loc: Array, level: Array) -> Array:
    """Location of the effect's block: the effect size's, shifted at the other parameters' locations."""
    shift = par.log_level(plan, plan.blocks(loc), level, np)
    moved = loc.copy()
    start = plan.start_of(plan.shifted)
    moved[start : start + plan.channels] += shift
    return moved


def _padded(size: int, step: int) -> int:
    return -(-size // step) * step


def expand(plan: Layout, x: Inputs) -> Expanded:
    """Lagged media, to be built once before a loop."""
    return Expanded(x, by_lag(plan, x.media[jnp.array(plan.by_exposure)] if plan.by_frequency else x.media))


def by_lag(plan: Layout, media: Any) -> Any:
    """Media (n, G, W) of 0..L-1 periods before, (n, L, G * W)."""
    channels, geos, weeks = media.shape
    padded = jnp.pad(media, ((0, 0), (0, 0), (plan.max_lag - 1, 0)))
    first = plan.max_lag - 1
    lags = [padded[..., first - k : first - k + weeks].reshape(channels, geos * weeks) for k in range(plan.max_lag)]
    return jnp.stack(lags, axis=1)


def media_effect(plan: Layout, u: dict[str, Any], curve: Any) -> Any:
    """Effect of all media per geo and period (G, W), scaled KPI units, from ``media_curve`` and the logs of effects."""
    effect = jnp.exp(u[EFFECT]).astype(curve.dtype)
    if not plan.panel:
        return (effect @ curve)[None]
    by_geo = curve.reshape(plan.channels, plan.geos, -1)
    return jnp.sum(effect.T[:, :, None] * by_geo, axis=0)


def media_curve(plan: Layout, u: dict[str, Any], data: Expanded, times: float | None = None) -> Any:
    """What each channel's exposure does before its effect size (C, G * W); see ``predict.saturated_exposure``.

    With exposure multiplied where ``times`` says so, and then in double precision, for what 1% more makes of it.
    """

    def acting(x: Any) -> Any:
        return x if times is None else times * x.astype(jnp.float64)

    if not plan.by_frequency:
        return saturated(plan, u, acting(carried(plan, u, data.lagged)))
    rest, own = (_of(plan, u, jnp.array(c, dtype=jnp.int32)) for c in (plan.by_exposure, plan.by_frequency))
    often, reach = data.inputs.frequency, jnp.asarray(data.inputs.media)[jnp.array(plan.by_frequency)]
    impact = reach * saturated(plan, own, often.reshape(len(often), -1)).reshape(often.shape)
    found = acting(carried(plan, own, by_lag(plan, impact)))
    if plan.by_exposure:
        found = jnp.concatenate([saturated(plan, rest, acting(carried(plan, rest, data.lagged))), found])
    return found[np.argsort([*plan.by_exposure, *plan.by_frequency])]


def _of(plan: Layout, u: dict[str, Any], channels: Any) -> dict[str, Any]:
    """Adstock and saturation parameters of some channels."""
    return {name: u[name][channels] for name in media_parameters(plan.adstock, plan.saturation)[:-1]}


def carried(plan: Layout, u: dict[str, Any], lagged: Any) -> Any:
    """Adstocked exposure (C, N) from lagged media (C, L, N)."""
    if plan.adstock == "none":
        return lagged[:, 0]
    log_alpha = jax.nn.log_sigmoid(u["adstock_alpha"]) if "adstock_alpha" in u else None
    weights = adstock_of_logs(plan.adstock, plan.max_lag, log_alpha, u, jnp).astype(lagged.dtype)
    return jnp.einsum("cln,cl->cn", lagged, weights)


def lift_density(plan: Layout, u: dict[str, Any], tests: Lift) -> Any:
    """Log likelihood of the lift tests, less its constants: each measure is Normal around what the model says."""
    shapes = _of(plan, u, tests.channel)
    seen, without = (_tested(plan, shapes, tests, lagged) for lagged in tests.lagged)
    by_row = jnp.sum((seen - without) * tests.weight, axis=1) * jnp.exp(u[EFFECT].reshape(-1)[tests.place])
    modelled = jax.ops.segment_sum(by_row, tests.test, num_segments=tests.lift.shape[0])
    return -0.5 * jnp.sum((tests.lift - modelled) ** 2)


def _tested(plan: Layout, shapes: dict[str, Any], tests: Lift, lagged: Any) -> Any:
    """What the exposure (M, L, W) does in each tested row before its effect size, (M, W)."""
    found = saturated(plan, shapes, carried(plan, shapes, lagged))
    if tests.frequency is None:
        return found
    often = saturated(plan, shapes, tests.frequency.reshape(len(lagged), -1)).reshape(lagged.shape)
    return jnp.where(tests.by_frequency[:, None], carried(plan, shapes, lagged * often), found)


def saturated(plan: Layout, u: dict[str, Any], x: Any) -> Any:
    """Saturation of exposure (C, N) before the effect size; the formulas of ``transforms``, in logs of parameters."""
    if plan.saturation == "linear":
        return x
    if plan.saturation == "logistic":
        return jnp.tanh(0.5 * jnp.exp(u["saturation_lam"]).astype(x.dtype)[:, None] * x)
    if plan.saturation == "michaelis_menten":
        return x / (jnp.exp(u["saturation_lam"]).astype(x.dtype)[:, None] + x)
    if plan.saturation == "tanh":
        steep = par.artanh_of_logit(u["saturation_r"], jnp).astype(x.dtype)[:, None]
        return jnp.tanh(steep * x) / jax.nn.sigmoid(u["saturation_r"]).astype(x.dtype)[:, None]
    positive = jnp.where(x > 0, x, 1.0)
    slope, half = jnp.exp(u["saturation_slope"]).astype(x.dtype), u["saturation_kappa"].astype(x.dtype)
    return jnp.where(x > 0, jax.nn.sigmoid(slope[:, None] * (jnp.log(positive) - half[:, None])), 0.0)


def log_density(plan: Layout, z: Any, data: Expanded) -> Any:
    """Log posterior density of ``z`` (D,), the linear block integrated out, all constants included."""
    x = data.inputs
    u = par.unconstrained(plan, z, x.loc, x.scale, x.level, jnp)
    curve = media_curve(plan, u, data)
    residual = x.mask * (x.target - media_effect(plan, u, curve))
    likelihood = _panel(x, u[NOISE], u.get(SHOCK), residual) if plan.panel else _national(x, u[NOISE], residual)
    if x.lift is not None:
        likelihood = likelihood + lift_density(plan, u, x.lift)
    return likelihood + par.log_prior_kernel(plan, returns(plan, u, curve, data), x.numbers, jnp) + x.constant


def returns(plan: Layout, u: dict[str, Any], curve: Any, data: Expanded) -> dict[str, Any]:
    """Parameters as their priors mean them: the log of the return where that is believed, else of the effect."""
    held = data.inputs.held
    if held is None:
        return u
    if held.marginal is not None:
        more = media_curve(plan, u, data, MORE) - media_curve(plan, u, data, 1.0)
        curve = jnp.where(held.marginal[:, None], more, curve)
    earned = jnp.sum((curve * held.worth).reshape(plan.channels, plan.geos, -1), axis=2).T.astype(u[plan.shifted].dtype)
    each = jnp.log(jnp.maximum(earned, NOTHING))
    if plan.panel:
        each = each + u[EFFECT] - u[plan.shifted]
    return u | {plan.shifted: u[plan.shifted] + held.on * jax.nn.logsumexp(each, axis=0)}


def _national(x: Inputs, log_noise: Any, residual: Any) -> Any:
    left, basis, power = residual[0], x.basis[0], x.power[0]
    variance = jnp.exp(2.0 * log_noise[0])
    projected = basis @ left
    rest = left - projected @ basis
    quadratic = rest @ rest / variance + jnp.sum(projected**2 / (variance + power))
    log_determinant = 2.0 * log_noise[0] * jnp.sum(x.mask) + jnp.sum(jnp.log1p(power / variance))
    return -0.5 * (quadratic + log_determinant)


def _panel(x: Inputs, log_noise: Any, log_shock: Any, residual: Any) -> Any:
    """Each geo's own part by its singular directions, then what geos share on top of them."""
    variance = jnp.exp(2.0 * log_noise)
    projected = jnp.einsum("grw,gw->gr", x.basis, residual)
    rest = residual - jnp.einsum("gr,grw->gw", projected, x.basis)
    inside, outside = projected.astype(x.power.dtype), jnp.sum(rest**2, axis=1).astype(x.power.dtype)
    total = variance[:, None] + x.power
    quadratic = outside / variance + jnp.sum(inside**2 / total, axis=1)
    log_determinant = 2.0 * log_noise * jnp.sum(x.mask, axis=1) + jnp.sum(jnp.log1p(x.power / variance[:, None]), 1)
    likelihood = -0.5 * jnp.sum(quadratic + log_determinant)
    shock, met = jnp.exp(log_shock[0]), x.shared
    left = (1.0 / variance).astype(residual.dtype) @ residual
    along = left @ met.shocks.basis
    across = jnp.sum((left - met.shocks.basis @ along) ** 2).astype(x.power.dtype)
    seen = shock**2 * jnp.sum(1.0 / variance)
    likelihood += 0.5 * shock**2 / (1.0 + seen) * across - 0.5 * met.free * jnp.log1p(seen)
    along = along.astype(x.power.dtype)
    precision, right = shared_system(met.shocks, met.right, met.ratio, x.power, variance, inside, along, jnp)
    scale = jnp.where(jnp.arange(len(right)) < len(met.ratio), 1.0, shock)
    return likelihood + integrated(precision * scale[:, None] * scale + jnp.eye(len(right)), right * scale)
