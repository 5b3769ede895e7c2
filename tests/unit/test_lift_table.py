"""Lift tests as a person types them: every bad row is one sentence, every good row is kept."""

from datetime import date
from io import StringIO

import numpy as np
import pandas as pd
import pytest

from mmm_core.domain.errors import DataError
from mmm_core.modeling import lift_table, prepare
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, LiftTest, ModelSpec

GOOD = {"channel": "tv", "start": "2025-03-03", "end": "2025-03-30", "lift": "1200", "standard_error": "300"}


def table(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame(rows).reindex(columns=list(lift_table.COLUMNS)).astype(object)


def test_a_row_becomes_a_test_and_comes_back_as_the_same_cells() -> None:
    row = GOOD | {"geos": "North; South", "share": "50%", "measured_until": "2025-04-13", "source": "spring"}
    read = lift_table.read_tests(table(row), ["tv"])
    assert read.problems == ()
    assert read.tests == (
        LiftTest(
            channel="tv", start=date(2025, 3, 3), end=date(2025, 3, 30), geos=("North", "South"), lift=1200,
            standard_error=300, share=0.5, measured_until=date(2025, 4, 13), source="spring",
        ),
    )  # fmt: skip
    assert lift_table.read_tests(lift_table.to_table(read.tests), ["tv"]).tests == read.tests


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"channel": ""}, "say which channel was tested"),
        ({"channel": "radoi"}, "radoi is no channel of this model; it has tv, search"),
        ({"start": None}, "give tv both a first and a last day"),
        ({"end": "2025-02-01"}, "ends (2025-02-01) before it starts (2025-03-03)"),
        ({"start": "soon"}, "“soon” is no date for its start"),
        ({"lift": ""}, "give its lift"),
        ({"lift": "plenty"}, "“plenty” is no number for its lift"),
        ({"standard_error": "0"}, "standard error of tv must be above zero, and is 0"),
        ({"share": "150%"}, "lies between 0 and 1, and is 1.5"),
        ({"measured_until": "2025-03-10"}, "was measured until 2025-03-10, before its window ends (2025-03-30)"),
    ],
)
def test_a_bad_row_is_one_sentence_and_the_others_stay(change: dict[str, object], says: str) -> None:
    read = lift_table.read_tests(table(GOOD, {**GOOD, **change}, {}), ["tv", "search"])
    assert len(read.tests) == 1
    assert len(read.problems) == 1
    assert read.problems[0].startswith("Lift test 2: ")
    assert says in read.problems[0]


@pytest.mark.parametrize(
    ("typed", "value"),
    [("12,000", 12_000.0), ("0,35", 0.35), ("\u22124.5e3", -4500.0), ("1 200", 1200.0), ("1,200.5", 1200.5)],
)
def test_numbers_are_read_as_people_write_them(typed: str, value: float) -> None:
    read = lift_table.read_tests(table({**GOOD, "lift": typed}), ["tv"])
    assert read.tests[0].lift == pytest.approx(value)


def test_a_file_may_spell_its_headers_otherwise() -> None:
    file = pd.read_csv(
        StringIO("Channel,Start date,End Date,Lift,SE,Region\ntv,03.03.2025,30.03.2025,1200,300,North\n")
    )
    read = lift_table.read_tests(lift_table.from_file(file), ["tv"])
    assert read.problems == ()
    assert (read.tests[0].start, read.tests[0].geos) == (date(2025, 3, 3), ("North",))


def test_a_file_without_a_needed_column_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"this one has no standard_error\."):
        lift_table.from_file(pd.DataFrame({"channel": ["tv"], "start": ["x"], "end": ["y"], "lift": [1]}))


def spec(*tests: LiftTest) -> tuple[ModelSpec, pd.DataFrame]:
    weeks = pd.date_range("2024-01-01", periods=60, freq="7D")
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"week": weeks, "sales": rng.normal(1000, 50, 60), "tv": rng.uniform(10, 90, 60)})
    made = ModelSpec(
        kpi=KpiSpec(column="sales"), date="week", channels=(ChannelSpec(name="tv", spend="tv"),), lift_tests=tests
    )
    return made, frame


def one(start: str, end: str, lift: float) -> LiftTest:
    return LiftTest(
        channel="tv", start=date.fromisoformat(start), end=date.fromisoformat(end), lift=lift, standard_error=10
    )


def test_a_window_outside_the_data_is_told_and_left_out() -> None:
    made, frame = spec(one("2024-02-05", "2024-03-03", 300), one("2027-01-04", "2027-01-31", 300))
    seen = lift_table.review(made, prepare.prepare(frame, made.model_copy(update={"lift_tests": ()})))
    assert seen.tests == made.lift_tests[:1]
    assert seen.problems == (
        "The lift test of tv from 2027-01-04 to 2027-01-31 lies outside the data (2024-01-01 to 2025-02-23).",
    )


def test_tests_that_cannot_both_be_right_are_told() -> None:
    made, frame = spec(one("2024-02-05", "2024-03-03", 100), one("2024-06-03", "2024-06-30", 900))
    seen = lift_table.review(made, prepare.prepare(frame, made.model_copy(update={"lift_tests": ()})))
    assert len(seen.tests) == 2
    assert len(seen.contradictions) == 1
    assert seen.contradictions[0].startswith("Two like lift tests of tv contradict each other")
