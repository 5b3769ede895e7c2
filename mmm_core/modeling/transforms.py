"""Adstock and saturation, written once for NumPy and JAX.

Every function takes the array module ``xp`` (``numpy`` or ``jax.numpy``) and broadcasts over leading axes. The formulas
and parameter names are PyMC-Marketing's: ``geometric_adstock``, ``delayed_adstock`` (both normalised, carry-over
after the impulse), ``logistic_saturation`` and ``hill_function``.

References
----------
Jin, Wang, Sun, Chan, Koehler (2017), Bayesian methods for media mix modeling with carryover and shape effects.
"""

from types import ModuleType
from typing import Any

import numpy as np

ADSTOCK_PARAMETERS: dict[str, tuple[str, ...]] = {
    "geometric": ("adstock_alpha",),
    "delayed": ("adstock_alpha", "adstock_theta"),
}
SATURATION_PARAMETERS: dict[str, tuple[str, ...]] = {
    "logistic": ("saturation_lam",),
    "hill": ("saturation_slope", "saturation_kappa"),
}
EFFECT = "saturation_beta"
HILL_CAP = 40.0
"""Logarithm of the largest ratio a Hill curve is computed with: single precision overflows beyond."""


def media_parameters(adstock: str, saturation: str) -> tuple[str, ...]:
    """Names of the parameters that each channel has, its effect size last."""
    return (*ADSTOCK_PARAMETERS[adstock], *SATURATION_PARAMETERS[saturation], EFFECT)


def adstock_weights(family: str, max_lag: int, parameters: dict[str, Any], xp: ModuleType = np) -> Any:
    """Share of an impulse that arrives after each lag.

    Parameters
    ----------
    family
        'geometric' (weight ``alpha**k``) or 'delayed' (``alpha**((k - theta)**2)``).
    max_lag
        Number of lags L, the impulse's own period included.
    parameters
        Arrays of one shape (...): ``adstock_alpha`` in (0, 1), ``adstock_theta`` in periods.

    Returns
    -------
    array (..., L)
        Non-negative, sums to 1 over the last axis.
    """
    alpha = parameters["adstock_alpha"][..., None]
    lag = xp.arange(max_lag, dtype=alpha.dtype)
    if family == "geometric":
        exponent = lag
    elif family == "delayed":
        exponent = (lag - parameters["adstock_theta"][..., None]) ** 2
    else:
        raise ValueError(f"unknown adstock family {family!r}")
    weights = alpha**exponent
    return weights / weights.sum(axis=-1, keepdims=True)


def saturate(family: str, x: Any, parameters: dict[str, Any], xp: ModuleType = np) -> Any:
    """Saturated exposure in [0, 1), before the effect size ``saturation_beta`` is applied.

    ``x`` is scaled exposure (1 = the channel's maximum); parameters broadcast against it. 'logistic' is
    ``(1 - exp(-lam x)) / (1 + exp(-lam x))``, 'hill' is ``1 - kappa**slope / (kappa**slope + x**slope)``.
    """
    if family == "logistic":
        return xp.tanh(0.5 * parameters["saturation_lam"] * x)
    if family == "hill":
        slope, kappa = parameters["saturation_slope"], parameters["saturation_kappa"]
        positive = xp.where(x > 0, x, 1.0)
        return xp.where(x > 0, 1.0 / (1.0 + _hill_ratio(positive, slope, kappa, xp)), 0.0)
    raise ValueError(f"unknown saturation family {family!r}")


def saturate_slope(family: str, x: Any, parameters: dict[str, Any], xp: ModuleType = np) -> Any:
    """Derivative of ``saturate`` with respect to ``x`` (closed form), same shapes.

    At ``x = 0`` a Hill curve with slope under 1 has no finite derivative; the value there is 0 for every slope, so
    that an optimiser's gradient stays finite at a channel's lower limit.
    """
    return saturate_both(family, x, parameters, xp)[1]


def saturate_both(family: str, x: Any, parameters: dict[str, Any], xp: ModuleType = np) -> tuple[Any, Any]:
    """``saturate`` and ``saturate_slope`` for little more than the price of one."""
    if family == "logistic":
        lam = parameters["saturation_lam"]
        value = xp.tanh(0.5 * lam * x)
        return value, 0.5 * lam * (1.0 - value * value)
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
