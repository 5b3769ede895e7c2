"""The model specification: one validated document in words a marketer knows, stored and exported as YAML."""

import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mmm_core.domain.errors import SpecError
from mmm_core.modeling import refusals


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Adstock(StrEnum):
    NONE = "none"
    GEOMETRIC = "geometric"
    DELAYED = "delayed"
    WEIBULL_PDF = "weibull_pdf"
    WEIBULL_CDF = "weibull_cdf"


class Saturation(StrEnum):
    LINEAR = "linear"
    LOGISTIC = "logistic"
    HILL = "hill"
    MICHAELIS_MENTEN = "michaelis_menten"
    TANH = "tanh"


class Belief(Part):
    """A 90% range that somebody believes in, turned into the channel's prior."""

    kind: Literal["roi", "marginal_roi", "contribution_share", "cost_per_target"]
    """'marginal_roi': that of 1% more; 'cost_per_target': money spent per KPI unit that it brings."""
    low: Annotated[float, Field(gt=0)]
    high: Annotated[float, Field(gt=0)]
    source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"a belief needs its low end ({self.low:g}) under its high end ({self.high:g})")
        if self.kind == "contribution_share" and self.high >= 1:
            raise ValueError(f"a share of the KPI lies under 1 (0.1 is 10%), and the high end is {self.high:g}")
        return self


class ChannelSpec(Part):
    name: Annotated[str, Field(min_length=1)]
    spend: str | None = None
    """Column with money; None for organic media."""
    exposure: str | None = None
    """Column with impressions, clicks, sends; the model acts on it where given, else on the spend."""
    reach: str | None = None
    """Column with the people reached at least once; its effect is theirs times what ``frequency`` does to each."""
    frequency: str | None = None
    """Column with the mean number of contacts of a person reached; it saturates before the carry-over."""
    belief: Belief | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if (self.reach is None) != (self.frequency is None):
            raise ValueError(
                f"channel {self.name} needs both reach and frequency; a reach alone is its exposure column"
            )
        if self.exposure is not None and self.reach is not None:
            raise ValueError(f"channel {self.name} acts on its exposure or on reach and frequency, not on both")
        if self.acting is None:
            raise ValueError(f"channel {self.name} needs a spend column, an exposure column or both")
        return self

    @property
    def acting(self) -> str | None:
        """Column that the adstock acts on."""
        return self.exposure or self.reach or self.spend

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the channel reads."""
        return tuple(c for c in (self.spend, self.exposure, self.reach, self.frequency) if c)


class LiftTest(Part):
    """What an experiment measured a channel's exposure in a window to bring, KPI units, carry-over included."""

    channel: Annotated[str, Field(min_length=1)]
    start: datetime.date
    end: datetime.date
    geos: tuple[str, ...] = ()
    """Where it was run; everywhere if empty."""
    lift: float
    """KPI units, summed over the window (and after it) and the geos."""
    standard_error: Annotated[float, Field(gt=0)]
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    """Part of the window's exposure that the test switched on or off."""
    measured_until: datetime.date | None = None
    """Last day that the measurement counted; until the carry-over is over if left out."""
    source: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"the lift test of {self.channel} ends ({self.end}) before it starts ({self.start})")
        if self.measured_until is not None and self.measured_until < self.end:
            raise ValueError(
                f"the lift test of {self.channel} was measured until {self.measured_until}, before its end ({self.end})"
            )
        return self


class KpiSpec(Part):
    column: str
    unit: Literal["revenue", "count"] = "revenue"
    value_per_unit: Annotated[float, Field(gt=0)] | str | None = None
    """Money per KPI unit: a number, or the column that holds it; revenue is worth 1."""


class MediaPrior(Part):
    """A plausible 90% range for the share of the KPI that all media bring together."""

    share_low: Annotated[float, Field(gt=0, lt=1)] = 0.05
    share_high: Annotated[float, Field(gt=0, lt=1)] = 0.50
    style: Literal["by_spend", "pymc_marketing"] = "by_spend"
    """'by_spend' spreads the range over channels by their spend; 'pymc_marketing' takes that library's defaults."""


