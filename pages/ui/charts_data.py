"""Pictures of the data before any model."""

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmm_core.reports import wording as f
from pages.ui.figure import figure, ribbon, template, written
from pages.ui.palette import Scheme, faded


def spend_and_kpi(
    frame: pd.DataFrame,
    kpi: str,
    currency: str,
    colours: dict[str, str],
    scheme: Scheme,
    write: f.Writer = f.short,
) -> go.Figure:
    """The KPI (which ``write`` writes) above, the spend of every channel stacked below, on one time axis."""
    fig = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06, row_heights=[0.45, 0.55])
    fig.update_layout(template=template(scheme), height=460, bargap=0.05, barmode="stack")
    channels = [c for c in frame.columns if c not in ("period", "kpi", "spend")]
    fig.add_scatter(
        x=frame["period"],
        y=frame["kpi"],
        name=f.plain(kpi),
        mode="lines",
        line={"color": scheme.ink, "width": 1.8},
        text=[write(v) for v in frame["kpi"]],
        hovertemplate="%{text}",
        row=1,
        col=1,
    )
    for name in channels:
        fig.add_bar(
            x=frame["period"],
            y=frame[name],
            name=f.plain(name),
            marker={"color": colours[name], "line": {"width": 0}},
            text=[f.money(v, currency) for v in frame[name]],
            textposition="none",
            hovertemplate="%{text}",
            row=2,
            col=1,
        )
    fig.update_yaxes(
        title_text=f.plain(kpi), row=1, col=1, rangemode="tozero", **written(0.0, frame["kpi"].max(), write)
    )
    if channels:
        most = float(frame[channels].clip(lower=0).sum(axis=1).max())
        fig.update_yaxes(title_text="Spend", row=2, col=1, **written(0.0, most, lambda v: f.money(v, currency)))
    return fig


def correlations(table: pd.DataFrame, scheme: Scheme) -> go.Figure:
    names = [f.plain(str(c)) for c in table.columns]
    fig = figure(scheme, max(320, 26 * len(names) + 120))
    fig.add_heatmap(
        z=table.to_numpy(),
        x=names,
        y=names,
        zmin=-1,
        zmax=1,
        xgap=1,
        ygap=1,
        colorscale=[[0, "#C2563C"], [0.5, scheme.raised], [1, "#00677F" if not scheme.dark else "#4FC3DC"]],
        colorbar={"thickness": 10, "outlinewidth": 0},
        hovertemplate="%{y} and %{x}: %{z:.2f}<extra></extra>",
    )
    fig.update_layout(hovermode="closest")
    fig.update_yaxes(autorange="reversed", showgrid=False)
    fig.update_xaxes(tickangle=-45)
    return fig


def seasonality(table: pd.DataFrame, scheme: Scheme) -> go.Figure:
    """Mean over the years per week of the year, with the range from the lowest to the highest year."""
    fig = figure(scheme, 320)
    fig.add_trace(ribbon(table["week"], table["low"], table["high"], scheme.accent, "Lowest to highest year"))
    fig.add_scatter(
        x=table["week"],
        y=table["mean"],
        mode="lines",
        name="Mean of the years",
        line={"color": scheme.accent, "width": 2},
        hovertemplate="%{y:.2f}× the year's level",
    )
    fig.add_hline(y=1, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    fig.update_xaxes(title_text="Week of the year")
    fig.update_yaxes(title_text="Multiple of the year's level", ticksuffix="×")
    return fig


def spend_share(table: pd.DataFrame, currency: str, colours: dict[str, str], scheme: Scheme) -> go.Figure:
    rows = table.sort_values("spend")
    fig = figure(scheme, 84 + 34 * len(rows))
    fig.add_bar(
        y=[f.plain(c) for c in rows["channel"]],
        x=rows["share"],
        orientation="h",
        marker={"color": [colours[c] for c in rows["channel"]]},
        text=[f"{f.share(s)} · {f.money(v, currency)}" for s, v in zip(rows["share"], rows["spend"], strict=True)],
        textposition="outside",
        cliponaxis=False,
        textfont={"color": scheme.ink},
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    # Room for the label behind the longest bar, also on a phone.
    fig.update_xaxes(range=[0, float(rows["share"].max() or 1) * 1.45], showgrid=False, showticklabels=False)
    fig.update_yaxes(showgrid=False)
    return fig


def distribution(table: pd.DataFrame, column: str, scheme: Scheme) -> go.Figure:
    fig = figure(scheme, 300)
    middle = (table["low"] + table["high"]) / 2
    fig.add_bar(
        x=middle,
        y=table["count"],
        width=table["high"] - table["low"],
        marker={"color": faded(scheme.accent, 0.75), "line": {"width": 1, "color": scheme.paper}},
        customdata=table[["low", "high"]],
        hovertemplate="%{customdata[0]:,.4g} to %{customdata[1]:,.4g}: %{y} periods<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    fig.update_xaxes(
        title_text=f.plain(column), **written(float(table["low"].min()), float(table["high"].max()), f.short)
    )
    fig.update_yaxes(title_text="Rows")
    return fig
