"""What a fitted model says: verdict, channels, and the pictures behind them."""

import pandas as pd
import streamlit as st

from mmm_core.analysis import parts
from mmm_core.data import simulate
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import ChannelResult, Evidence, Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import baselines, samples
from pages.ui import charts, charts_frequency, chrome, state
from pages.ui import model_results_geo as by_geo
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

GEOS = "Geos"
VIEWS = ("Returns", "Over time", "Channel by channel", "Waterfall", "Table")


def overview(actor: Actor, project: Project, run: Run) -> None:
    with shown():
        results = state.results(actor, run.id)
        verdict(results)
        numbers(results)
        if said := baselines.against_model(state.services(), actor, project.id, results):
            st.caption(f.safe(said))
        _pictures(results, run, _truth() if project.is_sample else None)
        with st.container(horizontal=True):
            if st.button("Ask what if", type="primary", key="to_what_if"):
                state.go("what_if")
            if st.button("Write the report", key="to_report"):
                state.go("report")


@st.cache_data(show_spinner=False)
def _truth() -> dict[str, float]:
    """True returns of the sample company, which its generator knows."""
    known = simulate.company("national", samples.SEED).truth["channels"]
    return {c["channel"]: c["roi"] for c in known if c.get("roi") is not None}


def verdict(results: Results) -> None:
    with st.container(border=True, key="verdict"):
        st.markdown(f"**{chrome.said(results.verdict, results)}**")


def numbers(results: Results) -> None:
    write = f.kpi_writer(results)
    spend = sum(c.spend or 0.0 for c in results.channels)
    total = sum(c.contribution.mean for c in results.channels)
    with st.container(horizontal=True):
        st.metric(
            "Brought by media",
            write(total),
            border=True,
            delta_color="off",
            delta_arrow="off",
            delta=f"{f.share(results.media_share.mean)} of {f.inside(results.kpi)} "
            f"({f.interval(results.media_share, f.share)})",
        )
        st.metric(
            "Spend",
            f.money(spend, results.currency),
            border=True,
            delta_color="off",
            delta_arrow="off",
            delta=f"{f.day(results.first_period)} to {f.day(results.last_period)}"
            + (f", {f.geos(results.geos)}" if results.geos > 1 else ""),
        )
        none = "the data support none yet" if results.has_value else f"no value per {f.one_of(results.kpi)}"
        pays = [c for c in results.channels if c.roi and c.evidence is not Evidence.PRIOR]
        best = max(pays, key=lambda c: c.roi.p50, default=None)
        st.metric(
            "Best supported return",
            f.times(best.roi.p50) if best else f.NOTHING,
            border=True,
            delta_color="off",
            delta_arrow="off",
            delta=f"{f.plain(best.channel)} ({f.interval(best.roi, f.times)})" if best else none,
        )
        st.metric(
            "Without media",
            f.share(results.baseline_share.mean),
            border=True,
            delta_color="off",
            delta_arrow="off",
            delta=f"baseline share ({f.interval(results.baseline_share, f.share)})",
        )


@st.fragment
def _pictures(results: Results, run: Run, truth: dict[str, float] | None) -> None:
    views = VIEWS if not results.geo_names else (*VIEWS[:-1], GEOS, VIEWS[-1])
    view = st.segmented_control(
        "View", views, default=views[0], required=True, key="result_view", label_visibility="collapsed"
    )
    look = scheme()
    if view == "Returns":
        _returns(results, truth)
    elif view == "Over time":
        _over_time(by_geo.picker(results, "time_geo"))
        by_geo.levers(results, run)
    elif view == GEOS:
        by_geo.geos(results)
    elif view == "Channel by channel":
        _channel(results)
    elif view == "Waterfall":
        part = by_geo.picker(results, "waterfall_geo")
        st.caption(
            "Means of the draws, so that the parts add up. The axis starts just below the baseline, not at zero."
        )
        show(
            charts.waterfall(part, look),
            "chart_waterfall",
            alt="From the baseline, part by part, to the whole KPI",
        )
        by_geo.levers(results, run)
    else:
        st.dataframe(
            table(results),
            hide_index=True,
            width="stretch",
            height=chrome.tall(len(results.channels)),
            column_config=_columns(results),
            placeholder=f.NOTHING,
        )


def _over_time(results: Results) -> None:
    look = scheme()
    st.markdown(f"**{f.safe(f.plain(results.kpi))}, stacked by what brought it**  :gray[the line is the actual]")
    show(
        charts.contributions(results, look), "chart_contributions", alt="The KPI over time, stacked by what brought it"
    )
    names = [s.name for s in results.series if s.group not in ("actual", "predicted") and not s.geo]
    name = st.selectbox("One component, with its 90% interval", names, format_func=f.plain, key="component")
    show(charts.component(results, name, look), "chart_component", alt=f"{name} over time with its 90% interval")


