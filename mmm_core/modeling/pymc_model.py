"""The model as PyMC-Marketing defines it, built from the same prepared data and the same prior numbers.

This is the definition that the engine's own density is tested against, what an exported file is opened with, and the
second way to fit: the joint log density of any PyMC model as a JAX function of one vector. Imported only by a fit's or
an export's own process.
"""

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pymc as pm
import xarray as xr
from pymc.model.transform.optimization import freeze_dims_and_data
from pymc_extras.prior import Prior
from pymc_marketing.hsgp_kwargs import HSGPKwargs
from pymc_marketing.mmm import (
    MMM,
    DelayedAdstock,
    GeometricAdstock,
    HillSaturation,
    LogisticSaturation,
    MichaelisMentenSaturation,
    NoAdstock,
    NoSaturation,
    SoftPlusHSGP,
    TanhSaturationBaselined,
    WeibullCDFAdstock,
    WeibullPDFAdstock,
)
from pymc_marketing.mmm.scaling import DataDerivedScaling, FixedScaling, Scaling
from pytensor import tensor as pt
from pytensor.xtensor import as_xtensor

from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, Array, ModelData
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.lift import LiftData
from mmm_core.modeling.priors import GeoPriors, Priors, Varying
from mmm_core.modeling.pymc_believed import believe
from mmm_core.modeling.pymc_frequency import GEO, ByFrequency
from mmm_core.modeling.pymc_shocks import SharedShocks
from mmm_core.modeling.transforms import EFFECT
from mmm_core.modeling.unit_effect import MORE

ADSTOCKS = {
    "none": NoAdstock,
    "geometric": GeometricAdstock,
    "delayed": DelayedAdstock,
    "weibull_pdf": WeibullPDFAdstock,
    "weibull_cdf": WeibullCDFAdstock,
}
SATURATIONS = {
    "linear": NoSaturation,
    "logistic": LogisticSaturation,
    "hill": HillSaturation,
    "michaelis_menten": MichaelisMentenSaturation,
    "tanh": TanhSaturationBaselined,
}
DRIFTING = ("media_temporal_latent_multiplier", "intercept_contribution")
"""Variables over time that a posterior keeps beside the free ones, where effects vary."""
FIXED = {"tanh": {"x0": 1.0, "gain": 1.0}}
"""Parameters that are numbers here: the tanh curve is measured at the channel's largest exposure."""


def their_name(name: str, saturation: str) -> str:
    """A variable's name in PyMC-Marketing, which calls Michaelis-Menten's effect size alpha."""
    return name.replace(EFFECT, "saturation_alpha") if saturation == "michaelis_menten" else name


@dataclass(frozen=True)
class Labels:
    """Column names of the frame that the MMM object reads, all different from each other."""

    date: str
    target: str
    channels: tuple[str, ...]
    linear: tuple[str, ...]


def labels(data: ModelData) -> Labels:
    """Names keep their text, but for slashes, which the file format forbids; whatever would clash gets a longer one."""
    taken = {"channel", "control", GEO}

    def free(name: str, otherwise: str) -> str:
        name = name.replace("/", "-")
        while name in taken:
            name = f"{otherwise} {name}"
        taken.add(name)
        return name

    channels = tuple(free(name, "media") for name in data.channels)
    linear = tuple(free(n, g) for n, g in zip(data.linear_names, data.linear_groups, strict=True))
    return Labels(free("date", "the"), free("y", "target"), channels, linear)


def to_prior(distribution: Distribution, dims: str | tuple[str, ...] | None = None) -> Prior:
    """The same prior as a PyMC-Marketing ``Prior``; plain numbers where all variables share them."""
    numbers = {
        name: float(values.flat[0]) if values.size and np.all(values == values.flat[0]) else values
        for name, values in distribution.parameters.items()
    }
    return Prior(distribution.family, **numbers, **({"dims": dims} if dims else {}))


