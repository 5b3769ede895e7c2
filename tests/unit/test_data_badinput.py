"""Whatever is handed in: a table, or one clear sentence."""

import contextlib
import io
import json
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmm_core.data import recipe
from mmm_core.data.read import ReadTable, content_hash, from_parquet, read_table, to_parquet
from mmm_core.data.recognise import recognise
from mmm_core.domain.errors import DataError

WEEKS = pd.date_range("2021-01-04", periods=12, freq="7D")


def refused(content: bytes, name: str = "data.csv", **options: object) -> str:
    with pytest.raises(DataError) as caught:
        read_table(content, name, **options)  # type: ignore[arg-type]
    sentence = str(caught.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "0 bytes"),
        (b"  \n \n", "nothing but blanks"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "JPEG picture"),
        (b"%PDF-1.4 ...", "PDF"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or password-protected Office file"),
        (bytes(range(256)), "binary data"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"date,a,b\n", "no rows"),
        (b"date,a,b\n,,\n,,\n", "no rows"),
        (b"only\n1\n2\n", "several columns"),
        (b"date,a,b\n2021-01-04,NaN,\n2021-01-11,-,NULL\n", "every other cell is empty"),
        (b"date,a,b\n2021-01-04,1,2\n2021-01-11,1,2,5\n", "Row 3"),
        (b'date,a,b\n2021-01-04,"1,2\n2021-01-11,1,2\n', "quote"),
        (b"2021-01-04,1,2\n2021-01-11,1,2\n", "not column names"),
        (b"channel,2021-01-04,2021-01-11,2021-01-18\ntv,1,2,3\n", "periods across the columns"),
        (b"PAR1 nothing", "Parquet"),
        (b"PK\x03\x04 nothing", "damaged"),
        (b'{"a": ', "not valid JSON"),
        (b'[{"a": {"b": 1}}]', "nested"),
        (b"[" * 100_000, "JSON"),
    ],
)
def test_a_sentence_that_says_what_is_wrong(content: bytes, says: str) -> None:
    assert says in refused(content)


def test_too_large_and_too_wide() -> None:
    assert "at most 1 MB" in refused(b"a,b\n" + b"1,2\n" * 400_000, max_mb=1)
    wide = ",".join(f"c{i}" for i in range(2000)) + "\n" + ",".join("1" for _ in range(2000))
    assert "2,000 columns" in refused(wide.encode())
    assert "2,000 columns" in refused(json.dumps([{f"c{i}": 1 for i in range(2000)}]).encode(), "x.json")
    frame = pd.DataFrame({f"c{i}": [1.0] for i in range(2000)})
    assert "2,000 columns" in refused(to_parquet(frame), "x.parquet")


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_zip_bombs_are_not_unpacked() -> None:
    assert "unpacks to far more" in refused(_zip({"xl/workbook.xml": b"0" * 60_000_000}), "bomb.xlsx")
    many = _zip({f"xl/{i}.xml": b"" for i in range(3000)})
    assert "unpacks to far more" in refused(many, "bomb.xlsx")
    laughs = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><workbook>&a;</workbook>'
    assert "plain Excel workbook" in refused(_zip({"xl/workbook.xml": laughs}), "laughs.xlsx")
    assert "zip archive" in refused(_zip({"a.csv": b"a,b\n1,2\n"}), "a.xlsx")


def test_a_workbook_with_a_far_cell_is_refused() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({f"c{i}": [1] for i in range(600)}).to_excel(buffer, index=False)
    assert "600 columns" in refused(buffer.getvalue(), "wide.xlsx")


def test_parquet_with_nested_values_is_refused() -> None:
    buffer = io.BytesIO()
    pd.DataFrame({"a": [[1, 2], [3]], "b": [1, 2]}).to_parquet(buffer)
    assert "nested" in refused(buffer.getvalue(), "x.parquet")


def test_a_damaged_stored_table_says_so() -> None:
    with pytest.raises(DataError, match="damaged"):
        from_parquet(b"nothing of the kind")


