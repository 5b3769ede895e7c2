"""Reading files as people write them."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_core.data.read import content_hash, from_parquet, join_tables, read_table, to_parquet
from mmm_core.domain.errors import DataError

WEEKS = pd.date_range("2021-01-04", periods=12, freq="7D")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def csv(text: str, name: str = "data.csv", encoding: str = "utf-8") -> pd.DataFrame:
    return read_table(text.encode(encoding), name).frame


def rows(header: str, line: str, count: int = 12, pattern: str = "%Y-%m-%d") -> str:
    return "\n".join([header, *(line.format(d=WEEKS[i].strftime(pattern), i=i) for i in range(count))])


def test_semicolons_decimal_commas_and_latin_1() -> None:
    text = rows("Woche;Umsatz;TV Ausgaben;Käufe", "{d};1.234,5{i};1{i}.500;{i}", pattern="%d.%m.%Y")
    table = read_table(text.encode("latin-1"), "umsatz.csv")
    assert list(table.frame.columns) == ["Woche", "Umsatz", "TV Ausgaben", "Käufe"]
    assert table.frame["Woche"].tolist() == list(WEEKS)
    assert table.frame["Umsatz"].iloc[3] == pytest.approx(1234.53)
    assert table.frame["TV Ausgaben"].iloc[3] == 13500
    assert any("Windows-1252" in n for n in table.notes)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_and_encoding(delimiter: str, encoding: str) -> None:
    frame = csv(rows("date,sales,tv", "{d},{i}.25,7").replace(",", delimiter), encoding=encoding)
    assert list(frame.columns) == ["date", "sales", "tv"]
    assert frame["sales"].iloc[4] == 4.25


@pytest.mark.parametrize(
    ("encoding", "name"), [("cp1251", "Выручка"), ("shift_jis", "売上テレビ"), ("cp1252", "Käufe")]
)
def test_older_encodings(encoding: str, name: str) -> None:
    frame = csv(rows(f"date,{name},x", "{d},{i},1"), encoding=encoding)
    assert list(frame.columns) == ["date", name, "x"]


def test_thousands_currency_brackets_and_percent() -> None:
    frame = csv(
        'date,a,b,c,d\n2021-01-04,"1,234","$2,000.50","(3.00)",5%\n2021-01-11,"12,500.5","-$1.00","1 234.5",6%\n'
    )
    assert frame["a"].tolist() == [1234, 12500.5]
    assert frame["b"].tolist() == [2000.5, -1]
    assert frame["c"].tolist() == [-3, 1234.5]
    assert frame["d"].tolist() == [5, 6]


def test_an_ambiguous_separator_follows_the_other_columns() -> None:
    comma = csv("date;a;b\n2021-01-04;1,5;1.234\n2021-01-11;2,5;2.345\n")
    assert comma["b"].tolist() == [1234, 2345]
    point = csv("date,a,b\n2021-01-04,1.5,1.234\n2021-01-11,2.5,2.345\n")
    assert point["b"].tolist() == [1.234, 2.345]


@pytest.mark.parametrize("marker", ["NaN", "na", "NULL", "-", "#N/A", "", "n/a", "None", "#DIV/0!"])
def test_markers_of_empty_cells(marker: str) -> None:
    frame = csv(rows("date,y", "{d},{i}").replace(",5", f",{marker}"))
    assert np.isnan(frame["y"].iloc[5])
    assert frame["y"].notna().sum() == 11


def test_text_in_a_number_column_is_empty_and_named() -> None:
    table = read_table(rows("date,y", "{d},{i}").replace(",5", ",about five").encode(), "x.csv")
    assert np.isnan(table.frame["y"].iloc[5])
    assert any("row 7" in n and "about five" in n and "y" in n for n in table.notes)


def test_geographies_called_na_are_kept() -> None:
    frame = csv("date,country,y\n2021-01-04,NA,1\n2021-01-04,EU,2\n")
    assert frame["country"].tolist() == ["NA", "EU"]


def test_three_date_formats_in_one_column() -> None:
    text = "date,y\n2021-01-04,1\n11.01.2021,2\n18 Jan 2021,3\n2021-01-25 00:00:00,4\n1. Februar 2021,5\n"
    table = read_table(text.encode(), "x.csv")
    assert table.frame["date"].tolist() == [*WEEKS[:4], pd.Timestamp("2021-02-01")]
    assert any("formats" in n for n in table.notes)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["2021-W01", "2021-W02", "2021-W03"], WEEKS[:3]),
        (["KW 1/2021", "KW 2/2021", "KW 3/2021"], WEEKS[:3]),
        (["20210104", "20210111", "20210118"], WEEKS[:3]),
        (["Jan 4, 2021", "Jan 11, 2021", "January 18, 2021"], WEEKS[:3]),
        (["Mar 1 2021", "Mar 8 2021", "Mar 15, 2021"], list(pd.date_range("2021-03-01", periods=3, freq="7D"))),
        (["Feb 2021", "Mar 2021", "Apr 2021"], list(pd.date_range("2021-02-01", periods=3, freq="MS"))),
        (
            ["mar 05/01/2021", "mar 12/01/2021", "mar 19/01/2021"],
            list(pd.date_range("2021-01-05", periods=3, freq="7D")),
        ),
        (["4 janv. 2021", "11 janvier 2021", "18 janv. 2021"], WEEKS[:3]),
        (["Mon 04/01/2021", "Mon 11/01/2021", "Mon 18/01/2021"], WEEKS[:3]),
        (["2021-01-04 - 2021-01-10", "2021-01-11 - 2021-01-17", "2021-01-18 - 2021-01-24"], WEEKS[:3]),
        (["2021-01-04T08:00:00Z", "2021-01-11T08:00:00Z", "2021-01-18T08:00:00Z"], WEEKS[:3]),
        (["44200", "44207", "44214"], WEEKS[:3]),
    ],
)
def test_ways_to_write_dates(texts: list[str], expected: pd.DatetimeIndex) -> None:
    lines = "\n".join(f'"{t}",{i}' for i, t in enumerate(texts))
    assert csv(f"week,y\n{lines}\n")["week"].tolist() == list(expected)


def test_month_first_is_known_by_a_day_over_twelve() -> None:
    assert csv(rows("date,y", "{d},{i}", pattern="%m/%d/%Y"))["date"].tolist() == list(WEEKS)
    assert csv(rows("date,y", "{d},{i}", pattern="%d/%m/%Y"))["date"].tolist() == list(WEEKS)


def test_monthly_dates_are_told_apart_by_rhythm() -> None:
    months = pd.date_range("2020-01-01", periods=24, freq="MS")
    lines = "\n".join(f"{m:%d/%m/%Y},{i}" for i, m in enumerate(months))
    table = read_table(f"date,y\n{lines}\n".encode(), "x.csv")
    assert table.frame["date"].tolist() == list(months)
    assert any("day first" in n for n in table.notes)


def test_day_and_month_that_cannot_be_told_apart_are_refused() -> None:
    with pytest.raises(DataError, match="day or the month first"):
        csv("date,y\n01/02/2021,5\n02/02/2021,6\n03/02/2021,7\n")
    with pytest.raises(DataError, match="mixes dates"):
        csv("date,y\n13/02/2021,5\n02/14/2021,6\n03/02/2021,7\n")


def test_an_unclear_second_date_column_stays_text() -> None:
    table = read_table(b"date,start,y\n2021-01-04,01/02/2021,5\n2021-01-11,02/02/2021,6\n", "x.csv")
    assert table.frame["start"].tolist() == ["01/02/2021", "02/02/2021"]
    assert any("kept as text" in n for n in table.notes)


def test_years_and_weeks_make_a_date() -> None:
    assert csv("year,week,sales\n2021,1,5\n2021,2,6\n")["date"].tolist() == list(WEEKS[:2])


def test_two_header_rows_are_joined() -> None:
    table = read_table(
        b",TV,,Search,\ndate,spend,views,spend,clicks\n2021-01-04,1,2,3,4\n2021-01-11,1,2,3,4\n", "x.csv"
    )
    assert list(table.frame.columns) == ["date", "TV_spend", "TV_views", "Search_spend", "Search_clicks"]
    assert any("two header rows" in n for n in table.notes)
    units = csv("date,tv,search\n,EUR,EUR\n2021-01-04,1,2\n2021-01-11,1,2\n")
    assert list(units.columns) == ["date", "tv_EUR", "search_EUR"]
    assert units["tv_EUR"].tolist() == [1, 1]


def test_title_lines_and_totals_are_left_out() -> None:
    table = read_table(b"Report\n1 Jan - 5 Feb\nDay,Campaign,Cost\n2021-01-04,x,2\n2021-01-11,y,2\nTotal,,4\n", "x.csv")
    assert table.frame["Cost"].tolist() == [2, 2]
    assert len(table.notes) == 2


def test_names_are_kept_verbatim_and_made_unique() -> None:
    frame = csv("date,'); DROP TABLE,a,a,a_2\n2021-01-04,1,2,3,4\n2021-01-11,1,2,3,4\n")
    assert list(frame.columns) == ["date", "'); DROP TABLE", "a", "a_3", "a_2"]


def test_excel_by_sheet() -> None:
    buffer = io.BytesIO()
    with pd.ExcelWriter(buffer) as writer:
        pd.DataFrame({"read me": ["hello"]}).to_excel(writer, sheet_name="Notes", index=False)
        pd.DataFrame({"date": WEEKS, "Umsatz": np.arange(12) + 0.5}).to_excel(writer, sheet_name="Daten", index=False)
        pd.DataFrame({"date": WEEKS, "TV": np.arange(12)}).to_excel(writer, sheet_name="TV", index=False)
    table = read_table(buffer.getvalue(), "book.xlsx")
    assert table.sheets == ("Notes", "Daten", "TV")
    assert table.frame["Umsatz"].iloc[2] == 2.5
    assert table.frame["date"].tolist() == list(WEEKS)
    assert read_table(buffer.getvalue(), "book.xlsx", sheet="TV").frame["TV"].sum() == 66
    with pytest.raises(DataError, match="no sheet Foo; it has Notes, Daten, TV"):
        read_table(buffer.getvalue(), "book.xlsx", sheet="Foo")


@pytest.mark.parametrize(
    "text",
    [
        '[{"date":"2021-01-04","y":1.5},{"date":"2021-01-11","y":2}]',
        '{"date":["2021-01-04","2021-01-11"],"y":[1.5,2]}',
        '{"columns":["date","y"],"data":[["2021-01-04",1.5],["2021-01-11",2]]}',
        '{"date":"2021-01-04","y":1.5}\n{"date":"2021-01-11","y":2}',
        '{"rows":[{"date":"2021-01-04","y":1.5},{"date":"2021-01-11","y":2}]}',
        '[["date","y"],["2021-01-04",1.5],["2021-01-11",2]]',
    ],
)
def test_json_in_its_usual_forms(text: str) -> None:
    frame = read_table(text.encode(), "x.json").frame
    assert frame["date"].tolist() == list(WEEKS[:2])
    assert frame["y"].tolist() == [1.5, 2]


def test_parquet_there_and_back() -> None:
    frame = pd.DataFrame({"date": WEEKS, "geo": ["a", None] * 6, "y": np.arange(12) / 7, "n": range(12)})
    back = from_parquet(to_parquet(frame))
    pd.testing.assert_frame_equal(back, frame.astype({"geo": "str"}), check_dtype=False)
    assert read_table(to_parquet(frame), "x.parquet").frame["y"].tolist() == frame["y"].tolist()
    assert content_hash(back) == content_hash(frame)


def test_the_hash_is_of_the_content() -> None:
    frame = pd.DataFrame({"date": WEEKS, "y": np.arange(12), "geo": "x"})
    same = frame[["geo", "y", "date"]].astype({"y": float, "date": "datetime64[ns]"})
    assert content_hash(same) == content_hash(frame)
    assert content_hash(frame.assign(y=frame["y"] + (frame.index == 3))) != content_hash(frame)
    assert content_hash(frame.rename(columns={"y": "z"})) != content_hash(frame)
    assert content_hash(frame.iloc[::-1]) != content_hash(frame)
    text = read_table(frame.to_csv(index=False).encode(), "x.csv").frame
    assert content_hash(text) == content_hash(frame)


def test_joining_one_file_per_channel() -> None:
    sales = pd.DataFrame({"week": WEEKS, "revenue": np.arange(12) + 100.0})
    tv = pd.DataFrame({"Date": WEEKS[:10], "spend": 1.0, "impressions": 2.0})
    days = pd.date_range(WEEKS[0], periods=84)
    search = pd.DataFrame({"day": days, "spend": 1.0, "clicks": 2.0})
    joined = join_tables({"sales.csv": sales, "tv.csv": tv, "search.csv": search})
    assert list(joined.columns) == ["week", "revenue", "tv_spend", "impressions", "search_spend", "clicks"]
    assert len(joined) == 12
    assert joined["search_spend"].tolist() == [7.0] * 12
    assert joined["tv_spend"].isna().sum() == 2


def test_joining_a_panel_with_national_data_and_campaign_rows() -> None:
    panel = pd.DataFrame({"date": list(WEEKS) * 2, "geo": ["a"] * 12 + ["b"] * 12, "sales": np.arange(24.0)})
    weather = pd.DataFrame({"date": WEEKS, "temperature": np.arange(12.0)})
    joined = join_tables([panel, weather])
    assert len(joined) == 24
    assert joined.loc[joined["geo"] == "b", "temperature"].tolist() == list(np.arange(12.0))
    campaigns = pd.DataFrame({"date": list(WEEKS) * 2, "name": ["x"] * 12 + ["y"] * 12, "cost": 1.0, "n": range(24)})
    assert join_tables({"s": weather, "c": campaigns}, on=["date"])["cost"].tolist() == [2.0] * 12


def test_files_that_do_not_meet_are_refused() -> None:
    a = pd.DataFrame({"date": WEEKS, "y": 1.0})
    b = pd.DataFrame({"date": WEEKS + pd.Timedelta(days=365), "z": 1.0})
    with pytest.raises(DataError, match="no dates in common"):
        join_tables({"a.csv": a, "b.csv": b})
    with pytest.raises(DataError, match="no column of dates"):
        join_tables({"a.csv": a, "b.csv": pd.DataFrame({"x": [1.0, 2.0], "z": 1.0})})


@pytest.mark.parametrize("name", ["robyn_weekly", "retailer_weekly", "meridian_national", "meridian_geo"])
def test_real_files_read_as_pandas_reads_them(name: str) -> None:
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    frame, reference = read_table(path.read_bytes(), path.name).frame, pd.read_csv(path)
    assert list(frame.columns) == list(reference.columns)
    numbers = reference.select_dtypes("number").columns
    assert (frame[numbers].astype(float).to_numpy() == reference[numbers].astype(float).to_numpy()).all()


def test_each_country_may_write_its_numbers_its_own_way() -> None:
    lines = ["week;country;revenue;tv_spend"]
    for i, week in enumerate(WEEKS):
        lines.append(f"{week:%Y-%m-%d};DE;1.{100 + i},50;{i + 1}.200,00")
        lines.append(f"{week:%Y-%m-%d};UK;1,{100 + i}.50;{i + 1},200.00")
        lines.append(f"{week:%Y-%m-%d};IE;{100 + i}.5;2,500")
    found = read_table("\n".join(lines).encode(), "countries.csv")
    for country in ("DE", "UK"):
        rows = found.frame[found.frame["country"] == country]
        assert rows["revenue"].tolist() == [1100.5 + i for i in range(12)]
        assert rows["tv_spend"].tolist() == [1000.0 * (i + 1) + 200 for i in range(12)]
    assert found.frame.loc[found.frame["country"] == "IE", "tv_spend"].unique().tolist() == [2500.0]
    assert any("each country uses" in n for n in found.notes)


def test_a_country_that_writes_both_ways_is_not_guessed() -> None:
    lines = ["week;country;revenue;tv_spend"]
    for i, week in enumerate(WEEKS):
        lines.append(f"{week:%Y-%m-%d};DE;1.{100 + i},50;{'1,200.25' if i % 2 else '1.200,25'}")
        lines.append(f"{week:%Y-%m-%d};UK;1,{100 + i}.50;3,200.25")
    found = read_table("\n".join(lines).encode(), "countries.csv")
    assert any("counted as empty" in n for n in found.notes)