def model_config(data: ModelData, priors: Priors) -> dict[str, Any]:
    """Priors of the baseline and the likelihood under the keys that MMM reads."""
    geo = priors.geo
    config: dict[str, Any] = {
        "intercept": _pooled(priors.intercept, geo.intercept if geo else None),
        "likelihood": Prior("Normal", sigma=to_prior(priors.sigma), dims="date"),
    }
    if geo is not None:
        config["likelihood"] = Prior("Normal", sigma=to_prior(priors.sigma, GEO), dims=("date", GEO))
    if priors.varying is not None:
        for name in ("intercept_tvp_config", "media_tvp_config"):
            config[name] = HSGPKwargs(
                m=priors.varying.terms,
                eta_lam=priors.varying.rate,
                ls_mu=priors.varying.length,
                ls_sigma=priors.varying.spread,
            )
    if data.linear.shape[-1]:
        config["gamma_control"] = _pooled(priors.control, geo.control if geo else None, "control")
    if data.fourier.shape[-1]:
        config["gamma_fourier"] = _pooled(priors.fourier, geo.fourier if geo else None, "fourier_mode")
    return config


def _pooled(mean: Distribution, own: Array | None, dims: str | None = None) -> Prior:
    """Coefficients of national data, or of geos around a mean that has a prior itself."""
    if own is None:
        return to_prior(mean, dims)
    around = float(own.flat[0]) if np.all(own == own.flat[0]) else own
    return Prior("Normal", mu=to_prior(mean, dims), sigma=around, dims=(GEO, dims) if dims else (GEO,))


def media_priors(priors: Priors, prefix: str) -> dict[str, Any]:
    """Priors of the adstock (``prefix`` 'adstock_') or the saturation, by PyMC-Marketing's short names."""
    out: dict[str, Any] = {}
    for name, prior in priors.media.items():
        theirs = their_name(name, priors.saturation)
        if theirs.startswith(prefix):
            out[theirs.removeprefix(prefix)] = to_prior(prior, "channel")
            if name == EFFECT and priors.geo is not None:
                centre = Distribution("Normal", prior.parameters)
                out[theirs.removeprefix(prefix)] = Prior(
                    "LogNormal",
                    mu=to_prior(centre, "channel"),
                    sigma=to_prior(priors.geo.effect, "channel"),
                    dims=(GEO, "channel"),
                )
    return out | (FIXED.get(priors.saturation, {}) if prefix == "saturation_" else {})


def scaling(data: ModelData) -> Scaling:
    """The scales of the prepared data, so that both engines see the same numbers."""
    if len(data.geos) == 1:
        return Scaling(
            target=FixedScaling(dims=(), value=float(data.target_scale[0])),
            channel=DataDerivedScaling(method="max", dims=()),
        )
    geos, channels = list(data.geos), list(labels(data).channels)
    media = np.where(data.media_scale > 0, data.media_scale, 1.0)
    return Scaling(
        target=FixedScaling(dims=(), value=xr.DataArray(data.target_scale, dims=(GEO,), coords={GEO: geos})),
        channel=FixedScaling(
            dims=(), value=xr.DataArray(media, dims=(GEO, "channel"), coords={GEO: geos, "channel": channels})
        ),
    )


def unbuilt(data: ModelData, priors: Priors) -> MMM:
    """An MMM object with everything set but its data."""
    names = labels(data)
    mmm = (ByFrequency if data.by_frequency else MMM)(
        date_column=names.date,
        target_column=names.target,
        channel_columns=list(names.channels),
        control_columns=list(names.linear) or None,
        yearly_seasonality=data.fourier.shape[-1] // 2 or None,
        adstock=ADSTOCKS[priors.adstock](l_max=priors.max_lag, priors=media_priors(priors, "adstock_")),
        saturation=SATURATIONS[priors.saturation](priors=media_priors(priors, "saturation_")),
        scaling=scaling(data),
        model_config=model_config(data, priors),
        **({"dims": (GEO,)} if len(data.geos) > 1 else {}),
        **varying(data, priors),
    )
    if data.by_frequency:
        mmm.often = data.scaled_frequency
    return mmm.add_mu_effect(shared_shocks(priors.geo)) if priors.geo else mmm


def shared_shocks(geo: GeoPriors) -> SharedShocks:
    """What hits all geos in the same period."""
    return SharedShocks(scale=float(geo.shock.parameters["sigma"]))


def varying(data: ModelData, priors: Priors) -> dict[str, bool | SoftPlusHSGP]:
    """What drifts over time, as MMM's arguments; media of a panel have one course that all geos share."""
    found = priors.varying
    if found is None:
        return {}
    media = True if len(data.geos) == 1 else _course(found, len(data.dates))
    asked = {"time_varying_intercept": (found.baseline, True), "time_varying_media": (found.media, media)}
    return {name: what for name, (on, what) in asked.items() if on}


