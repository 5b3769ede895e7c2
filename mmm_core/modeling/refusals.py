"""What is wrong with a document, in words: what Pydantic found as one sentence that names channel and field."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

NAMED_BY = {
    "channels": ("channel", "name"),
    "treatments": ("treatment", "column"),
    "lift_tests": ("lift test of", "channel"),
}
"""What an entry of a list is called, and the field that tells it from others."""
_WHOLE = "a whole number"
_DATE = "a date such as 2024-05-31"
_WANTED: dict[str, str] = {
    "finite_number": "a finite number",
    "float_type": "a number", "float_parsing": "a number",
    "int_type": _WHOLE, "int_parsing": _WHOLE, "int_from_float": _WHOLE,
    "string_type": "text",
    "bool_type": "true or false", "bool_parsing": "true or false",
    "date_type": _DATE, "date_parsing": _DATE, "date_from_datetime_parsing": _DATE, "date_from_datetime_inexact": _DATE,
    "tuple_type": "a list", "list_type": "a list",
    "model_type": "a group of fields", "dict_type": "a group of fields", "model_attributes_type": "a group of fields",
}  # fmt: skip
_BOUNDS = {"greater_than": ("above", "gt"), "greater_than_equal": ("at least", "ge"),
           "less_than": ("under", "lt"), "less_than_equal": ("at most", "le")}  # fmt: skip
_RULES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "missing": lambda _: "is missing",
    "extra_forbidden": lambda _: "is no field that is known here",
    "string_too_short": lambda _: "must not be empty",
    "too_short": lambda c: f"needs at least {_entries(c['min_length'])}",
    "too_long": lambda c: f"may have at most {_entries(c['max_length'])}",
}


def first(error: ValidationError, raw: Any) -> str:
    """The first problem of a document ``raw``: where it is and what it is, without a full stop."""
    found = error.errors()
    place = _place(found[0], raw)
    together = [e for e in found if _place(e, raw) == place]
    bound = [e for e in together if e["type"] in _BOUNDS or e["type"] == "finite_number"]
    where, what = _where(place, raw), _what(bound or together)
    named = not where or (" " in where[-1] and where[-1] in what)
    return what if named else f"{', '.join(where)}: {what}"


def _entries(count: int) -> str:
    return "1 entry" if count == 1 else f"{count} entries"


def _place(problem: ErrorDetails, raw: Any) -> tuple[int | str, ...]:
    """Where it is in the document; Pydantic's names for the members of a union are no part of it."""
    out: list[int | str] = []
    for part in problem["loc"]:
        if isinstance(raw, Mapping):
            out.append(part)
            raw = raw.get(part)
        elif isinstance(raw, list | tuple) and isinstance(part, int):
            out.append(part)
            raw = raw[part] if part < len(raw) else None
    return tuple(out)


def _where(place: tuple[int | str, ...], raw: Any) -> list[str]:
    out: list[str] = []
    for part in place:
        inside = raw.get(part) if isinstance(raw, Mapping) else raw[part] if isinstance(part, int) else None
        if isinstance(part, int) and out:
            out[-1] = _entry(out[-1], part, inside)
        else:
            out.append(str(part))
        raw = inside
    return out


def _entry(group: str, number: int, entry: Any) -> str:
    """Which entry of a list it is: ``channel tv``."""
    what, by = NAMED_BY.get(group, (group, ""))
    name = entry.get(by) if isinstance(entry, Mapping) else None
    named = isinstance(name, str) and name
    return f"{what} {name}" if named else f"{what.removesuffix(' of')} {number + 1}"


def _what(problems: list[ErrorDetails]) -> str:
    """Problems of one place are those of the kinds of value that it may have."""
    kind, context = problems[0]["type"], problems[0].get("ctx", {})
    if kind in _RULES:
        return _RULES[kind](context)
    wanted = list(dict.fromkeys(w for w in map(_wanted, problems) if w))
    return f"must be {', or '.join(wanted)}" if wanted else problems[0]["msg"].removeprefix("Value error, ")


def _wanted(problem: ErrorDetails) -> str | None:
    kind, context = problem["type"], problem.get("ctx", {})
    if kind in _BOUNDS:
        word, key = _BOUNDS[kind]
        return f"{word} {context[key]:g}"
    if kind in ("literal_error", "enum"):
        return str(context["expected"])
    return _WANTED.get(kind)
