"""Every diagnostic says PASS where all is well and finds what was planted."""

from dataclasses import replace

import numpy as np
import pytest

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.modeling.diagnostics import called, checks, convergence
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from tests.model.company import specification, table

CHAINS, DRAWS = 4, 250
TRUTH = {
    "adstock_alpha": np.array([0.5, 0.1, 0.1]),
    "saturation_lam": np.array([3.0, 3.0, 6.0]),
    "saturation_beta": np.array([0.12, 0.08, 0.015]),
}


def _posterior(data: ModelData, rng: np.random.Generator, spread: float = 0.15) -> Posterior:
    """Draws near the truth: media as planted, everything linear by least squares."""
    draws = {
        name: value * np.exp(spread * rng.standard_normal((CHAINS, DRAWS, value.size))) for name, value in TRUTH.items()
    }
    draws["adstock_alpha"] = np.minimum(draws["adstock_alpha"], 0.95)
    flat = {name: values.reshape(-1, values.shape[-1]) for name, values in draws.items()}
    shapes = {name: values for name, values in flat.items() if name != "saturation_beta"}
    scaled = data.scaled_media[0]
    media = np.einsum(
        "stc,sc->st", saturated_exposure(scaled, "geometric", "logistic", 8, shapes), flat["saturation_beta"]
    )
    design = np.column_stack([np.ones(media.shape[1]), data.linear[0], data.fourier])
    left = data.scaled_target[0] - media
    coefficients = left @ np.linalg.pinv(design).T
    sigma = (left - coefficients @ design.T).std(axis=1)
    noise = rng.standard_normal(coefficients.shape) @ np.linalg.cholesky(np.linalg.inv(design.T @ design)).T
    coefficients = coefficients + sigma.mean() * noise
    k = data.linear.shape[-1]
    draws |= {
        "intercept_contribution": coefficients[:, 0].reshape(CHAINS, DRAWS),
        "gamma_control": coefficients[:, 1 : 1 + k].reshape(CHAINS, DRAWS, k),
        "gamma_fourier": coefficients[:, 1 + k :].reshape(CHAINS, DRAWS, -1),
        "y_sigma": (sigma * np.exp(0.05 * rng.standard_normal(sigma.size))).reshape(CHAINS, DRAWS),
    }
    return Posterior("geometric", "logistic", 8, draws, energy=rng.normal(size=(CHAINS, DRAWS)))


@pytest.fixture(scope="module")
def fitted() -> tuple[Posterior, ModelData, ModelSpec]:
    spec = specification()
    data = prepare(table(), spec)
    return _posterior(data, np.random.default_rng(8)), data, spec


def _by_id(found: tuple[Check, ...]) -> dict[str, Check]:
    return {check.id: check for check in found}


def _with(posterior: Posterior, **draws: np.ndarray) -> Posterior:
    return replace(posterior, draws={**posterior.draws, **draws})


