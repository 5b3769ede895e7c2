"""Domain dataclasses to JSON documents and back, by their type hints.

JSON has no date and no NaN: typed fields carry them as text, untyped ones (``Any``) with a mark. A field that an older
document lacks takes its default, one that is gone is left out, so that documents outlive small changes of a class.
"""

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

Convert = Callable[[Any], Any]
MARK = "$type"
ATOMS = (str, int, bool)


def encode(value: Any) -> Any:
    """JSON-ready form of a domain object (or of any value made of plain ones)."""
    kind: Any = type(value)
    return _encoder(kind)(value) if _is_record(kind) else _encode_any(value)


def decode[T](kind: type[T], document: Any) -> T:
    """The object that ``encode`` was given."""
    hint: Any = kind
    made: T = _decoder(hint)(document)
    return made


def decode_plain(document: Any) -> Any:
    """A value that ``encode`` got as plain dictionaries and lists."""
    return _decode_any(document)


def clean(words: str) -> str:
    """Text as Postgres can hold it: no NUL, no half of a surrogate pair."""
    if words.isascii() and "\x00" not in words:
        return words
    return words.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


# ---- to JSON --------------------------------------------------------------------------------------------------------


@cache
def _encoder(kind: Any) -> Convert:
    """How values of one type are written."""
    if kind is float:
        return _encode_float
    if kind is str:
        return clean
    if kind in (int, bool, type(None)):
        return _same
    if kind in (date, datetime):
        return lambda value: value.isoformat()
    if isinstance(kind, type) and issubclass(kind, Enum):
        return lambda value: value.value
    if _is_record(kind):
        fields = [(name, _encoder(hint)) for name, hint in _fields(kind)]
        return lambda value: {name: convert(getattr(value, name)) for name, convert in fields}
    return _encoder_of_container(kind)


def _encoder_of_container(kind: Any) -> Convert:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = _encoder(_optional(kind))
        return lambda value: None if value is None else inner(value)
    if origin in (tuple, list) and (origin is list or arguments[1:] == (...,)):
        each = _encoder(arguments[0])
        return lambda value: [each(v) for v in value]
    if origin is tuple:
        parts = [_encoder(a) for a in arguments]
        return lambda value: [convert(v) for convert, v in zip(parts, value, strict=True)]
    if origin is dict:
        each = _encoder(arguments[1])
        return lambda value: {clean(str(k)): each(v) for k, v in value.items()}
    if kind is Any:
        return _encode_any
    raise TypeError(f"no document form for {kind}")


def _same(value: Any) -> Any:
    return value


def _encode_float(value: Any) -> Any:
    number = float(value)
    return number if math.isfinite(number) else str(number)


def _encode_any(value: Any) -> Any:
    if isinstance(value, Enum):
        return _encode_any(value.value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {MARK: "float", "value": str(float(value))}
    if isinstance(value, datetime | date):
        return {MARK: "datetime" if isinstance(value, datetime) else "date", "value": value.isoformat()}
    if isinstance(value, dict):
        return {clean(str(k)): _encode_any(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_encode_any(v) for v in value]
    if hasattr(value, "item"):
        return _encode_any(value.item())
    if _is_record(type(value)):
        return encode(value)
    raise TypeError(f"no document form for {type(value).__name__}")


# ---- from JSON ------------------------------------------------------------------------------------------------------


@cache
def _decoder(kind: Any) -> Convert:
    """How values of one type are read."""
    if kind is float:
        return float
    if kind in ATOMS or kind is type(None):
        return _same
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if _is_record(kind):
        fields = [(name, _decoder(hint)) for name, hint in _fields(kind)]
        make: Any = kind
        return lambda document: make(**{name: convert(document[name]) for name, convert in fields if name in document})
    return _decoder_of_container(kind)


def _decoder_of_container(kind: Any) -> Convert:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        inner = _decoder(_optional(kind))
        return lambda value: None if value is None else inner(value)
    if origin is list or (origin is tuple and arguments[1:] == (...,)):
        each = _decoder(arguments[0])
        return lambda value: origin(map(each, value))
    if origin is tuple:
        parts = [_decoder(a) for a in arguments]
        return lambda value: tuple(convert(v) for convert, v in zip(parts, value, strict=True))
    if origin is dict:
        each = _decoder(arguments[1])
        return lambda value: {k: each(v) for k, v in value.items()}
    if kind is Any:
        return _decode_any
    raise TypeError(f"no document form for {kind}")


def _decode_any(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode_any(v) for v in value]
    if not isinstance(value, dict):
        return value
    match value.get(MARK):
        case "float":
            return float(value["value"])
        case "date":
            return date.fromisoformat(value["value"])
        case "datetime":
            return datetime.fromisoformat(value["value"])
        case _:
            return {k: _decode_any(v) for k, v in value.items()}


def _is_record(kind: Any) -> bool:
    return dataclasses.is_dataclass(kind)


def _fields(kind: Any) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(f.name, hints[f.name]) for f in dataclasses.fields(kind) if f.init]


def _optional(kind: Any) -> Any:
    """X of ``X | None``."""
    rest = [a for a in typing.get_args(kind) if a is not type(None)]
    if len(rest) != 1:
        raise TypeError(f"no document form for {kind}")
    return rest[0]
