"""The two pictures that follow a slider.

They are Vega-Lite: Streamlit draws it anew in place when only the data change, where a Plotly chart with new numbers is
taken down and built again, which a hand on a slider can feel.
"""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.planning import PlanOutcome
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from pages.ui.figure import FONT
from pages.ui.palette import Scheme

Spec = dict[str, Any]


def outcome(now: PlanOutcome, today: PlanOutcome, results: Results, scheme: Scheme) -> None:
    """What the plan's media bring per period, with its carry-over, beside today's plan."""
    write, length = f.kpi_writer(results), len(now.dates)
    before = [*today.media_mean[:length], *[None] * (length - len(today.media_mean))]
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(list(now.dates)),
            "This plan": now.media_mean,
            "from": now.media_p5,
            "to": now.media_p95,
            "Today": before,
            "brings": [write(v) for v in now.media_mean],
            "range": [f"{write(a)} to {write(b)}" for a, b in zip(now.media_p5, now.media_p95, strict=True)],
            "was": [write(v) for v in before],
        }
    )
    last = min(now.plan.periods, length) - 1
    table["end"] = [d if i == last else pd.NaT for i, d in enumerate(table["date"])]
    unit = f.period(results.period_days)
    title = f"{f.plain(results.kpi)} per {unit}"
    st.vega_lite_chart(
        table, _outcome_spec(title, scheme, _prefix(results)), theme=None, width="stretch", key="hand_outcome"
    )


def by_channel(now: PlanOutcome, today: PlanOutcome, colours: dict[str, str], results: Results, scheme: Scheme) -> None:
    """What each channel brings under the plan, with its interval; the tick is today."""
    names, write = sorted(now.channels, key=lambda c: -today.plan.spend.get(c, 0.0)), f.kpi_writer(results)
    rows = []
    for name in names:
        one, before = now.channels[name], today.channels[name].mean
        words = (write(one.mean), f.interval(one, write), write(before))
        rows.append((f.plain(name), one.mean, one.p5, one.p95, before, *words))
    columns = ["Channel", "This plan", "from", "to", "Today", "brings", "range", "was"]
    spec = _channel_spec(
        [f.plain(n) for n in names], [colours[n] for n in names], scheme, f.plain(results.kpi), _prefix(results)
    )
    st.vega_lite_chart(pd.DataFrame(rows, columns=columns), spec, theme=None, width="stretch", key="hand_channels")


def _prefix(results: Results) -> str:
    return f.symbol(results.currency) if results.is_revenue else ""


WORDS = [
    {"field": "brings", "type": "nominal", "title": "Brings"},
    {"field": "range", "type": "nominal", "title": "90% interval"},
    {"field": "was", "type": "nominal", "title": "Today's plan"},
]
"""The numbers of a tooltip, written as everywhere else."""


def _outcome_spec(title: str, scheme: Scheme, prefix: str) -> Spec:
    date = {"field": "date", "type": "temporal", "title": None, "axis": {"grid": False, "format": "%-d %b"}}

    def y(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": title, "axis": {"labelExpr": _label(prefix)}}

    def line(field: str, colour: str, dash: list[int]) -> Spec:
        mark = {"type": "line", "color": colour, "strokeWidth": 2.2, "strokeDash": dash}
        return {"mark": mark, "encoding": {"x": date, "y": y(field)}}

    band = {
        "mark": {"type": "area", "color": scheme.accent, "opacity": 0.18},
        "encoding": {"x": date, "y": y("from"), "y2": {"field": "to"}},
    }
    end = {"field": "end", "type": "temporal", "title": None}
    over = {
        "mark": {"type": "rule", "color": scheme.muted, "strokeDash": [2, 3]},
        "encoding": {"x": end},
    }
    said = {
        "mark": {
            "type": "text", "text": "plan ends, carry-over follows", "align": "right", "dx": -6, "dy": -4,
            "baseline": "bottom", "color": scheme.muted, "fontSize": 11,
        },
        "encoding": {"x": end, "y": {"value": "height"}},
    }  # fmt: skip
    hover = {
        "mark": {"type": "rule", "opacity": 0.001, "strokeWidth": 18},
        "encoding": {"x": date, "tooltip": [{"field": "date", "type": "temporal", "title": "Week of"}, *WORDS]},
    }
    lines = [line("Today", scheme.muted, [3, 3]), line("This plan", scheme.accent, [1, 0])]
    return {"height": 205, "layer": [band, over, said, *lines, hover], "config": config(scheme)}


def _channel_spec(names: list[str], colours: list[str], scheme: Scheme, title: str, prefix: str) -> Spec:
    label = {"grid": False, "labelLimit": 130}
    y = {"field": "Channel", "type": "nominal", "sort": names, "title": None, "axis": label}

    def x(field: str) -> Spec:
        return {"field": field, "type": "quantitative", "title": title, "axis": {"labelExpr": _label(prefix)}}

    colour = {"field": "Channel", "type": "nominal", "scale": {"domain": names, "range": colours}, "legend": None}
    tooltip = [{"field": "Channel"}, *WORDS]
    bar = {
        "mark": {"type": "bar", "opacity": 0.85, "height": {"band": 0.62}, "cornerRadiusEnd": 3},
        "encoding": {"y": y, "x": x("This plan"), "color": colour, "tooltip": tooltip},
    }
    rule = {
        "mark": {"type": "rule", "color": scheme.muted},
        "encoding": {"y": y, "x": x("from"), "x2": {"field": "to"}},
    }
    tick = {
        "mark": {"type": "tick", "color": scheme.ink, "thickness": 2.5, "height": 20},
        "encoding": {"y": y, "x": x("Today")},
    }
    return {"height": {"step": 30}, "layer": [bar, rule, tick], "config": config(scheme)}


def _label(prefix: str) -> str:
    """A Vega expression that writes an axis number as ``wording.short`` does."""
    size = "abs(datum.value)"
    steps = "".join(f"{size} >= {limit} ? format({size}/{limit}, '.3~r') + '{unit}' : " for limit, unit in UNITS)
    return f"(datum.value < 0 ? '−' : '') + '{prefix}' + ({steps}format({size}, '.3~r'))"


UNITS = (("1e9", "bn"), ("1e6", "m"), ("1e3", "k"))


def config(scheme: Scheme) -> Spec:
    """The same ink, lines and type as the Plotly template."""
    words = {"labelColor": scheme.muted, "titleColor": scheme.muted, "labelFont": FONT, "titleFont": FONT}
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "format": "~s"}
    axis = {**words, **sizes, "gridColor": scheme.line, "domain": False, "ticks": False}
    return {
        "background": "transparent", "font": FONT, "view": {"stroke": None}, "axisY": {**axis, "tickCount": 5},
        "axisX": {**axis, "tickCount": 5}, "axisTemporal": {"format": "%-d %b"}, "axisBand": {"format": ""},
    }  # fmt: skip
