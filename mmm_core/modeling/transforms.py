"""Adstock and saturation, written once for NumPy and JAX.

Every function takes the array module ``xp`` (``numpy`` or ``jax.numpy``) and broadcasts over leading axes. The formulas
and parameter names are PyMC-Marketing's: ``geometric_adstock``, ``delayed_adstock``, ``weibull_adstock`` (normalised,
carry-over after the impulse), ``logistic_saturation``, ``hill_function``, ``michaelis_menten`` and
``tanh_saturation_baselined`` (gain 1 at the reference exposure 1).

References
----------
Jin, Wang, Sun, Chan, Koehler (2017), Bayesian methods for media mix modeling with carryover and shape effects.
Robyn (Meta), for adstock weights by Weibull density and survival.
"""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

ADSTOCK_PARAMETERS: dict[str, tuple[str, ...]] = {
    "none": (),
    "geometric": ("adstock_alpha",),
    "delayed": ("adstock_alpha", "adstock_theta"),
    "weibull_pdf": ("adstock_lam", "adstock_k"),
    "weibull_cdf": ("adstock_lam", "adstock_k"),
}
SATURATION_PARAMETERS: dict[str, tuple[str, ...]] = {
    "linear": (),
    "logistic": ("saturation_lam",),
    "hill": ("saturation_slope", "saturation_kappa"),
    "michaelis_menten": ("saturation_lam",),
    "tanh": ("saturation_r",),
}
EFFECT = "saturation_beta"
"""Name of the effect size in every family (PyMC-Marketing calls it ``saturation_alpha`` in Michaelis-Menten)."""
LARGE = 80.0
"""Logarithm of a number that is large for every purpose and still fits in single precision."""
TINY = 1e-12
SMALL = 1e-30
HILL_CAP = 40.0
"""Logarithm of the largest ratio a Hill curve is computed with: single precision overflows beyond."""


def media_parameters(adstock: str, saturation: str) -> tuple[str, ...]:
    """Names of the parameters that each channel has, its effect size last."""
    return (*ADSTOCK_PARAMETERS[adstock], *SATURATION_PARAMETERS[saturation], EFFECT)


def adstock_weights(
    family: str, max_lag: int, parameters: dict[str, Any], xp: ModuleType = np, *, shape: tuple[int, ...] = ()
) -> Any:
    """Share of an impulse that arrives after each lag.

    Parameters
    ----------
    family
        'none' (all of it at once), 'geometric' (weight ``alpha**k``), 'delayed' (``alpha**((k - theta)**2)``),
        'weibull_pdf' (density at k + 1, its smallest value taken off) or 'weibull_cdf' (running product of the
        survival function).
    max_lag
        Number of lags L, the impulse's own period included.
    parameters
        Arrays of one shape (...): ``adstock_alpha`` in (0, 1), ``adstock_theta`` in periods; ``adstock_lam`` (scale,
        periods) and ``adstock_k`` (shape) of the Weibull families.
    shape
        Shape (...) where the family has no parameters.

    Returns
    -------
    array (..., L)
        Non-negative, sums to 1 over the last axis.
    """
    if family not in ADSTOCK_PARAMETERS:
        raise ValueError(f"unknown adstock family {family!r}")
    if family == "none":
        return xp.broadcast_to((xp.arange(max_lag) == 0).astype(np.float32), (*shape, max_lag))
    logs = {name: xp.log(xp.maximum(parameters[name], SMALL)) for name in ADSTOCK_PARAMETERS[family]}
    return adstock_of_logs(family, max_lag, logs.get("adstock_alpha"), logs, xp)


