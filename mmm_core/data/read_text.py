"""Text files: what encoding, what delimiter, and their cells as texts."""

import codecs
import csv
import io
import math
import re
import warnings
from collections import Counter

import charset_normalizer
import pandas as pd

from mmm_core.data.read_header import MAX_COLUMNS, is_value
from mmm_core.domain.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
_SAMPLE = 256_000
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "|"}
_JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")


def decode(content: bytes, filename: str) -> tuple[str, str | None]:
    """The text and, where it is not plain UTF-8, the name of its encoding."""
    for bom, name in ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if content.startswith(bom):
            return _strict(content, name, filename), None if name == "utf-8-sig" else "UTF-16"
    head = content[:4096]
    if head[1::2].count(0) > 0.4 * len(head[1::2]):
        return _strict(content, "utf-16-le", filename), "UTF-16"
    if 0 in head:
        raise DataError(f"{filename} is not a table: it holds binary data. Export the table as CSV, Excel or Parquet.")
    try:
        return _printable(content.decode("utf-8"), filename), None
    except UnicodeDecodeError:
        return _legacy(content, filename)


def _strict(content: bytes, encoding: str, filename: str) -> str:
    try:
        return _printable(content.decode(encoding), filename)
    except UnicodeDecodeError:
        raise DataError(f"{filename} cannot be read as text: export it again as CSV in UTF-8.") from None


def _printable(text: str, filename: str) -> str:
    sample = text[:_SAMPLE]
    if len(_CONTROL.findall(sample)) > 0.01 * len(sample):
        raise DataError(f"{filename} is not a table: it holds binary data. Export the table as CSV, Excel or Parquet.")
    return text.replace("\x00", "")


def _legacy(content: bytes, filename: str) -> tuple[str, str]:
    """Text of an older encoding: another alphabet where whole words are made of its letters, else Western Windows."""
    for encoding in _candidates(content[:64_000]):
        try:
            return _printable(content.decode(encoding), filename), encoding
        except UnicodeDecodeError:
            continue
    try:
        return _printable(content.decode("cp1252"), filename), "Windows-1252"
    except UnicodeDecodeError:
        return _printable(content.decode("latin-1"), filename), "Latin-1"


def _candidates(head: bytes) -> list[str]:
    """Encodings of other alphabets that the first part of a file may be in."""
    accented = [w for w in re.findall(rb"[A-Za-z\xc0-\xff]{3,}", head) if any(b >= 0xC0 for b in w)]
    foreign = sum(sum(b >= 0xC0 for b in w) / len(w) > 0.8 for w in accented)
    if accented and foreign >= 0.7 * len(accented):
        best = charset_normalizer.from_bytes(head, cp_isolation=["cp1251", "cp1253"]).best()
        return [best.encoding if best is not None else "cp1251"]
    try:
        kana = _JAPANESE.findall(head.decode("shift_jis", errors="ignore"))
        head.decode("cp1252")
    except UnicodeDecodeError:
        return ["shift_jis"] if kana else []
    return []


def cells(text: str, filename: str) -> tuple[pd.DataFrame, str]:
    """All lines as cells of text (columns 0, 1, ...; header and lines above it included), and the delimiter."""
    named = re.match(r"\s*sep=(.)\r?\n", text[:20])
    if named:
        text = text[named.end() :]
    delimiter = named[1] if named and named[1] in DELIMITERS else _delimiter(text, filename)
    width = _width(text, delimiter, filename)
    return _parse(text, delimiter, width, filename), delimiter


def _sample_rows(text: str, delimiter: str, most: int = 200) -> list[list[str]]:
    sample = text[:_SAMPLE]
    if len(sample) < len(text):
        sample = sample[: max(sample.rfind("\n"), sample.rfind("\r")) + 1] or text
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(c.strip() for c in row):
                rows.append(row)
            if len(rows) >= most:
                break
    except csv.Error:
        pass
    return rows


def _delimiter(text: str, filename: str) -> str:
    best: tuple[float, str] | None = None
    for delimiter in DELIMITERS:
        rows = _sample_rows(text, delimiter, most=100)
        counts = Counter(len(r) for r in rows)
        if not counts:
            continue
        width, times = max(counts.items(), key=lambda item: (item[1], item[0]))
        if width < 2:
            continue
        body = [c for r in rows[1:] if len(r) == width for c in r]
        good = sum(is_value(c) or not c.strip() for c in body) / len(body) if body else 0.5
        score = times / len(rows) * (0.5 + good) * (1 + 0.02 * math.log(width))
        best = max(best, (score, delimiter)) if best else (score, delimiter)
    if best is None:
        raise DataError(
            f"{filename} holds no table with several columns: export it as CSV with commas, semicolons or tabs between"
            " columns."
        )
    return best[1]


def _width(text: str, delimiter: str, filename: str) -> int:
    rows = _sample_rows(text, delimiter)
    width = max((len(r) for r in rows), default=0)
    if width > MAX_COLUMNS:
        raise too_wide(filename, width)
    return width


def too_wide(filename: str, width: int) -> DataError:
    return DataError(
        f"{filename} has {width:,} columns, and at most {MAX_COLUMNS} can be read: keep dates, KPI, media and controls."
    )


def _parse(text: str, delimiter: str, width: int, filename: str) -> pd.DataFrame:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(
                io.StringIO(text),
                sep=delimiter,
                header=None,
                names=list(range(width)),
                index_col=False,
                dtype="str",
                keep_default_na=False,
                na_values=[],
                skip_blank_lines=False,
                encoding_errors="replace",
            )
    except pd.errors.ParserWarning:
        raise DataError(f"{filename} has rows with more cells than its header: check for stray delimiters.") from None
    except pd.errors.ParserError as error:
        where = re.search(r"line (\d+), saw (\d+)", str(error))
        if where:
            raise DataError(
                f"Row {where[1]} of {filename} has {where[2]} cells where {width} are expected: check for a stray"
                f" {_NAMES[delimiter]} or quote."
            ) from None
        raise DataError(
            f"{filename} cannot be read as CSV: check for a quote that is opened and never closed."
        ) from None
    except (ValueError, OverflowError, MemoryError):
        raise DataError(f"{filename} cannot be read as CSV: export it again.") from None
