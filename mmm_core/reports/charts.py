"""Charts for files and reports, drawn with Matplotlib from stored results alone."""

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmm_core.domain.planning import OptimisedPlan, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.reports import wording
from mmm_core.reports.colours import ACCENT, BASELINE, CONTROLS, INK, LEVER, LINE, MUTED, SEASON, channel_colours

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

STYLE = {
    "font.size": 10, "axes.edgecolor": LINE, "axes.labelcolor": MUTED, "axes.titlecolor": INK,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left", "xtick.color": MUTED, "ytick.color": INK, "axes.spines.top": False,
    "axes.spines.right": False, "axes.grid": True, "grid.color": LINE, "axes.axisbelow": True, "svg.fonttype": "none",
    "font.family": ["DejaVu Sans"], "legend.frameon": False,
}  # fmt: skip

Draw = Callable[["Figure"], None]


def drawings(results: Results, plans: Sequence[OptimisedPlan], current: SpendPlan | None) -> dict[str, Draw]:
    """What can be drawn: contributions, returns, curves, time, and with plans allocation and scenarios."""
    out: dict[str, Draw] = {
        "contributions": lambda f: _contributions(f, results),
        "over_time": lambda f: _over_time(f, results),
        "curves": lambda f: _curves(f, results),
    }
    if any(c.roi for c in results.channels):
        out["roi"] = lambda f: _returns(f, results)
    if results.by_geo:
        out["geos"] = lambda f: _geos(f, results)
    if plans and current:
        out["allocation"] = lambda f: _allocation(f, results, plans, current)
        out["scenarios"] = lambda f: _scenarios(f, results, plans)
    return out


def render(draw: Draw, kind: str, size: tuple[float, float] = (9.0, 4.6)) -> bytes:
    """One drawing as ``png`` or ``svg``."""
    # Matplotlib takes a second to load, which no page has to wait for before it draws a file.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        buffer = io.BytesIO()
        # Without a date in its metadata the same results give the same file.
        figure.savefig(buffer, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
    return buffer.getvalue()


def pngs(results: Results, plans: Sequence[OptimisedPlan], current: SpendPlan | None) -> dict[str, bytes]:
    return {name: render(draw, "png") for name, draw in drawings(results, plans, current).items()}


def _contributions(figure: "Figure", results: Results) -> None:
    axes = figure.subplots()
    channels = sorted(results.channels, key=lambda c: c.contribution.p50)
    colours = channel_colours(c.channel for c in channels)
    for row, channel in enumerate(channels):
        share = channel.contribution_share
        axes.barh(row, share.p50, color=colours[channel.channel], height=0.62)
        axes.plot([share.p5, share.p95], [row, row], color=INK, linewidth=1.4)
    axes.set_yticks(range(len(channels)), [_short(c.channel) for c in channels])
    axes.xaxis.set_major_formatter(_ticks(lambda v: wording.share(v)))
    axes.set_title(
        f"Share of {wording.plain(results.kpi)} that each channel brought (bar: most likely, line: 90% interval)"
    )


def _over_time(figure: "Figure", results: Results) -> None:
    axes = figure.subplots()
    series = {(s.group, s.name): s for s in results.series if not s.geo}
    colours = channel_colours(c.channel for c in results.channels)
    greys = {"baseline": BASELINE, "seasonality": SEASON, "controls": CONTROLS, "treatment": LEVER}
    parts = [s for (group, _), s in series.items() if group in greys or group == "channel"]
    parts.sort(key=lambda s: (list(greys).index(s.group) if s.group in greys else 9, s.name))
    days = np.array(results.dates, dtype="datetime64[D]")
    positive, negative = [0.0] * len(days), [0.0] * len(days)
    for part in parts:
        up = [max(v, 0.0) for v in part.mean]
        down = [min(v, 0.0) for v in part.mean]
        colour = greys.get(part.group) or colours[part.name]
        label = _short(part.name)
        top = [p + u for p, u in zip(positive, up, strict=True)]
        low = [n + d for n, d in zip(negative, down, strict=True)]
        axes.fill_between(days, positive, top, color=colour, linewidth=0, label=label)
        axes.fill_between(days, low, negative, color=colour, linewidth=0)
        positive, negative = top, low
    actual = next((s for s in results.series if s.group == "actual" and not s.geo), None)
    if actual:
        axes.plot(days, actual.mean, color=INK, linewidth=1.0, label="Actual")
    axes.yaxis.set_major_formatter(_kpi_axis(results))
    from matplotlib.dates import ConciseDateFormatter

    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    axes.set_title(f"{wording.plain(results.kpi)} over time, split into what brought it")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8)


def _curves(figure: "Figure", results: Results) -> None:
    channels = list(results.channels)
    columns = min(4, max(1, len(channels)))
    rows = -(-len(channels) // columns)
    grid = figure.subplots(rows, columns, squeeze=False)
    figure.set_size_inches(9.0, 0.6 + 2.2 * rows)
    colours = channel_colours(c.channel for c in channels)
    for place, axes in enumerate(grid.flat):
        if place >= len(channels):
            axes.set_axis_off()
            continue
        _curve(axes, results, place, colours[channels[place].channel])
    figure.suptitle(
        "Response per period at a constant level (dot: today)", x=0.01, ha="left", fontweight="bold", color=INK
    )


def _curve(axes: "Axes", results: Results, place: int, colour: str) -> None:
    channel = results.channels[place]
    curve = channel.curve
    axes.fill_between(curve.level, curve.p5, curve.p95, color=colour, alpha=0.22, linewidth=0)
    axes.plot(curve.level, curve.mean, color=colour, linewidth=1.8)
    near = min(range(len(curve.level)), key=lambda i: abs(curve.level[i] - curve.current))
    axes.plot([curve.level[near]], [curve.mean[near]], "o", color=INK, markersize=4)
    axes.set_title(_short(channel.channel), fontsize=9)
    axes.xaxis.set_major_formatter(_ticks(lambda v: wording.short(v)))
    axes.yaxis.set_major_formatter(_kpi_axis(results))
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)


