"""What the quality checks look at: the table coerced to numbers once, its periods, channels and limits."""

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Recognition, Role

Array = npt.NDArray[np.float64]

SUMMED = (Role.KPI, Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH, Role.POPULATION)
MEDIA = (Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH)
LARGEST = 1e30
"""Nothing that a company counts is larger; squares of such numbers still fit a float."""

CONTROLS = (Role.CONTROL, Role.HOLIDAY)
"""What may be left out where there is too much of it; a treatment is asked for and stays."""
EXTRA = (*CONTROLS, Role.TREATMENT)
USED = (Role.KPI, Role.VALUE_PER_UNIT, *MEDIA, Role.FREQUENCY, *EXTRA)


@dataclass(frozen=True)
class Thresholds:
    """Limits between PASS, REVIEW and FAIL."""

    coverage_fail_weeks: float = 52
    coverage_review_weeks: float = 104
    gaps_fail_share: float = 0.10
    irregular_review_share: float = 0.02
    nulls_drop_share: float = 0.20
    """Share of missing cells from which on a control is better left out than filled."""
    outlier_iqr: float = 3.0
    """Distance beyond the quartiles, in interquartile ranges."""
    outlier_z: float = 4.0
    outliers_review: int = 0
    level_shift_t: float = 8.0
    """t-value of a lasting step after season and trend, corrected for autocorrelation."""
    level_shift_sd: float = 1.5
    """Height of the step in residual standard deviations."""
    near_constant_cv: float = 0.02
    near_constant_share: float = 0.98
    """Share of periods that hold one and the same value, for columns that are no 0/1 flags."""
    mismatch_review_share: float = 0.05
    """Share of a channel's active periods with spend and no exposure, or the reverse."""
    repeated_review_share: float = 0.50
    """Share of active periods that repeat the last one's spend exactly."""
    smooth_review_ratio: float = 0.03
    """Mean squared step over variance (2 for noise, about 0.015 for one smooth wave a year)."""
    vif_review: float = 10.0
    correlation_review: float = 0.90
    leakage_review: float = 0.95
    leakage_fail: float = 0.995
    demand_capture_review: float = 0.60
    rows_per_parameter_fail: float = 1.0
    rows_per_parameter_review: float = 3.0
    geo_rows_fail: int = 26
    """Periods under which a geography is too short to say anything."""
    geo_gaps_fill_share: float = 0.02
    """Share of a panel's rows that may be missing and filled without asking."""
    geo_scale_review: float = 50.0
    """Factor between a geography's KPI per head and the middle one's."""
    geo_outlier_share: float = 0.001
    """Share of a panel's cells that may stand far out: of thousands, some do by chance."""
    geo_outlier_z: float = 6.0
    """A single cell of a panel beyond this is no chance."""


@dataclass(frozen=True)
class ChannelColumns:
    """Columns of one channel; the model acts on the exposure where there is one."""

    name: str
    spend: str | None
    exposure: str | None
    reach: str | None = None
    frequency: str | None = None
    """None where only the reach is known, which then acts as an exposure does."""

    @property
    def acting(self) -> str:
        column = self.exposure or self.reach or self.spend
        assert column is not None
        return column


@dataclass(frozen=True)
class View:
    frame: pd.DataFrame
    """The table as it is, one column per name."""
    recognition: Recognition
    limits: Thresholds
    today: date
    when: "pd.Series[pd.Timestamp]"
    """Date of each row; NaT where it cannot be read."""
    where: "pd.Series[str]"
    """Geo of each row; empty text for national data."""
    numeric: pd.DataFrame
    """Float columns of every role that the model reads; NaN where a cell is no finite number."""
    periods: pd.DataFrame
    """``numeric`` with geos added up (controls averaged), indexed by period in order."""
    channels: tuple[ChannelColumns, ...]

    def role_columns(self, *roles: Role) -> list[str]:
        return [c for c, role in self._roles.items() if role in roles]

    @cached_property
    def _roles(self) -> dict[str, Role]:
        numbers = set(self.numeric.columns)
        return {r.column: r.role for r in self.recognition.roles if r.column in numbers}

    @property
    def kpi(self) -> str | None:
        found = self.role_columns(Role.KPI)
        return found[0] if found else None

    @property
    def panel(self) -> bool:
        return self.where.nunique() > 1

    @cached_property
    def geos(self) -> "dict[str, View]":
        """Each geo by itself, those with too few periods to judge left out; the whole under no name where national."""
        if not self.panel:
            return {"": self}
        out = {}
        roles = dict(self._roles)
        for name, rows in self.where.groupby(self.where).groups.items():
            when, numeric = self.when.loc[rows], self.numeric.loc[rows]
            if name and when.nunique() >= self.limits.geo_rows_fail:
                where, frame = self.where.loc[rows], self.frame.loc[rows]
                periods = _periods(numeric, when, roles)
                out[str(name)] = replace(self, frame=frame, when=when, where=where, numeric=numeric, periods=periods)
        return out

    @property
    def step_days(self) -> float | None:
        """Usual number of days between periods."""
        index = self.periods.index
        if len(index) < 2:
            return float(self.recognition.frequency_days) if self.recognition.frequency_days else None
        days = np.diff(index.to_numpy()) / np.timedelta64(1, "D")
        return float(np.median(days))

    def complete(self, columns: list[str]) -> pd.DataFrame:
        """Periods of the columns with missing cells filled: media with 0, everything else with its median."""
        out = self.periods[columns]
        fill = out.median().fillna(0.0)
        fill[[c for c in columns if self._roles[c] in MEDIA]] = 0.0
        return out.fillna(fill)


