"""Read a table from a file's bytes (CSV of any kind, Excel, Parquet, JSON), keep it as Parquet, hash its content."""

import hashlib
import io
import struct
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.data import read_excel, read_other, read_text
from mmm_core.data.read_cells import shaped, typed
from mmm_core.data.read_header import Notes
from mmm_core.data.read_join import join_tables
from mmm_core.domain.errors import DataError

FILE_TYPES = ("csv", "tsv", "txt", "xlsx", "xlsm", "xls", "parquet", "json")
"""Endings of the names of files that can be read."""
_PICTURES = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a picture, a sound or a film",
    b"BM": "a bitmap picture",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 archive",
    b"\x7fELF": "a program",
    b"MZ": "a program",
    b"SQLite format 3": "an SQLite database",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive",
}


@dataclass(frozen=True)
class ReadTable:
    """A file's table with typed columns, what a person should know about how it was read, and a workbook's sheets."""

    frame: pd.DataFrame
    notes: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()


def read_table(content: bytes, filename: str, *, sheet: str | None = None, max_mb: int = 100) -> ReadTable:
    """Read one table; what kind of file it is is told by its content, not by its name.

    Parameters
    ----------
    content : bytes
    filename : str
        For messages only.
    sheet : str, optional
        Sheet of a workbook; the first with a table where none is named.
    max_mb : int
        Larger files are refused.

    Raises
    ------
    DataError
        With one sentence saying what is wrong and what to do.
    """
    name = filename.replace("\\", "/").rsplit("/", 1)[-1][:120] or "The file"
    if len(content) == 0:
        raise DataError(f"{name} is empty (0 bytes): export it again.")
    if len(content) > max_mb * 2**20:
        size = len(content) / 2**20
        raise DataError(
            f"{name} is {size:,.0f} MB, and at most {max_mb} MB can be read: aggregate it to days or weeks first."
        )
    notes = Notes()
    if content.startswith(b"PK"):
        cells, sheets, used = read_excel.read(content, name, sheet)
        if len(sheets) > 1 and sheet is None:
            notes.add(f"Sheet {used} was read; the workbook has {len(sheets)} sheets.")
        return ReadTable(shaped(cells, name, notes), tuple(notes.sentences), sheets)
    if content.startswith(b"PAR1"):
        frame = typed(read_other.parquet(content, name), name, notes, offset=1)
        return ReadTable(frame, tuple(notes.sentences))
    _refuse(content, name)
    text, encoding = read_text.decode(content, name)
    if not text.strip():
        raise DataError(f"{name} is empty: it holds nothing but blanks.")
    if encoding:
        notes.add(f"The file was read as {encoding}.")
    start = text.lstrip()[:1]
    if start == "{" or (start == "[" and text.lstrip()[1:].lstrip()[:1] in ("{", "[", "]")):
        frame = typed(read_other.records(text, name), name, notes, offset=1)
    else:
        if text.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<?xml", "<table")):
            raise DataError(f"{name} is a web page or XML, not a table: export the table as CSV or Excel.")
        raw, delimiter = read_text.cells(text, name)
        frame = shaped(raw, name, notes, decimal_hint="," if delimiter == ";" else ".", delimiter=delimiter)
    return ReadTable(frame, tuple(notes.sentences))


def _refuse(content: bytes, name: str) -> None:
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise DataError(f"{name} is an old or password-protected Office file: save it as .xlsx without a password.")
    for start, what in _PICTURES.items():
        if content.startswith(start) and (len(start) > 2 or any(b < 9 for b in content[:64])):
            raise DataError(f"{name} is {what}, not a table: upload CSV, Excel, Parquet or JSON.")


def to_parquet(frame: pd.DataFrame) -> bytes:
    """The table as Parquet, without an index."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def from_parquet(content: bytes) -> pd.DataFrame:
    """A table that :func:`to_parquet` wrote, with the same types."""
    try:
        return pd.read_parquet(io.BytesIO(content))
    except Exception:
        raise DataError("The stored table is damaged and cannot be read: upload the file again.") from None


def content_hash(frame: pd.DataFrame) -> str:
    """SHA-256 of what the table says, as 64 hex digits.

    The same for the same names and cells in the same order of rows: whatever the order of the columns, the file format,
    the encoding or whether whole numbers are stored as integers or floats. Dates count by the microsecond.
    """
    out = hashlib.sha256(struct.pack("<q", len(frame)))
    for column in sorted(frame.columns, key=str):
        values = frame[column]
        out.update(_sized(str(column)))
        if pd.api.types.is_datetime64_any_dtype(values):
            out.update(b"d" + values.to_numpy().astype("datetime64[us]").astype("<i8").tobytes())
        elif pd.api.types.is_numeric_dtype(values):
            numbers = values.to_numpy(dtype="<f8", na_value=np.nan) + 0.0
            out.update(b"n" + np.where(np.isnan(numbers), np.nan, numbers).astype("<f8").tobytes())
        else:
            out.update(b"t")
            for cell in values:
                out.update(b"\xff" if pd.isna(cell) else _sized(str(cell)))
    return out.hexdigest()


def _sized(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogatepass")
    return struct.pack("<q", len(raw)) + raw


__all__ = ["ReadTable", "content_hash", "from_parquet", "join_tables", "read_table", "to_parquet"]
