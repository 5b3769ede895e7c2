"""One fit from its specification to the posterior, by the route that holds the model.

The collapsed route is our own log density; the PyMC route takes the log density of PyMC-Marketing's own model, for what
the first does not hold or where the specification asks for it. Both go through the same chunked sampler.
"""

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Used by what this module imports, which waits for first use for the web process's sake; a fit need not wait.
import scipy.interpolate
import scipy.stats  # noqa: F401

from mmm_core.data.read import from_parquet
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Chunk, ModelData, Posterior, Progress
from mmm_core.modeling import collapsed, compile_cache, sampler
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.nuts import Target
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, resolve
from mmm_core.modeling.sampler import Sampled, Settings
from mmm_core.modeling.spec import ModelSpec

Array = npt.NDArray[np.float64]
Emit = Callable[[Progress | Chunk], None]


@dataclass(frozen=True)
class Fitted:
    spec: ModelSpec
    data: ModelData
    priors: Priors
    posterior: Posterior
    sampled: Sampled


def fit(
    spec: ModelSpec,
    data: ModelData,
    emit: Emit,
    *,
    chunks: Sequence[Chunk] = (),
    cache_dir: str | None = None,
    threads: int | None = None,
    identity: str = "",
    priors: Priors | None = None,
) -> Fitted:
    """Fit a specification to prepared data.

    Parameters
    ----------
    emit
        Receives progress, and every chunk to keep.
    chunks
        What an earlier attempt kept, to go on from.
    cache_dir
        Folder of compiled programs.
    threads
        Chains computed at a time; None for one per processor.
    identity
        Names the inputs; chunks of another identity are not used.
    priors
        Resolved from the specification where left out.

    Raises
    ------
    SpecError, FitFailed
    """
    began = time.monotonic()
    programs = compile_cache.configure(cache_dir, spec.sampling.device)
    priors = resolve(spec, data) if priors is None else priors
    route = _collapsed_route if _route(spec, data, priors) == "collapsed" else _pymc_route
    if route is _pymc_route:
        compile_cache.use_jax_cache(programs)
    target, draws_of = route(spec, data, priors)
    settings = Settings(
        chains=spec.sampling.chains,
        tune=spec.sampling.tune,
        draws=spec.sampling.draws,
        seed=spec.sampling.seed,
        target_accept=spec.sampling.target_accept,
        threads=threads or processors(),
    )
    device = sampler.pick_device(spec.sampling.device)
    prepared = time.monotonic() - began
    sampled = sampler.sample(target, settings, emit, chunks=chunks, identity=identity, device=device, programs=programs)
    posterior = Posterior(
        adstock=priors.adstock,
        saturation=priors.saturation,
        max_lag=priors.max_lag,
        draws=draws_of(sampled.draws),
        divergences=sampled.divergences,
        seconds=prepared + sampled.seconds,
        energy=sampled.energy,
    )
    return Fitted(spec, data, priors, posterior, sampled)


def fit_table(
    spec_yaml: str,
    table: bytes,
    emit: Emit,
    *,
    chunks: Sequence[Chunk] = (),
    cache_dir: str | None = None,
    threads: int | None = None,
) -> Fitted:
    """Fit a stored specification to a stored table (Parquet)."""
    spec = ModelSpec.from_yaml(spec_yaml)
    emit(Progress(0, -1, "starting", 0, spec.sampling.tune + spec.sampling.draws))
    data = prepare(from_parquet(table), spec)
    identity = hashlib.sha256(spec_yaml.encode() + b"\0" + table).hexdigest()[:24]
    return fit(spec, data, emit, chunks=chunks, cache_dir=cache_dir, threads=threads, identity=identity)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _route(spec: ModelSpec, data: ModelData, priors: Priors) -> str:
    wanted = spec.sampling.engine
    if wanted == "pymc":
        return "pymc"
    reason = collapsed.why_not(data, priors)
    if reason and wanted == "collapsed":
        raise SpecError(f"{reason} Choose the engine 'auto' or 'pymc'.")
    return "pymc" if reason else "collapsed"


Route = tuple[Target, Callable[[Array], dict[str, Array]]]


def _collapsed_route(spec: ModelSpec, data: ModelData, priors: Priors) -> Route:
    model = collapsed.collapse(data, priors, lift_data(spec, data))
    seed = spec.sampling.seed
    return model.to_sample(spec.sampling.chains, seed), lambda z: model.draws(z, seed)


def _pymc_route(spec: ModelSpec, data: ModelData, priors: Priors) -> Route:
    from mmm_core.modeling import pymc_model

    jaxified = pymc_model.jax_target(pymc_model.build(data, priors, lift_data(spec, data)).model)
    centre = jaxified.initial
    target = pymc_target(jaxified.log_density, centre, spec.sampling.chains, spec.sampling.seed)
    return target, lambda z: pymc_model.posterior_draws(jaxified, centre + z, data)


def pymc_target(log_density: Callable[[Any], Any], centre: Array, chains: int, seed: int) -> Target:
    """Any log density of one unconstrained vector, sampled as the distance from ``centre`` (D,)."""
    start = collapsed.jittered(chains, centre.size, seed)
    return Target(lambda z, shift: log_density(shift + z), centre, start)
