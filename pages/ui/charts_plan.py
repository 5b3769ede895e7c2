"""Pictures of plans: one plan over time, channel by channel beside today, and several plans side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from mmm_core.domain.planning import OptimisedPlan, PlanOutcome, SpendPlan
from mmm_core.domain.results import Results
from pages.ui import format as f
from pages.ui.charts import colours_of
from pages.ui.figure import figure, ribbon
from pages.ui.palette import Scheme, faded

STYLE_WORDS = {"base": "Base", "aggressive": "Aggressive", "conservative": "Conservative"}


def outcome(now: PlanOutcome, today: PlanOutcome, results: Results, scheme: Scheme) -> go.Figure:
    """What the plan's media bring per period, its tail included, beside today's plan."""
    fig, write = figure(scheme, 300), f.kpi_writer(results)
    x = list(now.dates)
    fig.add_trace(ribbon(x, now.media_p5, now.media_p95, scheme.accent, "90% interval"))
    fig.add_scatter(
        x=list(today.dates),
        y=today.media_mean,
        name="Today's plan",
        mode="lines",
        line={"color": scheme.muted, "width": 1.6, "dash": "dot"},
        text=[write(v) for v in today.media_mean],
        hovertemplate="%{text}",
    )
    fig.add_scatter(
        x=x,
        y=now.media_mean,
        name="This plan",
        mode="lines",
        line={"color": scheme.accent, "width": 2.4},
        text=[write(v) for v in now.media_mean],
        hovertemplate="%{text}",
    )
    end = min(now.plan.periods, len(x) - 1)
    fig.add_vline(x=x[end], line={"color": scheme.line, "width": 1})
    fig.add_annotation(
        x=x[end],
        y=1,
        yref="paper",
        text="carry-over",
        showarrow=False,
        xanchor="left",
        xshift=6,
        yanchor="top",
        font={"size": 12, "color": scheme.muted},
    )
    fig.update_yaxes(
        title_text=f"Brought by media ({results.currency})"
        if results.is_revenue
        else f"{results.kpi} brought by media",
        rangemode="tozero",
    )
    return fig


def by_channel(now: PlanOutcome, today: PlanOutcome, results: Results, scheme: Scheme) -> go.Figure:
    """What each channel brings under the plan, with its interval; the tick is today."""
    names = sorted(now.channels, key=lambda c: today.channels[c].mean)
    fig, colours, write = figure(scheme, 70 + 34 * len(names)), colours_of(results), f.kpi_writer(results)
    labels = [f.plain(n) for n in names]
    fig.add_bar(
        y=labels,
        x=[now.channels[n].mean for n in names],
        orientation="h",
        marker={"color": [faded(colours[n], 0.85) for n in names]},
        error_x={
            "type": "data",
            "symmetric": False,
            "color": scheme.muted,
            "thickness": 1.2,
            "width": 3,
            "array": [now.channels[n].p95 - now.channels[n].mean for n in names],
            "arrayminus": [now.channels[n].mean - now.channels[n].p5 for n in names],
        },
        text=[f"{write(now.channels[n].mean)} ({f.interval(now.channels[n], write)})" for n in names],
        textposition="none",
        hovertemplate="%{y}: %{text}<extra></extra>",
        showlegend=False,
    )
    fig.add_scatter(
        y=labels,
        x=[today.channels[n].mean for n in names],
        mode="markers",
        name="Today",
        marker={"symbol": "line-ns", "size": 16, "line": {"width": 2.5, "color": scheme.ink}},
        text=[write(today.channels[n].mean) for n in names],
        hovertemplate="Today: %{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", bargap=0.35)
    fig.update_xaxes(showgrid=True, rangemode="tozero")
    fig.update_yaxes(showgrid=False)
    return fig


def allocation(today: SpendPlan, plans: Sequence[OptimisedPlan], results: Results, scheme: Scheme) -> go.Figure:
    """Spend per channel today and under each optimised plan."""
    names = sorted(today.spend, key=lambda c: -today.spend[c])
    fig = figure(scheme, 380)
    shades = {
        "base": scheme.accent,
        "aggressive": faded(scheme.accent, 0.62),
        "conservative": faded(scheme.accent, 0.34),
    }
    bars = [
        ("Today", today.spend, scheme.baseline),
        *((STYLE_WORDS[p.style], p.outcome.plan.spend, shades[p.style]) for p in plans),
    ]
    for name, spend, colour in bars:
        fig.add_bar(
            x=[f.plain(n) for n in names],
            y=[spend.get(n, 0.0) for n in names],
            name=name,
            marker={"color": colour},
            text=[f.money(spend.get(n, 0.0), results.currency) for n in names],
            textposition="none",
            hovertemplate="%{text}",
        )
    fig.update_layout(barmode="group", bargap=0.25, bargroupgap=0.06)
    fig.update_yaxes(title_text=f"Spend over the plan ({results.currency})")
    return fig


def compared(rows: Sequence[tuple[str, PlanOutcome]], results: Results, scheme: Scheme) -> go.Figure:
    """What several plans bring, each with its 90% interval."""
    fig, write = figure(scheme, 80 + 44 * len(rows)), f.kpi_writer(results)
    for i, (name, one) in enumerate(reversed(rows)):
        colour = scheme.muted if i == len(rows) - 1 else scheme.accent
        fig.add_scatter(
            x=[one.kpi.p5, one.kpi.p95],
            y=[name] * 2,
            mode="lines",
            line={"color": faded(colour, 0.5), "width": 7},
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[one.kpi.mean],
            y=[name],
            mode="markers",
            marker={"size": 12, "color": colour},
            showlegend=False,
            text=[f"{write(one.kpi.mean)} ({f.interval(one.kpi, write)})"],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text=f"Brought by media, {f.kpi_axis(results)}", showgrid=True)
    fig.update_yaxes(showgrid=False)
    return fig
