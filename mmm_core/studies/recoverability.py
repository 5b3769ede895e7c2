"""What can these data answer? Worlds with known returns on the project's own spend, fitted as the project would be.

Before any fit: media parameters are drawn from what is believed of them, the KPI is made of the project's own media,
season, trend, controls and noise, and the model is fitted to it. A channel whose return is not found there will not be
found in the real data either.
"""

from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.domain.results import Interval
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling import priors
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec, TimeVarying
from mmm_core.studies import recoverability_settings as settings
from mmm_core.studies import recoverability_words as words
from mmm_core.studies import recoverability_worlds as worlds
from mmm_core.studies import small_fit
from mmm_core.studies.kind import LONGER, Earlier, Inputs, Kind, Options, Step, Tools, results_of
from mmm_core.studies.recoverability_settings import Assumed, Scenario, Setting
from mmm_core.studies.recoverability_worlds import Ground


class RecoverabilityOptions(Options):
    worlds: Annotated[int, Field(ge=3, le=40, title="Worlds", description=LONGER)] = 8
    scenarios: tuple[Scenario, ...] = (Scenario.WEEKS, Scenario.PULSES, Scenario.EXPERIMENT)
    """Tried beside today's data; regions take many times as long as the others."""
    years: Annotated[
        float, Field(gt=0, le=5, title="Years more", description="How many a scenario with more weeks has.")
    ] = 1.0
    regions: Annotated[int, Field(ge=2, le=20, title="Regions")] = 4
    apart: Annotated[
        float,
        Field(
            gt=0,
            le=1,
            title="How far regions' spend goes its own way",
            description="Standard deviation of its logarithm.",
        ),
    ] = 0.3


def plan(inputs: Inputs, options: RecoverabilityOptions) -> list[Step]:
    model = inputs.model
    if model.spec.time_varying != TimeVarying():
        raise BadInput("No worlds are made up in which effects drift over time; leave the drift out first.")
    resolved = priors.resolve(model.spec, model.data)
    worlds.truth(model.data, resolved, np.random.default_rng(options.seed))
    if not any(c.spend for c in model.spec.channels) and Scenario.EXPERIMENT in options.scenarios:
        raise BadInput("No channel has spend, so none can be put to an experiment; leave that scenario out.")
    steps = []
    for scenario in chosen(inputs, options):
        _setting(inputs, options, scenario)
        name = words.NAMES[scenario]
        steps.append(Step(f"{scenario} ground", f"{name}: season, trend and noise", {"scenario": scenario.value}))
        steps += [
            Step(f"{scenario} {n}", f"{name}: world {n} of {options.worlds}", {"scenario": scenario.value, "world": n})
            for n in range(1, options.worlds + 1)
        ]
    return steps


def chosen(inputs: Inputs, options: RecoverabilityOptions) -> tuple[Scenario, ...]:
    """Today first; regions only where the data have none."""
    able = [s for s in Scenario if s in options.scenarios and (s is not Scenario.GEOS or inputs.model.spec.geo is None)]
    return (Scenario.TODAY, *(s for s in able if s is not Scenario.TODAY))


def assumed(inputs: Inputs, options: RecoverabilityOptions) -> Assumed:
    return settings.assumed_of(inputs.model.data, options.years, options.regions, options.apart)


def _setting(inputs: Inputs, options: RecoverabilityOptions, scenario: Scenario) -> Setting:
    return settings.setting(inputs.model.frame, inputs.model.spec, scenario, assumed(inputs, options), options.seed)


def run_step(
    step: Step, inputs: Inputs, options: RecoverabilityOptions, earlier: Earlier, tools: Tools
) -> dict[str, Any]:
    scenario = Scenario(step.arguments["scenario"])
    found = _setting(inputs, options, scenario)
    if "world" not in step.arguments:
        under = _ground(inputs, found, scenario, options, earlier)
        return {
            "baseline": under.baseline, "level": under.level, "noise": under.noise, "persistence": under.persistence,
            "together": under.together,
        }  # fmt: skip
    kept = earlier.get(f"{scenario} ground")
    if kept is None:
        raise BadInput(f"{words.NAMES[scenario]}: its season, trend and noise could not be found.")
    arrays = {n: np.asarray(v, dtype=float) for n, v in kept.items() if n != "together"}
    under = Ground(**arrays, together=kept.get("together", 0.0))
    return _world(step.arguments["world"], inputs, found, under, options, tools)


