"""The workbook: one sheet per question, numbers as numbers with their formats."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from mmm_core.domain.planning import OptimisedPlan
from mmm_core.domain.results import Interval, Results
from mmm_core.reports import wording
from mmm_core.reports.colours import ACCENT

Row = Sequence[Any]


def workbook(results: Results, plans: Sequence[OptimisedPlan], markdown: str) -> bytes:
    """Sheets Summary, Contributions, Geos (of a panel), Curves, Plan (where there is one), Checks and Story."""
    import xlsxwriter

    buffer = io.BytesIO()
    # Names come from people's files: a cell that looks like a formula or a link stays text.
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "nan_inf_to_errors": True}
    book = xlsxwriter.Workbook(buffer, options)
    sheets = Sheets(book, results.currency)
    sheets.add("Summary", *_summary(results))
    sheets.add("Contributions", *_contributions(results))
    if results.by_geo:
        sheets.add("Geos", *_geos(results))
    sheets.add("Curves", *_curves(results))
    if plans:
        sheets.add("Plan", *_plan(results, plans))
    sheets.add("Checks", ["Check", "Status", "Value", "Finding"], _checks(results))
    sheets.add("Story", ["Text"], [[line] for line in markdown.splitlines() if line.strip()])
    book.close()
    return buffer.getvalue()


class Sheets:
    """Writes tables with a frozen header, sensible widths and one number format per kind of column."""

    def __init__(self, book: Any, currency: str) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": ACCENT, "text_wrap": True})
        mark = wording.symbol(currency)
        money = f'"{mark}"#,##0' if not mark.endswith(" ") else f'#,##0 "{mark.strip()}"'
        self._formats = {
            "money": book.add_format({"num_format": money}),
            "share": book.add_format({"num_format": "0.0%"}),
            "ratio": book.add_format({"num_format": "0.00"}),
            "kpi": book.add_format({"num_format": "#,##0"}),
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "text": book.add_format({}),
        }

    def add(self, name: str, header: Sequence[str], rows: Iterable[Row]) -> None:
        sheet = self._book.add_worksheet(name)
        kinds = [_kind(title) for title in header]
        sheet.write_row(0, 0, header, self._head)
        sheet.freeze_panes(1, 1)
        widths = [len(t) for t in header]
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                if hasattr(value, "isoformat"):
                    sheet.write_datetime(number, column, value, self._formats["date"])
                    widths[column] = max(widths[column], 10)
                elif isinstance(value, str):
                    sheet.write_string(number, column, value[:32_000], self._formats["text"])
                    widths[column] = max(widths[column], min(len(value), 80))
                else:
                    sheet.write_number(number, column, float(value), self._formats[kinds[column]])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width + 2, 82))


def _kind(title: str) -> str:
    low = title.lower()
    if ("spend" in low and "share" not in low) or "level" in low:
        return "money"
    if "share" in low or "probability" in low:
        return "share"
    if "roi" in low or low == "value":
        return "ratio"
    return "kpi"


def _summary(results: Results) -> tuple[list[str], list[Row]]:
    header = [
        "Channel", "Action", "Evidence", "Spend", "Contribution", "Contribution p5", "Contribution p95",
        "Contribution share", "Share p5", "Share p95", "ROI", "ROI p5", "ROI p95", "Marginal ROI", "Marginal ROI p5",
        "Marginal ROI p95", "Why",
    ]  # fmt: skip
    rows: list[Row] = [
        [
            c.channel, c.action.value, c.evidence.value, c.spend,
            *_three(c.contribution), *_three(c.contribution_share), *_three(c.roi), *_three(c.marginal_roi),
            c.action_reason,
        ]
        for c in results.channels
    ]  # fmt: skip
    baseline = ["Baseline", None, None, None, None, None, None, *_three(results.baseline_share)]
    return header, [*rows, baseline]


def _contributions(results: Results) -> tuple[list[str], list[Row]]:
    parts = [s for s in results.series if not s.geo]
    header = ["Period", *(s.name for s in parts)]
    rows: list[Row] = [[day, *(s.mean[i] for s in parts)] for i, day in enumerate(results.dates)]
    return header, rows


def _geos(results: Results) -> tuple[list[str], list[Row]]:
    header = [
        "Geo",
        "Channel",
        "Spend",
        "Contribution",
        "Contribution p5",
        "Contribution p95",
        "ROI",
        "ROI p5",
        "ROI p95",
    ]
    rows: list[Row] = [[g.geo, g.channel, g.spend, *_three(g.contribution), *_three(g.roi)] for g in results.by_geo]
    return header, rows


def _curves(results: Results) -> tuple[list[str], list[Row]]:
    rows: list[Row] = [
        [c.channel, *values]
        for c in results.channels
        for values in zip(c.curve.level, c.curve.mean, c.curve.p5, c.curve.p95, strict=True)
    ]
    return ["Channel", "Level per period", f"{results.kpi} per period", "p5", "p95"], rows


def _plan(results: Results, plans: Sequence[OptimisedPlan]) -> tuple[list[str], list[Row]]:
    names = list(plans[0].outcome.plan.spend)
    header = ["Channel", *(f"{p.style.capitalize()} spend" for p in plans)]
    rows: list[Row] = [[n, *(p.outcome.plan.spend[n] for p in plans)] for n in names]
    rows.append(["Total", *(p.outcome.total_spend for p in plans)])
    for title, quantile in (("Gain over today", "p50"), ("Gain, low end", "p5"), ("Gain, high end", "p95")):
        rows.append([f"{title} ({results.kpi})", *(getattr(p.outcome.against_current, quantile) for p in plans)])
    return header, rows


def _checks(results: Results) -> list[Row]:
    return [[c.title, c.status.value, c.value, c.message] for c in results.checks]


def _three(interval: Interval | None) -> list[float | None]:
    return [interval.p50, interval.p5, interval.p95] if interval else [None, None, None]
