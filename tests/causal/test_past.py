"""Another spend in a window of the past, answered by the response model."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import past
from mmm_core.causal.past import Question
from mmm_core.domain.errors import PlanError
from tests.causal.company import LAGS, Company, confounded

FIRST, LAST = date(2023, 3, 1), date(2023, 4, 15)


@pytest.fixture(scope="module")
def company() -> Company:
    return confounded()


def test_silence_takes_away_what_the_window_brought_and_its_tail(company: Company) -> None:
    found = past.answer(company.response, Question("tv", FIRST, LAST, factor=0.0))
    rows = [i for i, d in enumerate(company.frame["week"].dt.date) if FIRST <= d <= LAST]
    spend = company.frame["tv"].to_numpy()
    assert found.spent == pytest.approx(spend[rows].sum())
    assert found.instead == 0
    assert len(found.dates) == len(rows) + LAGS - 1
    assert found.kpi.p5 < found.kpi.mean < found.kpi.p95 < 0
    assert found.probability_more == 0
    assert 0 < found.behind < 0.5
    assert sum(found.mean) == pytest.approx(found.kpi.mean, rel=1e-6)
    # Against the formula: the channel's contribution with and without the window's spend.
    brought = company.response.channel_contribution(0).mean(axis=1)
    silent = company.response.data.media.copy()
    silent[:, rows, 0] = 0
    without = ResponseModel(replace(company.response.data, media=silent), company.response.posterior)
    assert found.kpi.mean == pytest.approx(
        float((without.channel_contribution(0).mean(axis=1) - brought).sum()), rel=1e-3
    )
    assert found.net is not None
    assert found.net.mean == pytest.approx(found.kpi.mean + found.spent, rel=1e-6)


def test_the_same_spend_changes_nothing(company: Company) -> None:
    found = past.answer(company.response, Question("tv", FIRST, LAST, factor=1.0))
    assert found.kpi.mean == 0
    assert found.instead == found.spent


def test_an_amount_per_week_is_spread_evenly(company: Company) -> None:
    question = Question("tv", FIRST, LAST, level=1_500.0)
    changed = past.instead(company.response.data, question)
    rows = past.window(company.response.data, question)
    assert np.allclose(changed.media[0, rows, 0], 1_500.0)
    untouched = np.setdiff1d(np.arange(len(company.frame)), rows)
    assert np.array_equal(changed.media[0, untouched, 0], company.response.data.media[0, untouched, 0])
    assert past.answer(company.response, question).instead == pytest.approx(1_500.0 * len(rows))


def test_the_usual_level_is_that_of_the_weeks_before(company: Company) -> None:
    question = Question("tv", FIRST, LAST, factor=1.0)
    first = past.window(company.response.data, question)[0]
    expected = company.frame["tv"].to_numpy()[first - 8 : first].mean()
    assert past.usual_level(company.response.data, question) == pytest.approx(expected)


def test_more_than_was_ever_spent_is_marked(company: Company) -> None:
    most = float(company.frame["tv"].max())
    assert past.answer(company.response, Question("tv", FIRST, LAST, level=2 * most)).beyond
    assert not past.answer(company.response, Question("tv", FIRST, LAST, level=0.5 * most)).beyond


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question("billboards", FIRST, LAST, factor=0.0), "no channel called billboards"),
        (Question("tv", date(2019, 1, 1), LAST, factor=0.0), "The data run from 2022-01-03 to"),
        (Question("tv", FIRST, date(2031, 1, 1), factor=0.0), "not all inside"),
        (Question("tv", LAST, FIRST, factor=0.0), "ends .* before it begins"),
        (Question("tv", date(2023, 3, 7), date(2023, 3, 8), factor=0.0), "No period of the data begins"),
        (Question("tv", FIRST, LAST), "Say either"),
        (Question("tv", FIRST, LAST, factor=1.0, level=1.0), "Say either"),
        (Question("tv", FIRST, LAST, factor=float("nan")), "at least 0"),
        (Question("tv", FIRST, LAST, level=-1.0), "at least 0"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused(company: Company, question: Question, words: str) -> None:
    with pytest.raises(PlanError, match=words):
        past.answer(company.response, question)


@pytest.mark.parametrize("rule", ["MS", "ME"])
def test_a_month_is_asked_for_by_its_days_however_the_data_name_it(company: Company, rule: str) -> None:
    data = company.response.data
    dates = pd.date_range("2015-01-01", periods=len(data.dates), freq=rule).to_numpy()
    data = replace(data, dates=dates)
    assert past.window(data, Question("tv", date(2015, 1, 1), date(2015, 1, 31), factor=0.0)).tolist() == [0]
    last = pd.Timestamp(dates[-1]) + pd.offsets.MonthEnd(0)
    asked = Question("tv", last.replace(day=1).date(), last.date(), factor=0.0)
    assert past.window(data, asked).tolist() == [len(dates) - 1]
    with pytest.raises(PlanError, match="not all inside"):
        past.window(data, replace(asked, last=(last + pd.Timedelta(days=1)).date()))


def test_a_channel_that_was_off_needs_an_amount(company: Company) -> None:
    data = company.response.data
    rows = past.window(data, Question("tv", FIRST, LAST, factor=2.0))
    media, spend = data.media.copy(), data.spend.copy()
    media[:, rows, 0] = spend[:, rows, 0] = 0.0
    model = ResponseModel(replace(data, media=media, spend=spend), company.response.posterior)
    with pytest.raises(PlanError, match="was off in all these periods"):
        past.answer(model, Question("tv", FIRST, LAST, factor=2.0))
    found = past.answer(model, Question("tv", FIRST, LAST, level=1_000.0))
    assert found.kpi.p5 > 0
    assert found.probability_more == 1


def test_organic_media_are_multiplied_only(company: Company) -> None:
    data = company.response.data
    spend = data.spend.copy()
    spend[:, :, 0] = np.nan
    model = ResponseModel(replace(data, spend=spend), company.response.posterior)
    found = past.answer(model, Question("tv", FIRST, LAST, factor=0.0))
    assert found.net is None
    assert found.value is not None
    with pytest.raises(PlanError, match="no spend in money"):
        past.answer(model, Question("tv", FIRST, LAST, level=1.0))
