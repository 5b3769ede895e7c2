"""Pictures of the trend scanner and of the baseline estimate."""

from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmm_core.data.trends import EventImpact, Odd, Scan
from mmm_core.reports import trend_words
from mmm_core.reports import wording as f
from pages.ui.figure import figure, ribbon, template, written
from pages.ui.palette import Scheme


def over_time(scan: Scan, write: trend_words.Write, scheme: Scheme) -> go.Figure:
    """The series with its trend, the year before, and the periods that stand out."""
    fig, table = figure(scheme, 340), scan.table
    fig.add_trace(
        _line(table, "year_ago", "A year before", write, {"color": scheme.season, "width": 1.4, "dash": "dot"})
    )
    fig.add_trace(_line(table, "value", f.plain(scan.column), write, {"color": scheme.ink, "width": 1.8}))
    if table["trend"].notna().any():
        fig.add_trace(_line(table, "trend", "Trend", write, {"color": scheme.accent, "width": 2}))
    if scan.odd:
        fig.add_trace(_marks(scan.odd, write, scheme))
    values = pd.concat([table["value"], table["year_ago"]]).dropna()
    fig.update_yaxes(**written(min(0.0, float(values.min())), float(values.max()), write), rangemode="tozero")
    return fig


def _line(table: pd.DataFrame, column: str, name: str, write: trend_words.Write, line: dict[str, Any]) -> go.Scatter:
    return go.Scatter(
        x=table["period"],
        y=table[column],
        name=name,
        mode="lines",
        line=line,
        text=[write(v) for v in table[column]],
        hovertemplate="%{text}",
    )


def _marks(odd: tuple[Odd, ...], write: trend_words.Write, scheme: Scheme) -> go.Scatter:
    return go.Scatter(
        x=[o.period for o in odd],
        y=[o.value for o in odd],
        name="Stands out",
        mode="markers",
        marker={"color": scheme.bad, "size": 9, "symbol": "circle-open", "line": {"width": 2}},
        text=[f"{write(o.expected)} was expected" for o in odd],
        hovertemplate="%{text}",
    )


def parts(scan: Scan, write: trend_words.Write, scheme: Scheme) -> go.Figure:
    """Trend, season and rest below each other, each on its own scale."""
    names = (("trend", "Trend"), ("season", "Season"), ("rest", "Rest"))
    fig = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.05)
    fig.update_layout(template=template(scheme), height=420, showlegend=False)
    for row, (column, name) in enumerate(names, start=1):
        colour = {"trend": scheme.accent, "season": scheme.ink, "rest": scheme.muted}[column]
        fig.add_trace(_line(scan.table, column, name, write, {"color": colour, "width": 1.6}), row=row, col=1)
        values = scan.table[column]
        fig.update_yaxes(title_text=name, row=row, col=1, **written(float(values.min()), float(values.max()), write))
    if scan.odd:
        far = scan.table[scan.table["period"].dt.date.isin([o.period for o in scan.odd])]
        fig.add_scatter(
            x=far["period"],
            y=far["rest"],
            mode="markers",
            name="Stands out",
            hoverinfo="skip",
            marker={"color": scheme.bad, "size": 8, "symbol": "circle-open", "line": {"width": 2}},
            row=3,
            col=1,
        )
    return fig


def events(found: tuple[EventImpact, ...], write: trend_words.Write, scheme: Scheme) -> go.Figure:
    """The effect of each event in one of its periods, with its 90% interval."""
    rows = found[::-1]
    fig = figure(scheme, 90 + 34 * len(rows))
    fig.add_scatter(
        x=[e.effect for e in rows],
        y=[f.plain(e.event) for e in rows],
        mode="markers",
        marker={"size": 9, "color": [scheme.accent if e.low > 0 or e.high < 0 else scheme.muted for e in rows]},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [e.high - e.effect for e in rows],
            "arrayminus": [e.effect - e.low for e in rows],
            "color": scheme.muted,
            "thickness": 1.5,
            "width": 0,
        },
        text=[f"{write(e.effect)} ({write(e.low)} to {write(e.high)}), {f.share(e.share)}" for e in rows],
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    fig.add_vline(x=0, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    reach = [*(e.low for e in rows), *(e.high for e in rows), 0.0]
    fig.update_layout(hovermode="closest", showlegend=False)
    fig.update_xaxes(title_text="In one of its periods", **written(min(reach), max(reach), write))
    fig.update_yaxes(showgrid=False)
    return fig


def growth_by_geo(table: pd.DataFrame, write: trend_words.Write, scheme: Scheme) -> go.Figure:
    """Change on the year of each geo, the fastest on top."""
    rows = table.iloc[::-1]
    fig = figure(scheme, 84 + 26 * len(rows))
    fig.add_bar(
        y=rows["geo"],
        x=rows["change"],
        orientation="h",
        marker={"color": [scheme.good if c >= 0 else scheme.bad for c in rows["change"]]},
        text=[f"{write(b)} to {write(n)}" for b, n in zip(rows["before"], rows["now"], strict=True)],
        textposition="none",
        hovertemplate="%{y}: %{x:+.1%} (%{text})<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    low, high = min(0.0, *rows["change"]), max(0.0, *rows["change"])
    axis = written(low, high, lambda v: f.signed(v, f.share))
    fig.update_xaxes(title_text="Change on the year before", showgrid=False, **axis)
    fig.update_yaxes(showgrid=False, type="category")
    return fig


def baseline(
    table: pd.DataFrame, quiet: tuple[bool, ...], kpi: str, write: trend_words.Write, scheme: Scheme
) -> go.Figure:
    """The KPI, the estimated baseline with its 90% interval, and the quiet periods that it rests on."""
    fig = figure(scheme, 340)
    fig.add_trace(ribbon(table["period"], table["low"], table["high"], scheme.accent, "90% interval"))
    fig.add_trace(_line(table, "kpi", f.plain(kpi), write, {"color": scheme.ink, "width": 1.4}))
    fig.add_trace(_line(table, "baseline", "Baseline", write, {"color": scheme.accent, "width": 2.2}))
    calm = table[list(quiet)]
    fig.add_scatter(
        x=calm["period"],
        y=calm["kpi"],
        mode="markers",
        name="Quiet periods",
        marker={"color": scheme.good, "size": 6},
        hoverinfo="skip",
    )
    highest = float(max(table["kpi"].max(), table["high"].max()))
    fig.update_yaxes(**written(0.0, highest, write), rangemode="tozero")
    return fig