def _course(found: Varying, periods: int) -> SoftPlusHSGP:
    """The process that MMM makes of its settings (``model_config``), over periods alone."""
    return SoftPlusHSGP(
        m=found.terms,
        L=float(periods - 1),
        eta=Prior("Exponential", lam=found.rate),
        ls=Prior("InverseGamma", mu=found.length, sigma=found.spread),
        cov_func="matern52",
        centered=False,
        drop_first=False,
        dims="date",
    )


def table(data: ModelData) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """The prepared data as MMM reads it: dates (and geos), media, standardised linear columns; and the KPI."""
    names = labels(data)
    geos, periods = data.target.shape
    frame = pd.DataFrame({names.date: pd.DatetimeIndex(np.tile(data.dates, geos))})
    if geos > 1:
        frame[GEO] = np.repeat(data.geos, periods)
    for c, channel in enumerate(names.channels):
        frame[channel] = data.media[..., c].ravel()
    for k, column in enumerate(names.linear):
        frame[column] = data.linear[..., k].ravel()
    return frame, pd.Series(data.target.ravel(), name=names.target)


@contextmanager
def plain_arrays() -> Iterator[None]:
    """Prior numbers are arrays, because labelled ones do not survive MMM's own file format; it warns of that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Implicit conversion of array-like parameter")
        yield


def build(data: ModelData, priors: Priors, tests: LiftData | None = None) -> MMM:
    """The MMM object with its PyMC model built (``.model``), lift tests in its likelihood."""
    mmm = unbuilt(data, priors)
    frame, target = table(data)
    with plain_arrays():
        mmm.build_model(frame, target)
    if priors.believed is not None:
        believe(mmm, **believed(data, priors))
    if tests is not None:
        _measure(mmm, priors, tests, len(data.geos) > 1)
    return mmm


def believed(data: ModelData, priors: Priors) -> dict[str, Any]:
    """Arguments of ``pymc_believed.believe``."""
    held, effect = priors.believed, priors.media[EFFECT].parameters
    assert held is not None
    return {
        "effect": their_name(EFFECT, priors.saturation),
        "worth": held.worth,
        "mu": effect["mu"],
        "sigma": effect["sigma"],
        "times": np.where(held.marginal, MORE, 1.0),
        "scaled": data.scaled_media,
    }


def _measure(mmm: MMM, priors: Priors, tests: LiftData, panel: bool) -> None:
    """Add the lift tests: what PyMC-Marketing's own adstock and saturation say each of them should have found."""
    before = priors.max_lag - 1
    drifts = priors.varying is not None and priors.varying.media
    with mmm.model:
        found = {name: mmm.model[their_name(name, priors.saturation)] for name in priors.media}
        modelled: list[Any] = [0.0] * tests.lift.size
        for row, (test, geo, channel) in enumerate(zip(tests.test, tests.geo, tests.channel, strict=True)):
            own = {name: variable.isel(channel=int(channel)) for name, variable in found.items()}
            if panel:
                own[EFFECT] = own[EFFECT].isel({GEO: int(geo)})
            theirs = {their_name(name, priors.saturation): value for name, value in own.items()}
            memory = {n.removeprefix("adstock_"): v for n, v in theirs.items() if n.startswith("adstock_")}
            curve = {n.removeprefix("saturation_"): v for n, v in theirs.items() if n.startswith("saturation_")}
            curve |= FIXED.get(priors.saturation, {})
            brought = []
            often = as_xtensor(tests.frequency[row], dims=("date",))
            for exposure in (tests.seen[row], tests.without[row]):
                acting = as_xtensor(exposure, dims=("date",))
                if tests.by_frequency[row]:
                    acting = acting * mmm.saturation.function(often, **curve, dim="date")
                    acting = mmm.adstock.function(acting, **memory, dim="date")
                else:
                    acting = mmm.adstock.function(acting, **memory, dim="date")
                    acting = mmm.saturation.function(acting, **curve, dim="date")
                brought.append(acting.isel(date=slice(before, None)))
            weight = as_xtensor(tests.weight[row], dims=("date",))
            if drifts:
                weight = weight * mmm.model[DRIFTING[0]].isel(date=tests.periods[row])
            modelled[int(test)] = modelled[int(test)] + ((brought[0] - brought[1]) * weight).sum("date")
        means = pt.stack([value.values for value in modelled])
        pm.Normal("lift_measurements", mu=means, sigma=tests.sd, observed=tests.lift)


