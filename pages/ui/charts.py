"""Pictures of a fitted model; each takes domain objects and gives a Plotly figure back."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from mmm_core.domain.results import ChannelResult, Evidence, Results, Series
from mmm_core.reports import wording as f
from pages.ui.figure import figure, ribbon, written
from pages.ui.palette import Scheme, channel_colours, faded

MARKS = {Evidence.TESTED: "diamond", Evidence.DATA: "circle", Evidence.PRIOR: "circle-open"}
REST = ("baseline", "seasonality", "controls")
EVIDENCE_WORDS = {
    Evidence.TESTED: "tested by an experiment",
    Evidence.DATA: "learned from the data",
    Evidence.PRIOR: "mostly the prior",
}


def colours_of(results: Results) -> dict[str, str]:
    return channel_colours(c.channel for c in results.channels)


MANY_NAMES = 9


def _series(results: Results, group: str) -> list[Series]:
    """Of the total; ``Results.of_geo`` makes one geo's series the total."""
    return [s for s in results.series if s.group == group and not s.geo]


def _total(series: Sequence[Series], length: int) -> np.ndarray:
    out = np.zeros(length)
    for one in series:
        out += np.asarray(one.mean)
    return out


def contributions(results: Results, scheme: Scheme) -> go.Figure:
    """What was there anyway at the bottom, every channel stacked on it, the actual KPI as a line."""
    fig = figure(scheme, 420)
    write, colours, x = f.kpi_writer(results), colours_of(results), list(results.dates)
    rest = [s for group in REST for s in _series(results, group)]
    level = _total(rest, len(x))
    fig.add_scatter(
        x=x,
        y=level,
        name="Baseline, season and controls",
        mode="lines",
        line={"width": 0.5, "color": scheme.season},
        fill="tozeroy",
        fillcolor=faded(scheme.baseline, 0.65),
        text=[write(v) for v in level],
        hovertemplate="%{text}",
    )
    media = sorted(_series(results, "channel"), key=lambda s: -sum(s.mean))
    for one in (*_series(results, "treatment"), *media):
        own = np.asarray(one.mean)
        level = level + own
        colour = colours.get(one.name, scheme.controls)
        fig.add_scatter(
            x=x,
            y=level,
            name=f.plain(one.name),
            mode="lines",
            line={"width": 0.5, "color": colour},
            fill="tonexty",
            fillcolor=faded(colour, 0.75),
            text=[write(v) for v in own],
            hovertemplate="%{text}",
        )
    for one in _series(results, "actual"):
        fig.add_scatter(
            x=x,
            y=one.mean,
            name="Actual",
            mode="lines",
            line={"width": 1.6, "color": scheme.ink},
            text=[write(v) for v in one.mean],
            hovertemplate="%{text}",
        )
    highest = max(float(level.max()), *(max(s.mean) for s in _series(results, "actual")), 0.0)
    fig.update_yaxes(title_text=f.plain(results.kpi), rangemode="tozero", **written(0.0, highest, write))
    if len(fig.data) > MANY_NAMES:
        # Entries as wide as the longest name stand one below the other on a phone and leave no room for the picture.
        fig.update_layout(legend={"entrywidth": 84, "font": {"size": 11}}, height=480)
    return fig


def component(results: Results, name: str, scheme: Scheme) -> go.Figure:
    """One component over time with its 90% interval."""
    one = next(s for s in results.series if s.name == name and not s.geo)
    fig, x, write = figure(scheme, 300), list(results.dates), f.kpi_writer(results)
    fallback = {"baseline": scheme.muted, "seasonality": scheme.muted, "controls": scheme.muted}
    colour = colours_of(results).get(name, fallback.get(one.group, scheme.accent))
    fig.add_trace(ribbon(x, one.p5, one.p95, colour, "90% interval"))
    fig.add_scatter(
        x=x,
        y=one.mean,
        name=f.plain(name),
        mode="lines",
        line={"color": colour, "width": 2},
        text=[f"{write(m)} ({write(a)} to {write(b)})" for m, a, b in zip(one.mean, one.p5, one.p95, strict=True)],
        hovertemplate="%{text}",
    )
    reach = written(min(0.0, *one.p5), max(0.0, *one.p95), write)
    fig.update_yaxes(title_text=f.plain(results.kpi), rangemode="tozero", **reach)
    return fig


def predicted(results: Results, scheme: Scheme) -> go.Figure:
    fig, x, write = figure(scheme, 340), list(results.dates), f.kpi_writer(results)
    for one in _series(results, "predicted"):
        fig.add_trace(ribbon(x, one.p5, one.p95, scheme.accent, "90% interval"))
        fig.add_scatter(
            x=x,
            y=one.mean,
            name="Model",
            mode="lines",
            line={"color": scheme.accent, "width": 2},
            text=[write(v) for v in one.mean],
            hovertemplate="%{text}",
        )
    for one in _series(results, "actual"):
        fig.add_scatter(
            x=x,
            y=one.mean,
            name="Actual",
            mode="markers",
            marker={"color": scheme.ink, "size": 4.5},
            text=[write(v) for v in one.mean],
            hovertemplate="%{text}",
        )
    shown = [*_series(results, "predicted"), *_series(results, "actual")]
    drawn = [v for s in shown for v in (*s.p5, *s.p95, *s.mean)]
    if drawn:
        fig.update_yaxes(title_text=f.plain(results.kpi), **written(min(drawn), max(drawn), write))
    return fig


