"""How often it pays to reach the same person."""

import numpy as np
import plotly.graph_objects as go

from mmm_core.domain.results import ChannelResult, FrequencyCurve, Results
from mmm_core.reports import wording as f
from pages.ui.charts import colours_of
from pages.ui.figure import figure, ribbon, written
from pages.ui.palette import Scheme


def frequency(channel: ChannelResult, curve: FrequencyCurve, results: Results, scheme: Scheme) -> go.Figure:
    """What today's contacts bring by how many of them each person has; the ring is today, the line the best."""
    colour, write = colours_of(results)[channel.channel], f.kpi_writer(results)
    fig = figure(scheme, 280)
    fig.add_trace(ribbon(curve.level, curve.p5, curve.p95, colour, "90% interval"))
    fig.add_scatter(
        x=curve.level,
        y=curve.mean,
        mode="lines",
        name="Response",
        line={"color": colour, "width": 2.5},
        text=[f"{x:.1f} contacts each bring {write(y)}" for x, y in zip(curve.level, curve.mean, strict=True)],
        hovertemplate="%{text}<extra></extra>",
    )
    now = float(np.interp(curve.today, curve.level, curve.mean))
    fig.add_scatter(
        x=[curve.today],
        y=[now],
        mode="markers",
        name="Today",
        marker={"color": scheme.paper, "size": 12, "line": {"color": colour, "width": 3}},
        text=[f"Today: {curve.today:.1f} contacts each bring {write(now)}"],
        hovertemplate="%{text}<extra></extra>",
    )
    fig.add_vline(x=curve.best.p50, line={"color": scheme.muted, "width": 1.5, "dash": "dot"})
    period = f.period(results.period_days)
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text="Contacts per person reached")
    fig.update_yaxes(
        title_text=f"{f.plain(results.kpi)} per {period}", rangemode="tozero", **written(0.0, max(curve.p95), write)
    )
    return fig
