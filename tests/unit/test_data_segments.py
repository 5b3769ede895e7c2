"""Segments: the groups that a file was made of are found, measured and named by what sets them apart."""

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import mff, quality, recipe, segments, simulate
from mmm_core.data.recognise import recognise
from mmm_core.data.simulate_categories import KINDS, categories
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError
from mmm_core.reports import segment_words


@pytest.fixture(scope="module")
def sample() -> tuple[pd.DataFrame, Recognition, dict[str, str]]:
    """The sample company's sub-categories, their roles, and the group of each."""
    company = categories(7)
    wide, _ = mff.widen(company.frame)
    return wide, recognise(wide), {g["sub_category"]: g["group"] for g in company.truth["sub_categories"]}


def test_the_sample_is_a_file_of_sub_categories_that_can_be_modelled(
    sample: tuple[pd.DataFrame, Recognition, dict[str, str]],
) -> None:
    wide, roles, truth = sample
    assert (roles.shape, roles.one(Role.PRODUCT), roles.one(Role.KPI)) == (Shape.TRANSACTIONS, "Product", "revenue")
    weekly, after = recipe.apply(wide, roles, recipe.opening(wide, roles))
    nation = simulate.company("national", 7).frame
    assert weekly["revenue"].to_numpy() == pytest.approx(nation["revenue"].to_numpy(), rel=1e-4)
    assert weekly["tv_spend"].to_numpy() == pytest.approx(nation["tv_spend"].to_numpy())
    assert quality.check(weekly, after).status is not Status.FAIL
    assert len(truth) == sum(len(k.items) for k in KINDS)


def test_the_true_groups_are_found(sample: tuple[pd.DataFrame, Recognition, dict[str, str]]) -> None:
    wide, roles, truth = sample
    found = segments.segment(wide, roles, "Product")
    assert found.chosen == len(KINDS)
    assert found.silhouette > segments.CLEAR
    for one in found.segments:
        assert len({truth[item] for item in one.items}) == 1
    assert sum(s.sales_share for s in found.segments) == pytest.approx(1.0)
    assert found.segments[0].sales_share == max(s.sales_share for s in found.segments)


def test_segments_are_named_by_what_sets_them_apart(sample: tuple[pd.DataFrame, Recognition, dict[str, str]]) -> None:
    wide, roles, truth = sample
    found = segments.segment(wide, roles, "Product")
    name = {truth[s.items[0]]: s.name.lower() for s in found.segments}
    assert len(set(name.values())) == len(KINDS)
    assert "high price" in name["premium"]
    assert "volatile" in name["seasonal"]
    assert "low sales" in name["niche"] or "low price" in name["niche"]
    assert "high volume" in name["everyday"] or "fast selling" in name["everyday"]


def test_features_are_what_they_are_called(sample: tuple[pd.DataFrame, Recognition, dict[str, str]]) -> None:
    wide, roles, _ = sample
    rows = wide[wide["Product"] == "Wine"]
    wine = segments.features(wide, roles, "Product").loc["Wine"]
    assert wine["sales"] == pytest.approx(rows["revenue"].mean())
    assert wine["volume"] == pytest.approx(rows["units"].mean())
    assert wine["price"] == pytest.approx(rows["revenue"].sum() / rows["units"].sum())
    assert wine["velocity"] == pytest.approx(rows["units"].mean() / rows["stores"].mean())
    assert wine["volatility"] == pytest.approx(rows["revenue"].std(ddof=0) / rows["revenue"].mean())


def test_a_price_is_of_what_was_counted(sample: tuple[pd.DataFrame, Recognition, dict[str, str]]) -> None:
    """Weeks in which nobody counted the units make nothing dearer."""
    wide, roles, _ = sample
    known = (wide["Product"] != "Wine") | (np.arange(len(wide)) % 2 == 0)
    before, after = (
        segments.features(table, roles, "Product").loc["Wine", "price"]
        for table in (wide, wide.assign(units=wide["units"].where(known)))
    )
    assert after == pytest.approx(before, rel=0.05)


def test_a_person_may_ask_for_another_number(sample: tuple[pd.DataFrame, Recognition, dict[str, str]]) -> None:
    wide, roles, _ = sample
    two = segments.segment(wide, roles, "Product", 2)
    assert len(two.segments) == 2
    assert {q.k for q in two.quality} == set(range(2, segments.MOST_SEGMENTS + 1))
    with pytest.raises(DataError, match="2 to 8 segments"):
        segments.segment(wide, roles, "Product", 30)


def test_geos_are_grouped_as_well_by_sales_and_sales_per_head() -> None:
    company = simulate.company("geo", 3, geos=6)
    found = segments.segment(company.frame, recognise(company.frame), "region")
    assert set(found.features) <= {"sales", "velocity", "volatility"}
    assert len(found.table) == 6
    assert not any("selling" in s.name for s in found.segments)


def test_a_file_with_sales_alone_uses_what_it_has() -> None:
    levels = {f"item {n}": (1000.0 if n < 4 else 100.0) * (1 + 0.02 * n) for n in range(8)}
    frame, roles = _plain(levels, noise=0.0)
    found = segments.segment(frame, roles, "brand")
    assert {frozenset(s.items) for s in found.segments} == {
        frozenset(f"item {n}" for n in range(4)),
        frozenset(f"item {n}" for n in range(4, 8)),
    }
    assert "nothing for units per period" in segment_words.basis(found)
    assert "clearly apart" in segment_words.verdict(found)


def test_items_without_groups_are_said_to_have_none() -> None:
    rng = np.random.default_rng(4)
    frame, roles = _plain({f"item {n:02}": float(rng.lognormal(5, 0.2)) for n in range(30)}, noise=0.2)
    found = segments.segment(frame, roles, "brand")
    assert found.silhouette < segments.CLEAR
    assert "clearly" not in segment_words.verdict(found)


def test_too_few_items_are_refused_in_words() -> None:
    frame, roles = _plain({"a": 1.0, "b": 2.0, "c": 9.0})
    with pytest.raises(DataError, match="has 3 items"):
        segments.segment(frame, roles, "brand")
    same, roles = _plain(dict.fromkeys("abcdef", 5.0), noise=0.0)
    with pytest.raises(DataError, match="sells alike"):
        segments.segment(same, roles, "brand")


def _plain(levels: dict[str, float], noise: float = 0.1) -> tuple[pd.DataFrame, Recognition]:
    """Sales of some brands, and nothing else."""
    rng = np.random.default_rng(2)
    dates = pd.date_range("2024-01-01", periods=40, freq="7D")
    rows = [(d, b, level * rng.lognormal(0, noise)) for d in dates for b, level in levels.items()]
    roles = (
        ColumnRole("week", Role.DATE, 1.0, ""),
        ColumnRole("brand", Role.PRODUCT, 1.0, ""),
        ColumnRole("sales", Role.KPI, 1.0, ""),
    )
    frame = pd.DataFrame(rows, columns=["week", "brand", "sales"])
    return frame, Recognition(Shape.TRANSACTIONS, "plain", 7, roles)