def adstock_of_logs(family: str, max_lag: int, log_alpha: Any, logs: Mapping[str, Any], xp: ModuleType) -> Any:
    """``adstock_weights`` from logs of the parameters, so that no power of a small number underflows.

    ``log_alpha`` is the log of ``adstock_alpha`` (unused by the Weibull families), ``logs`` holds the others' by name.
    """
    if family in ("geometric", "delayed"):
        lag = xp.arange(max_lag, dtype=log_alpha.dtype)
        distance = lag if family == "geometric" else (lag - xp.exp(logs["adstock_theta"])[..., None]) ** 2
        return _softmax(distance * log_alpha[..., None], xp)
    log_lam, k = logs["adstock_lam"][..., None], xp.exp(logs["adstock_k"])[..., None]
    if family == "weibull_pdf":
        log_time = xp.log(xp.arange(1, max_lag + 1, dtype=k.dtype)) - log_lam
        log_pdf = (k - 1.0) * log_time - xp.exp(xp.minimum(k * log_time, LARGE))
        weights = xp.exp(log_pdf - log_pdf.max(axis=-1, keepdims=True))
        # A density that is flat to every digit leaves nothing above its smallest value; the impulse stays where it is.
        first = TINY * (xp.arange(max_lag) == 0).astype(k.dtype)
        weights = weights - weights.min(axis=-1, keepdims=True) + first
        return weights / weights.sum(axis=-1, keepdims=True)
    log_time = xp.log(xp.arange(1, max_lag, dtype=k.dtype)) - log_lam
    fallen = xp.cumsum(xp.exp(xp.minimum(k * log_time, LARGE)), axis=-1)
    return _softmax(-xp.concatenate([xp.zeros_like(fallen[..., :1] if max_lag > 1 else k), fallen], axis=-1), xp)


def _softmax(x: Any, xp: ModuleType) -> Any:
    raised = xp.exp(x - x.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def saturate(family: str, x: Any, parameters: dict[str, Any], xp: ModuleType = np) -> Any:
    """Saturated exposure, before the effect size ``saturation_beta`` is applied.

    ``x`` is scaled exposure (1 = the channel's maximum); parameters broadcast against it. 'logistic' is
    ``(1 - exp(-lam x)) / (1 + exp(-lam x))``, 'hill' ``1 - kappa**slope / (kappa**slope + x**slope)``,
    'michaelis_menten' ``x / (lam + x)``: all three rise from 0 towards 1. 'tanh' is ``tanh(x artanh r) / r``, which is
    1 at ``x = 1`` and ``1 / r`` at most. 'linear' is ``x`` itself.
    """
    if family == "linear":
        return x
    if family == "logistic":
        return xp.tanh(0.5 * parameters["saturation_lam"] * x)
    if family == "michaelis_menten":
        return x / (parameters["saturation_lam"] + x)
    if family == "tanh":
        r = parameters["saturation_r"]
        return xp.tanh(xp.arctanh(r) * x) / r
    if family == "hill":
        slope, kappa = parameters["saturation_slope"], parameters["saturation_kappa"]
        positive = xp.where(x > 0, x, 1.0)
        return xp.where(x > 0, 1.0 / (1.0 + _hill_ratio(positive, slope, kappa, xp)), 0.0)
    raise ValueError(f"unknown saturation family {family!r}")


def saturate_both(family: str, x: Any, parameters: dict[str, Any], xp: ModuleType = np) -> tuple[Any, Any]:
    """``saturate`` and its derivative with respect to ``x``, for little more than the price of one.

    At ``x = 0`` a Hill curve with slope under 1 has no finite derivative; the value there is 0 for every slope, so
    that an optimiser's gradient stays finite at a channel's lower limit.
    """
    if family == "linear":
        return x, xp.ones_like(x)
    if family == "logistic":
        lam = parameters["saturation_lam"]
        value = xp.tanh(0.5 * lam * x)
        return value, 0.5 * lam * (1.0 - value * value)
    if family == "michaelis_menten":
        lam = parameters["saturation_lam"]
        value = x / (lam + x)
        return value, lam / (lam + x) ** 2
    if family == "tanh":
        r = parameters["saturation_r"]
        steep = xp.arctanh(r)
        value = xp.tanh(steep * x)
        return value / r, steep / r * (1.0 - value * value)
    if family == "hill":
        slope, kappa = parameters["saturation_slope"], parameters["saturation_kappa"]
        positive = xp.where(x > 0, x, 1.0)
        ratio = _hill_ratio(positive, slope, kappa, xp)
        value = 1.0 / (1.0 + ratio)
        return xp.where(x > 0, value, 0.0), xp.where(x > 0, ratio * value * value * (slope / positive), 0.0)
    raise ValueError(f"unknown saturation family {family!r}")


def _hill_ratio(x: Any, slope: Any, kappa: Any, xp: ModuleType) -> Any:
    """``(kappa / x)**slope`` for positive ``x``, capped where the curve is 0 to every digit."""
    return xp.exp(xp.minimum(slope * (xp.log(kappa) - xp.log(x)), HILL_CAP))