def _ground(
    inputs: Inputs, found: Setting, scenario: Scenario, options: RecoverabilityOptions, earlier: Earlier
) -> Ground:
    if scenario is not Scenario.GEOS:
        return worlds.ground(found)
    return worlds.split(worlds.ground(_setting(inputs, options, Scenario.TODAY)), options.regions)


def _world(
    n: int, inputs: Inputs, found: Setting, under: Ground, options: RecoverabilityOptions, tools: Tools
) -> dict[str, Any]:
    """Return of each channel over the history: the true one, what was believed before, and what the fit says."""
    paired = found.spec.geo == inputs.model.spec.geo
    own = inputs.model.data if paired else found.data
    resolved = priors.resolve(inputs.model.spec if paired else found.spec, own)
    parameters = worlds.truth(own, resolved, np.random.default_rng([options.seed, n, 21]))
    # What a channel brings at a given exposure is the same in every scenario, so exposure keeps the history's scale.
    true = found.data if not paired else _scaled_as(found.data, own)
    media = worlds.brought(true, parameters)
    made = worlds.world(found, under, media, np.random.default_rng([options.seed, n, 22]))
    spec = worlds.measured(found, true, parameters, under, np.random.default_rng([options.seed, n, 23]))
    before = priors.resolve(spec, made)
    posterior = small_fit.fit(spec, made, options, tools, seed=options.seed + n, priors=before)
    return {"channels": _found(made, spec, before, posterior, media[:, : found.history], found.history)}


def _scaled_as(data: ModelData, own: ModelData) -> ModelData:
    from dataclasses import replace

    return replace(
        data, media_scale=own.media_scale, target_scale=own.target_scale, frequency_scale=own.frequency_scale
    )


def _found(
    made: ModelData, spec: ModelSpec, before: Priors, posterior: Posterior, media: Array, history: int
) -> dict[str, list[float]]:
    """By channel: true value, prior's 5, 50, 95%, posterior's 5, 50, 95%; what it brought over the history."""
    worth = made.value_per_unit if small_fit.has_value(made) else np.ones_like(made.target)
    true = (media * worth[:, :history, None]).sum(axis=(0, 1))
    seen = small_fit.brought(made, posterior, 0, history)
    believed = priors.share_prior(spec, made, before)
    whole = float((np.abs(made.target) * worth)[:, :history].sum())
    return {
        name: [float(true[c]), *_scaled(believed[name], whole), *np.quantile(seen[name], (0.05, 0.5, 0.95)).tolist()]
        for c, name in enumerate(made.channels)
    }


def _scaled(found: Interval, whole: float) -> list[float]:
    return [found.p5 * whole, found.p50 * whole, found.p95 * whole]


def conclude(inputs: Inputs, options: RecoverabilityOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = results_of(states)
    found: dict[Scenario, list[dict[str, list[float]]]] = {}
    for scenario in chosen(inputs, options):
        done = [results[f"{scenario} {n}"] for n in range(1, options.worlds + 1) if f"{scenario} {n}" in results]
        if done:
            found[scenario] = [r["channels"] for r in done]
    failed = list(dict.fromkeys(s.error for s in states if s.error))
    if Scenario.TODAY not in found:
        raise BadInput(failed[0] if failed else "No world was fitted.")
    return words.outcome(found, assumed(inputs, options), inputs.model.data, failed)


KIND = Kind(
    name="recoverability",
    title="What can these data answer?",
    question="Were the returns known, would this model find them from this spend, and what would make it so?",
    options=RecoverabilityOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    needs_run=False,
    before_plan=True,
    tolerant=True,
)
