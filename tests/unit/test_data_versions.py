"""What a new version revised."""

from datetime import date

import numpy as np
import pandas as pd

from mmm_core.data.recognise import recognise
from mmm_core.data.versions import compare

WEEKS = pd.date_range("2021-01-04", periods=30, freq="7D")
FRAME = pd.DataFrame({"date": WEEKS, "sales": np.arange(30) + 100.0, "tv_spend": 10.0})
FOUND = recognise(FRAME)


def test_new_weeks_alone_revise_nothing() -> None:
    change = compare(FRAME.iloc[:26], FRAME, FOUND)
    assert change is not None
    assert (change.added_periods, change.removed_periods, change.revised_cells, change.revised) == (4, 0, 0, ())


def test_revisions_are_listed_by_size() -> None:
    new = FRAME.iloc[2:].copy()
    new.loc[5, "sales"] = 210.0
    new.loc[6, "tv_spend"] = 11.0
    new.loc[7, "tv_spend"] = 10.0 + 1e-12
    new.loc[8, "tv_spend"] = np.nan
    change = compare(FRAME, new.sample(frac=1, random_state=1), FOUND)
    assert change is not None
    assert change.removed_periods == 2
    assert change.revised == (("sales", date(2021, 2, 8), 105.0, 210.0), ("tv_spend", date(2021, 2, 15), 10.0, 11.0))
    assert change.revised_cells == 3


def test_at_most_two_hundred_are_listed() -> None:
    wide = FRAME.assign(**{f"x{i}": 1.0 for i in range(20)})
    change = compare(wide, wide.assign(**{f"x{i}": 2.0 for i in range(20)}), recognise(wide))
    assert change is not None
    assert len(change.revised) == 200
    assert change.revised_cells == 600


def test_a_panel_names_the_geography() -> None:
    panel = pd.concat([FRAME.assign(geo="north"), FRAME.assign(geo="south")], ignore_index=True)
    new = panel.copy()
    new.loc[35, "sales"] += 1
    change = compare(panel, new, recognise(panel))
    assert change is not None
    assert [r[0] for r in change.revised] == ["sales (south)"]


def test_tables_without_a_common_date_column_cannot_be_compared() -> None:
    assert compare(FRAME.rename(columns={"date": "day"}), FRAME, FOUND) is None
