"""Which part of the data a question is about, and that nothing that narrows it is passed over."""

from datetime import date

import pytest

from mmm_core.agents.chat.part import Known, part_of

KNOWN = Known(date(2022, 1, 3), date(2024, 2, 11), 7, ("north", "south_west"), ("tv", "paid search", "revenue"))
"""Weeks; the last ends on a Sunday."""


def spans(text: str) -> list[tuple[str, str]]:
    return [(str(s.first), str(s.last)) for s in part_of(text, KNOWN).spans]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("what did TV bring last month?", [("2024-01-01", "2024-01-31")]),
        ("Was brachte TV letzten Monat?", [("2024-01-01", "2024-01-31")]),
        ("qu'a rapporté tv le mois dernier ?", [("2024-01-01", "2024-01-31")]),
        ("tv over the past 8 weeks", [("2023-12-18", "2024-02-11")]),
        ("les 3 derniers mois", [("2023-11-01", "2024-01-31")]),
        ("the last two quarters", [("2023-07-01", "2023-12-31")]),
        ("revenue of tv this year", [("2024-01-01", "2024-02-11")]),
        ("which channel returned most in 2023?", [("2023-01-01", "2023-12-31")]),
        ("roi in 2022 vs 2023", [("2022-01-01", "2022-12-31"), ("2023-01-01", "2023-12-31")]),
        ("roi from 2022 to 2023", [("2022-01-01", "2023-12-31")]),
        ("between March 2023 and June 2023", [("2023-03-01", "2023-06-30")]),
        ("Q3 and Q4 2023", [("2023-07-01", "2023-09-30"), ("2023-10-01", "2023-12-31")]),
        ("ROI seit März 2023", [("2023-03-01", "2024-02-11")]),
        ("roi of tv before Christmas 2023?", [("2022-01-03", "2023-12-23")]),
        ("roi after Easter 2023", [("2023-04-10", "2024-02-11")]),
        ("tv in may", [("2023-05-01", "2023-05-31")]),
        ("from 2023-03-06 to 2023-04-02", [("2023-03-06", "2023-04-02")]),
        ("last quarter compared with the one before?", [("2023-10-01", "2023-12-31"), ("2023-07-01", "2023-09-30")]),
        ("last week vs the previous week", [("2024-02-05", "2024-02-11"), ("2024-01-29", "2024-02-04")]),
        ("what may tv bring", []),
        ("which channel returned most?", []),
    ],
)
def test_periods_are_days(text: str, expected: list[tuple[str, str]]) -> None:
    assert spans(text) == expected


def test_data_that_end_with_their_month_count_it() -> None:
    whole = Known(date(2022, 1, 3), date(2024, 1, 31), 7)
    assert [str(s.first) for s in part_of("last month", whole).spans] == ["2024-01-01"]
    nearly = Known(date(2022, 1, 3), date(2024, 1, 28), 7)
    assert [str(s.first) for s in part_of("last month", nearly).spans] == ["2024-01-01"]


@pytest.mark.parametrize(
    ("text", "geo", "left"),
    [
        ("TV's roi in the north region?", "north", ""),
        ("what did tv return in south west in 2023", "south_west", ""),
        ("TV's roi in the eastern region?", "", "in the eastern region"),
        ("what would tv return if we had half the data?", "", "if we had half the data"),
        ("roi of tv on weekends", "", "on weekends"),
        ("roi for new customers", "", "for new customers"),
        ("return of tv without promotions", "", "without promotions"),
        ("Rendite von tv im Sommer", "", "im sommer"),
        ("rendement de tv pendant les soldes", "", "pendant les soldes"),
        ("return of tv recently", "", "recently"),
        ("which channel works best for us?", "", ""),
        ("return on ad spend of paid search", "", ""),
        ("what is the roi of tv in the model", "", ""),
        ("Welcher Kanal hat die beste Rendite für uns?", "", ""),
    ],
)
def test_a_place_is_known_or_said_to_be_left(text: str, geo: str, left: str) -> None:
    found = part_of(text, KNOWN)
    assert (found.geo, found.left) == (geo, left)
