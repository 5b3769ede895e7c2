"""Recipes: transformations that are kept as a list, replayed in order on the source, previewed and undone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from mmm_core.data import steps_columns, steps_panel, steps_rows, steps_spread, steps_units
from mmm_core.data.steps import Arguments, StepKind, Table, listed
from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.dataset import RecipeStep, Recognition, Role, Shape
from mmm_core.domain.errors import DataError
from mmm_core.domain.words import counted

STEPS: dict[str, StepKind] = {
    kind.name: kind
    for kind in (
        StepKind("widen_mff", "Turn the long MFF rows into a wide table", steps_columns.widen_mff),
        StepKind("spread_channels", "Turn rows per channel into columns", steps_spread.spread_channels),
        StepKind("drop_undated_rows", "Leave out rows without a date", steps_rows.drop_undated_rows),
        StepKind("drop_columns", "Leave columns out", steps_columns.drop_columns),
        StepKind("drop_duplicate_periods", "Keep one row per period", steps_rows.drop_duplicate_periods),
        StepKind("sum_duplicate_periods", "Join rows of one period", steps_rows.sum_duplicate_periods),
        StepKind("fill_nulls", "Fill empty cells", steps_columns.fill_nulls),
        StepKind("fill_gaps", "Add missing periods", steps_rows.fill_gaps),
        StepKind("aggregate_weeks", "Aggregate to weeks", steps_rows.aggregate_weeks),
        StepKind("aggregate_national", "Aggregate to one national series", steps_rows.aggregate_national),
        StepKind("split_national", "Split national media among geos", steps_panel.split_national),
        StepKind("shared_periods", "Keep the periods that all geos share", steps_panel.shared_periods),
        StepKind("drop_geos", "Leave geos out", steps_panel.drop_geos),
        StepKind("keep_geos", "Keep some geos alone", steps_panel.keep_geos),
        StepKind("steady_population", "One population for each geo", steps_panel.steady_population),
        StepKind("scale_geo", "Multiply the numbers of a geo", steps_panel.scale_geo),
        StepKind("multiply_part", "Multiply a part of columns", steps_units.multiply_part),
        StepKind("clip_outliers", "Clip outliers", steps_columns.clip_outliers),
        StepKind("absolute_spend", "Make negative spend positive", steps_columns.absolute_spend),
        StepKind("filter_dates", "Keep a date range", steps_rows.filter_dates),
        StepKind("add_time_features", "Add calendar columns", steps_columns.add_time_features),
        StepKind("compute", "Compute a column", steps_columns.compute),
        StepKind("set_role", "Set the role of columns", steps_columns.set_role),
        StepKind("one_hot", "Split a text column into 0/1 columns", steps_columns.one_hot),
    )
}
"""Every kind of step by the name that recipes store."""

_ORDER = (
    "widen_mff",
    "drop_undated_rows",
    "spread_channels",
    "drop_columns",
    "drop_duplicate_periods",
    "sum_duplicate_periods",
    "aggregate_weeks",
    "drop_geos",
    "aggregate_national",
    "shared_periods",
    "fill_gaps",
    "absolute_spend",
    "multiply_part",
    "fill_nulls",
    "steady_population",
    "split_national",
    "clip_outliers",
    "one_hot",
    "compute",
    "set_role",
)


@dataclass(frozen=True)
class Preview:
    """The table before and after one step, and one sentence about the difference."""

    before: pd.DataFrame
    after: pd.DataFrame
    sentence: str


def step(name: str, /, *, by: str = "", reason: str = "", label: str = "", **arguments: Any) -> RecipeStep:
    """A recipe step with the registry's label unless another is given."""
    return RecipeStep(name, arguments, label or _kind(name).label, by, reason)


