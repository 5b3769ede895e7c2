"""Excel workbooks: guarded against bombs before anything is unpacked, values only, one sheet at a time."""

import io
import warnings
import zipfile
from typing import Any

import pandas as pd

from mmm_core.data.read_header import MAX_COLUMNS, missing
from mmm_core.data.read_text import too_wide
from mmm_core.domain.errors import DataError

MAX_UNPACKED = 400 * 2**20
MAX_RATIO = 200
MAX_PARTS = 2_000
MAX_ROWS = 1_048_576


def guard(content: bytes, filename: str) -> None:
    """Refuse an archive that unpacks to far more than it weighs, is no workbook or defines XML entities."""
    broken = DataError(f"{filename} is damaged and cannot be opened: save it again in Excel as .xlsx.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {p.filename for p in parts}
            unpacked = sum(p.file_size for p in parts)
            if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or unpacked > MAX_RATIO * max(len(content), 50_000):
                raise DataError(f"{filename} unpacks to far more than a table needs: save the sheet as CSV instead.")
            if "xl/workbook.xml" not in names:
                raise DataError(
                    f"{filename} is a zip archive, not an Excel workbook: unpack it and upload the table in it."
                )
            if any(p.flag_bits & 1 for p in parts):
                raise DataError(f"{filename} is protected by a password: save it without one.")
            for part in parts:
                if part.filename.endswith((".xml", ".rels")) and _declares(archive, part):
                    raise DataError(f"{filename} is not a plain Excel workbook: save it again in Excel as .xlsx.")
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise broken from None
    except DataError:
        raise
    except Exception as error:
        # The decompressors raise types of their own.
        if type(error).__module__ in ("zlib", "_zlib", "lzma", "_lzma", "bz2"):
            raise broken from None
        raise


def _declares(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether an XML part declares a document type, which is how entities expand without end."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            if b"<!DOCTYPE" in tail + chunk or b"<!ENTITY" in tail + chunk:
                return True
            tail = chunk[-16:]
    return False


def read(content: bytes, filename: str, sheet: str | None) -> tuple[pd.DataFrame, tuple[str, ...], str]:
    """Cells of one sheet (the one asked for, else the first with a table), all sheets' names, and that sheet's name."""
    guard(content, filename)
    # Loaded where a workbook comes: most files are none.
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            names = tuple(s.title for s in book.worksheets)
            if sheet is not None and sheet not in names:
                raise DataError(f"{filename} has no sheet {sheet}; it has {', '.join(names)}.")
            wanted = (
                [sheet] if sheet else [s.title for s in book.worksheets if s.sheet_state == "visible"] or list(names)
            )
            best: tuple[pd.DataFrame, str] | None = None
            for name in wanted:
                cells = _cells(book[name], filename)
                if best is None:
                    best = cells, name
                if len(cells) >= 3 and cells.shape[1] >= 2:
                    best = cells, name
                    break
    except DataError:
        raise
    except Exception:
        # openpyxl raises many types (KeyError, ParseError, TypeError, ...) on damaged or unusual workbooks.
        raise DataError(f"{filename} cannot be read as an Excel workbook: save it again as .xlsx or as CSV.") from None
    if best is None:
        raise DataError(f"{filename} has no sheet with cells.")
    return best[0], names, best[1]


def _cells(sheet: Any, filename: str) -> pd.DataFrame:
    sheet.reset_dimensions()
    rows: list[tuple[Any, ...]] = []
    width = 0
    for number, row in enumerate(sheet.iter_rows(values_only=True)):
        if number > MAX_ROWS:
            raise DataError(f"{filename} has more rows than a sheet can hold.")
        used = len(row)
        while used and missing(row[used - 1]):
            used -= 1
        if used > MAX_COLUMNS:
            raise too_wide(filename, used)
        width = max(width, used)
        rows.append(tuple(row[:used]))
    while rows and not rows[-1]:
        rows.pop()
    full = [row + (None,) * (width - len(row)) for row in rows]
    return pd.DataFrame(full, columns=range(width), dtype=object)
