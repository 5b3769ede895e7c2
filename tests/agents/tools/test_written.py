"""Figures as people of three languages write them, and the metrics that they may be."""

import pytest

from mmm_core.agents.tools.numbers import matching
from mmm_core.agents.tools.written import written
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results

FACTS = [
    Fact("channel.tv.contribution_share.p50", 0.1241, "share"),
    Fact("channel.radio.contribution_share.p50", 1.24, "share"),
    Fact("channel.tv.roi.p50", 2.43, "ratio"),
    Fact("channel.tv.spend", 1_234_000.0, "money"),
    Fact("channel.radio.spend", 124.0, "money"),
    Fact("channel.radio.cost.p50", 1.234, "price"),
    Fact("then.against_current.mean", -3_990_000.0, "kpi"),
    Fact("data.periods", 110.0, "weeks"),
]


class Euros:
    is_revenue = True


def keys(figure: str) -> list[str]:
    results: Results = Euros()  # type: ignore[assignment]
    return [f.key for f in matching(figure, list(FACTS), results)]


@pytest.mark.parametrize(
    ("figure", "key"),
    [
        ("12.4%", "channel.tv.contribution_share.p50"),
        ("12,4 %", "channel.tv.contribution_share.p50"),
        ("12,4 Prozent", "channel.tv.contribution_share.p50"),
        ("12,41 pour cent", "channel.tv.contribution_share.p50"),
        ("124 %", "channel.radio.contribution_share.p50"),
        ("2,43×", "channel.tv.roi.p50"),
        ("2,4-fache", "channel.tv.roi.p50"),
        ("2,4 fois", "channel.tv.roi.p50"),
        ("1.234.000 €", "channel.tv.spend"),
        ("1 234 000 €", "channel.tv.spend"),
        ("1'234'000 EUR", "channel.tv.spend"),
        ("1,23 Mio. €", "channel.tv.spend"),
        ("€1.23m", "channel.tv.spend"),
        ("1,234k €", "channel.tv.spend"),
        ("−€3.99m", "then.against_current.mean"),
        ("-3,99 Mio €", "then.against_current.mean"),
        ("110 Wochen", "data.periods"),
    ],
)
def test_a_figure_in_any_notation_is_its_metric(figure: str, key: str) -> None:
    assert keys(figure) == [key]


@pytest.mark.parametrize("figure", ["12,4 ×", "1240 %", "12,5 %", "3.99m €", "nothing here", "124,0 Wochen"])
def test_another_figure_is_none(figure: str) -> None:
    assert keys(figure) == []


def test_a_separator_before_three_digits_may_group_or_part() -> None:
    read = written("1.234 €")
    assert read is not None
    assert [value for value, _ in read.values] == [1234.0, 1.234]
    assert keys("1,234 €") == ["channel.radio.cost.p50"]


def test_without_a_unit_it_may_be_of_any() -> None:
    assert keys("124") == ["channel.radio.contribution_share.p50", "channel.radio.spend"]
