"""The business context as people write it (YAML): plausible ranges, whose judgement they are, success criteria."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmm_core.domain.errors import BadInput
from mmm_core.domain.results import Interval
from mmm_core.domain.tuning import Context, Criteria, Range
from mmm_core.modeling.spec import ModelSpec

LARGEST = 100_000
"""Characters of a context."""
EXAMPLE = """\
# What the business knows. Each range is somebody's judgement of where the truth lies with 90% probability: say whose.
# 'roi' is money returned per money spent; for a channel without spend give its 'share' of the KPI.
"""
JUDGED = "the model's own prior (replace it with what you know)"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Channel(_Part):
    roi: tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]] | None = None
    share: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0, lt=1)]] | None = None
    judged_by: Annotated[str, Field(min_length=1, max_length=200)]

    @model_validator(mode="after")
    def _one_range(self) -> Self:
        if (self.roi is None) == (self.share is None):
            raise ValueError("give one range, roi or share")
        low, high = self.range[1:]
        if low >= high:
            raise ValueError(f"the low end ({low:g}) must be under the high end ({high:g})")
        return self

    @property
    def range(self) -> tuple[Literal["roi", "share"], float, float]:
        if self.roi is not None:
            return ("roi", *self.roi)
        assert self.share is not None
        return ("share", *self.share)


class _Success(_Part):
    holdout_error_at_most: Annotated[float, Field(gt=0, lt=1)] = Criteria.holdout_error_at_most
    failed_checks_at_most: Annotated[int, Field(ge=0, le=50)] = Criteria.failed_checks_at_most
    in_range_at_least: Annotated[float, Field(ge=0, le=1)] = Criteria.in_range_at_least


class _Context(_Part):
    channels: dict[str, _Channel] = Field(default_factory=dict, max_length=60)
    success: _Success = _Success()
    notes: Annotated[str, Field(max_length=4000)] = ""


def read(text: str, spec: ModelSpec, *, has_value: bool = True) -> Context:
    """The context for a specification.

    Parameters
    ----------
    has_value
        Whether the KPI has a value in money, without which there is no return on spend.

    Raises
    ------
    BadInput
        With one sentence that names what is wrong and where.
    """
    found = _read(text)
    known = {c.name: c for c in spec.channels}
    ranges = []
    for name, one in found.channels.items():
        if name not in known:
            raise BadInput(f"The business context names {name}, which is no channel here; there are: {_list(known)}.")
        kind, low, high = one.range
        if kind == "roi" and (known[name].spend is None or not has_value):
            why = "it has no spend" if known[name].spend is None else "the KPI has no value in money"
            raise BadInput(f"The business context gives a roi for {name}, but {why}; give its share of the KPI.")
        ranges.append(Range(name, kind, low, high, " ".join(one.judged_by.split())))
    return Context(tuple(ranges), Criteria(**found.success.model_dump()), found.notes.strip())


def _read(text: str) -> _Context:
    if len(text) > LARGEST:
        raise BadInput("The business context is longer than a context can be; keep it to ranges, criteria and notes.")
    try:
        raw: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" (line {where.line + 1})" if where else ""
        raise BadInput(f"The business context is not readable YAML{line}.") from None
    except (RecursionError, ValueError):
        raise BadInput("The business context is not readable YAML.") from None
    if raw is None:
        return _Context()
    if not isinstance(raw, dict):
        raise BadInput("The business context must be a YAML document with channels, success or notes.")
    try:
        return _Context.model_validate(raw)
    except (ValidationError, RecursionError) as error:
        raise BadInput(f"The business context cannot be used: {_first(error)}.") from None


def _first(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return "it is nested too deeply"
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"it knows nothing called {where}"
    if problem["type"] == "missing" and problem["loc"][-1] == "judged_by":
        return f"{where}: say whose judgement the range is"
    what = problem["msg"].removeprefix("Value error, ")
    return f"{where}: {what[:1].lower()}{what[1:]}" if where else what


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(names)


def example(spec: ModelSpec, roi: Mapping[str, Interval | None], share: Mapping[str, Interval]) -> str:
    """A context of the specification's own channels, filled with what its priors imply, to be written over."""
    channels: dict[str, Any] = {}
    for channel in spec.channels:
        paid = roi.get(channel.name)
        kind, seen = ("roi", paid) if paid else ("share", share.get(channel.name))
        if seen is not None and 0 < seen.p5 < seen.p95 and (kind == "roi" or seen.p95 < 1):
            channels[channel.name] = {kind: [_short(seen.p5), _short(seen.p95)], "judged_by": JUDGED}
    document = {"channels": channels, "success": _Success().model_dump(), "notes": ""}
    return EXAMPLE + yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=None)


def _short(value: float) -> float:
    return float(f"{value:.2g}")
