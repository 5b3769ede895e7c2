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
    unit = results.currency if results.is_revenue else results.kpi
    table = pd.DataFrame(
        {
            "date": pd.to_datetime(list(now.dates)),
            "This plan": now.media_mean,
            "from": now.media_p5,
            "to": now.media_p95,
        }
    )
    table["Today"] = pd.Series(today.media_mean[: len(table)])
    st.vega_lite_chart(
        table,
        _outcome_spec(f"Brought by media per period ({unit})", scheme),
        theme=None,
        width="stretch",
        key="hand_outcome",
    )


def by_channel(now: PlanOutcome, today: PlanOutcome, colours: dict[str, str], results: Results, scheme: Scheme) -> None:
    """What each channel brings under the plan, with its interval; the tick is today."""
    names = sorted(now.channels, key=lambda c: -today.channels[c].mean)
    rows = [
        (f.plain(n), now.channels[n].mean, now.channels[n].p5, now.channels[n].p95, today.channels[n].mean)
        for n in names
    ]
    table = pd.DataFrame(rows, columns=["Channel", "This plan", "from", "to", "Today"])
    spec = _channel_spec([f.plain(n) for n in names], [colours[n] for n in names], scheme)
    st.vega_lite_chart(table, spec, theme=None, width="stretch", key="hand_channels")


def _outcome_spec(title: str, scheme: Scheme) -> Spec:
    date = {"field": "date", "type": "temporal", "title": None, "axis": {"grid": False, "format": "%-d %b"}}

    def line(field: str, colour: str, dash: list[int]) -> Spec:
        mark = {"type": "line", "color": colour, "strokeWidth": 2.2, "strokeDash": dash}
        return {"mark": mark, "encoding": {"x": date, "y": {"field": field, "type": "quantitative", "title": title}}}

    band = {
        "mark": {"type": "area", "color": scheme.accent, "opacity": 0.18},
        "encoding": {"x": date, "y": {"field": "from", "type": "quantitative", "title": title}, "y2": {"field": "to"}},
    }
    hover = {
        "mark": {"type": "rule", "opacity": 0.001, "strokeWidth": 18},
        "encoding": {
            "x": date,
            "tooltip": [{"field": "date", "type": "temporal"}, *_numbers("This plan", "from", "to", "Today")],
        },
    }
    lines = [line("Today", scheme.muted, [3, 3]), line("This plan", scheme.accent, [1, 0])]
    return {"height": 260, "layer": [band, *lines, hover], "config": config(scheme)}


def _channel_spec(names: list[str], colours: list[str], scheme: Scheme) -> Spec:
    y = {"field": "Channel", "type": "nominal", "sort": names, "title": None, "axis": {"grid": False}}

    def x(field: str) -> Spec:
        return {
            "field": field,
            "type": "quantitative",
            "title": "This plan (bar, with its 90% interval) and today (tick)",
        }

    colour = {"field": "Channel", "type": "nominal", "scale": {"domain": names, "range": colours}, "legend": None}
    tooltip = [{"field": "Channel"}, *_numbers("This plan", "from", "to", "Today")]
    bar = {
        "mark": {"type": "bar", "opacity": 0.85, "height": {"band": 0.62}},
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
    return {"height": {"step": 34}, "layer": [bar, rule, tick], "config": config(scheme)}


def _numbers(*fields: str) -> list[Spec]:
    return [{"field": name, "type": "quantitative", "format": ",.3~s"} for name in fields]


def config(scheme: Scheme) -> Spec:
    """The same ink, lines and type as the Plotly template."""
    words = {"labelColor": scheme.muted, "titleColor": scheme.muted, "labelFont": FONT, "titleFont": FONT}
    sizes = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal", "format": "~s"}
    axis = {**words, **sizes, "gridColor": scheme.line, "domain": False, "ticks": False}
    return {
        "background": "transparent", "font": FONT, "view": {"stroke": None}, "axisY": {**axis, "tickCount": 5},
        "axisX": {**axis, "tickCount": 6}, "axisTemporal": {"format": "%-d %b"}, "axisBand": {"format": ""},
    }  # fmt: skip