def _returns(figure: "Figure", results: Results) -> None:
    axes = figure.subplots()
    channels = sorted((c for c in results.channels if c.roi), key=lambda c: c.roi.p50 if c.roi else 0.0)
    colours = channel_colours(c.channel for c in results.channels)
    for row, channel in enumerate(channels):
        if channel.roi is None:
            continue
        axes.plot(
            [channel.roi.p5, channel.roi.p95], [row, row], color=colours[channel.channel], linewidth=6, alpha=0.35
        )
        axes.plot([channel.roi.p50], [row], "o", color=colours[channel.channel], markersize=8)
        if channel.marginal_roi:
            axes.plot([channel.marginal_roi.p50], [row], "D", color=INK, markersize=4)
    axes.axvline(1.0, color=MUTED, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(channels)), [_short(c.channel) for c in channels])
    axes.xaxis.set_major_formatter(_ticks(lambda v: f"{v:g}×"))
    axes.set_title("What each channel returned (dot), what more money would return (diamond)")


def _geos(figure: "Figure", results: Results) -> None:
    """Return of each channel in each geo (what it brought, where it has no return)."""
    channels = [c.channel for c in results.channels]
    columns = min(4, len(channels))
    rows = -(-len(channels) // columns)
    geos = list(reversed(results.geo_names))
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
    figure.set_size_inches(9.0, 0.8 + rows * (0.7 + 0.17 * len(geos)))
    colours = channel_colours(channels)
    for place, axes in enumerate(grid.flat):
        if place >= len(channels):
            axes.set_axis_off()
            continue
        found = {g.geo: g for g in results.by_geo if g.channel == channels[place]}
        has_roi = any(g.roi for g in found.values())
        for row, geo in enumerate(geos):
            value = found[geo].roi if has_roi else found[geo].contribution
            if value:
                axes.plot([value.p5, value.p95], [row, row], color=colours[channels[place]], linewidth=3, alpha=0.4)
                axes.plot([value.p50], [row], "o", color=colours[channels[place]], markersize=4)
        axes.set_title(_short(channels[place]), fontsize=9)
        axes.set_yticks(range(len(geos)), [_short(g) for g in geos])
        axes.xaxis.set_major_formatter(_ticks(lambda v: f"{v:g}×") if has_roi else _kpi_axis(results))
        axes.tick_params(labelsize=7)
        axes.locator_params(axis="x", nbins=4)
    figure.suptitle("Return in each geo (line: 90% interval)", x=0.01, ha="left", fontweight="bold", color=INK)


def _allocation(figure: "Figure", results: Results, plans: Sequence[OptimisedPlan], current: SpendPlan) -> None:
    axes = figure.subplots()
    names = list(plans[0].outcome.plan.spend)
    shades = {"base": ACCENT, "aggressive": "#4FA3B5", "conservative": "#9CCAD4"}
    bars = [("Today", [current.spend.get(n, 0.0) for n in names], BASELINE)]
    bars += [(p.style.capitalize(), [p.outcome.plan.spend[n] for n in names], shades[p.style]) for p in plans]
    height = 0.8 / len(bars)
    for place, (label, values, colour) in enumerate(bars):
        axes.barh(
            [i - place * height for i in range(len(names))], values, height=height * 0.92, color=colour, label=label
        )
    axes.set_yticks([i - height * (len(bars) - 1) / 2 for i in range(len(names))], [_short(n) for n in names])
    axes.xaxis.set_major_formatter(_ticks(lambda v: wording.money(v, results.currency)))
    axes.set_title(f"Spend over {wording.periods(current.periods, results.period_days)}: today's and optimised")
    axes.legend(fontsize=8)


def _scenarios(figure: "Figure", results: Results, plans: Sequence[OptimisedPlan]) -> None:
    axes = figure.subplots()
    for row, plan in enumerate(reversed(plans)):
        gain = plan.outcome.against_current
        axes.plot([gain.p5, gain.p95], [row, row], color=ACCENT, linewidth=7, alpha=0.35)
        axes.plot([gain.p50], [row], "o", color=ACCENT, markersize=9)
    axes.axvline(0.0, color=MUTED, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(plans)), [p.style.capitalize() for p in reversed(plans)])
    axes.set_ylim(-0.6, len(plans) - 0.4)
    axes.xaxis.set_major_formatter(_kpi_axis(results))
    axes.set_title(f"{wording.plain(results.kpi)} above today's split, at the same budget (line: 90% interval)")


def _kpi_axis(results: Results) -> "FuncFormatter":
    writer = wording.kpi_writer(results)
    return _ticks(writer)


def _short(name: str) -> str:
    # A dollar sign would open Matplotlib's maths mode.
    text = wording.plain(name).replace("$", r"\$")
    return text if len(text) <= 22 else text[:21] + "…"


def _ticks(write: Callable[[float], str]) -> "FuncFormatter":
    from matplotlib.ticker import FuncFormatter

    return FuncFormatter(lambda value, _: write(value))
