"""Pictures of plans: how optimised plans split the money, and several plans side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from mmm_core.domain.planning import OptimisedPlan, PlanOutcome, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from pages.ui.figure import figure
from pages.ui.palette import Scheme, faded

STYLE_WORDS = {"base": "Base", "aggressive": "Aggressive", "conservative": "Conservative"}


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
