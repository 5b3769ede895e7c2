"""What channels brought in a part of the past, against the sums of the whole."""

from datetime import date, timedelta

import numpy as np
import pytest

from mmm_core.analysis.calendar import days
from mmm_core.analysis.during import during
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import BadInput, NotFound
from tests.unit.analysis_company import company, posterior


@pytest.fixture(scope="module")
def model() -> ResponseModel:
    data = company(geos=2, periods=30, value=4.0)
    return ResponseModel(data, posterior(data), dtype=np.float64)


def test_parts_add_up_to_the_whole(model: ResponseModel) -> None:
    known = days(model.data.dates)
    whole = during(model, None, None)
    assert (whole.first, whole.last, whole.periods) == (known[0], known[-1], 30)
    early, late = during(model, None, known[11]), during(model, known[12], None)
    assert (early.periods, late.periods) == (12, 18)
    for one, first, second in zip(whole.channels, early.channels, late.channels, strict=True):
        assert one.contribution.mean == pytest.approx(first.contribution.mean + second.contribution.mean)
        assert one.spend == pytest.approx((first.spend or 0) + (second.spend or 0))


def test_geos_add_up_and_the_return_is_money_over_spend(model: ResponseModel) -> None:
    both = during(model, None, None)
    apart = [during(model, None, None, geo) for geo in model.data.geos]
    for n, one in enumerate(both.channels):
        assert one.contribution.mean == pytest.approx(sum(p.channels[n].contribution.mean for p in apart))
        came = sum(model.channel_contribution(n, g).sum(axis=0) for g in range(2))
        assert one.spend
        assert one.roi is not None
        assert one.roi.mean == pytest.approx(4.0 * float(np.mean(came)) / one.spend)
        assert one.roi.p5 <= one.roi.p50 <= one.roi.p95


def test_periods_count_by_the_day_they_begin(model: ResponseModel) -> None:
    known = days(model.data.dates)
    assert during(model, known[3] - timedelta(days=1), known[5] + timedelta(days=1)).periods == 3
    assert during(model, known[3] + timedelta(days=1), known[5]).periods == 2


def test_without_spend_or_a_value_there_is_no_return() -> None:
    data = company(organic=3, value=float("nan"))
    found = during(ResponseModel(data, posterior(data)), None, None)
    assert found.channels[3].spend is None
    assert [c.roi for c in found.channels] == [None] * 4


def test_what_is_not_there_is_said(model: ResponseModel) -> None:
    first, last = days(model.data.dates)[0], days(model.data.dates)[-1]
    with pytest.raises(BadInput, match=f"The data run from {first} to {last}"):
        during(model, date(1999, 1, 1), date(1999, 12, 31))
    with pytest.raises(NotFound, match="no geo called Atlantis"):
        during(model, None, None, "Atlantis")
    with pytest.raises(NotFound, match="no channel called Blimp"):
        during(model, None, None, channels=["Blimp"])
