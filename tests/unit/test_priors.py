"""Priors as numbers: what they say before the data speak."""

import numpy as np
import pytest
from scipy import stats

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, media_share_prior, resolve, roi_prior, share_prior
from mmm_core.modeling.spec import ModelSpec
from tests.model.company import specification, table


def _resolved(spec: ModelSpec) -> tuple[ModelData, Priors]:
    data = prepare(table(), spec)
    return data, resolve(spec, data)


@pytest.mark.parametrize("adstock", ["geometric", "delayed"])
@pytest.mark.parametrize("saturation", ["logistic", "hill"])
@pytest.mark.parametrize(("low", "high"), [(0.05, 0.5), (0.1, 0.3)])
def test_media_together_have_the_specifications_range(adstock: str, saturation: str, low: float, high: float) -> None:
    spec = specification(adstock, saturation, media_prior={"share_low": low, "share_high": high})
    data, priors = _resolved(spec)
    share = media_share_prior(spec, data, priors)
    assert share.p5 == pytest.approx(low, rel=0.15)
    assert share.p95 == pytest.approx(high, rel=0.15)


def test_channels_share_the_range_by_spend() -> None:
    frame = table()
    frame["tv"] *= 10 * frame["search"].sum() / frame["tv"].sum()
    spec = specification()
    data = prepare(frame, spec)
    priors = resolve(spec, data)
    shares = share_prior(spec, data, priors)
    assert 5 < shares["tv"].p50 / shares["search"].p50 < 10
    returns = roi_prior(spec, data, priors)
    assert returns["tv"] is not None
    assert returns["search"] is not None
    assert 1 < returns["search"].p50 / returns["tv"].p50 < 2
    assert returns["mail"] is None


def test_priors_follow_the_scale_of_spend_and_kpi() -> None:
    spec = specification()
    frame = table()
    one = resolve(spec, prepare(frame, spec))
    larger = frame.assign(sales=frame["sales"] * 1000, tv=frame["tv"] * 7, search=frame["search"] * 7)
    other = resolve(spec, prepare(larger, spec))
    for name, prior in one.media.items():
        for key, numbers in prior.parameters.items():
            np.testing.assert_allclose(other.media[name].parameters[key], numbers, rtol=1e-9)
    np.testing.assert_allclose(other.intercept.parameters["sigma"], one.intercept.parameters["sigma"])


@pytest.mark.parametrize("saturation", ["logistic", "hill"])
def test_belief_in_roi_becomes_that_range(saturation: str) -> None:
    belief = {"kind": "roi", "low": 1.5, "high": 6.0}
    channels = ({"name": "tv", "spend": "tv"}, {"name": "search", "spend": "search", "belief": belief})
    spec = specification("geometric", saturation, channels=channels)
    data, priors = _resolved(spec)
    roi = roi_prior(spec, data, priors)["search"]
    assert roi is not None
    assert roi.p50 == pytest.approx(3.0, rel=0.05)
    assert roi.p5 == pytest.approx(1.5, rel=0.05)
    assert roi.p95 == pytest.approx(6.0, rel=0.05)


def test_belief_in_a_share_of_the_kpi_holds_for_organic_media_too() -> None:
    belief = {"kind": "contribution_share", "low": 0.01, "high": 0.08}
    spec = specification(channels=({"name": "mail", "exposure": "mail", "belief": belief},))
    data, priors = _resolved(spec)
    share = share_prior(spec, data, priors)["mail"]
    assert share.p5 == pytest.approx(0.01, rel=0.07)
    assert share.p95 == pytest.approx(0.08, rel=0.07)


def test_belief_in_the_roi_of_organic_media_is_refused() -> None:
    belief = {"kind": "roi", "low": 1.0, "high": 2.0}
    spec = specification(channels=({"name": "mail", "exposure": "mail", "belief": belief},))
    with pytest.raises(SpecError, match="mail has no spend"):
        _resolved(spec)


def test_belief_in_roi_without_a_value_per_unit_is_refused() -> None:
    belief = {"kind": "roi", "low": 1.0, "high": 2.0}
    spec = specification(
        channels=({"name": "tv", "spend": "tv", "belief": belief},), kpi={"column": "sales", "unit": "count"}
    )
    with pytest.raises(SpecError, match="value per unit"):
        _resolved(spec)


def test_media_range_must_be_in_order() -> None:
    with pytest.raises(SpecError, match="media range"):
        _resolved(specification(media_prior={"share_low": 0.5, "share_high": 0.2}))


def test_baseline_leaves_room_for_media_and_is_wide() -> None:
    data, priors = _resolved(specification())
    level = float(data.scaled_target.mean())
    mu, sigma = float(priors.intercept.parameters["mu"]), float(priors.intercept.parameters["sigma"])
    assert 0.75 * level < mu < 0.95 * level
    assert sigma > 0.4 * level
    assert priors.collapsible


def test_pymc_marketings_defaults_put_media_beyond_the_kpi_and_do_not_collapse() -> None:
    spec = specification(media_prior={"style": "pymc_marketing"})
    data, priors = _resolved(spec)
    assert media_share_prior(spec, data, priors).p95 > 1
    assert not priors.collapsible
    assert priors.fourier.family == "Laplace"


def test_daily_data_expect_a_longer_memory_in_periods() -> None:
    frame = table()
    weekly = resolve(specification(), prepare(frame, specification()))
    frame["week"] = frame["week"].iloc[0] + (frame["week"] - frame["week"].iloc[0]) / 7
    daily = resolve(specification(), prepare(frame, specification()))
    assert (daily.media["adstock_alpha"].quantile(0.5) > weekly.media["adstock_alpha"].quantile(0.95) - 0.1).all()


@pytest.mark.parametrize(
    ("distribution", "reference"),
    [
        (Distribution("Normal", {"mu": 1.0, "sigma": 2.0}), stats.norm(1, 2)),
        (Distribution("LogNormal", {"mu": -1.0, "sigma": 0.5}), stats.lognorm(0.5, scale=np.exp(-1))),
        (Distribution("HalfNormal", {"sigma": 2.0}), stats.halfnorm(scale=2)),
        (Distribution("Laplace", {"mu": 0.0, "b": 0.7}), stats.laplace(0, 0.7)),
        (Distribution("Beta", {"alpha": 2.0, "beta": 3.0}), stats.beta(2, 3)),
        (Distribution("Gamma", {"alpha": 3.0, "beta": 2.0}), stats.gamma(3, scale=0.5)),
    ],
)
def test_families_are_pymcs(distribution: Distribution, reference: stats.rv_continuous) -> None:
    assert distribution.log_density(np.array(0.4)) == pytest.approx(reference.logpdf(0.4))
    many = distribution.repeated(3)
    assert many.shape == (3,)
    draws = many.sample(np.random.default_rng(0), 4000)
    assert draws.shape == (4000, 3)
    np.testing.assert_allclose(np.median(draws, axis=0), reference.ppf(0.5), atol=0.15)


def test_a_family_refuses_other_parameters() -> None:
    with pytest.raises(ValueError, match="Gamma takes"):
        Distribution("Gamma", {"mu": 1.0, "sigma": 1.0})