@dataclass(frozen=True)
class JaxTarget:
    """A PyMC model as one JAX function of one unconstrained vector of ``size`` numbers."""

    size: int
    initial: Array
    """(size,) PyMC's own starting point."""
    log_density: Callable[[Any], Any]
    """(size,) -> (): joint log density with the Jacobians of the transforms; traceable and differentiable in JAX."""
    constrain: Callable[[Array], dict[str, Array]]
    """(..., size) draws -> free random variables and what drifts, by name, (..., *shape of the variable)."""
    names: tuple[str, ...]
    """Free random variables, sorted, as the vector holds their transformed values."""


def jax_target(model: pm.Model) -> JaxTarget:
    """Turn any PyMC model of continuous variables into a JAX log density of one vector."""
    frozen = freeze_dims_and_data(model)
    start = {name: np.asarray(value, dtype=float) for name, value in frozen.initial_point().items()}
    variables = sorted(frozen.value_vars, key=lambda variable: str(variable.name))
    order = [(variable.name, start[variable.name].shape) for variable in variables]
    ends = np.cumsum([int(np.prod(shape)) for _, shape in order])

    def parts(vector: Any) -> list[Any]:
        begins = (0, *ends[:-1].tolist())
        return [
            vector[..., b:e].reshape((*vector.shape[:-1], *shape))
            for b, e, (_, shape) in zip(begins, ends.tolist(), order, strict=True)
        ]

    density = _jaxified(variables, [frozen.logp()])
    free = tuple(sorted(str(variable.name) for variable in frozen.free_RVs))
    by_name = {v.name: v for v in frozen.unobserved_value_vars}
    wanted = (*free, *(name for name in DRIFTING if name in by_name and name not in free))
    values = _jaxified(variables, [by_name[name] for name in wanted])

    def log_density(vector: Any) -> Any:
        return density(*parts(vector))[0]

    def constrain(draws: Array) -> dict[str, Array]:
        import jax

        flat = draws.reshape(-1, draws.shape[-1])
        found = jax.jit(jax.vmap(lambda v: tuple(values(*parts(v)))))(flat)
        return {
            name: np.asarray(value, dtype=float).reshape((*draws.shape[:-1], *value.shape[1:]))
            for name, value in zip(wanted, found, strict=True)
        }

    initial = np.concatenate([start[name].ravel() for name, _ in order])
    return JaxTarget(int(ends[-1]), initial, log_density, constrain, free)


def posterior_draws(target: JaxTarget, draws: Array, data: ModelData) -> dict[str, Array]:
    """Vector draws (chains, draws, size) as ``Posterior.draws`` names them; what the model leaves out is empty."""
    found = target.constrain(draws)
    found = {name.replace("saturation_alpha", EFFECT): values for name, values in found.items()}
    if found["intercept_contribution"].ndim == 3 and len(data.geos) == 1:
        path = found["intercept_contribution"]
        level = path.mean(axis=-1)
        found |= {"intercept_contribution": level, BASELINE_DRIFT: path - level[..., None]}
    if DRIFTING[0] in found:
        found[MEDIA_DRIFT] = found.pop(DRIFTING[0])
    geos = (len(data.geos),) if len(data.geos) > 1 else ()
    for name, size in (("gamma_control", data.linear.shape[-1]), ("gamma_fourier", data.fourier.shape[-1])):
        found.setdefault(name, np.zeros((*draws.shape[:-1], *geos, size)))
    return found


def _jaxified(inputs: list[Any], outputs: list[Any]) -> Callable[..., Any]:
    """PyMC's graph-to-JAX function, whose module sets a process-wide XLA flag as it is imported; that is undone."""
    flags = os.environ.get("XLA_FLAGS")
    from pymc.sampling.jax import get_jaxified_graph

    if flags is None:
        os.environ.pop("XLA_FLAGS", None)
    else:
        os.environ["XLA_FLAGS"] = flags
    compiled: Callable[..., Any] = get_jaxified_graph(inputs=inputs, outputs=outputs)
    return compiled
