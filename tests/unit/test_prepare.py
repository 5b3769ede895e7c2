"""From table and specification to the numbers that a model sees."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_core.domain.errors import SpecError
from mmm_core.modeling.prepare import fourier_terms, period_days, prepare
from mmm_core.modeling.spec import ModelSpec
from tests.model.company import specification, table


def test_shapes_scales_and_order() -> None:
    frame = table()
    data = prepare(frame.sample(frac=1, random_state=0), specification())
    periods = len(frame)
    assert data.target.shape == (1, periods)
    assert data.media.shape == data.spend.shape == (1, periods, 3)
    assert (np.diff(data.dates) > np.timedelta64(0)).all()
    np.testing.assert_array_equal(data.target[0], frame["sales"])
    np.testing.assert_array_equal(data.media[0, :, 1], frame["clicks"])
    np.testing.assert_array_equal(data.spend[0, :, 1], frame["search"])
    assert np.isnan(data.spend[0, :, 2]).all()
    np.testing.assert_array_equal(data.media_scale[0], frame[["tv", "clicks", "mail"]].max())
    assert data.target_scale[0] == frame["sales"].abs().max()
    assert period_days(data) == 7


def test_linear_columns_are_standardised_and_grouped() -> None:
    data = prepare(table(), specification())
    assert data.linear_names == ("price", "sale", "trend", "trend after knot 1", "trend after knot 2")
    assert data.linear_groups == ("control", "holiday", "trend", "trend", "trend")
    np.testing.assert_allclose(data.linear.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(data.linear.std(axis=1), 1)


def test_piecewise_trend_bends_at_equally_spaced_knots() -> None:
    data = prepare(table(101), specification())
    hinge = data.linear[0, :, 3]
    slopes = np.diff(hinge)
    np.testing.assert_allclose(slopes[:33], 0, atol=1e-12)
    assert (slopes[34:] > 0).all()


def test_fourier_terms_are_all_sines_then_all_cosines() -> None:
    dates = np.array(["2024-01-01", "2024-07-01"], dtype="datetime64[ns]")
    angle = 2 * np.pi * np.array([1, 183]) / 365.25
    expected = np.column_stack([np.sin(angle), np.sin(2 * angle), np.cos(angle), np.cos(2 * angle)])
    np.testing.assert_allclose(fourier_terms(dates, 2), expected)
    assert fourier_terms(dates, 0).shape == (2, 0)


def test_nothing_linear_and_no_season_is_fine() -> None:
    spec = specification(controls=(), holidays=(), trend={"kind": "none"}, season={"yearly_terms": 0})
    data = prepare(table(), spec)
    assert data.linear.shape == (1, 110, 0)
    assert data.fourier.shape == (110, 0)


def test_text_events_become_indicators_of_all_but_the_usual_value() -> None:
    frame = table()
    frame["events"] = ["na"] * 100 + ["launch"] * 4 + ["strike"] * 6
    data = prepare(frame, specification(holidays=("events",)))
    assert data.linear_names[1:3] == ("events: launch", "events: strike")
    assert (data.linear[0, :, 1] > 0).sum() == 4


def test_constant_control_explains_nothing() -> None:
    data = prepare(table().assign(price=3.3), specification())
    assert not data.linear[0, :, 0].any()


@pytest.mark.parametrize(
    ("kpi", "expected"),
    [
        ({"column": "sales"}, 1.0),
        ({"column": "sales", "unit": "count", "value_per_unit": 2.5}, 2.5),
        ({"column": "sales", "unit": "count", "value_per_unit": "margin"}, 4.0),
        ({"column": "sales", "unit": "count"}, np.nan),
    ],
)
def test_value_per_unit(kpi: dict[str, Any], expected: float) -> None:
    data = prepare(table().assign(margin=4.0), specification(kpi=kpi))
    np.testing.assert_array_equal(data.value_per_unit, np.full((1, 110), expected))


def _broken(**columns: object) -> pd.DataFrame:
    return table().assign(**columns)


@pytest.mark.parametrize(
    ("frame", "spec", "words"),
    [
        (table().drop(columns="price"), specification(), "price"),
        (_broken(sales=5.0), specification(), "sales"),
        (_broken(tv=0.0), specification(), "tv"),
        (_broken(clicks=-1.0), specification(), "clicks"),
        (_broken(search=-1.0), specification(), "search"),
        (_broken(mail=[None] + [1.0] * 109), specification(), "mail"),
        (_broken(sales=["many"] + [1.0] * 109), specification(), "sales"),
        (_broken(price=[np.nan] + [1.0] * 109), specification(), "price"),
        (_broken(price=[f"word {n}" for n in range(110)]), specification(), "price"),
        (_broken(week="soon"), specification(), "week"),
        (_broken(week=pd.Timestamp("2024-01-01")), specification(), "national"),
        (table().iloc[:0], specification(), "more than one period"),
        (pd.concat([table(), table()[["price"]]], axis=1), specification(), "two columns called price"),
    ],
)
def test_unusable_data_are_named_in_one_sentence(frame: pd.DataFrame, spec: ModelSpec, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        prepare(frame, spec)
    assert "\n" not in str(caught.value)
