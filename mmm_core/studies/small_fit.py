"""The small fits of which studies are made, and what is read off them (NumPy; the engine is imported when it fits)."""

from dataclasses import dataclass

import numpy as np

from mmm_core.domain.fit import Array, Chunk, ModelData, Posterior, Progress
from mmm_core.modeling.predict import baseline, media_blocks, noise
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.kind import Options, Tools


def small(spec: ModelSpec, options: Options, seed: int | None = None) -> ModelSpec:
    """The specification with the study's few draws."""
    few = {
        "draws": options.draws,
        "tune": options.tune,
        "chains": options.chains,
        "seed": options.seed if seed is None else seed,
    }
    return spec.model_copy(update={"sampling": spec.sampling.model_copy(update=few)})


def fit(
    spec: ModelSpec,
    data: ModelData,
    options: Options,
    tools: Tools,
    *,
    seed: int | None = None,
    priors: Priors | None = None,
) -> Posterior:
    """Fit in this process with few draws."""
    from mmm_core.modeling import engine

    def tell(message: Progress | Chunk) -> None:
        tools.say(message.progress if isinstance(message, Chunk) else message)

    wanted = small(spec, options, seed)
    fitted = engine.fit(wanted, data, tell, cache_dir=tools.cache_dir, threads=tools.threads, priors=priors)
    return fitted.posterior


@dataclass(frozen=True)
class Predicted:
    """Draws (S, T) of the KPI summed over geos, KPI units."""

    expected: Array
    noisy: Array
    """With the noise of single periods: what a new observation would be."""
    by_geo: Array
    """(G, T) posterior mean by geo."""


def predict(data: ModelData, posterior: Posterior, seed: int = 0) -> Predicted:
    """What the model expects in every period of ``data``, carry-over of the periods before included."""
    scale = data.target_scale[:, None]
    total = posterior.chains * posterior.draws_per_chain
    expected, noisy = np.empty((total, len(data.dates))), np.empty((total, len(data.dates)))
    by_geo = np.zeros(data.target.shape)
    rng = np.random.default_rng(seed)
    for block, media in media_blocks(data, posterior):
        mu = (baseline(data, posterior, block) + media.sum(axis=-1)) * scale
        spread = noise(posterior, block, len(data.dates), rng) * scale
        expected[block], noisy[block] = mu.sum(axis=1), (mu + spread).sum(axis=1)
        by_geo += mu.sum(axis=0) / total
    return Predicted(expected, noisy, by_geo)


def brought(data: ModelData, posterior: Posterior, first: int = 0, last: int | None = None) -> dict[str, Array]:
    """Draws (S,) of what each channel brought over some periods, all geos: money where KPI units have a value."""
    worth = data.value_per_unit if has_value(data) else np.ones_like(data.target)
    scale = (data.target_scale[:, None] * worth)[:, first:last, None]
    total = posterior.chains * posterior.draws_per_chain
    out = np.empty((total, len(data.channels)))
    for block, media in media_blocks(data, posterior):
        out[block] = (media[:, :, first:last] * scale).sum(axis=(1, 2))
    return {name: out[:, c] for c, name in enumerate(data.channels)}


def has_value(data: ModelData) -> bool:
    """Whether KPI units are worth a known amount of money."""
    return bool(np.isfinite(data.value_per_unit).all())


def spent(data: ModelData, first: int = 0, last: int | None = None) -> dict[str, float | None]:
    """Money per channel over some periods, all geos; None for organic media."""
    found = data.spend[:, first:last].sum(axis=(0, 1))
    return {n: float(s) if np.isfinite(s) and s > 0 else None for n, s in zip(data.channels, found, strict=True)}


def returns(data: ModelData, posterior: Posterior, first: int = 0, last: int | None = None) -> dict[str, float]:
    """Mean return per channel over some periods: per money spent, or what it brought where there is no spend."""
    money = spent(data, first, last)
    found = brought(data, posterior, first, last)
    return {name: float(draws.mean()) / (money[name] or 1.0) for name, draws in found.items()}
