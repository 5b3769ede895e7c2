"""The quality report never raises, whatever the table holds; and what it says of real files."""

import warnings
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmm_core.data import explore, quality, simulate
from mmm_core.domain.checks import CheckReport, Status
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"

CELLS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**12), 10**12),
    st.sampled_from(["", "n.a.", "1,5", "2024-02-30", "'); DROP TABLE", "0"]),
    st.booleans(),
)
COLUMN = st.one_of(
    st.just(0.0), st.just(np.nan), st.just("x"), st.lists(CELLS, min_size=1, max_size=5), st.floats(-1e6, 1e6)
)


def recognised(roles: list[Role]) -> Recognition:
    named = [ColumnRole(f"c{i}", role, 1.0, "", "tv" if i % 2 else None) for i, role in enumerate(roles)]
    return Recognition(Shape.NATIONAL, "plain", 7, (ColumnRole("week", Role.DATE, 1.0, ""), *named))


def look_at(frame: pd.DataFrame, recognition: Recognition) -> CheckReport:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        report = quality.check(frame, recognition, today=date(2026, 1, 1))
        explore.correlations(frame, recognition)
        explore.spend_and_kpi(frame, recognition)
        explore.seasonality(frame, recognition)
        explore.spend_share(frame, recognition)
        explore.channel_statistics(frame, recognition)
        explore.column_statistics(frame, recognition)
    assert all(c.value is None or not np.isnan(c.value) for c in report.checks)
    return report


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.sampled_from([0, 1, 2, 5, 20, 60, 110]),
    columns=st.lists(st.tuples(st.sampled_from(list(Role)), COLUMN), max_size=7),
    days=st.sampled_from([0, 1, 7, 30]),
    seed=st.integers(0, 5),
)
def test_odd_tables_get_a_report(rows: int, columns: list[tuple[Role, object]], days: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"week": pd.Timestamp("2022-01-03") + pd.to_timedelta(np.arange(rows) * days, unit="D")})
    for i, (_, content) in enumerate(columns):
        if isinstance(content, list):
            frame[f"c{i}"] = pd.Series((content * (rows // len(content) + 1))[:rows], dtype=object)
        elif isinstance(content, float) and content > 0:
            frame[f"c{i}"] = content * rng.lognormal(0, 1, rows)
        else:
            frame[f"c{i}"] = content
    found = recognised([role for role, _ in columns if role is not Role.DATE or seed])
    report = look_at(frame, found)
    assert len(report.checks) == len(quality.applying(frame, found))


@pytest.mark.parametrize("rows", [0, 1, 3, 20])
def test_short_tables_fail_in_words(rows: int) -> None:
    rng = np.random.default_rng(rows)
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=rows, freq="7D"), "c0": rng.random(rows),
                          "c1": rng.random(rows)})  # fmt: skip
    report = look_at(frame, recognised([Role.KPI, Role.SPEND]))
    assert "coverage" in {c.id for c in report.blocking}


def test_missing_values_everywhere() -> None:
    frame = pd.DataFrame({"week": pd.date_range("2024-01-01", periods=120, freq="7D"), "c0": np.nan, "c1": np.nan})
    report = look_at(frame, recognised([Role.KPI, Role.SPEND]))
    assert {"kpi_constant", "zero_channel", "nulls"} <= {c.id for c in report.blocking}


def test_two_columns_of_one_name_and_a_hostile_name() -> None:
    rng = np.random.default_rng(1)
    dates = pd.date_range("2022-01-03", periods=110, freq="7D")
    frame = pd.DataFrame(rng.random((110, 4)), columns=["sales", "tv", "tv", "'); DROP TABLE"])
    frame.insert(0, "week", dates)
    roles = [("week", Role.DATE), ("sales", Role.KPI), ("tv", Role.SPEND), ("'); DROP TABLE", Role.CONTROL)]
    found = Recognition(Shape.NATIONAL, "plain", 7, tuple(ColumnRole(c, r, 1.0, "") for c, r in roles))
    assert look_at(frame, found).blocking == ()


def test_the_sample_company_passes_its_own_checks() -> None:
    for kind in ("national", "geo"):
        company = simulate.company(kind, 7)
        roles = [ColumnRole("week", Role.DATE, 1.0, ""), ColumnRole("revenue", Role.KPI, 1.0, "")]
        for column in company.frame.columns.drop(["week", "revenue"]):
            channel, _, ending = column.rpartition("_")
            role = {"spend": Role.SPEND, "impressions": Role.EXPOSURE, "clicks": Role.EXPOSURE, "sends": Role.ORGANIC,
                    "index": Role.CONTROL, "depth": Role.CONTROL}.get(ending)  # fmt: skip
            role = Role.HOLIDAY if column.startswith("holiday_") else role
            role = {"region": Role.GEO, "population": Role.POPULATION}.get(column, role)
            assert role is not None, column
            roles.append(ColumnRole(column, role, 1.0, "", channel))
        shape = Shape.NATIONAL if kind == "national" else Shape.PANEL
        report = look_at(company.frame, Recognition(shape, "plain", 7, tuple(roles)))
        assert report.blocking == ()


@pytest.mark.parametrize("name", ["retailer_weekly", "robyn_weekly", "meridian_national", "meridian_geo"])
def test_real_files_are_fit_to_model(name: str) -> None:
    path = REAL / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    from mmm_core.data import read, recipe, recognise

    frame = read.read_table(path.read_bytes(), path.name).frame
    found = recognise.recognise(frame)
    frame, found = recipe.apply(frame, found, recipe.opening(frame, found))
    frame, found = recipe.apply(frame, found, recipe.recommend(found, look_at(frame, found)))
    report = look_at(frame, found)
    assert report.blocking == ()
    again = {c.id for c in report.checks if c.status is not Status.PASS and any(f.recommended for f in c.fixes)}
    assert again == set()
