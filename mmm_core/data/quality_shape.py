"""Checks of the table's shape: roles, dates, periods and missing cells."""

from dataclasses import replace

import numpy as np
import pandas as pd

from mmm_core.data.quality_view import EXTRA, USED, View, drop, listed, passed, status_of
from mmm_core.data.read_cells import COUNTED_AS_EMPTY
from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Role, Shape
from mmm_core.domain.words import counted


def schema(view: View) -> Check:
    """A date, a KPI and at least one channel, all present."""
    named = [r.column for r in view.recognition.roles if r.role is not Role.IGNORE]
    gone = [c for c in named if c not in view.frame]
    missing = []
    if view.when.notna().sum() == 0:
        missing.append("a date column")
    if view.kpi is None:
        missing.append("a KPI column")
    if not view.channels:
        missing.append("at least one media channel (spend or exposure)")
    if view.recognition.shape is Shape.MFF and missing:
        return Check(
            "schema", "Columns", Status.FAIL, "The table is in long format; turn it into one row per period first."
        )
    if missing:
        return Check(
            "schema",
            "Columns",
            Status.FAIL,
            f"The table lacks {listed(missing)}; set the roles of its columns.",
            float(len(missing)),
            0.0,
        )
    if gone:
        return Check(
            "schema",
            "Columns",
            Status.FAIL,
            f"The table no longer has the {_word(gone)} {listed(gone)}.",
            float(len(gone)),
            0.0,
            tuple(gone),
        )
    repeated = len(view.role_columns(Role.KPI)) - 1
    if repeated > 0:
        return Check(
            "schema",
            "Columns",
            Status.REVIEW,
            f"Several columns are marked as the KPI; {view.kpi} is used.",
            float(repeated),
            0.0,
            tuple(view.role_columns(Role.KPI)),
        )
    return passed(
        "schema",
        "Columns",
        f"Date, KPI ({view.kpi}) and {counted(len(view.channels), 'channel')} are there.",
        float(len(view.channels)),
    )


def text_in_numbers(view: View) -> Check:
    """Cells that should be numbers and are not."""
    counts: dict[str, int] = {}
    for column in view.role_columns(*USED):
        filled = view.frame[column].notna()
        if not pd.api.types.is_numeric_dtype(view.frame[column]):
            filled &= view.frame[column].astype(str).str.strip() != ""
        counts[column] = int((filled & view.numeric[column].isna()).sum())
    bad = [c for c in counts if counts[c]]
    total = float(sum(counts.values()))
    if not bad and (unread := _unread(view)):
        column, note = next(iter(unread.items()))
        more = f" The same in {counted(len(unread) - 1, 'more column')}." if len(unread) > 1 else ""
        return Check(
            "text_in_numbers", "Text in number columns", Status.REVIEW, note + more, float(len(unread)), 0.0, (column,)
        )
    if not bad:
        return passed(
            "text_in_numbers", "Text in number columns", "Every cell that should be a number is one.", 0.0, 0.0
        )
    first = bad[0]
    example = view.frame[first][view.numeric[first].isna() & view.frame[first].notna()].iloc[0]
    message = (
        f"{counted(int(total), 'cell')} in {listed(bad)} cannot be read as numbers, for example {str(example)[:40]!r}."
    )
    spare = [c for c in bad if c != view.kpi]
    fixes = (drop(spare),) if spare else ()
    return Check("text_in_numbers", "Text in number columns", Status.FAIL, message, total, 0.0, tuple(bad), fixes)


def _unread(view: View) -> dict[str, str]:
    """What was noted of the columns in use whose texts became empty cells when the file was read."""
    notes = [n for n in view.recognition.notes if COUNTED_AS_EMPTY in n]
    used = view.role_columns(*USED)
    return {c: n for c in used for n in notes if n.startswith(f"Column {c}: ")}


def dates(view: View) -> Check:
    """Rows whose date cannot be read."""
    bad = int(view.when.isna().sum())
    if bad == 0 or bad == len(view.when):
        return passed(
            "dates",
            "Dates",
            "Every row has a date." if bad == 0 else "There is no date column to check.",
            float(0),
            0.0,
        )
    column = view.recognition.one(Role.DATE)
    return Check(
        "dates",
        "Dates",
        Status.FAIL,
        f"{counted(bad, 'row')} of {len(view.when)} have a date that cannot be read.",
        float(bad),
        0.0,
        (column,) if column else (),
        (Fix("drop_undated_rows", {}, "Leave those rows out"),),
    )