def look(frame: pd.DataFrame, recognition: Recognition, limits: Thresholds, today: date) -> View:
    """Coerce the table once; nothing in here refuses a value."""
    frame = frame.loc[:, ~frame.columns.duplicated()].reset_index(drop=True)
    date_column, geo_column = recognition.one(Role.DATE), recognition.one(Role.GEO)
    when = _dates(frame, date_column)
    if geo_column is not None and geo_column in frame:
        where = frame[geo_column].astype("object").where(frame[geo_column].notna(), "").astype(str)
    else:
        where = pd.Series([""] * len(frame), index=frame.index, dtype=object)
    roles = {r.column: r.role for r in recognition.roles if r.role in (*USED, Role.POPULATION) and r.column in frame}
    numeric = pd.DataFrame({c: to_numbers(frame[c]) for c in roles}, index=frame.index, dtype=float)
    return View(
        frame,
        recognition,
        limits,
        today,
        when,
        where,
        numeric,
        _periods(numeric, when, roles),
        _channels(recognition, numeric),
    )


def to_numbers(values: "pd.Series[Any]") -> "pd.Series[float]":
    """Floats with NaN for everything that is no finite number, or an absurd one."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return pd.Series(np.nan, index=values.index, dtype=float)
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    return numbers.where(numbers.abs() < LARGEST)


def _dates(frame: pd.DataFrame, column: str | None) -> "pd.Series[pd.Timestamp]":
    if column is None or column not in frame:
        return pd.Series(pd.NaT, index=frame.index, dtype="datetime64[ns]")
    values = frame[column]
    if not pd.api.types.is_datetime64_any_dtype(values):
        text = values.astype("object").where(values.notna(), None)
        values = pd.to_datetime(
            text.map(lambda v: None if v is None else str(v)), errors="coerce", format="mixed", utc=True
        )
    if getattr(values.dt, "tz", None) is not None:
        values = values.dt.tz_localize(None)
    return values


def _periods(numeric: pd.DataFrame, when: "pd.Series[pd.Timestamp]", roles: dict[str, Role]) -> pd.DataFrame:
    known = when.notna()
    grouped = numeric[known].groupby(when[known], sort=True)
    columns = list(roles)
    summed = [c for c in columns if roles[c] in SUMMED]
    out = grouped.mean()
    if summed:
        out[summed] = grouped[summed].sum(min_count=1)
    return out[columns]


def _channels(recognition: Recognition, numeric: pd.DataFrame) -> tuple[ChannelColumns, ...]:
    """Spend and exposure tied by channel name; an organic or untied exposure is a channel of its own."""
    sides: dict[Role, dict[str, str]] = {r: {} for r in (Role.SPEND, Role.EXPOSURE, Role.REACH, Role.FREQUENCY)}
    for role in recognition.roles:
        if role.column not in numeric or role.role not in (*MEDIA, Role.FREQUENCY):
            continue
        side = sides[Role.EXPOSURE if role.role is Role.ORGANIC else role.role]
        name = role.channel or role.column
        side.setdefault(name if name not in side else role.column, role.column)
    spend, exposure, reach, frequency = sides.values()
    out = []
    for name in dict.fromkeys([*spend, *exposure, *reach]):
        pair = (reach.get(name), frequency.get(name))
        out.append(ChannelColumns(name, spend.get(name), exposure.get(name), *(pair if all(pair) else (pair[0], None))))
    return tuple(out)


def status_of(value: float, review: float, fail: float | None = None) -> Status:
    """Worse the larger ``value`` is; a limit itself still passes."""
    if fail is not None and value > fail:
        return Status.FAIL
    return Status.REVIEW if value > review else Status.PASS


def passed(id: str, title: str, message: str, value: float | None = None, limit: float | None = None) -> Check:
    return Check(id, title, Status.PASS, message, value, limit)


def drop(columns: list[str], recommended: bool = False, why: str = "") -> Fix:
    return Fix("drop_columns", {"columns": list(columns)}, f"Drop {listed(columns)}{why}", recommended)


def listed(names: "list[str] | tuple[str, ...]", most: int = 4) -> str:
    """'a, b and 3 more'."""
    names = list(names)
    if len(names) <= 1:
        return "".join(names)
    if len(names) <= most:
        return f"{', '.join(names[:-1])} and {names[-1]}"
    return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
