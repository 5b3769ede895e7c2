"""Sample companies: same seed, same company, and a truth that adds up."""

import json

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import simulate
from mmm_core.domain.errors import DataError


@pytest.mark.parametrize("kind", ["national", "geo"])
def test_parts_and_channels_add_up_to_the_kpi(kind: str) -> None:
    company = simulate.company(kind, 11)
    weekly = company.truth["weekly"]
    total = sum(np.array(weekly[part]) for part in weekly if part != "week")
    total = total + sum(np.array(c["weekly_contribution"]) for c in company.truth["channels"])
    kpi = company.frame.groupby("week")["revenue"].sum().to_numpy()
    assert total == pytest.approx(kpi, abs=0.5)
    assert company.truth["weekly"]["week"][-1] == company.truth["last_week"]


@pytest.mark.parametrize("kind", ["national", "geo"])
def test_the_same_seed_gives_the_same_company(kind: str) -> None:
    first, again, other = (simulate.company(kind, seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(first.frame, again.frame)
    assert json.dumps(first.truth) == json.dumps(again.truth)
    assert not first.frame["revenue"].equals(other.frame["revenue"])


def test_truth_agrees_with_the_table() -> None:
    company = simulate.company("national", 5)
    for channel in company.truth["channels"]:
        assert channel["contribution"] == pytest.approx(sum(channel["weekly_contribution"]), rel=1e-6)
        assert channel["exposure_column"] in company.frame
        if channel["spend_column"] is None:
            assert (channel["spend"], channel["roi"], channel["marginal_roi"]) == (None, None, None)
            continue
        assert channel["spend"] == pytest.approx(company.frame[channel["spend_column"]].sum())
        assert channel["roi"] == pytest.approx(channel["contribution"] / channel["spend"])
        assert 0 < channel["marginal_roi"] < 1.5 * channel["roi"]


def test_marginal_return_is_that_of_one_per_cent_more() -> None:
    one = simulate.company("national", 5).truth["channels"][0]
    frame = simulate.company("national", 5).frame
    alpha, saturation = one["adstock"]["alpha"], one["saturation"]

    def brought(factor: float) -> float:
        kept, total = 0.0, 0.0
        for exposure in frame[one["exposure_column"]] * factor:
            kept = alpha * kept + (1 - alpha) * exposure
            power = (kept / saturation["half_point"]) ** saturation["slope"]
            total += saturation["ceiling"] * power / (1 + power)
        return total

    assert brought(1.0) == pytest.approx(one["contribution"], rel=1e-9)
    assert (brought(1.01) - brought(1.0)) / (0.01 * one["spend"]) == pytest.approx(one["marginal_roi"], rel=1e-6)


def test_geo_company_splits_by_region() -> None:
    company = simulate.company("geo", 2, geos=4, weeks=60, channels=3)
    assert len(company.frame) == 240
    assert company.frame["region"].nunique() == 4
    for channel in company.truth["channels"]:
        parts = sum(g["contribution"][channel["channel"]] for g in company.truth["geos"])
        assert parts == pytest.approx(channel["contribution"])


def test_nothing_is_negative_and_bursts_leave_silent_weeks() -> None:
    for seed in range(20):
        frame = simulate.company("national", seed, channels=10).frame
        media = frame.filter(regex="_(spend|impressions|clicks|sends)$")
        assert (media >= 0).all().all()
        assert (frame["revenue"] > 0).all()
        assert 0.1 < (frame["tv_spend"] == 0).mean() < 0.9


@pytest.mark.parametrize("bad", [{"kind": "global"}, {"weeks": 5}, {"channels": 0}, {"kind": "geo", "geos": 40}])
def test_what_cannot_be_made_is_refused(bad: dict[str, object]) -> None:
    with pytest.raises(DataError, match="sample company"):
        simulate.company(**bad)  # type: ignore[arg-type]