def test_names_and_cells_are_never_run() -> None:
    nasty = ["'); DROP TABLE users; --", "=cmd|' /C calc'!A0", "__import__('os').system('x')", "{{7*7}}", "`x`"]
    header = ",".join(["date", *(f'"{n}"' for n in nasty)])
    lines = [f"{d:%Y-%m-%d},1,2,3,4,5" for d in WEEKS]
    frame = read_table("\n".join([header, *lines]).encode(), "x.csv").frame
    assert list(frame.columns) == ["date", *nasty]
    found = recognise(frame)
    assert {r.column for r in found.roles} == set(frame.columns)


def _whole(table: ReadTable) -> None:
    """A table that was read is well-formed: typed, hashable, storable and recognisable."""
    frame = table.frame
    assert len(frame)
    assert frame.shape[1] >= 2
    assert frame.columns.is_unique
    for column in frame:
        assert isinstance(column, str)
        assert column
        if pd.api.types.is_numeric_dtype(frame[column]):
            assert not np.isinf(frame[column].to_numpy(float)).any()
    assert content_hash(from_parquet(to_parquet(frame))) == content_hash(frame)
    found = recognise(frame)
    assert len(found.roles) == frame.shape[1]
    with contextlib.suppress(DataError):
        shaped, roles = recipe.apply(frame, found, recipe.opening(frame, found))
        assert {r.column for r in roles.roles} == set(shaped.columns)


def _survives(content: bytes, name: str = "data.csv") -> None:
    table = _read(content, name)
    if table is not None:
        _whole(table)


def _read(content: bytes, name: str) -> ReadTable | None:
    """The table, or None where it was refused; any other exception fails the test."""
    with contextlib.suppress(DataError):
        return read_table(content, name)
    return None


HEADERS = {
    "wide": ["date", "sales", "tv_spend", "geo", "x"],
    "mff": ["Period", "Geography", "VariableName", "VariableValue", "Outlet"],
    "long": ["Day", "Channel", "Cost", "Impressions", "Clicks"],
}
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
CELL = st.one_of(
    st.sampled_from(
        ["", "NA", "-", "1", "2.5", "1,5", "1.234", "1.234,5", "2021-01-04", "04/01/2021", "13/01/2021", "Total"]
    ),
    st.sampled_from(
        ["yes", "no", "1e999", "-inf", "20210104", "2021-W60", "32.13.2021", '"', "'", "=1+1", "\x00", "é", "٣"]
    ),
    st.text(max_size=8),
    st.floats(allow_nan=True).map(str),
    st.integers().map(str),
    st.dates().map(str),
)


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes(content: bytes) -> None:
    _survives(content)


@FUZZ
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=12),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["", *HEADERS]),
)
def test_any_cells(rows: list[list[str]], delimiter: str, header: str) -> None:
    lines = [delimiter.join(r) for r in rows]
    if header:
        lines.insert(0, delimiter.join(HEADERS[header]))
    _survives("\n".join(lines).encode("utf-8", "surrogatepass"))


@FUZZ
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["date", "y", "geo", "", "x1", "\ud800"]),
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.dates().map(str)),
        ),
        max_size=10,
    )
)
def test_any_json(rows: list[dict[str, object]]) -> None:
    _survives(json.dumps(rows).encode(), "x.json")


@FUZZ
@given(st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=4)), max_size=6), st.booleans())
def test_damaged_workbooks_and_parquet(changes: list[tuple[int, bytes]], excel: bool) -> None:
    content = bytearray(WORKBOOK if excel else PARQUET)
    for at, new in changes:
        at %= len(content)
        content[at : at + len(new)] = new
    _survives(bytes(content), "x.xlsx" if excel else "x.parquet")


def _workbook() -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"date": WEEKS, "sales": range(12), "tv": 1.5}).to_excel(buffer, index=False)
    return buffer.getvalue()


WORKBOOK = _workbook()
PARQUET = to_parquet(pd.DataFrame({"date": WEEKS, "sales": range(12), "tv": 1.5}))
