"""The baseline estimate: quiet periods, three methods against a known truth, and its words."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import baseline, simulate
from mmm_core.data.quality_view import Thresholds, View, look
from mmm_core.data.recognise import recognise
from mmm_core.domain.baseline import Baseline, BaselineMethod, BaselineStatus
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError
from mmm_core.domain.results import Interval
from mmm_core.reports import baseline_words
from tests.fakes.some_results import some_results

WEEKS = 156
ROLES = Recognition(
    Shape.NATIONAL,
    "plain",
    7,
    (
        ColumnRole("week", Role.DATE, 1.0, ""),
        ColumnRole("sales", Role.KPI, 1.0, ""),
        ColumnRole("tv_spend", Role.SPEND, 1.0, "", "tv"),
        ColumnRole("promo_depth", Role.CONTROL, 1.0, ""),
        ColumnRole("price", Role.CONTROL, 1.0, ""),
        ColumnRole("easter", Role.HOLIDAY, 1.0, ""),
    ),
)
LEVEL = 1000.0


def table(seed: int = 1, always_on: bool = False) -> pd.DataFrame:
    """A flat baseline of 1000 with a yearly wave; TV in bursts (or always on), promotions and Easter on top."""
    rng = np.random.default_rng(seed)
    t = np.arange(WEEKS)
    tv = np.where((t // 6) % 2 == 0, rng.uniform(100, 300, WEEKS), 60.0 if always_on else 0.0)
    promo = np.where(rng.random(WEEKS) < 0.15, 0.2, 0.0)
    easter = np.isin(t % 52, (14,)).astype(float)
    wave = 80 * np.sin(2 * np.pi * t / 52)
    brought = 1.2 * simulate.carry_over(tv, 0.6)
    sales = LEVEL + wave + brought + 900 * promo + 200 * easter + rng.normal(0, 15, WEEKS)
    dates = pd.date_range("2023-01-02", periods=WEEKS, freq="7D")
    columns = {"sales": sales, "tv_spend": tv, "promo_depth": promo, "easter": easter}
    return pd.DataFrame({"week": dates, **columns, "price": 10 + rng.normal(0, 0.3, WEEKS)})


def view(frame: pd.DataFrame) -> View:
    return look(frame, ROLES, Thresholds(), pd.Timestamp.max.date())


def truth(frame: pd.DataFrame) -> float:
    return LEVEL * WEEKS / float(frame["sales"].sum())


@pytest.mark.parametrize("method", list(BaselineMethod))
def test_with_weeks_of_no_media_every_method_finds_the_baseline(method: BaselineMethod) -> None:
    frame = table()
    found = baseline.estimate(frame, ROLES, method)
    assert found.share.mean == pytest.approx(truth(frame), abs=0.02)
    assert found.share.p5 < found.share.p50 < found.share.p95
    wave = LEVEL + 80 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    assert np.abs(np.array(found.level) - wave).mean() < 30
    assert all(a < b < c for a, b, c in zip(found.low, found.level, found.high, strict=True))


def test_quiet_weeks_have_neither_promotion_nor_event_and_little_media() -> None:
    frame = table()
    quiet = baseline.quiet_periods(view(frame), 0.25)
    chosen = frame[quiet.mask]
    assert (chosen["promo_depth"] == 0).all()
    assert (chosen["easter"] == 0).all()
    assert chosen["tv_spend"].mean() < 0.05 * frame["tv_spend"].mean()
    assert len(chosen) >= baseline.FEWEST


def test_media_that_never_rest_are_taken_off_by_the_regression_alone() -> None:
    frame = table(always_on=True)
    median = baseline.estimate(frame, ROLES, BaselineMethod.MEDIAN)
    regression = baseline.estimate(frame, ROLES, BaselineMethod.REGRESSION)
    assert median.quiet_media > 0.3
    assert median.share.mean > truth(frame) + 0.05
    assert regression.share.p5 <= truth(frame) <= regression.share.p95


def test_regression_on_the_sample_companies_is_near_the_truth() -> None:
    for seed in (1, 3, 5):
        company = simulate.company("national", seed)
        weekly = company.truth["weekly"]
        anyway = sum(np.sum(weekly[part]) for part in ("baseline", "season", "noise"))
        true = anyway / float(company.frame["revenue"].sum())
        found = baseline.estimate(company.frame, recognise(company.frame), BaselineMethod.REGRESSION)
        assert found.share.mean == pytest.approx(true, abs=0.06)


@pytest.mark.parametrize("always_on", [False, True])
@pytest.mark.parametrize("method", list(BaselineMethod))
def test_the_interval_allows_for_media_that_still_work(method: BaselineMethod, always_on: bool) -> None:
    frames = [table(seed, always_on) for seed in range(4)]
    for frame in frames:
        share = baseline.estimate(frame, ROLES, method).share
        assert share.p5 <= truth(frame) <= share.p95


@pytest.mark.slow
@pytest.mark.parametrize("method", list(BaselineMethod))
def test_intervals_hold_the_truth_of_the_sample_companies(method: BaselineMethod) -> None:
    inside = 0
    for seed in range(12):
        company = simulate.company("national", seed)
        anyway = sum(np.sum(company.truth["weekly"][part]) for part in ("baseline", "season", "noise"))
        share = baseline.estimate(company.frame, recognise(company.frame), method).share
        inside += share.p5 <= anyway / float(company.frame["revenue"].sum()) <= share.p95
    assert inside >= 9


def test_a_flat_level_without_season() -> None:
    flat = baseline.estimate(table(), ROLES, BaselineMethod.MEDIAN, seasonal=False)
    assert np.ptp(flat.level) == pytest.approx(0.0)
    assert not flat.seasonal


def test_each_geo_has_its_own_share() -> None:
    company = simulate.company("geo", 2, geos=3)
    found = baseline.estimate(company.frame, recognise(company.frame), BaselineMethod.MEAN)
    assert [g for g, _ in found.geos] == sorted({str(r) for r in company.frame["region"]})
    sizes = company.frame.groupby("region")["revenue"].sum()
    weighted = sum(share * float(sizes[g]) for g, share in found.geos) / float(sizes.sum())
    assert weighted == pytest.approx(found.share.mean, abs=0.01)


def test_too_little_to_stand_on_is_said_in_words() -> None:
    with pytest.raises(DataError, match="too few"):
        baseline.estimate(table().head(10), ROLES, BaselineMethod.MEDIAN)
    with pytest.raises(DataError, match="without a promotion or an event"):
        baseline.estimate(table().assign(easter=1.0), ROLES, BaselineMethod.MEDIAN)
    with pytest.raises(DataError, match="adds up to nothing"):
        baseline.estimate(table().assign(sales=0.0), ROLES, BaselineMethod.MEAN)
    with pytest.raises(DataError, match="take the median or the mean"):
        baseline.estimate(table().head(20), ROLES, BaselineMethod.REGRESSION)


def some_baseline(share: Interval) -> Baseline:
    found = baseline.estimate(table(always_on=True), ROLES, BaselineMethod.MEDIAN)
    changed = type(found)(**{**vars(found), "share": share})
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return Baseline("b", "p", "v", "hash", "sales", changed, BaselineStatus.APPROVED, "Ada", at)


def test_words_say_what_is_left_in_the_quiet_weeks_and_how_the_model_compares() -> None:
    results = some_results()
    model = results.baseline_share
    near = some_baseline(Interval(model.mean, model.p5, model.p50, model.p95))
    far = some_baseline(Interval(0.1, 0.09, 0.1, 0.11))
    assert "rather too high than too low" in baseline_words.basis(near)
    assert "90% interval" in baseline_words.summary(near)
    assert baseline_words.against_model(near, results, 0.0).endswith("the two ranges meet.")
    assert baseline_words.against_model(far, results, 0.0).endswith("the two ranges do not meet.")
