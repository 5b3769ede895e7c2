"""Worlds in which the project's own spend had known returns: its baseline and its noise, media from the prior."""

from dataclasses import dataclass, replace

import numpy as np

from mmm_core.analysis.first_look import RIDGES
from mmm_core.analysis.ridge_fit import RidgeProblem
from mmm_core.data.noise import together_of
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling.lift import effect_of, lift_data
from mmm_core.modeling.predict import media_blocks
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import EFFECT, media_parameters
from mmm_core.studies import imagined
from mmm_core.studies.recoverability_settings import SIMULATED, Setting

MOST_MEDIA = 0.9
"""A world in which media bring more than this share of the KPI is not this company."""
TRIES = 200
SHARED = 0.5
"""Part of the country's noise (its variance) that would hit all of its regions: nobody has seen them yet."""


@dataclass(frozen=True)
class Ground:
    """What is not media, as the first look sees it; KPI units."""

    baseline: Array
    """(G, T) less its mean over the history."""
    level: Array
    """(G,) mean KPI of the history."""
    noise: Array
    """(G,) standard deviation of what the first look leaves over."""
    persistence: Array
    """(G,) how much of it stays for the next period, 0 to 0.9."""
    together: float = 0.0
    """Correlation of two geos' noise in one period: what hits the whole country hits all of them."""


def ground(found: Setting) -> Ground:
    """Season, trend, controls and noise of the project's own KPI by ridge regression, over the history.

    The noise is corrected for what was fitted, and keeps its correlation from period to period.
    """
    problem = RidgeProblem(found.data, found.spec, found.history)
    tried = []
    for penalty in RIDGES:
        shape, _ = problem.search(penalty)
        effects = problem.effects(shape, penalty)
        tried.append((problem.gcv(shape, effects, penalty), shape, effects))
    _, shape, effects = min(tried, key=lambda t: t[0])
    geos, periods = found.data.target.shape
    scale = problem.scale.reshape(geos, periods)
    own = (problem.nuisance @ problem.nuisance_effects(shape, effects)).reshape(geos, periods) * scale
    own -= own[:, : found.history].mean(axis=1, keepdims=True)
    left = ((problem.target - problem.predicted(shape, effects)).reshape(geos, periods) * scale)[:, : found.history]
    left = left - left.mean(axis=1, keepdims=True)
    used = len(effects) * (1 + len(problem.names)) + problem.nuisance.shape[1]
    rows = geos * found.history
    stays = np.clip((left[:, 1:] * left[:, :-1]).sum(axis=1) / (left**2).sum(axis=1), 0.0, 0.9)
    noise = left.std(axis=1) * np.sqrt(rows / max(rows - used, 0.25 * rows))
    spread = np.maximum(left.std(axis=1, keepdims=True), 1e-12)
    return Ground(own, found.data.target[:, : found.history].mean(axis=1), noise, stays, together_of(left / spread))


def split(found: Ground, count: int) -> Ground:
    """The same in equal regions; half of the country's noise is the country's own, the other half theirs together."""
    together = SHARED / (count * (1 - SHARED) + SHARED)
    return Ground(
        np.repeat(found.baseline / count, count, axis=0),
        np.repeat(found.level / count, count),
        np.repeat(found.noise / np.sqrt(count * (1 + (count - 1) * together)), count),
        np.repeat(found.persistence, count),
        together,
    )


def truth(data: ModelData, resolved: Priors, rng: np.random.Generator) -> Posterior:
    """Parameters from the prior, drawn again where media would bring more than nearly the whole KPI."""
    for _ in range(TRIES):
        drawn = imagined.parameters(resolved, data, rng)
        if float(brought(data, drawn).sum()) <= MOST_MEDIA * float(np.abs(data.target).sum()):
            return drawn
    raise BadInput("What is believed of the media would nearly always bring more than the whole KPI; lower its range.")


def brought(data: ModelData, parameters: Posterior) -> Array:
    """(G, T, C) contributions at the one draw of a truth, KPI units."""
    (_, media), *_ = media_blocks(data, parameters)
    out: Array = media[0] * data.target_scale[:, None, None]
    return out


def world(found: Setting, under: Ground, media: Array, rng: np.random.Generator) -> ModelData:
    """The setting's data with the KPI that these contributions (G, T, C) would have given."""
    effect = media.sum(axis=-1)
    geos, periods = effect.shape
    start = under.level - effect[:, : found.history].mean(axis=1)
    mean = start[:, None] + under.baseline + effect
    drawn = rng.standard_normal((periods, geos)).T
    if under.together:
        drawn = np.sqrt(1 - under.together) * drawn + np.sqrt(under.together) * rng.standard_normal(periods)
    shocks = drawn * np.sqrt(1 - under.persistence**2)[:, None]
    noise = np.empty_like(mean)
    noise[:, 0] = shocks[:, 0] / np.sqrt(1 - under.persistence**2)
    for t in range(1, periods):
        noise[:, t] = under.persistence * noise[:, t - 1] + shocks[:, t]
    target = mean + noise * under.noise[:, None]
    return replace(found.data, target=target, target_scale=np.abs(target).max(axis=1))


def measured(
    found: Setting, true: ModelData, parameters: Posterior, under: Ground, rng: np.random.Generator
) -> ModelSpec:
    """The specification whose lift tests measured what this world's media brought, each with its own error.

    A simulated experiment is as exact as the KPI's noise over the periods that it measures allows; a test that was
    really made keeps its standard error.
    """
    rows = lift_data(found.spec, true)
    if rows is None:
        return found.spec
    names = media_parameters(parameters.adstock, parameters.saturation)
    draws = {n: parameters.flat(n) for n in names}
    shapes = {n: v for n, v in draws.items() if n != EFFECT}
    lifts = rows.modelled(parameters.adstock, parameters.saturation, parameters.max_lag, shapes, effect_of(draws))[0]
    written = []
    for n, (test, lift) in enumerate(zip(found.spec.lift_tests, lifts, strict=True)):
        periods = int((rows.weight[rows.test == n] > 0).sum(axis=1).max())
        error = _noise_of(periods, under) if test.source == SIMULATED else test.standard_error
        drawn = float(lift) + error * float(rng.standard_normal())
        written.append(test.model_copy(update={"lift": drawn, "standard_error": error}))
    return found.spec.model_copy(update={"lift_tests": tuple(written)})


def _noise_of(periods: int, under: Ground) -> float:
    """Standard deviation of the noise summed over the periods that a test measures and all geos, KPI units."""
    long_run = under.noise * np.sqrt((1 + under.persistence) / (1 - under.persistence))
    whole = (1 - under.together) * float(np.sum(long_run**2)) + under.together * float(np.sum(long_run)) ** 2
    return float(np.sqrt(periods * whole))