class Treatment(Part):
    """A lever of the company's own that is no media (price, promotion); its effect counts from a reference level."""

    column: Annotated[str, Field(min_length=1)]
    reference: Literal["mean", "lowest", "highest"] | float = "mean"


class Season(Part):
    yearly_terms: Annotated[int, Field(ge=0, le=20)] = 2
    """Pairs of sine and cosine over a year; 0 leaves the season out."""


class Trend(Part):
    kind: Literal["none", "linear", "piecewise", "spline"] = "linear"
    """'spline' is a smooth baseline of cubic B-splines, whose flexibility its prior bounds."""
    knots: Annotated[int, Field(ge=1, le=40)] = 3


class TimeVarying(Part):
    """What may drift as a smooth Gaussian process with learned scales; slower to fit than a spline baseline."""

    baseline: bool = False
    media: bool = False
    """The strength of all media together."""


class Sampling(Part):
    draws: Annotated[int, Field(ge=50, le=10_000)] = 1000
    tune: Annotated[int, Field(ge=50, le=5_000)] = 500
    chains: Annotated[int, Field(ge=1, le=16)] = 4
    seed: int = 1
    target_accept: Annotated[float, Field(gt=0.5, lt=1)] = 0.9
    engine: Literal["auto", "collapsed", "pymc"] = "auto"
    """'collapsed' is our own log density, 'pymc' the PyMC model's; 'auto' takes the first where it holds the model."""
    device: Literal["auto", "cpu", "gpu"] = "auto"


class ModelSpec(Part):
    version: Literal[1] = 1
    kpi: KpiSpec
    date: str
    geo: str | None = None
    """Column that names the geo of a row; None for national data (one row per period)."""
    population: str | None = None
    """Column with each geo's head count, by which its media are scaled; None scales them by the geo's mean KPI."""
    currency: str = "EUR"
    channels: Annotated[tuple[ChannelSpec, ...], Field(min_length=1, max_length=60)]
    controls: tuple[str, ...] = ()
    holidays: tuple[str, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    adstock: Adstock = Adstock.GEOMETRIC
    max_lag: Annotated[int, Field(ge=1, le=52)] = 8
    saturation: Saturation = Saturation.LOGISTIC
    season: Season = Season()
    trend: Trend = Trend()
    time_varying: TimeVarying = TimeVarying()
    media_prior: MediaPrior = MediaPrior()
    lift_tests: Annotated[tuple[LiftTest, ...], Field(max_length=200)] = ()
    sampling: Sampling = Sampling()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        names = [c.name for c in self.channels]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise ValueError(f"channel {twice[0]} is named twice")
        for test in self.lift_tests:
            if test.channel not in names:
                raise ValueError(f"a lift test names {test.channel}, which is no channel of this specification")
        taken = [self.kpi.column, self.date, *self.controls, *self.holidays]
        taken += [c for c in (self.geo, self.population) if c] + [t.column for t in self.treatments]
        taken += [c for ch in self.channels for c in ch.columns]
        double = sorted({c for c in taken if taken.count(c) > 1})
        if double:
            raise ValueError(f"column {double[0]} has two roles in this specification")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of the table that the specification reads."""
        value = self.kpi.value_per_unit
        out = [self.date, self.kpi.column, *self.controls, *self.holidays]
        out += [value] if isinstance(value, str) else []
        out += [c for c in (self.geo, self.population) if c] + [t.column for t in self.treatments]
        out += [c for ch in self.channels for c in ch.columns]
        return tuple(out)

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)

    @classmethod
    def from_yaml(cls, text: str) -> "ModelSpec":
        """Read a specification.

        Raises
        ------
        SpecError
            With one sentence that names the field and what is wrong with it.
        """
        try:
            raw: Any = yaml.safe_load(text)
        except yaml.YAMLError as error:
            where = getattr(error, "problem_mark", None)
            line = f" (line {where.line + 1})" if where else ""
            raise SpecError(f"The specification is not readable YAML{line}.") from None
        if not isinstance(raw, dict):
            raise SpecError("The specification must be a YAML document with fields such as kpi, date and channels.")
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            raise SpecError(f"The specification cannot be used: {refusals.first(error, raw)}.") from None