def _rows(count: int) -> int:
    return 84 + 40 * count


def returns(results: Results, scheme: Scheme, *, truth: dict[str, float] | None = None) -> go.Figure:
    """Return per channel: believed before (grey band), left by the data (line), hollow where it is mostly prior."""

    paid = [(c, c.roi) for c in results.channels if c.roi is not None]
    rows = sorted(paid, key=lambda row: row[1].p50)
    fig, colours = figure(scheme, _rows(len(rows))), colours_of(results)
    for c, value in rows:
        colour, label = colours[c.channel], f.plain(c.channel)
        if c.roi_prior:
            fig.add_scatter(
                x=[c.roi_prior.p5, c.roi_prior.p95],
                y=[label, label],
                mode="lines",
                hoverinfo="skip",
                line={"color": scheme.baseline, "width": 12},
                showlegend=False,
                opacity=0.55,
            )
        fig.add_scatter(
            x=[value.p5, value.p95],
            y=[label, label],
            mode="lines",
            hoverinfo="skip",
            line={"color": colour, "width": 3},
            showlegend=False,
        )
        fig.add_scatter(
            x=[value.p50],
            y=[label],
            mode="markers",
            showlegend=False,
            marker={"color": colour, "size": 12, "symbol": MARKS[c.evidence], "line": {"color": colour, "width": 2}},
            text=[
                f"<b>{label}</b><br>{f.times(value.p50)} ({f.interval(value, f.times)})<br>{EVIDENCE_WORDS[c.evidence]}"
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    if rows:
        far = max(value.p95 for _, value in rows)
        near = min(0.0, *(value.p5 for _, value in rows))
        fig.update_xaxes(range=[near, max(far * 1.12, 1.25)])
    if truth:
        known = [(f.plain(c.channel), truth[c.channel]) for c, _ in rows if c.channel in truth]
        fig.add_scatter(
            x=[v for _, v in known],
            y=[n for n, _ in known],
            mode="markers",
            name="True return of the sample company",
            marker={"symbol": "x-thin", "size": 9, "line": {"width": 2, "color": scheme.ink}},
            text=[f"Truth: {f.times(v)}" for _, v in known],
            hovertemplate="%{y}<br>%{text}<extra></extra>",
        )
    fig.add_vline(x=1, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    fig.add_annotation(
        x=1,
        y=1.0,
        yref="paper",
        text="pays back",
        showarrow=False,
        yanchor="bottom",
        font={"color": scheme.muted, "size": 12},
    )
    fig.update_layout(hovermode="closest", margin_t=58 if truth else 28, showlegend=bool(truth), legend_y=1.09)
    fig.update_xaxes(
        title_text=f"{f.symbol(results.currency).strip()} back per {f.symbol(results.currency).strip()} spent",
        showgrid=True,
        ticksuffix="×",
    )
    fig.update_yaxes(showgrid=False)
    return fig


def curve(channel: ChannelResult, results: Results, scheme: Scheme) -> go.Figure:
    """Response to a constant level; beyond the highest level seen it is a guess and drawn dotted."""
    c, colour, write = channel.curve, colours_of(results)[channel.channel], f.kpi_writer(results)
    level, mean = np.asarray(c.level), np.asarray(c.mean)
    fig = figure(scheme, 330)
    fig.add_trace(ribbon(c.level, c.p5, c.p95, colour, "90% interval"))
    seen = level <= c.highest_seen
    unit = (lambda v: f.money(v, results.currency)) if channel.spend is not None else f.short
    for mask, dash, name in (
        (seen, "solid", "Response"),
        (~seen | (level >= level[seen].max(initial=0)), "dot", "Beyond what was seen"),
    ):
        if mask.any():
            fig.add_scatter(
                x=level[mask],
                y=mean[mask],
                mode="lines",
                name=name,
                line={"color": colour, "width": 2.5, "dash": dash},
                text=[f"{unit(x)} brings {write(y)}" for x, y in zip(level[mask], mean[mask], strict=True)],
                hovertemplate="%{text}<extra></extra>",
            )
    now = float(np.interp(c.current, level, mean))
    fig.add_scatter(
        x=[c.current],
        y=[now],
        mode="markers",
        name="Today's level",
        marker={"color": scheme.paper, "size": 12, "line": {"color": colour, "width": 3}},
        text=[f"Today: {unit(c.current)} brings {write(now)}"],
        hovertemplate="%{text}<extra></extra>",
    )
    period = f.period(results.period_days)
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(
        title_text=f"Spend per {period}" if channel.spend is not None else f"Exposure per {period}",
        **written(0.0, float(level.max()), unit),
    )
    fig.update_yaxes(
        title_text=f"{f.plain(results.kpi)} per {period}", rangemode="tozero", **written(0.0, max(c.p95), write)
    )
    return fig


def carryover(channel: ChannelResult, results: Results, scheme: Scheme) -> go.Figure:
    """Share of the effect that falls in each period after the spend."""
    c, colour = channel.curve, colours_of(results)[channel.channel]
    lags = list(range(len(c.carryover)))
    fig = figure(scheme, 330)
    fig.add_bar(
        x=lags,
        y=c.carryover,
        marker={"color": faded(colour, 0.8)},
        name="Share of the effect",
        error_y={
            "type": "data",
            "symmetric": False,
            "color": scheme.muted,
            "thickness": 1.2,
            "width": 3,
            "array": np.subtract(c.carryover_p95, c.carryover),
            "arrayminus": np.subtract(c.carryover, c.carryover_p5),
        },
        text=[f.share(v) for v in c.carryover],
        textposition="none",
        hovertemplate="%{x} later: %{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    units = f"{f.period(results.period_days).capitalize()}s"
    fig.update_xaxes(title_text=f"{units} {'after the spend' if channel.spend is not None else 'later'}", dtick=1)
    fig.update_yaxes(title_text="Share of the effect", tickformat=".0%", rangemode="tozero")
    return fig


def shares(results: Results, scheme: Scheme) -> go.Figure:
    """Where the money went (hollow) beside where the effect came from (solid, with its interval)."""
    effect = sum(c.contribution.mean for c in results.channels) or 1.0
    rows = sorted((c for c in results.channels if c.spend_share is not None), key=lambda c: c.spend_share or 0.0)
    fig, colours = figure(scheme, _rows(len(rows))), colours_of(results)
    for c in rows:
        label, colour = f.plain(c.channel), colours[c.channel]
        low, mid, high = (v / effect for v in (c.contribution.p5, c.contribution.mean, c.contribution.p95))
        fig.add_scatter(
            x=[low, high],
            y=[label] * 2,
            mode="lines",
            line={"color": faded(colour, 0.45), "width": 6},
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[c.spend_share],
            y=[label],
            mode="markers",
            showlegend=False,
            marker={"symbol": "circle-open", "size": 12, "color": scheme.muted, "line": {"width": 2}},
            text=[f"{label}: {f.share(c.spend_share)} of the spend"],
            hovertemplate="%{text}<extra></extra>",
        )
        fig.add_scatter(
            x=[mid],
            y=[label],
            mode="markers",
            showlegend=False,
            marker={"size": 12, "color": colour},
            text=[f"{label}: {f.share(mid)} of the effect of all media"],
            hovertemplate="%{text}<extra></extra>",
        )
    for name, symbol in (("Share of spend", "circle-open"), ("Share of effect, with its 90% interval", "circle")):
        fig.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 10, "color": scheme.muted, "line": {"width": 2}},
        )
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(tickformat=".0%", showgrid=True, rangemode="tozero")
    fig.update_yaxes(showgrid=False)
    return fig


def waterfall(results: Results, scheme: Scheme) -> go.Figure:
    """From what was there anyway, channel by channel, to the whole KPI of the period."""
    fig, colours, write = figure(scheme, 380), colours_of(results), f.kpi_writer(results)
    rest = float(_total([s for group in REST for s in _series(results, group)], len(results.dates)).sum())
    parts = sorted(_series(results, "channel"), key=lambda s: -sum(s.mean))
    steps = [("Baseline", 0.0, rest, scheme.season)]
    level = rest
    # A lever that counts from its usual level sums to nothing: it has no step.
    levers = [s for s in _series(results, "treatment") if abs(sum(s.mean)) > 5e-4 * abs(rest)]
    for one in (*levers, *parts):
        own = sum(one.mean)
        steps.append((f.plain(one.name), level, own, colours.get(one.name, scheme.controls)))
        level += own
    steps.append(("Modelled total", 0.0, level, scheme.accent))
    fig.add_bar(
        x=[s[0] for s in steps],
        base=[s[1] for s in steps],
        y=[s[2] for s in steps],
        marker={"color": [s[3] for s in steps]},
        text=[write(s[2]) for s in steps],
        textposition="outside",
        textfont={"color": scheme.ink},
        cliponaxis=False,
        hovertemplate="%{x}: %{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False, margin_t=28, bargap=0.25)
    low = min(rest, *(s[1] + min(s[2], 0) for s in steps[1:-1])) if len(steps) > 2 else 0
    # A baseline of 90% would squeeze the channels into a line; the broken axis is named on the page.
    bottom, top = max(0.0, low * 0.85) if rest > 0.55 * level else 0.0, level * 1.06
    fig.update_yaxes(title_text=f.plain(results.kpi), range=[bottom, top], **written(bottom, top, write))
    return fig
