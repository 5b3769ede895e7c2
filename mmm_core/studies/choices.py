"""What a person may set of a kind of study, read from its options: words, bounds, and what is taken otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from mmm_core.domain.errors import BadInput
from mmm_core.studies import registry
from mmm_core.studies.kind import Kind, Options

CHANNELS = tuple[str, ...]
OF_FITS = ("draws", "tune", "chains")


@dataclass(frozen=True)
class Choice:
    name: str
    title: str
    help: str
    unit: str
    """'count', 'number', 'share' or 'channels'."""
    default: Any
    """None where the study takes what suits the data; ``help`` then says what."""
    low: float = 0.0
    high: float = 0.0
    above: bool = False
    """``low`` itself is too little."""


@cache
def choices(kind_name: str) -> tuple[Choice, ...]:
    """Settings of a kind, its own before those that every study has."""
    kind = registry.find(kind_name)
    idle = () if kind.options.fitting else OF_FITS
    named = [name for name, field in kind.options.model_fields.items() if field.title and name not in idle]
    own = [name for name in named if name not in Options.model_fields]
    return tuple(_choice(name, kind.options.model_fields[name]) for name in (*own, *(n for n in named if n not in own)))


def _choice(name: str, field: FieldInfo) -> Choice:
    bounds = {key: getattr(m, key) for m in field.metadata for key in ("ge", "gt", "le") if hasattr(m, key)}
    extra = field.json_schema_extra
    unit = str(extra["unit"]) if isinstance(extra, Mapping) and "unit" in extra else _unit(field.annotation)
    return Choice(
        name,
        field.title or name,
        field.description or "",
        unit,
        field.default,
        float(bounds.get("ge", bounds.get("gt", 0.0))),
        float(bounds.get("le", 0.0)),
        "gt" in bounds,
    )


def _unit(annotation: Any) -> str:
    if annotation == CHANNELS:
        return "channels"
    return "number" if annotation is float else "count"


def ensure_known(kind: Kind[Any], given: Mapping[str, Any]) -> None:
    """BadInput that names what can be set, where something else was."""
    strange = [name for name in given if name not in kind.options.model_fields]
    if strange:
        known = ", ".join(c.name for c in choices(kind.name)) or "none"
        raise BadInput(f"{kind.title} has no setting called {strange[0]}; it has {known}.")


def changed(kind_name: str, options: Mapping[str, Any]) -> tuple[tuple[Choice, Any], ...]:
    """What a study was asked with that is not what it takes by itself."""
    found = ((c, options.get(c.name, c.default)) for c in choices(kind_name))
    return tuple((c, value) for c, value in found if _plain(value) != _plain(c.default))


def _plain(value: Any) -> Any:
    """Stored options come back with lists."""
    return tuple(value) if isinstance(value, list) else value