def duplicate_periods(view: View) -> Check:
    """More than one row for a period (and geo)."""
    known = view.when.notna()
    keys = pd.DataFrame({"when": view.when[known], "where": view.where[known]})
    extra = int(keys.duplicated().sum())
    title = "Duplicate periods"
    if extra == 0:
        return passed(
            "duplicate_periods", title, "Each period has one row" + (" per geo." if view.panel else "."), 0.0, 0.0
        )
    first = keys[keys.duplicated()]["when"].min()
    copies = int(view.frame[known].duplicated().sum()) == extra
    fixes = (
        Fix("drop_duplicate_periods", {}, "Keep the first row of each period", recommended=copies),
        Fix("sum_duplicate_periods", {}, "Add up the rows of each period"),
    )
    repeat = "repeats" if extra == 1 else "repeat"
    message = f"{counted(extra, 'row')} {repeat} a period that is already there, first {first:%Y-%m-%d}."
    if copies:
        message += " It is an exact copy." if extra == 1 else " They are exact copies."
    return Check("duplicate_periods", title, Status.FAIL, message, float(extra), 0.0, (), fixes)


def frequency(view: View) -> Check:
    """Regular steps, and weeks rather than days."""
    step = view.step_days
    title = "Frequency"
    if step is None or len(view.periods) < 3:
        return Check("frequency", title, Status.REVIEW, "Too few periods to tell how often the data come.")
    days = np.diff(view.periods.index.to_numpy()) / np.timedelta64(1, "D")
    monthly = 28 <= step <= 31
    regular = (np.abs(days / step - np.round(days / step)) < (0.15 if monthly else 1e-9)) & (days > 0)
    irregular = float(1 - regular.mean())
    name = frequency_name(step)
    weekly = Fix("aggregate_weeks", {}, "Add up to weeks")
    if irregular > view.limits.irregular_review_share:
        return Check(
            "frequency",
            title,
            Status.REVIEW,
            f"{irregular:.0%} of the steps between dates differ from the usual {step:g} days.",
            irregular,
            view.limits.irregular_review_share,
            (),
            (weekly,) if step < 7 else (),
        )
    if step < 7:
        return Check(
            "frequency",
            title,
            Status.REVIEW,
            f"The data are {name}; the model is meant for weeks.",
            step,
            7.0,
            (),
            (weekly,),
        )
    if step > 7:
        return Check(
            "frequency",
            title,
            Status.REVIEW,
            f"The data are {name}; memory of a few weeks cannot be told apart at that step.",
            step,
            7.0,
        )
    return passed("frequency", title, "One row per week.", step, 7.0)


def gaps(view: View) -> Check:
    """Periods that are missing between the first and the last, over all geos."""
    step, index = view.step_days, view.periods.index
    title = "Gaps"
    if step is None or step <= 0 or len(index) < 3:
        return passed("gaps", title, "There are too few periods for gaps.", 0.0, 0.0)
    if 28 <= step <= 31:
        expected = (index[-1].year - index[0].year) * 12 + index[-1].month - index[0].month + 1
    else:
        expected = round((index[-1] - index[0]).total_seconds() / 86_400 / step) + 1
    missing = max(expected - len(index), 0)
    holes = _holes(view) if view.panel else {}
    unbalanced = sum(holes.values())
    share = missing / expected + (unbalanced / (len(index) * view.where.nunique()) if view.panel else 0.0)
    status = status_of(share, 0.0, view.limits.gaps_fail_share)
    if status is Status.PASS:
        return passed("gaps", title, "No period is missing between the first and the last.", 0.0, 0.0)
    parts = []
    if missing:
        parts.append(f"{missing} of {expected} periods are missing")
    if unbalanced:
        most = max(holes, key=lambda g: holes[g])
        have = "has" if unbalanced == 1 else "have"
        parts.append(f"{counted(unbalanced, 'geo and period pair')} {have} no row, most in {most} ({holes[most]})")
    fill = Fix("fill_gaps", {}, "Add the missing periods (media 0, the rest interpolated)")
    fixes: tuple[Fix, ...] = (fill,)
    if unbalanced:
        # A model needs every geo in every period; made-up rows are harmless only while there are few of them.
        few = unbalanced <= view.limits.geo_gaps_fill_share * len(view.when)
        without = Fix("drop_geos", {"geos": list(holes)}, f"Leave {listed(list(holes))} out")
        fixes = (replace(fill, recommended=few), *((without,) if len(holes) < view.where.nunique() else ()))
        status = Status.FAIL
    return Check(
        "gaps",
        title,
        status,
        f"{' and '.join(parts)}; carry-over would jump across.",
        float(missing + unbalanced),
        0.0,
        (),
        fixes,
    )


