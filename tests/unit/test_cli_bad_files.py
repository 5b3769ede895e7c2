"""Every kind of bad file through ``mmm data check``: exit code 2 and one sentence, or a FAIL that names the trouble."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from server import cli

WEEKS = 120
NASTY = "'); DROP TABLE"


def table(weeks: int = WEEKS, start: str = "2022-01-03") -> pd.DataFrame:
    rng = np.random.default_rng(4)
    tv, search = rng.gamma(2, 500, weeks) * (rng.random(weeks) > 0.4), rng.gamma(3, 300, weeks)
    revenue = 20_000 + 2 * tv + 3 * search + rng.normal(0, 600, weeks)
    dates = pd.date_range(start, periods=weeks, freq="7D").strftime("%Y-%m-%d")
    return pd.DataFrame({"date": dates, "revenue": revenue, "tv_spend": tv, "search_spend": search})


def as_csv(frame: pd.DataFrame, missing: str = "") -> bytes:
    return frame.to_csv(index=False, na_rep=missing).encode()


def bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return buffer.getvalue()


def wide() -> bytes:
    return (",".join(f"c{i}" for i in range(2000)) + "\n" + ",".join("1" * 2000) + "\n").encode()


def nothing_but_dates() -> bytes:
    return as_csv(table().assign(revenue=np.nan, tv_spend=np.nan, search_spend=np.nan), "NaN")


def check(path: Path, capsys: pytest.CaptureFixture[str], content: bytes) -> tuple[int, str, str]:
    path.write_bytes(content)
    code = cli.execute(["data", "check", str(path)])
    shown = capsys.readouterr()
    assert "Traceback" not in shown.err + shown.out
    return code, shown.out, shown.err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("zero.csv", b"", "0 bytes"),
        ("empty.csv", b"date,revenue,tv_spend\n", "no rows"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "PNG picture"),
        ("noise.csv", bytes(range(256)) * 20, "binary data"),
        ("wide.csv", wide(), "2,000 columns"),
        ("nan.csv", nothing_but_dates(), "every other cell is empty"),
        ("bomb.xlsx", bomb(), "unpacks to far more"),
    ],
)
def test_what_is_no_table_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, words: str
) -> None:
    code, out, error = check(tmp_path / name, capsys, content)
    assert (code, out) == (2, "")
    assert words in error
    assert error.count("\n") == 1


def test_a_file_beyond_the_limit_names_the_setting(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    large = tmp_path / "large.csv"
    with large.open("wb") as file:
        file.truncate(200 * 2**20)
    assert cli.execute(["data", "check", str(large)]) == 2
    assert "CARRYOVER_MAX_UPLOAD_MB" in capsys.readouterr().err
    frame = table()
    content = as_csv(pd.concat([frame] * 250).assign(note="x" * 20))
    monkeypatch.setenv("CARRYOVER_MAX_UPLOAD_MB", "1")
    code, _, error = check(tmp_path / "medium.csv", capsys, content)
    assert code == 2
    assert "1 MB" in error


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.concat([table(), table().iloc[[5, 9]]]), "2 rows repeat a period"),
        (
            table().astype({"tv_spend": object}).replace({"tv_spend": {table()["tv_spend"][50]: "about"}}),
            "not a number",
        ),
        (table().assign(radio_spend=0), "radio_spend is zero in every period"),
        (table().assign(revenue=100.0), "same value in every period"),
        (table(20), "20 weeks are too few"),
        (table(start="2090-01-02"), "lie in the future"),
    ],
    ids=["duplicates", "text", "silent channel", "constant KPI", "20 weeks", "future"],
)
def test_what_cannot_be_modelled_fails_a_check_with_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], frame: pd.DataFrame, words: str
) -> None:
    code, out, _ = check(tmp_path / "data.csv", capsys, as_csv(frame))
    assert code == 2
    assert "Quality: FAIL" in out
    assert words in out


def test_two_header_rows_and_odd_names_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = check(tmp_path / "two.csv", capsys, b"Period,Sales,Media,Media\n" + as_csv(table()))
    assert code == 0
    assert "two header rows" in out
    code, out, _ = check(tmp_path / "odd.csv", capsys, as_csv(table().rename(columns={"tv_spend": NASTY})))
    assert code == 0
    assert NASTY in out


def test_dates_in_three_formats_are_all_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = table()
    styles = ("%Y-%m-%d", "%d/%m/%Y", "%b %d %Y")
    days = pd.to_datetime(frame["date"])
    frame["date"] = [day.strftime(styles[i % 3]) for i, day in enumerate(days)]
    code, out, _ = check(tmp_path / "dates.csv", capsys, as_csv(frame))
    assert code == 0
    assert "3 formats" in out
    assert "120 periods, 2022-01-03 to 2024-04-15" in out
    assert "counted as empty" not in out