def test_a_good_fit_passes_everything(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    found = checks(*fitted)
    assert [c.id for c in found] == [
        "rhat", "ess_bulk", "ess_tail", "divergences", "energy", "fit", "predictive", "autocorrelation", "misfit",
        "vif", "negative_baseline", "roi", "media_share", "prior_shift", "demand_capture", "unidentified",
    ]  # fmt: skip
    open_ones = {c.id: c.message for c in found if c.status is not Status.PASS}
    assert not open_ones
    assert all(c.message.endswith(".") and "nan" not in c.message for c in found)


def test_chains_that_disagree_fail(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, *_ = fitted
    sigma = posterior.draws["y_sigma"].copy()
    sigma[1] += 5 * sigma.std()
    found = _by_id(convergence(_with(posterior, y_sigma=sigma), Limits()))
    assert found["rhat"].status is Status.FAIL
    assert "disagree on the noise, R-hat" in found["rhat"].message
    assert found["ess_bulk"].status is Status.FAIL


def test_what_chains_disagree_on_is_named_by_channel_and_geo(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, _ = fitted
    name = next(n for n in posterior.draws if n.startswith("adstock"))
    memory = posterior.draws[name].copy()
    memory[1, :, 1] += 5 * memory.std()
    found = _by_id(convergence(_with(posterior, **{name: memory}), Limits(), data))
    assert f"the memory of {data.channels[1]}," in found["rhat"].message
    panel = replace(data, geos=("North", "South"))
    assert called("saturation_beta", (1, 0), panel) == f"the effect of {data.channels[0]} in South"
    assert called("saturation_beta_mu", (0,), panel) == f"the effect of {data.channels[0]}"
    assert called("y_sigma", (0,), panel) == "the noise in North"


def test_draws_that_crawl_have_few_effective_ones(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, *_ = fitted
    steps = np.random.default_rng(1).standard_normal((CHAINS, DRAWS))
    crawling = np.zeros_like(steps)
    for n in range(1, DRAWS):
        crawling[:, n] = 0.7 * crawling[:, n - 1] + steps[:, n]
    found = _by_id(convergence(_with(posterior, intercept_contribution=0.7 + 0.01 * crawling), Limits()))
    assert found["ess_bulk"].status is Status.REVIEW
    assert found["ess_bulk"].value == pytest.approx(CHAINS * DRAWS * 0.3 / 1.7, rel=0.4)


@pytest.mark.parametrize(
    ("count", "status"), [(0, Status.PASS), (1, Status.PASS), (8, Status.REVIEW), (60, Status.FAIL)]
)
def test_divergences(fitted: tuple[Posterior, ModelData, ModelSpec], count: int, status: Status) -> None:
    check = _by_id(convergence(replace(fitted[0], divergences=count), Limits()))["divergences"]
    assert (check.status, check.value) == (status, count)


def test_energy_that_hardly_moves(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    slow = np.cumsum(np.random.default_rng(0).normal(size=(CHAINS, DRAWS)), axis=1)
    assert _by_id(convergence(replace(fitted[0], energy=slow), Limits()))["energy"].status is Status.FAIL
    assert "energy" not in _by_id(convergence(replace(fitted[0], energy=None), Limits()))


def test_a_parameter_that_never_moves_is_left_out(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    still = np.zeros((CHAINS, DRAWS, 4))
    found = _by_id(convergence(_with(fitted[0], gamma_fourier=still), Limits()))
    assert found["rhat"].status is Status.PASS


def test_noise_that_is_too_narrow_fails_the_predictive_check(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    found = _by_id(checks(_with(posterior, y_sigma=posterior.draws["y_sigma"] / 6), data, spec))
    assert found["predictive"].status is Status.FAIL
    assert found["predictive"].value is not None
    assert found["predictive"].value < 0.6


def test_a_missing_season_leaves_a_pattern(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    found = _by_id(checks(_with(posterior, gamma_fourier=np.zeros((CHAINS, DRAWS, 4))), data, spec))
    assert found["autocorrelation"].status is not Status.PASS
    assert found["autocorrelation"].value is not None
    assert found["autocorrelation"].value > 0.3


def test_media_that_take_everything(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    found = _by_id(
        checks(
            _with(
                posterior,
                saturation_beta=posterior.draws["saturation_beta"] * [1, 12, 1],
                intercept_contribution=posterior.draws["intercept_contribution"] - 1.0,
            ),
            data,
            spec,
        )
    )
    assert found["negative_baseline"].status is Status.FAIL
    assert found["roi"].status is Status.REVIEW
    assert found["roi"].columns == ("search",)
    assert found["media_share"].status is Status.REVIEW
    assert found["prior_shift"].columns == ("search",)


def test_a_prior_beyond_the_kpi_is_named(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, _ = fitted
    wild = specification(media_prior={"style": "pymc_marketing"})
    check = _by_id(checks(posterior, data, wild))["media_share"]
    assert check.status is Status.REVIEW
    assert "more than the whole KPI" in check.message


def test_channels_that_move_together(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    media = data.media.copy()
    media[..., 2] = media[..., 0] * 2
    alike = {n: posterior.draws[n][..., [0, 1, 0]] for n in TRUTH}
    twin = replace(data, media=media, media_scale=media.max(axis=1))
    check = _by_id(checks(_with(posterior, **alike), twin, spec))["vif"]
    assert check.status is Status.REVIEW
    assert set(check.columns) == {"tv", "mail"}


def test_spend_that_follows_demand_is_flagged(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    spend = data.spend.copy()
    season = data.fourier @ np.array([1.0, 0.3, -0.5, 0.2])
    spend[0, :, 1] = 1000 * (3 + season + 0.1 * np.random.default_rng(0).standard_normal(len(season)))
    check = _by_id(checks(posterior, replace(data, spend=spend), spec))["demand_capture"]
    assert check.status is Status.REVIEW
    assert check.columns == ("search",)
    assert check.value is not None
    assert check.value > 0.9


def test_a_channel_as_wide_as_its_prior_is_not_ranked(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    beta = posterior.draws["saturation_beta"].copy()
    beta[..., 2] = 0.02 * np.exp(1.3 * np.random.default_rng(0).standard_normal(beta.shape[:2]))
    check = _by_id(checks(_with(posterior, saturation_beta=beta), data, spec))["unidentified"]
    assert check.status is Status.REVIEW
    assert check.columns == ("mail",)


def test_no_value_per_unit_means_no_return_and_no_finding(fitted: tuple[Posterior, ModelData, ModelSpec]) -> None:
    posterior, data, spec = fitted
    worthless = replace(data, value_per_unit=np.full_like(data.value_per_unit, np.nan))
    check = _by_id(checks(posterior, worthless, spec))["roi"]
    assert (check.status, check.value) == (Status.PASS, None)
