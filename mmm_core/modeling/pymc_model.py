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
from pymc.model.transform.optimization import freeze_dims_and_data
from pymc_extras.prior import Prior
from pymc_marketing.mmm import MMM, DelayedAdstock, GeometricAdstock, HillSaturation, LogisticSaturation
from pymc_marketing.mmm.scaling import DataDerivedScaling, FixedScaling, Scaling

from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.priors import Priors

ADSTOCKS = {"geometric": GeometricAdstock, "delayed": DelayedAdstock}
SATURATIONS = {"logistic": LogisticSaturation, "hill": HillSaturation}


@dataclass(frozen=True)
class Labels:
    """Column names of the frame that the MMM object reads, all different from each other."""

    date: str
    target: str
    channels: tuple[str, ...]
    linear: tuple[str, ...]


def labels(data: ModelData) -> Labels:
    """Names keep their text, but for slashes, which the file format forbids; whatever would clash gets a longer one."""
    taken = {"channel", "control"}

    def free(name: str, otherwise: str) -> str:
        name = name.replace("/", "-")
        while name in taken:
            name = f"{otherwise} {name}"
        taken.add(name)
        return name

    channels = tuple(free(name, "media") for name in data.channels)
    linear = tuple(free(n, g) for n, g in zip(data.linear_names, data.linear_groups, strict=True))
    return Labels(free("date", "the"), free("y", "target"), channels, linear)


def to_prior(distribution: Distribution, dims: str | None = None) -> Prior:
    """The same prior as a PyMC-Marketing ``Prior``; plain numbers where all variables share them."""
    numbers = {
        name: float(values.flat[0]) if values.size and np.all(values == values.flat[0]) else values
        for name, values in distribution.parameters.items()
    }
    return Prior(distribution.family, **numbers, **({"dims": dims} if dims else {}))


def model_config(data: ModelData, priors: Priors) -> dict[str, Any]:
    """Priors of the baseline and the likelihood under the keys that MMM reads."""
    config: dict[str, Any] = {
        "intercept": to_prior(priors.intercept),
        "likelihood": Prior("Normal", sigma=to_prior(priors.sigma), dims="date"),
    }
    if data.linear.shape[-1]:
        config["gamma_control"] = to_prior(priors.control, "control")
    if data.fourier.shape[-1]:
        config["gamma_fourier"] = to_prior(priors.fourier, "fourier_mode")
    return config


def unbuilt(data: ModelData, priors: Priors) -> MMM:
    """An MMM object with everything set but its data."""
    names = labels(data)
    adstock = {k.removeprefix("adstock_"): v for k, v in priors.media.items() if k.startswith("adstock_")}
    saturation = {k.removeprefix("saturation_"): v for k, v in priors.media.items() if k.startswith("saturation_")}
    return MMM(
        date_column=names.date,
        target_column=names.target,
        channel_columns=list(names.channels),
        control_columns=list(names.linear) or None,
        yearly_seasonality=data.fourier.shape[-1] // 2 or None,
        adstock=ADSTOCKS[priors.adstock](
            l_max=priors.max_lag, priors={k: to_prior(v, "channel") for k, v in adstock.items()}
        ),
        saturation=SATURATIONS[priors.saturation](priors={k: to_prior(v, "channel") for k, v in saturation.items()}),
        scaling=Scaling(
            target=FixedScaling(dims=(), value=data.target_scale),
            channel=DataDerivedScaling(method="max", dims=()),
        ),
        model_config=model_config(data, priors),
    )


def table(data: ModelData) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """The prepared data as MMM reads it: dates, media, standardised linear columns; and the KPI."""
    names = labels(data)
    frame = pd.DataFrame({names.date: pd.DatetimeIndex(data.dates)})
    for c, channel in enumerate(names.channels):
        frame[channel] = data.media[0, :, c]
    for k, column in enumerate(names.linear):
        frame[column] = data.linear[0, :, k]
    return frame, pd.Series(data.target[0], name=names.target)


@contextmanager
def plain_arrays() -> Iterator[None]:
    """Prior numbers are arrays, because labelled ones do not survive MMM's own file format; it warns of that."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Implicit conversion of array-like parameter")
        yield


def build(data: ModelData, priors: Priors) -> MMM:
    """The MMM object with its PyMC model built (``.model``)."""
    mmm = unbuilt(data, priors)
    frame, target = table(data)
    with plain_arrays():
        mmm.build_model(frame, target)
    return mmm


@dataclass(frozen=True)
class JaxTarget:
    """A PyMC model as one JAX function of one unconstrained vector of ``size`` numbers."""

    size: int
    initial: Array
    """(size,) PyMC's own starting point."""
    log_density: Callable[[Any], Any]
    """(size,) -> (): joint log density with the Jacobians of the transforms; traceable and differentiable in JAX."""
    constrain: Callable[[Array], dict[str, Array]]
    """(..., size) draws -> free random variables by name, (..., *shape of the variable)."""
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
    values = _jaxified(variables, [by_name[name] for name in free])

    def log_density(vector: Any) -> Any:
        return density(*parts(vector))[0]

    def constrain(draws: Array) -> dict[str, Array]:
        import jax

        flat = draws.reshape(-1, draws.shape[-1])
        found = jax.jit(jax.vmap(lambda v: tuple(values(*parts(v)))))(flat)
        return {
            name: np.asarray(value, dtype=float).reshape((*draws.shape[:-1], *value.shape[1:]))
            for name, value in zip(free, found, strict=True)
        }

    initial = np.concatenate([start[name].ravel() for name, _ in order])
    return JaxTarget(int(ends[-1]), initial, log_density, constrain, free)


def posterior_draws(target: JaxTarget, draws: Array, data: ModelData) -> dict[str, Array]:
    """Vector draws (chains, draws, size) as ``Posterior.draws`` names them; what the model leaves out is empty."""
    found = target.constrain(draws)
    for name, size in (("gamma_control", data.linear.shape[-1]), ("gamma_fourier", data.fourier.shape[-1])):
        found.setdefault(name, np.zeros((*draws.shape[:-1], size)))
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
