"""Studies without a fit: inputs as bytes, steps as if they were done, posteriors by hand."""

from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data import read
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.domain.results import Results
from mmm_core.domain.study import ModelInput, StepState, StepStatus, StudyOutcome
from mmm_core.modeling import priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import EFFECT
from mmm_core.studies import registry
from mmm_core.studies.kind import Inputs, Step, Tools
from mmm_core.studies.process import plain


def inputs(frame: pd.DataFrame, spec: ModelSpec, results: Results | None = None) -> Inputs:
    return registry.inputs(ModelInput(spec.to_yaml(), read.to_parquet(frame), "Model 1", results))


def planned(kind: str, given: Inputs, **options: Any) -> list[Step]:
    found = registry.find(kind)
    return list(found.plan(given, registry.read_options(found, options)))


def concluded(kind: str, given: Inputs, results: dict[str, dict[str, Any]], **options: Any) -> StudyOutcome:
    """What the kind says of given results; a step without one has failed."""
    found = registry.find(kind)
    read_options = registry.read_options(found, options)
    states = [
        StepState(n, step, StepStatus.DONE, plain(results[step.name]))
        if step.name in results
        else StepState(n, step, StepStatus.FAILED, None, "It ran out of luck.")
        for n, step in enumerate(found.plan(given, read_options))
    ]
    return found.conclude(given, read_options, states)


def carried_out(kind: str, given: Inputs, cache: str, **options: Any) -> StudyOutcome:
    """Every step computed in this process."""
    found = registry.find(kind)
    read_options = registry.read_options(found, options)
    earlier: dict[str, Any] = {}
    states = []
    for n, step in enumerate(found.plan(given, read_options)):
        result = plain(found.run_step(step, given, read_options, earlier, Tools(cache_dir=cache)))
        earlier[step.name] = result
        states.append(StepState(n, step, StepStatus.DONE, result))
    return found.conclude(given, read_options, states)


def drawn(spec: ModelSpec, data: ModelData, draws: int = 200, seed: int = 1) -> Posterior:
    """Draws near the middle of the prior, as a posterior of two chains; every number varies a little."""
    resolved = priors.resolve(spec, data)
    rng = np.random.default_rng(seed)
    geos = () if len(data.geos) == 1 else (len(data.geos),)
    shape = (2, draws // 2)

    def near(centre: Any, by_geo: bool) -> Any:
        middle = np.broadcast_to(centre, ((*geos, *np.shape(centre)) if by_geo else np.shape(centre)))
        return middle * np.exp(0.05 * rng.standard_normal((*shape, *middle.shape)))

    values = {n: near(d.quantile(0.5), n == EFFECT) for n, d in resolved.media.items()}
    values["intercept_contribution"] = near(resolved.intercept.quantile(0.5), True)
    for name, prior in (("gamma_control", resolved.control), ("gamma_fourier", resolved.fourier)):
        values[name] = near(0.2 * prior.quantile(0.8), True) if prior.shape != (0,) else np.zeros((*shape, *geos, 0))
    values["y_sigma"] = near(0.3 * np.asarray(resolved.sigma.quantile(0.5)), True)
    if resolved.geo:
        values["shocks_sigma"] = near(0.3 * np.asarray(resolved.geo.shock.quantile(0.5)), False)
    return Posterior(resolved.adstock, resolved.saturation, resolved.max_lag, values)
