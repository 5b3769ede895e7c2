"""Pictures of plans: how optimised plans split the money, and several plans side by side."""

from collections.abc import Sequence

import plotly.graph_objects as go

from mmm_core.domain.planning import OptimisedPlan, PlanOutcome, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from pages.ui.figure import figure, written
from pages.ui.palette import Scheme, channel_colours, faded

STYLE_WORDS = {"base": "Base", "aggressive": "Aggressive", "conservative": "Conservative"}


def allocation(today: SpendPlan, plan: OptimisedPlan, results: Results, scheme: Scheme) -> go.Figure:
    """Where each channel's spend goes from today (ring) to the plan (dot)."""
    spend, colours = plan.outcome.plan.spend, channel_colours(c.channel for c in results.channels)
    names = sorted(today.spend, key=lambda c: today.spend[c])
    fig = figure(scheme, 76 + 40 * len(names))
    for name in names:
        label, before, after = f.plain(name), today.spend[name], spend.get(name, 0.0)
        colour = colours.get(name, scheme.accent)
        words = f"{label}: {f.money(before, results.currency)} today, {f.money(after, results.currency)} in this plan"
        fig.add_scatter(
            x=[before, after], y=[label] * 2, mode="lines", line={"color": faded(colour, 0.5), "width": 5},
            hoverinfo="skip", showlegend=False,
        )  # fmt: skip
        ring = {"symbol": "circle", "size": 11, "color": scheme.paper, "line": {"width": 2, "color": scheme.muted}}
        for x, marker in ((before, ring), (after, {"size": 13, "color": colour})):
            fig.add_scatter(
                x=[x], y=[label], mode="markers", marker=marker, showlegend=False,
                text=[words], hovertemplate="%{text}<extra></extra>",
            )  # fmt: skip
    most = max([*today.spend.values(), *spend.values()], default=0.0)
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(
        title_text="Spend over the plan: ring is today, dot is this plan", showgrid=True, rangemode="tozero",
        **written(0.0, most * 1.02, lambda v: f.money(v, results.currency)),
    )  # fmt: skip
    fig.update_yaxes(showgrid=False)
    return fig


def compared(rows: Sequence[tuple[str, PlanOutcome]], results: Results, scheme: Scheme) -> go.Figure:
    """What several plans bring, each with its 90% interval."""
    fig, write = figure(scheme, 80 + 44 * len(rows)), f.kpi_writer(results)
    for i, (name, one) in enumerate(reversed(rows)):
        colour = scheme.muted if i == len(rows) - 1 else scheme.accent
        fig.add_scatter(
            x=[one.kpi.p5, one.kpi.p95],
            y=[clipped(name)] * 2,
            mode="lines",
            line={"color": faded(colour, 0.5), "width": 7},
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[one.kpi.mean],
            y=[clipped(name)],
            mode="markers",
            marker={"size": 12, "color": colour},
            showlegend=False,
            text=[f"{write(one.kpi.mean)} ({f.interval(one.kpi, write)})"],
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    fig.update_layout(hovermode="closest")
    ends = [v for _, one in rows for v in (one.kpi.p5, one.kpi.p95)]
    fig.update_xaxes(
        title_text=f"{f.plain(results.kpi)} brought by media, with its 90% interval", showgrid=True,
        **written(min(ends), max(ends), write),
    )  # fmt: skip
    fig.update_yaxes(showgrid=False)
    return fig


def clipped(name: str, longest: int = 26) -> str:
    """A person's own name for a plan, short enough to leave room for the picture."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"
