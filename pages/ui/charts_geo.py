"""Pictures of a panel: returns, spend and effect geo by geo."""

import plotly.graph_objects as go

from mmm_core.analysis import parts
from mmm_core.domain.results import Interval, Results
from mmm_core.reports import wording as f
from pages.ui.charts import colours_of
from pages.ui.figure import figure, written
from pages.ui.palette import Scheme, faded


def channel(results: Results, name: str, scheme: Scheme) -> go.Figure:
    """One channel's return in each geo with its 90% interval (its contribution where it has no return)."""
    found = [g for g in results.by_geo if g.channel == name]
    has_roi = any(g.roi for g in found)
    rows: list[tuple[str, Interval]] = [(g.geo, g.roi or g.contribution) for g in found if g.roi or not has_roi]
    rows.sort(key=lambda row: row[1].p50)
    write = f.times if has_roi else f.kpi_writer(results)
    colour = colours_of(results)[name]
    fig = figure(scheme, 84 + 26 * len(rows))
    for geo, value in rows:
        fig.add_scatter(
            x=[value.p5, value.p95], y=[geo] * 2, mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": faded(colour, 0.55), "width": 4},
        )  # fmt: skip
    fig.add_scatter(
        x=[value.p50 for _, value in rows],
        y=[geo for geo, _ in rows],
        mode="markers",
        showlegend=False,
        marker={"color": colour, "size": 10},
        text=[f"{geo}: {write(value.p50)} ({f.interval(value, write)})" for geo, value in rows],
        hovertemplate="%{text}<extra></extra>",
    )
    total = next(c for c in results.channels if c.channel == name)
    if has_roi and total.roi:
        fig.add_vline(x=total.roi.p50, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    fig.update_layout(hovermode="closest")
    most = max(value.p95 for _, value in rows)
    title = "Return on spend (dotted: all geos together)" if has_roi else f"Brought, {f.inside(results.kpi)}"
    fig.update_xaxes(title_text=title, showgrid=True, rangemode="tozero", **written(0.0, most, write))
    fig.update_yaxes(showgrid=False, type="category")
    return fig


def shares(results: Results, scheme: Scheme) -> go.Figure:
    """Where the money went (hollow) beside where media's effect came from (solid), by geo."""
    rows = list(reversed(parts.geo_totals(results)))
    spend, brought = sum(r.spend for r in rows) or 1.0, sum(r.brought for r in rows) or 1.0
    fig = figure(scheme, 110 + 26 * len(rows))
    marks = (
        ("Share of spend", [r.spend / spend for r in rows], {"symbol": "circle-open", "color": scheme.muted}),
        ("Share of media's effect", [r.brought / brought for r in rows], {"symbol": "circle", "color": scheme.accent}),
    )
    for r in rows:
        fig.add_scatter(
            x=[r.spend / spend, r.brought / brought], y=[r.geo] * 2, mode="lines", hoverinfo="skip", showlegend=False,
            line={"color": scheme.line, "width": 3},
        )  # fmt: skip
    for title, values, mark in marks:
        fig.add_scatter(
            x=values,
            y=[r.geo for r in rows],
            mode="markers",
            name=title,
            marker={**mark, "size": 11, "line": {"width": 2}},
            text=[f"{r.geo}: {f.share(v)}" for r, v in zip(rows, values, strict=True)],
            hovertemplate="%{text}<extra></extra>",
        )
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(tickformat=".0%", showgrid=True, rangemode="tozero")
    fig.update_yaxes(showgrid=False, type="category")
    return fig