def _returns(results: Results, truth: dict[str, float] | None) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        if any(c.roi for c in results.channels):
            st.markdown(
                "**Return on spend**  "
                ":gray[line: 90% interval; grey band: what was believed before; hollow: mostly that belief]"
            )
            show(
                charts.returns(results, scheme(), truth=truth),
                "chart_roi",
                alt="Return on spend by channel with its 90% interval",
            )
        else:
            st.info(
                "The KPI has no value in money, so there is no return on spend. "
                "Set the value of one unit on the Plan page."
            )
    with right:
        st.markdown("**Where the money went, where the effect came from**")
        show(charts.shares(results, scheme()), "chart_shares", alt="Share of spend beside share of effect, by channel")
    for channel in sorted(results.channels, key=lambda c: -c.contribution.mean):
        _line(channel, results)


def _line(c: ChannelResult, results: Results) -> None:
    """One channel: action, return, evidence; the reasons one click away."""
    write, amount = f.kpi_writer(results), f.kpi_amount(results)
    back = f"{f.times(c.roi.p50)} ({f.interval(c.roi, f.times)})" if c.roi else f"brought {amount(c.contribution.p50)}"
    with st.expander(
        f"{chrome.action_badge(c.action)} **{f.safe(f.plain(c.channel))}** {back} {chrome.evidence_badge(c.evidence)}"
    ):
        st.markdown(chrome.said(c.action_reason, results))
        st.markdown(f":gray[{chrome.said(c.evidence_reason, results)}]")
        facts = [f"Brought {amount(c.contribution.p50)} ({f.interval(c.contribution, write)})"]
        if c.spend is not None:
            facts.append(f"spend {f.money(c.spend, results.currency)}")
        each = None if results.is_revenue else parts.cost(c)
        if each:
            price = [f.price(v, results.currency) for v in (each.p50, each.p5, each.p95)]
            facts.append(f"{price[0]} per {f.one_of(results.kpi)} ({price[1]} to {price[2]})")
        if c.marginal_roi:
            facts.append(
                f"the next unit of money brings {f.times(c.marginal_roi.p50)} ({f.interval(c.marginal_roi, f.times)})"
            )
        st.markdown(f.safe(", ".join(facts) + "."))


def _channel(results: Results) -> None:
    names = [c.channel for c in sorted(results.channels, key=lambda c: c.channel.casefold())]
    name = st.pills(
        "Channel",
        names,
        default=names[0],
        required=True,
        format_func=f.plain,
        key="curve_channel",
        label_visibility="collapsed",
    )
    channel = next(c for c in results.channels if c.channel == name)
    left, right = st.columns([3, 2], gap="medium")
    with left:
        straight = channel.frequency is not None
        said = "more money reaches more people, as often as today" if straight else "what a constant level brings"
        st.markdown(f"**Response**  :gray[{said}; the ring is today]")
        show(
            charts.curve(channel, results, scheme()),
            "chart_curve",
            alt=f"Response curve of {name} with its 90% interval",
        )
    with right:
        st.markdown("**Carry-over**  :gray[when the effect arrives]")
        show(
            charts.carryover(channel, results, scheme()),
            "chart_carryover",
            alt=f"Share of the effect of {name} by week after the spend",
        )
    if channel.frequency is not None:
        st.markdown("**Frequency**  :gray[today's number of contacts, shared by fewer or by more people]")
        show(
            charts_frequency.frequency(channel, channel.frequency, results, scheme()),
            "chart_frequency",
            alt=f"What {name} brings by contacts per person, with its 90% interval",
        )
        st.markdown(f.safe(f.frequency(channel.frequency)))
    _line(channel, results)


def table(results: Results) -> pd.DataFrame:
    def bounds(value: object, part: str) -> float | None:
        return getattr(value, part) if value is not None else None

    return pd.DataFrame(
        [
            {
                "Channel": f.plain(c.channel),
                "Spend": c.spend,
                "Contribution": c.contribution.p50,
                "from": c.contribution.p5,
                "to": c.contribution.p95,
                "Share of KPI": 100 * c.contribution_share.mean,
                "ROI": bounds(c.roi, "p50"),
                "ROI from": bounds(c.roi, "p5"),
                "ROI to": bounds(c.roi, "p95"),
                "Marginal ROI": bounds(c.marginal_roi, "p50"),
                "Evidence": chrome.EVIDENCE[c.evidence][0],
                "Action": chrome.ACTION[c.action][0],
            }
            for c in results.channels
        ]
    )


def _columns(results: Results) -> dict:
    compact, ratio = st.column_config.NumberColumn(format="compact"), st.column_config.NumberColumn(format="%.2f×")
    return {
        "Spend": st.column_config.NumberColumn(f"Spend ({results.currency})", format="compact"),
        "Channel": st.column_config.TextColumn(pinned=True),
        "Contribution": st.column_config.NumberColumn(f"Brought ({_unit(results)})", format="compact"),
        "from": compact,
        "to": compact,
        "Share of KPI": st.column_config.NumberColumn(format="%.1f%%"),
        "ROI": ratio,
        "ROI from": ratio,
        "ROI to": ratio,
        "Marginal ROI": ratio,
    }


def _unit(results: Results) -> str:
    return results.currency if results.is_revenue else f.plain(results.kpi)