def apply(
    frame: pd.DataFrame, recognition: Recognition, steps: Sequence[RecipeStep]
) -> tuple[pd.DataFrame, Recognition]:
    """Replay ``steps`` on the source table; the input is left as it is.

    The result is sorted by date (and geography) where it has a date.

    Raises
    ------
    DataError
        Naming the step that cannot be done on this data, and why.
    """
    table = Table(frame, recognition)
    for number, entry in enumerate(steps, start=1):
        table = _run(table, entry, f"Recipe step {number} ({entry.label or entry.step})")
    return _sorted(table).frame, table.recognition


def _kind(name: str) -> StepKind:
    if name not in STEPS:
        raise DataError(f"{name} is not a known recipe step: choose one of {', '.join(STEPS)}.")
    return STEPS[name]


def _run(table: Table, entry: RecipeStep, where: str) -> Table:
    kind = _kind(entry.step)
    try:
        return kind.run(table, Arguments(entry.step, dict(entry.arguments)))
    except DataError as error:
        raise DataError(f"{where} cannot be done: {error}") from None


def _sorted(table: Table) -> Table:
    if table.recognition.shape in (Shape.MFF, Shape.TRANSACTIONS):
        return table
    date, geo = table.recognition.one(Role.DATE), table.recognition.one(Role.GEO)
    by = [c for c in (geo, date) if c and c in table.frame.columns]
    return Table(table.frame.sort_values(by, kind="stable", ignore_index=True), table.recognition) if by else table


def preview(frame: pd.DataFrame, recognition: Recognition, step: RecipeStep) -> Preview:
    """What one more step would do to the table as it stands."""
    after, _ = apply(frame, recognition, [step])
    before = _sorted(Table(frame, recognition)).frame
    return Preview(before, after, _difference(before, after))


def _difference(before: pd.DataFrame, after: pd.DataFrame) -> str:
    gone = [c for c in before.columns if c not in after.columns]
    new = [c for c in after.columns if c not in before.columns]
    parts = []
    if len(before) != len(after):
        parts.append(f"{len(before):,} rows become {len(after):,}")
    if gone:
        parts.append(f"{counted(len(gone), 'column')} left out ({listed(gone)})")
    if new:
        parts.append(f"{counted(len(new), 'column')} added ({listed(new)})")
    if len(before) == len(after):
        both = [c for c in before.columns if c in after.columns]
        changed = {c: _changed(before[c], after[c]) for c in both}
        touched = [c for c, n in changed.items() if n]
        if touched:
            parts.append(f"{counted(sum(changed.values()), 'cell')} changed in {listed(touched)}")
    if not parts:
        return "No value in the table changes."
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _changed(before: pd.Series, after: pd.Series) -> int:
    same = (before.reset_index(drop=True) == after.reset_index(drop=True)).fillna(False).astype(bool)
    return int((~(same | (before.isna().to_numpy() & after.isna().to_numpy()))).sum())


def without(steps: Sequence[RecipeStep], position: int) -> tuple[RecipeStep, ...]:
    """The recipe with one step (counted from 0) undone."""
    if not 0 <= position < len(steps):
        raise DataError("That recipe step is no longer there: reload the page.")
    return (*steps[:position], *steps[position + 1 :])


def opening(frame: pd.DataFrame, recognition: Recognition, *, week_start: int = 0) -> tuple[RecipeStep, ...]:
    """Steps that turn what was read into the working table, before any check.

    Long MFF rows become wide, rows per channel become columns, undated rows go, factor columns become 0/1 columns,
    daily rows and transactions become weeks.
    """
    out: list[RecipeStep] = []
    table = Table(frame, recognition)
    if recognition.shape is Shape.MFF:
        out.append(step("widen_mff", reason="models need one row per period"))
        table = _run(table, out[-1], out[-1].label)
    date = table.recognition.one(Role.DATE)
    if date and date in table.frame.columns and 0 < table.frame[date].isna().sum() < len(table.frame):
        out.append(step("drop_undated_rows", reason="rows without a date belong to no period"))
        table = _run(table, out[-1], out[-1].label)
    channel = steps_spread.channel_column(table.frame, table.recognition)
    if channel:
        out.append(step("spread_channels", columns=[channel], reason=f"column {channel} names the channel of each row"))
        table = _run(table, out[-1], out[-1].label)
    for column in _factors(table):
        out.append(step("one_hot", columns=[column], reason=f"column {column} holds a text for a few periods"))
        table = _run(table, out[-1], out[-1].label)
    found = table.recognition
    if found.one(Role.DATE) and (found.frequency_days == 1 or found.shape is Shape.TRANSACTIONS):
        out.append(step("aggregate_weeks", week_start=week_start, reason="media effects are modelled week by week"))
    return tuple(out)


