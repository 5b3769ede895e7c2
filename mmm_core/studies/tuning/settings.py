"""Every field of a specification and who may touch it in a tuning session; the one list that guard and roles read.

The fields come from ``ModelSpec`` itself: one that is added to it and not classed here fails a test.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, get_args

from pydantic import BaseModel

from mmm_core.modeling.spec import ModelSpec, Sampling, Trend


class Standing(StrEnum):
    TUNABLE = "tunable"
    PROTECTED = "protected"
    """The method: what would make any result comparable with nothing."""
    FIXED = "fixed"
    """What the data mean, what people measured, and how it is computed."""


@dataclass(frozen=True)
class Setting:
    path: str
    """As in the specification; ``channels.<name>.belief`` for a channel's own."""
    title: str
    kind: str
    """'whole', 'number', 'choice', 'switch', 'columns' or 'belief'."""
    low: float | None = None
    high: float | None = None
    options: tuple[str, ...] = field(default=())


BELIEF = "channels[].belief"
MOST = {name: Sampling.model_fields[name].metadata[-1].le for name in ("draws", "tune")}

TUNABLE: tuple[Setting, ...] = (
    Setting("controls", "Controls", "columns"),
    Setting("holidays", "Holidays", "columns"),
    Setting("max_lag", "Longest memory (periods)", "whole", 2, 52),
    Setting("season.yearly_terms", "Waves of the season", "whole", 0, 10),
    Setting("trend.kind", "Trend", "choice", options=get_args(Trend.model_fields["kind"].annotation)),
    Setting("trend.knots", "Knots of the trend", "whole", 1, 20),
    Setting("time_varying.baseline", "Baseline that drifts", "switch"),
    Setting("time_varying.media", "Strength of media that drifts", "switch"),
    Setting("media_prior.share_low", "Media bring at least", "number", 0.005, 0.5),
    Setting("media_prior.share_high", "Media bring at most", "number", 0.05, 0.9),
    Setting(BELIEF, "Belief about a channel", "belief"),
    Setting("sampling.draws", "Draws", "whole", 50, MOST["draws"]),
    Setting("sampling.tune", "Warm-up draws", "whole", 50, MOST["tune"]),
    Setting("sampling.target_accept", "Target acceptance", "number", 0.6, 0.99),
)
PROTECTED: dict[str, str] = {
    "adstock": "adstock family",
    "saturation": "saturation family",
    "kpi": "target",
}
"""Fields by path, and what they are called; a path stands for everything below it."""
WITHOUT_FIELD = ("likelihood", "holdout")
"""Protected as well, and no setting of a specification: the product's own likelihood, the session's own holdout."""
FIXED: dict[str, str] = {
    "version": "version of the document",
    "date": "date column",
    "geo": "geo column",
    "population": "population column",
    "currency": "currency",
    "channels[].name": "channels",
    "channels[].spend": "spend column of a channel",
    "channels[].exposure": "exposure column of a channel",
    "channels[].reach": "reach column of a channel",
    "channels[].frequency": "frequency column of a channel",
    "treatments": "levers",
    "lift_tests": "lift tests",
    "media_prior.style": "style of the media prior",
    "sampling.chains": "number of chains",
    "sampling.seed": "seed",
    "sampling.engine": "engine",
    "sampling.device": "device",
}

_BY_PATH = {s.path: s for s in TUNABLE}


def paths(model: type[BaseModel] = ModelSpec, before: str = "") -> Iterator[str]:
    """Every field of a specification, down to those that hold plain values; a belief counts as one."""
    for name, info in model.model_fields.items():
        path = f"{before}{name}"
        part = _part(info.annotation)
        if part is None or path == BELIEF:
            yield path
        else:
            many = "[]" if part is not info.annotation else ""
            yield from paths(part, f"{path}{many}.")


def _part(annotation: Any) -> type[BaseModel] | None:
    """The document that a field holds, one or many of it; None for plain values."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def standing(path: str) -> Standing | None:
    """Of a field as ``paths`` names it; None where nobody has classed it."""
    if path in _BY_PATH:
        return Standing.TUNABLE
    for known, found in ((PROTECTED, Standing.PROTECTED), (FIXED, Standing.FIXED)):
        if any(path == p or path.startswith((f"{p}.", f"{p}[].")) for p in known):
            return found
    return None


def setting(path: str, channels: tuple[str, ...]) -> Setting | None:
    """The tunable setting that a proposal names, in its one spelling; None where there is none."""
    if path in _BY_PATH and path != BELIEF:
        return _BY_PATH[path]
    return _BY_PATH[BELIEF] if path in {belief_of(name) for name in channels} else None


def belief_of(channel: str) -> str:
    return f"channels.{channel}.belief"


def frozen(spec: ModelSpec) -> dict[str, Any]:
    """Everything of a specification that no proposal may change, as plain values: what the guard compares whole."""
    document = spec.model_dump(mode="json")
    for one in TUNABLE:
        if one.path == BELIEF:
            for channel in document["channels"]:
                del channel["belief"]
            continue
        *parents, last = one.path.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        del place[last]
    return document


def current(spec: ModelSpec, path: str) -> Any:
    """Value of a tunable setting, as plain values."""
    document: Any = spec.model_dump(mode="json")
    found = {belief_of(c["name"]): c["belief"] for c in document["channels"]}
    if path in found:
        return found[path]
    for part in path.split("."):
        document = document[part]
    return document


def applied(spec: ModelSpec, changes: dict[str, Any]) -> ModelSpec:
    """The specification with changes, validated anew; the changes name tunable settings alone.

    Raises
    ------
    ValueError
        Where the document is none (``pydantic.ValidationError``).
    """
    document: Any = spec.model_dump(mode="json")
    beliefs = {belief_of(c["name"]): c for c in document["channels"]}
    for path, value in changes.items():
        if path in beliefs:
            beliefs[path]["belief"] = value
            continue
        *parents, last = path.split(".")
        place = document
        for parent in parents:
            place = place[parent]
        place[last] = value
    return ModelSpec.model_validate(document)
