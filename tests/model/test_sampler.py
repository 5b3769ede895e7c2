"""The sampler on targets whose answer is known otherwise."""

from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.errors import FitFailed
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.modeling.collapsed import collapse, jittered
from mmm_core.modeling.conditional import media_effect
from mmm_core.modeling.engine import pymc_target
from mmm_core.modeling.nuts import Target
from mmm_core.modeling.running import running
from mmm_core.modeling.sampler import Sampled, Settings, pick_device, sample
from tests.model.cases import design, national, priors_for

pytestmark = pytest.mark.usefixtures("compiled")
MEAN = np.array([1.0, -2.0, 0.5])
SPREAD = np.array([[1.0, 0.6, 0.0], [0.6, 1.5, -0.3], [0.0, -0.3, 0.2]])


def _gaussian(chains: int) -> Target:
    precision = np.linalg.inv(SPREAD)

    def log_density(z: jnp.ndarray, inputs: tuple) -> jnp.ndarray:
        mean, shape = inputs
        return -0.5 * (z - mean) @ shape @ (z - mean)

    return Target(log_density, (MEAN, precision), jittered(chains, 3, seed=1))


def _sample(target: Target, settings: Settings) -> tuple[Sampled, list[Progress | Chunk]]:
    sent: list[Progress | Chunk] = []
    return sample(target, settings, sent.append), sent


@pytest.mark.parametrize("batched", [False, True])
def test_a_gaussian_is_recovered(batched: bool) -> None:
    sampled, _ = _sample(_gaussian(4), Settings(draws=1500, tune=300, batched=batched))
    flat = sampled.draws.reshape(-1, 3)
    assert np.all(np.abs(flat.mean(axis=0) - MEAN) < 0.12 * np.sqrt(np.diag(SPREAD)))
    np.testing.assert_allclose(np.cov(flat.T), SPREAD, atol=0.15)
    assert sampled.divergences == 0


def test_chains_in_one_call_resume_where_each_was_cut() -> None:
    settings = Settings(chains=3, draws=60, tune=50, batched=True, chunk_seconds=1e-4)
    sampled, sent = _sample(_gaussian(3), settings)
    chunks = [m for m in sent if isinstance(m, Chunk)]
    kept = [c for c in chunks if c.progress.done <= {0: 30, 1: 70, 2: 110}[c.progress.chain]]
    again = sample(_gaussian(3), settings, lambda message: None, chunks=kept)
    np.testing.assert_array_equal(again.draws, sampled.draws)


def test_a_chain_does_not_depend_on_how_many_there_are() -> None:
    few, _ = _sample(_gaussian(2), Settings(chains=2, draws=60, tune=60))
    many, _ = _sample(_gaussian(3), Settings(chains=3, draws=60, tune=60))
    np.testing.assert_array_equal(few.draws, many.draws[:2])


def test_another_seed_gives_other_draws() -> None:
    one, _ = _sample(_gaussian(1), Settings(chains=1, draws=60, tune=60))
    other, _ = _sample(_gaussian(1), Settings(chains=1, draws=60, tune=60, seed=2))
    assert not np.array_equal(one.draws, other.draws)


def test_progress_tells_the_whole_way() -> None:
    settings = Settings(chains=2, draws=200, tune=100, chunk_seconds=0.002)
    _, sent = _sample(_gaussian(2), settings)
    assert sent[0].phase == "compiling"
    rows = [m.progress for m in sent if isinstance(m, Chunk)]
    assert {row.phase for row in rows} == {"warm-up", "sampling"}
    for chain in range(2):
        own = [row for row in rows if row.chain == chain]
        assert [row.done for row in own] == sorted({row.done for row in own})
        assert own[-1].done == own[-1].total == 300
        assert any(row.done == 100 for row in own)
        assert all(row.step_size > 0 and row.tree_depth >= 1 and row.seconds_left >= 0 for row in own)
    assert 0.9 < rows[-1].rhat < 1.1
    assert rows[-1].ess > 50
    assert rows[-1].seconds_left == 0