def _factors(table: Table) -> list[str]:
    """Text columns with a few texts in a few rows: events, mostly."""
    if table.recognition.shape is Shape.TRANSACTIONS:
        return []
    out = []
    for role in table.recognition.roles:
        values = table.frame[role.column] if role.column in table.frame.columns else None
        if role.role is not Role.IGNORE or values is None or pd.api.types.is_numeric_dtype(values):
            continue
        if pd.api.types.is_datetime64_any_dtype(values):
            continue
        levels, filled = values.nunique(), float(values.notna().mean())
        fresh = not any(f"{role.column}_{v}" in table.frame.columns for v in values.dropna().unique())
        if 1 <= levels <= 10 and filled <= 0.3 and fresh:
            out.append(role.column)
    return out


def recommend(recognition: Recognition, report: CheckReport) -> tuple[RecipeStep, ...]:
    """The recommended fixes of every check that does not pass, in an order in which they can be replayed.

    Nothing is waived: a FAIL without a recommended fix stays a FAIL.
    """
    found: list[RecipeStep] = []
    dropped: list[str] = []
    reasons: list[str] = []
    for check, entry in _recommended(report):
        if entry.step == "drop_columns":
            fresh = [c for c in _named(entry) if c not in dropped and _droppable(recognition, c)]
            dropped += fresh
            reasons += [check.message] if fresh else []
        elif not any(e.step == entry.step and e.arguments == entry.arguments for e in found):
            found.append(entry)
    if dropped:
        found.append(
            RecipeStep("drop_columns", {"columns": dropped}, f"Leave out {listed(dropped)}", "auto", " ".join(reasons))
        )
    kept = [e for e in (_less(entry, dropped) for entry in found) if e is not None]
    summed = any(e.step == "sum_duplicate_periods" for e in kept)
    kept = [e for e in kept if not (summed and e.step == "drop_duplicate_periods")]
    return tuple(sorted(kept, key=lambda e: _ORDER.index(e.step) if e.step in _ORDER else len(_ORDER)))


def _recommended(report: CheckReport) -> list[tuple[Check, RecipeStep]]:
    return [
        (check, RecipeStep(fix.step, dict(fix.arguments), fix.label, "auto", check.message))
        for check in report.checks
        if check.status is not Status.PASS and check.waived_by is None
        for fix in check.fixes
        if fix.recommended
    ]


def _named(entry: RecipeStep) -> list[str]:
    found = entry.arguments.get("columns", entry.arguments.get("column", []))
    return [found] if isinstance(found, str) else list(found)


def _droppable(recognition: Recognition, column: str) -> bool:
    return column not in (recognition.one(Role.DATE), recognition.one(Role.KPI), recognition.one(Role.GEO))


def _less(entry: RecipeStep, dropped: Sequence[str]) -> RecipeStep | None:
    """The step without columns that are dropped before it; None where nothing of it is left."""
    named = _named(entry)
    if entry.step == "drop_columns" or not named:
        return entry
    left = [c for c in named if c not in dropped]
    arguments = {k: v for k, v in entry.arguments.items() if k not in ("column", "columns")}
    return replace(entry, arguments={**arguments, "columns": left}) if left else None
