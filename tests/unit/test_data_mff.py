"""MFF there and back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_core.data.mff import MFF_COLUMNS, from_mff, to_mff
from mmm_core.data.read import read_table
from mmm_core.data.recognise import recognise
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

WEEKS = pd.date_range("2021-01-04", periods=10, freq="7D")


def test_national_there_and_back() -> None:
    frame = pd.DataFrame({"week": WEEKS, "sales": np.arange(10) * 1.5, "TV Ausgaben": [1.0, np.nan] * 5})
    long = to_mff(frame, recognise(frame))
    assert tuple(long.columns) == MFF_COLUMNS
    assert len(long) == 15
    pd.testing.assert_frame_equal(from_mff(long).rename(columns={"Period": "week"}), frame)


def test_panel_there_and_back() -> None:
    frame = pd.DataFrame(
        {"date": list(WEEKS) * 2, "geo": ["a"] * 10 + ["b"] * 10, "sales": np.arange(20.0), "tv_spend": 1.0}
    )
    back = from_mff(to_mff(frame, recognise(frame))).rename(columns={"Period": "date", "Geography": "geo"})
    expected = frame.sort_values(["date", "geo"], ignore_index=True)
    pd.testing.assert_frame_equal(back.sort_values(["date", "geo"], ignore_index=True), expected, check_dtype=False)


def test_variables_split_by_outlet_become_columns() -> None:
    long = pd.DataFrame({"Period": WEEKS[[0, 0, 0, 1, 1, 1]], "Outlet": ["", "Google", "Bing"] * 2}).assign(
        VariableName=["Sales", "Clicks", "Clicks"] * 2, VariableValue=[1.0, 2, 3, 4, 5, 6]
    )
    wide = from_mff(long)
    assert list(wide.columns) == ["Period", "Sales", "Clicks_Google", "Clicks_Bing"]
    assert wide["Clicks_Bing"].tolist() == [3, 6]


def test_a_file_with_mff_rows() -> None:
    lines = [f"{d:%Y-%m-%d},DE,,,,,{v},{i}" for i, d in enumerate(WEEKS) for v in ("Revenue", "TV_spend")]
    frame = read_table("\n".join([",".join(MFF_COLUMNS), *lines]).encode(), "mff.csv").frame
    assert recognise(frame).shape is Shape.MFF
    wide = from_mff(frame)
    assert recognise(wide).one(Role.KPI) == "Revenue"
    assert wide["TV_spend"].tolist() == list(range(10))


def test_what_is_not_mff_is_said() -> None:
    with pytest.raises(DataError, match="needs the columns"):
        from_mff(pd.DataFrame({"a": [1]}))
    twice = pd.DataFrame({"Period": [WEEKS[0]] * 2, "VariableName": "x", "VariableValue": [1.0, 2.0]})
    with pytest.raises(DataError, match="two values of x for 2021-01-04"):
        from_mff(twice)
    frame = pd.DataFrame({"a": [1.0]})
    with pytest.raises(DataError, match="date column"):
        to_mff(frame, recognise(frame))
    double = pd.DataFrame({"date": [WEEKS[0]] * 2, "y": 1.0})
    with pytest.raises(DataError, match="duplicate periods"):
        to_mff(double, Recognition(Shape.NATIONAL, "plain", 7, (ColumnRole("date", Role.DATE, 1, ""),)))


NAMES = st.lists(st.text("abcXYZ äß_'`;", min_size=1, max_size=8), min_size=1, max_size=4, unique=True)


@settings(max_examples=60, deadline=None)
@given(NAMES, st.integers(1, 8), st.integers(1, 3), st.data())
def test_any_wide_table(names: list[str], periods: int, places: int, data: st.DataObject) -> None:
    cells = st.lists(st.floats(-1e9, 1e9), min_size=periods * places, max_size=periods * places)
    columns = {f"v{n}": data.draw(cells) for n in names}
    key = pd.MultiIndex.from_product([WEEKS[:periods], [f"g{i}" for i in range(places)]], names=["Period", "Geography"])
    frame = pd.DataFrame(columns, index=key).reset_index()
    roles = (ColumnRole("Period", Role.DATE, 1, ""), ColumnRole("Geography", Role.GEO, 1, ""))
    back = from_mff(to_mff(frame, Recognition(Shape.PANEL, "plain", 7, roles)))
    wanted = frame if places > 1 else frame.drop(columns="Geography")
    pd.testing.assert_frame_equal(back, wanted, check_dtype=False)