def _holes(view: View) -> dict[str, int]:
    """Periods without a row between a geo's own first and last, for the geos that lack any; ranges are judged apart."""
    pairs = pd.DataFrame({"when": view.when, "where": view.where})[view.when.notna()].drop_duplicates()
    place = pd.Series(np.arange(len(view.periods)), index=view.periods.index)
    spans = pairs["when"].map(place).groupby(pairs["where"]).agg(["min", "max", "count"])
    lacking = spans["max"] - spans["min"] + 1 - spans["count"]
    return {str(g): int(n) for g, n in lacking.items() if n > 0}


def coverage(view: View) -> Check:
    """At least a year, better two, of history, counted in weeks of span."""
    limits, step, rows = view.limits, view.step_days, len(view.periods)
    if rows < 2 or not step:
        weeks = float(rows)
    else:
        span = (view.periods.index[-1] - view.periods.index[0]).total_seconds() / 86_400
        weeks = float(rows) if abs(step - 7) < 0.5 else (span + step) / 7
    weekly = step is None or abs(step - 7) < 0.5
    counted = "1 week" if rows == 1 else f"{rows} weeks"
    what = counted if weekly else f"{rows} {frequency_name(step or 0)} periods, about {weeks:.0f} weeks,"
    title = "Coverage"
    if weeks < limits.coverage_fail_weeks:
        return Check(
            "coverage",
            title,
            Status.FAIL,
            f"{what} {'is' if rows == 1 else 'are'} too few: "
            f"under {limits.coverage_fail_weeks:g} weeks no season can be told from media.",
            weeks,
            limits.coverage_fail_weeks,
        )
    if weeks < limits.coverage_review_weeks:
        return Check(
            "coverage",
            title,
            Status.REVIEW,
            f"{what} cover less than two years; season and media are hard to tell apart.",
            weeks,
            limits.coverage_review_weeks,
        )
    return passed(
        "coverage",
        title,
        f"{what} of history.".replace(",  ", ", ").replace(", of", " of"),
        weeks,
        limits.coverage_review_weeks,
    )


def nulls(view: View) -> Check:
    """Missing cells in columns that the model reads."""
    columns = view.role_columns(*USED)
    title = "Missing values"
    if not columns or len(view.numeric) == 0:
        return passed("nulls", title, "There are no columns to check.", 0.0, 0.0)
    shares = view.numeric[columns].isna().mean()
    bad = [c for c in columns if shares[c] > 0]
    if not bad:
        return passed("nulls", title, "No cell is missing.", 0.0, 0.0)
    worst = max(bad, key=lambda c: float(shares[c]))
    cells = int(view.numeric[bad].isna().sum().sum())
    extra = set(view.role_columns(*EXTRA))
    needed = [c for c in bad if c not in extra]
    empty = [c for c in bad if c in extra and shares[c] > view.limits.nulls_drop_share]
    verb = "is" if cells == 1 else "are"
    message = f"{counted(cells, 'cell')} {verb} missing in {listed(bad)}, most in {worst} ({shares[worst]:.0%})."
    if needed:
        message += f" A model cannot run while {listed(needed)} {'has' if len(needed) == 1 else 'have'} holes."
    fillable = [c for c in bad if c not in empty and pd.api.types.is_numeric_dtype(view.frame[c])]
    fill = Fix("fill_nulls", {"columns": fillable}, "Fill them: media with 0, everything else between its neighbours")
    fixes = ((fill,) if fillable else ()) + ((drop(empty, recommended=True),) if empty else ())
    return Check(
        "nulls",
        title,
        Status.FAIL if needed else Status.REVIEW,
        message,
        float(shares[worst]),
        0.0,
        tuple(bad),
        fixes,
    )


def future_dates(view: View) -> Check:
    """Periods that begin after today."""
    late = view.when.notna() & (view.when > pd.Timestamp(view.today))
    count = int(late.sum())
    title = "Future dates"
    if count == 0:
        return passed("future_dates", title, "No date lies in the future.", 0.0, 0.0)
    fixes = (Fix("filter_dates", {"end": view.today.isoformat()}, "Keep the rows up to today"),)
    return Check(
        "future_dates",
        title,
        Status.FAIL,
        f"{counted(count, 'row')} lie in the future, the last {view.when.max():%Y-%m-%d}.",
        float(count),
        0.0,
        (),
        fixes,
    )


def frequency_name(days: float) -> str:
    for limit, name in (
        (1.5, "daily"),
        (6.5, "several-day"),
        (7.5, "weekly"),
        (15.5, "two-weekly"),
        (31.5, "monthly"),
        (93.0, "quarterly"),
    ):
        if days < limit:
            return name
    return "yearly"


def _word(columns: list[str]) -> str:
    return "column" if len(columns) == 1 else "columns"


CHECKS = (schema, text_in_numbers, dates, duplicate_periods, frequency, gaps, coverage, nulls, future_dates)
