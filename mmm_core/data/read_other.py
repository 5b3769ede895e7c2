"""Parquet and JSON."""

import io
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mmm_core.data.read_header import MAX_COLUMNS, clean_name
from mmm_core.data.read_text import too_wide
from mmm_core.domain.errors import DataError

MAX_CELLS = 50_000_000


def parquet(content: bytes, filename: str) -> pd.DataFrame:
    """A Parquet file's table; its size is checked from its footer before it is read."""
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        meta = file.metadata
        if meta.num_columns > MAX_COLUMNS:
            raise too_wide(filename, meta.num_columns)
        if meta.num_rows * meta.num_columns > MAX_CELLS:
            raise DataError(f"{filename} holds more than {MAX_CELLS:,} cells: aggregate it to days or weeks first.")
        for entry in file.schema_arrow:
            if pa.types.is_nested(entry.type) or pa.types.is_binary(entry.type):
                raise DataError(
                    f"Column {entry.name} of {filename} holds nested or binary values: leave it out of the file."
                )
        frame = file.read().to_pandas()
    except DataError:
        raise
    except Exception:
        # pyarrow raises its own types and several of Python's on damaged files.
        raise DataError(f"{filename} cannot be read as Parquet: write it again.") from None
    index = [n for n in frame.index.names if n is not None]
    if index or isinstance(frame.index, pd.DatetimeIndex):
        frame = frame.reset_index()
    return named(frame)


def named(frame: pd.DataFrame, names: Sequence[Any] | None = None) -> pd.DataFrame:
    """The frame with plain, unique texts as column names."""
    final: list[str] = []
    for position, name in enumerate(frame.columns if names is None else names):
        wanted = clean_name(name) or f"column_{position + 1}"
        unique, number = wanted, 2
        while unique in final:
            unique, number = f"{wanted}_{number}", number + 1
        final.append(unique)
    out = frame.copy()
    out.columns = pd.Index(final)
    return out


def records(text: str, filename: str) -> pd.DataFrame:
    """A table from JSON: a list of objects, an object of lists, one object per line, or one of these under a key."""
    rows = _rows(_load(text, filename))
    if rows is None:
        raise DataError(f"{filename} is JSON without a table: write a list of objects, one for each row.")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    if len(columns) > MAX_COLUMNS:
        raise too_wide(filename, len(columns))
    if not rows or not columns:
        raise DataError(f"{filename} is empty: its JSON has no rows.")
    for row in rows:
        for key, value in row.items():
            if isinstance(value, dict | list):
                raise DataError(f"Field {str(key)[:60]} of {filename} is nested: write one plain value per field.")
    cells = {i: pd.Series([row.get(key) for row in rows], dtype=object) for i, key in enumerate(columns)}
    return named(pd.DataFrame(cells), columns)


def _load(text: str, filename: str) -> Any:
    try:
        return json.loads(text, parse_float=_float)
    except (ValueError, RecursionError):
        pass
    try:
        lines = [line for line in text.splitlines() if line.strip()]
        return [json.loads(line, parse_float=_float) for line in lines]
    except (ValueError, RecursionError):
        raise DataError(f"{filename} is not valid JSON: write it again.") from None


def _float(text: str) -> float:
    return float(Decimal(text)) if len(text) < 50 else float(text[:400])


def _rows(found: Any) -> list[dict[str, Any]] | None:
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        return found
    if isinstance(found, list) and len(found) > 1 and all(isinstance(row, list) for row in found):
        names = [str(c) for c in found[0]]
        return [dict(zip(names, row, strict=False)) for row in found[1:]]
    if not isinstance(found, dict):
        return None
    if isinstance(found.get("columns"), list) and isinstance(found.get("data"), list):
        return _rows([found["columns"], *found["data"]])
    values = list(found.values())
    if values and all(isinstance(v, list) for v in values) and not all(isinstance(x, dict) for v in values for x in v):
        count = max(len(v) for v in values)
        return [{k: v[i] if i < len(v) else None for k, v in found.items()} for i in range(count)]
    if values and all(isinstance(v, dict) for v in values):
        keys = list(dict.fromkeys(i for v in values for i in v))
        return [{k: v.get(i) for k, v in found.items()} for i in keys]
    inner = [v for v in values if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
    return inner[0] if len(inner) == 1 else None
