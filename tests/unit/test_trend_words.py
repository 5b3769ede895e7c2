"""The trend scanner's findings in words: a sentence says what the numbers say."""

import numpy as np
import pandas as pd

from mmm_core.data import trends
from mmm_core.reports import trend_words
from mmm_core.reports import wording as f
from tests.unit.test_data_trends import ROLES, table


def said(frame: pd.DataFrame) -> tuple[str, ...]:
    return trend_words.sentences(trends.scan(frame, ROLES), f.short)


def test_growth_season_odd_periods_and_events_are_each_a_sentence() -> None:
    frame = table(growth=0.10)
    frame.loc[77, "sales"] += 400
    growth, season, odd, event = said(frame)
    assert "grew by" in growth
    assert "52 weeks" in growth
    assert "highest in" in season
    assert f.day(frame["week"][77].date()) in odd
    assert "above" in odd
    assert "Sale event brought" in event
    assert "6 periods" in event


def test_what_is_not_there_is_said_as_well() -> None:
    short = said(table().head(60))
    assert "too little history" in short[0]
    assert "two full years" in short[1]
    flat = table().assign(sales=np.random.default_rng(1).normal(1000, 30, 156)).drop(columns="sale_event")
    words = trend_words.sentences(trends.scan(flat, ROLES), f.short)
    assert any("faint" in s for s in words)
    assert any("No event is marked" in s for s in words)


def test_geos_are_told_apart() -> None:
    growth = pd.DataFrame({"geo": ["North", "South"], "now": [2.0, 1.0], "before": [1.0, 2.0], "change": [1.0, -0.5]})
    odd = (trends.Odd(pd.Timestamp("2024-05-06").date(), 9.0, 3.0, 6.0, "South"),)
    first, second = trend_words.geo_sentences(growth, odd, f.short)
    assert first == "North did best against the year before (+100%), South worst (−50%)."
    assert second == "1 odd period in South: 6 May 2024: 9 where 3 was expected."
