from dataclasses import replace

import numpy as np
import pytest

from mmm_core.analysis import first_look
from mmm_core.domain.errors import DataError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from tests.unit.analysis_company import company, specification

RETENTION, LAM, EFFECT = (0.6, 0.2, 0.0), (2.0, 4.0, 1.0), (30_000.0, 12_000.0, 0.0)


def known(periods: int = 160, noise: float = 500.0) -> tuple[ModelData, ModelSpec, np.ndarray]:
    """Three channels with known carry-over, saturation and effect (the third has none), and what each brought."""
    data = company(channels=3, periods=periods, seed=8)
    lags = 8
    brought = np.zeros((periods, 3))
    for c in range(3):
        x = data.media[0, :, c] / data.media_scale[0, c]
        weight = np.array([RETENTION[c] ** k for k in range(lags)])
        carried = np.convolve(x, weight / weight.sum())[:periods]
        brought[:, c] = EFFECT[c] * (1 - np.exp(-LAM[c] * carried)) / (1 + np.exp(-LAM[c] * carried))
    rng = np.random.default_rng(2)
    season = data.fourier @ np.array([3000.0, -2000.0]) + data.linear[0] @ np.array([-1500.0, 2500.0])
    target = 60_000 + season + brought.sum(axis=1) + noise * rng.normal(size=periods)
    return replace(data, target=target[None]), specification(data), brought


def test_recovers_what_each_channel_brought() -> None:
    data, spec, brought = known()
    look = first_look.ridge(data, spec)
    truth = brought.sum(axis=0)
    for c in range(2):
        channel = look.channels[c]
        assert channel.contribution.mean == pytest.approx(truth[c], rel=0.15)
        assert channel.contribution.p5 < channel.contribution.mean < channel.contribution.p95
        assert channel.roi is not None
        assert channel.roi.mean == pytest.approx(truth[c] / data.spend[0, :, c].sum(), rel=0.15)
    assert look.channels[2].contribution.mean < 0.05 * truth[0]
    assert len(look.warnings) == 1
    assert "nothing for social" in look.warnings[0]
    true_lag = sum(k * 0.6**k for k in range(8)) / sum(0.6**k for k in range(8))
    assert look.channels[0].mean_lag == pytest.approx(true_lag, abs=0.25)
    assert look.r2 > 0.97
    assert look.mape < 0.01
    assert look.holdout_mape is not None
    assert look.holdout_mape < 0.015
    assert look.is_first_look
    assert len(look.fitted) == len(look.actual) == len(look.dates) == 160


def test_more_noise_means_a_larger_error() -> None:
    quiet = first_look.ridge(*known(noise=300.0)[:2])
    loud = first_look.ridge(*known(noise=3000.0)[:2])
    assert loud.channels[0].standard_error > 3 * quiet.channels[0].standard_error


def test_holdout_never_sees_the_last_periods() -> None:
    data, spec, _ = known()
    held = first_look.ridge(data, spec).holdout_periods
    assert held == 24
    shifted = data.target.copy()
    shifted[:, -held:] *= 2.0
    look = first_look.ridge(replace(data, target=shifted), spec)
    assert look.holdout_mape == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("adstock", [a for a in Adstock if a is not Adstock.NONE])
@pytest.mark.parametrize("saturation", [s for s in Saturation if s is not Saturation.LINEAR])
def test_every_family_fits(adstock: Adstock, saturation: Saturation) -> None:
    data, spec, brought = known(periods=90)
    look = first_look.ridge(data, spec.model_copy(update={"adstock": adstock, "saturation": saturation, "max_lag": 6}))
    assert look.r2 > 0.95
    tv, search, social = (channel.contribution.mean for channel in look.channels)
    assert tv == pytest.approx(brought[:, 0].sum(), rel=0.2)
    assert search == pytest.approx(brought[:, 1].sum(), rel=0.2)
    assert social < 0.05 * tv


def test_panel_organic_unvalued_and_short_data() -> None:
    data = company(channels=3, periods=30, geos=3, organic=2, value=float("nan"))
    look = first_look.ridge(data, specification(data, count=True))
    assert (look.holdout_mape, look.holdout_periods) == (None, 0)
    assert all(channel.roi is None for channel in look.channels)
    assert look.channels[2].spend is None
    assert look.actual[4] == pytest.approx(data.target[:, 4].sum())


def test_more_columns_than_rows_still_answers() -> None:
    data = company(channels=3, periods=45)
    many = np.random.default_rng(0).normal(size=(1, 45, 60))
    wide = replace(data, linear=many, linear_names=("c",) * 60, linear_groups=("control",) * 60)
    look = first_look.ridge(wide, specification(wide))
    assert np.isfinite(look.r2)
    assert all(np.isfinite(channel.contribution.p95) for channel in look.channels)


def test_says_when_media_are_credited_with_too_much() -> None:
    data, spec, brought = known()
    only_media = replace(data, target=brought.sum(axis=1)[None] + 100.0)
    assert "not plausible" in first_look.ridge(only_media, spec).warnings[0]


def test_json_round_trip() -> None:
    look = first_look.ridge(*known(periods=60)[:2])
    assert first_look.from_json(first_look.to_json(look)) == look
    with pytest.raises(DataError, match="first look"):
        first_look.from_json("[]")


def test_a_straight_line_without_memory_fits_worse() -> None:
    data, spec, _ = known(periods=90)
    bare = spec.model_copy(update={"adstock": Adstock.NONE, "saturation": Saturation.LINEAR})
    assert 0.5 < first_look.ridge(data, bare).r2 < first_look.ridge(data, spec).r2