def test_any_density_goes_through_the_same_sampler() -> None:
    centre = np.array([3.0, -1.0])

    def log_density(v: jnp.ndarray) -> jnp.ndarray:
        return -jnp.sum(jnp.log1p((v - 2.0) ** 2 / 5.0)) * 3.0

    sampled, _ = _sample(pymc_target(log_density, centre, 4, seed=3), Settings(draws=1500, tune=300))
    found = np.sort((sampled.draws + centre).ravel())
    expected = stats.t(df=5, loc=2.0).ppf([0.1, 0.5, 0.9])
    np.testing.assert_allclose(np.quantile(found, [0.1, 0.5, 0.9]), expected, atol=0.15)


def test_a_start_outside_of_the_support_is_drawn_in() -> None:
    def log_density(z: jnp.ndarray, edge: jnp.ndarray) -> jnp.ndarray:
        return jnp.where(jnp.abs(z[0]) < edge, -0.5 * z[0] ** 2, -jnp.inf)

    target = Target(log_density, np.float64(3.0), np.array([[5.0], [-4.0]]))
    sampled, _ = _sample(target, Settings(chains=2, draws=100, tune=100))
    assert np.abs(sampled.draws).max() < 3.0
    with pytest.raises(FitFailed, match="finite"):
        _sample(replace(target, inputs=np.float64(0.0)), Settings(chains=2, draws=100, tune=100))


def test_a_gpu_that_is_not_there_is_said_in_words() -> None:
    with pytest.raises(FitFailed, match="has none"):
        pick_device("gpu")


def test_a_small_model_has_the_posterior_that_importance_sampling_finds() -> None:
    data = national(periods=14, channels=1, seed=12, controls=1, terms=0)
    priors = priors_for(data, "geometric", "logistic")
    model = collapse(data, priors)
    sampled, _ = _sample(model.to_sample(4, 1), Settings(draws=3000, tune=500))
    draws = model.draws(sampled.draws, seed=1)
    names = (*priors.media, "y_sigma")

    rng = np.random.default_rng(0)
    prior = {name: dist.sample(rng, 60_000) for name, dist in {**priors.media, "y_sigma": priors.sigma}.items()}
    prior["y_sigma"] = prior["y_sigma"].reshape(-1)
    x, mean, sd = design(data, priors)
    residual = (model.data.scaled_target - media_effect(model.plan, model.data, prior)[:, 0]) - x @ mean
    values, vectors = np.linalg.eigh((x * sd**2) @ x.T)
    variance = np.maximum(values, 0.0) + prior["y_sigma"][:, None] ** 2
    log_weight = -0.5 * np.sum((residual @ vectors) ** 2 / variance + np.log(variance), axis=1)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    assert 1.0 / np.sum(weight**2) > 500
    for name in names:
        expected = weight @ prior[name].reshape(-1)
        spread = np.sqrt(weight @ (prior[name].reshape(-1) - expected) ** 2)
        assert abs(draws[name].mean() - expected) < 0.2 * spread, name
        assert abs(draws[name].std() / spread - 1.0) < 0.2, name
    assert draws["gamma_control"].shape == (4, 3000, 1)
    assert draws["gamma_fourier"].shape == (4, 3000, 0)


def test_running_figures_tell_mixed_from_stuck_chains() -> None:
    rng = np.random.default_rng(4)
    mixed = [rng.normal(size=(400, 3)) for _ in range(4)]
    rhat, ess = running(mixed)
    assert rhat is not None
    assert rhat < 1.02
    assert ess is not None
    assert 900 < ess < 2600
    stuck = [chain + shift for chain, shift in zip(mixed, (0.0, 0.0, 3.0, 3.0), strict=True)]
    rhat, ess = running(stuck)
    assert rhat is not None
    assert rhat > 1.5
    assert ess is not None
    assert ess < 20
    assert running([chain[:5] for chain in mixed]) == (None, None)
