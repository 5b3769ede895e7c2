"""Tools that look at a project's data."""

from typing import Any

import pandas as pd
from pydantic import Field

from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Sheet, Tool, name
from mmm_core.data import explore
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import DataError
from mmm_core.use_cases import projects, trends

MOST = 20


class Column(Arguments):
    column: str = Field(description="Name of a column, as inspect_data lists it.")


class TopValues(Column):
    most: int = Field(default=10, ge=1, le=MOST)


class Rows(Arguments):
    count: int = Field(default=5, ge=1, le=MOST)
    seed: int = Field(default=1, ge=0)


class Correlated(Arguments):
    columns: list[str] = Field(default=[], description="Columns to look at; all that the model may read if empty.")
    most: int = Field(default=12, ge=2, le=MOST, description="The strongest pairs alone are given.")


class Series(Arguments):
    column: str | None = Field(default=None, description="Column to look through; the KPI if unset.")


def get_data_status(context: Context, _: Nothing) -> Result:
    now = projects.stamp(context.services, context.actor, context.project)
    sheet = Sheet()
    said: dict[str, Any] = {
        "data_through": str(now.data_through) if now.data_through else None,
        "data_version": sheet.n("data.version", now.data_version, "count"),
        "model": name(now.model_name) if now.model_name else None,
        "model_of": str(now.model_of) if now.model_of else None,
        "model_is_older_than_the_data": now.model_is_stale,
    }
    if now.data_version is not None:
        version = context.working().version
        said["periods"] = sheet.n("data.periods", version.periods, "count")
        said["first_period"] = str(version.first_period)
        said["file"] = name(version.filename)
        said["quality"] = version.report.status.value
    return sheet.result(said)


def inspect_data(context: Context, _: Nothing) -> Result:
    now = context.working()
    roles = [r for r in now.recognition.roles if r.role is not Role.IGNORE]
    columns = [
        {"column": name(r.column), "role": r.role.value, "channel": r.channel and name(r.channel)} for r in roles
    ]
    sheet = Sheet()
    return sheet.result(
        {
            "shape": now.recognition.shape.value,
            "rows": sheet.n("data.rows", len(now.frame), "count"),
            "periods": sheet.n("data.periods", now.version.periods, "count"),
            "columns": columns[:60],
            "steps_done": [name(s.label) for s in now.version.recipe],
            "checks": _checks(context, only_open=True),
        }
    )


def check_data(context: Context, _: Nothing) -> Result:
    return Result({"checks": _checks(context, only_open=False)})


def _checks(context: Context, *, only_open: bool) -> list[dict[str, Any]]:
    report = context.working().version.report
    found = [c for c in report.checks if not only_open or c.status is not Status.PASS]
    return [
        {
            "id": c.id,
            "status": c.status.value,
            "finding": c.message[:300],
            "waived_by": c.waived_by,
            "fixes": [fix.label for fix in c.fixes],
        }
        for c in found[:30]
    ]


def get_column_stats(context: Context, given: Column) -> Result:
    now = context.working()
    table = explore.column_statistics(now.frame, now.recognition)
    found = table[table["column"] == given.column]
    if found.empty:
        raise DataError(f"There are no statistics of {name(given.column)}: it holds no numbers that a model may read.")
    return _table(found, f"column.{given.column}", "column", shares=("missing", "zero"))


def get_channel_stats(context: Context, _: Nothing) -> Result:
    now = context.working()
    table = explore.channel_statistics(now.frame, now.recognition).drop(columns=["first", "last"], errors="ignore")
    return _table(table, "data.channel", "channel", shares=("active_share",), part="level.")


def get_top_values(context: Context, given: TopValues) -> Result:
    table = explore.top_values(context.working().frame, given.column, given.most)
    return _table(table, f"top.{given.column}", "value", shares=("share",))


def sample_rows(context: Context, given: Rows) -> Result:
    frame = explore.random_rows(context.working().frame, given.count, given.seed).iloc[:, :25]
    rows = [{name(c): name(v) for c, v in row.items()} for row in frame.to_dict("records")]
    return Result({"rows": rows})


def get_correlation_matrix(context: Context, given: Correlated) -> Result:
    now = context.working()
    table: Any = explore.correlations(now.frame, now.recognition)
    if given.columns:
        known = [c for c in given.columns if c in table]
        if len(known) < 2:
            raise DataError("Name at least two columns of numbers that inspect_data lists.")
        table = table.loc[known, known]
    names = list(table.columns)
    pairs = [(a, b, float(table.loc[a, b])) for i, a in enumerate(names) for b in names[i + 1 :]]
    pairs = sorted((p for p in pairs if p[2] == p[2]), key=lambda p: -abs(p[2]))[: given.most]
    sheet = Sheet()
    said = [{"pair": [name(a), name(b)], "r": sheet.n(f"correlation.{a}/{b}", r, "number")} for a, b, r in pairs]
    return sheet.result({"strongest": said})


def detect_outliers(context: Context, _: Nothing) -> Result:
    checks = [c for c in _checks(context, only_open=False) if c["id"] in ("outliers", "level_shifts", "unit_change")]
    return Result({"checks": checks})


def scan_trends(context: Context, given: Series) -> Result:
    version = context.working().version
    found = trends.scan(context.services, context.actor, version.id, column=given.column)
    return Result({"column": name(found.scan.column), "findings": [s[:300] for s in found.sentences]})


def _table(table: pd.DataFrame, stem: str, label: str, shares: tuple[str, ...] = (), part: str = "") -> Result:
    """Rows whose numbers are facts; ``label`` names the row."""
    sheet = Sheet()
    rows = []
    records: Any = table.head(MOST).to_dict("records")
    for record in records:
        row: dict[str, Any] = {label: name(record.pop(label))}
        key = stem if stem.endswith(str(row[label])) else f"{stem}.{row[label]}"
        for column, value in record.items():
            number = None if value is None else float(value)
            row[str(column)] = sheet.n(f"{key}.{part}{column}", number, "share" if column in shares else "number")
        rows.append(row)
    return sheet.result({"rows": rows})


TOOLS = (
    Tool(
        "get_data_status", "data", "What data and model the open project has, and how current they are.",
        "projects.stamp, datasets.latest_dataset", Nothing, get_data_status,
    ),
    Tool(
        "inspect_data", "data", "Columns with their roles, shape, steps done and open checks of the data.",
        "datasets.load_working", Nothing, inspect_data,
    ),
    Tool("check_data", "data", "Every data check with its finding.", "datasets.load_working", Nothing, check_data),
    Tool(
        "get_column_stats", "data", "Mean, spread, extremes and missing share of one column.",
        "datasets.load_working", Column, get_column_stats,
    ),
    Tool(
        "get_channel_stats", "data", "Spend, active share and correlation of each channel.",
        "datasets.load_working", Nothing, get_channel_stats,
    ),
    Tool(
        "get_top_values", "data", "The most frequent values of a column.",
        "datasets.load_working", TopValues, get_top_values,
    ),
    Tool("sample_rows", "data", "A few rows picked at random.", "datasets.load_working", Rows, sample_rows),
    Tool(
        "get_correlation_matrix", "data", "The strongest pairwise correlations.",
        "datasets.load_working", Correlated, get_correlation_matrix,
    ),
    Tool(
        "detect_outliers", "data", "What the checks say about outliers, level shifts and changes of unit.",
        "datasets.load_working", Nothing, detect_outliers,
    ),
    Tool(
        "scan_trends", "data", "What a series did by itself: year on year, seasons, odd periods.",
        "trends.scan", Series, scan_trends,
    ),
)  # fmt: skip
