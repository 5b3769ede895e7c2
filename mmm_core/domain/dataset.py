"""What a data file is, column by column, and the versions of it that a project keeps."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from mmm_core.domain.checks import CheckReport


class Shape(StrEnum):
    NATIONAL = "national"
    PANEL = "panel"
    MFF = "mff"
    TRANSACTIONS = "transactions"


class Role(StrEnum):
    DATE = "date"
    GEO = "geo"
    POPULATION = "population"
    KPI = "kpi"
    VALUE_PER_UNIT = "value_per_unit"
    SPEND = "spend"
    EXPOSURE = "exposure"
    REACH = "reach"
    """People whom a channel reached; with its ``FREQUENCY`` in place of an exposure."""
    FREQUENCY = "frequency"
    """How often each of them was reached."""
    ORGANIC = "organic"
    CONTROL = "control"
    TREATMENT = "treatment"
    """A lever of the company's own that is no media (price, promotion) and whose effect is asked for."""
    HOLIDAY = "holiday"
    TIME = "time"
    """Calendar columns (year, week number, season dummies) that the model builds by itself."""
    PRODUCT = "product"
    """The sub-category, brand or article of a row, where a period has a row for each."""
    IGNORE = "ignore"


@dataclass(frozen=True)
class ColumnRole:
    """What one column is. ``channel`` ties spend and exposure of one channel together."""

    column: str
    role: Role
    confidence: float
    reason: str
    channel: str | None = None


@dataclass(frozen=True)
class Recognition:
    shape: Shape
    convention: str
    """'robyn', 'meridian', 'pymc-marketing', 'mff', 'prefix', 'plain'."""
    frequency_days: int | None
    roles: tuple[ColumnRole, ...]
    notes: tuple[str, ...] = ()

    def columns(self, role: Role) -> tuple[str, ...]:
        return tuple(r.column for r in self.roles if r.role is role)

    def one(self, role: Role) -> str | None:
        found = self.columns(role)
        return found[0] if found else None


@dataclass(frozen=True)
class RecipeStep:
    """One undoable transformation, replayed in order on the source table."""

    step: str
    arguments: dict[str, Any]
    label: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Restatement:
    """What a new version changed in periods that the last one already had."""

    added_periods: int
    removed_periods: int
    revised: tuple[tuple[str, date, float, float], ...]
    """(column, period, before, after), largest relative change first, at most 200."""
    revised_cells: int


@dataclass(frozen=True)
class DatasetVersion:
    id: str
    project_id: str
    number: int
    content_hash: str
    filename: str
    source_blob: str
    """Content-addressed name of the uploaded table as Parquet."""
    recognition: Recognition
    recipe: tuple[RecipeStep, ...]
    report: CheckReport
    periods: int
    first_period: date | None
    last_period: date | None
    restatement: Restatement | None
    created_by: str
    created_at: datetime
