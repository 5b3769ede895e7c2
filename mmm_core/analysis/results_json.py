"""Results as JSON and back, without loss."""

import json
import math
from dataclasses import asdict
from datetime import date
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mmm_core.domain.errors import DataError
from mmm_core.domain.results import Results


@cache
def _adapter() -> TypeAdapter[Results]:
    return TypeAdapter(Results)


def to_json(results: Results) -> str:
    return json.dumps(_plain(asdict(results)), allow_nan=False, ensure_ascii=False)


def from_json(text: str | bytes) -> Results:
    try:
        return _adapter().validate_json(text)
    except ValidationError as error:
        raise DataError(f"The stored results cannot be read ({error.error_count()} fields do not fit).") from None


def _plain(value: Any) -> Any:
    """JSON has no infinities; as strings they survive every parser and come back as numbers."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
