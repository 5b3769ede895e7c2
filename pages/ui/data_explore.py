"""Look around in the data: over time, season, shares, statistics, correlations, single columns, rows."""

from dataclasses import replace

import streamlit as st
from streamlit_extras.dataframe_explorer import dataframe_explorer

from mmm_core.data import explore, panel
from mmm_core.domain.dataset import DatasetVersion, Role
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.reports import wording as f
from mmm_core.use_cases.datasets import Working
from mmm_core.use_cases.trends import writer
from pages.ui import charts_data as charts
from pages.ui import state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

VIEWS = ("Over time", "Season", "Share of spend", "Channels", "Correlations", "One column", "Rows")


def _draw(actor: Actor, view: str, now: Working, project: Project) -> None:
    look, frame, roles = scheme(), now.frame, now.recognition
    spent = explore.spend_share(frame, roles)
    colours = state.colours(actor, project.id, spent["channel"])
    kpi = roles.one(Role.KPI) or "KPI"
    if view == "Over time":
        show(
            charts.spend_and_kpi(
                explore.spend_and_kpi(frame, roles), kpi, project.currency, colours, look, writer(now, project, kpi)
            ),
            "explore_time",
            alt="The KPI over time above the stacked spend of every channel",
        )
    elif view == "Season":
        table = explore.seasonality(frame, roles)
        if table.empty:
            st.info("A yearly profile needs more than a few periods of the KPI.")
        else:
            show(charts.seasonality(table, look), "explore_season", alt="The KPI's yearly profile by week")
    elif view == "Share of spend":
        show(
            charts.spend_share(spent, project.currency, colours, look),
            "explore_share",
            alt="Share of the whole spend by channel",
        )
    elif view == "Channels":
        _channels(now, project)
    elif view == "Correlations":
        show(
            charts.correlations(explore.correlations(frame, roles), look),
            "explore_correlations",
            alt="Pairwise correlations of KPI, media and controls",
        )
    elif view == "One column":
        _column(now)
    else:
        _rows(now)


@st.fragment
def view(actor: Actor, project: Project, version: DatasetVersion) -> None:
    chosen = st.pills("View", VIEWS, default=VIEWS[0], required=True, key="explore_view", label_visibility="collapsed")
    with shown():
        now = state.working(actor, version)
        geo = pick_geo(now, "explore_geo")
        _draw(actor, chosen or VIEWS[0], replace(now, frame=panel.of_geo(now.frame, now.recognition, geo)), project)


def pick_geo(now: Working, key: str, label: str | None = None) -> str | None:
    """Which region to look at, None for all of them together; asked only where there are several."""
    geos = panel.geo_names(now.frame, now.recognition)
    if len(geos) < 2:
        return None
    whole = f"All {len(geos)} geos together"
    seen = "visible" if label else "collapsed"
    chosen = st.selectbox(label or "Geo", [whole, *geos], key=key, label_visibility=seen)
    return None if chosen == whole else chosen


def pick_sub_category(actor: Actor, version: DatasetVersion, key: str) -> str | None:
    """Which sub-category to look at, None for all of them together; asked only where the file has several."""
    names = state.sub_categories(actor, version)
    if not names:
        return None
    whole = f"All {len(names)} sub-categories together"
    chosen = st.selectbox("Sub-category", [whole, *names], key=key)
    return None if chosen == whole else chosen


def _channels(now: Working, project: Project) -> None:
    table = explore.channel_statistics(now.frame, now.recognition)
    table["channel"] = [f.plain(c) for c in table["channel"]]
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        placeholder=f.NOTHING,
        column_config={
            "channel": st.column_config.TextColumn("Channel", pinned=True),
            "spend": st.column_config.NumberColumn(f"Spend ({project.currency})", format="compact"),
            "mean_active": st.column_config.NumberColumn("Per active period", format="compact"),
            "active_share": st.column_config.ProgressColumn("Active", min_value=0, max_value=1, format="percent"),
            "exposure": st.column_config.NumberColumn("Exposure", format="compact"),
            "cost_per_thousand": st.column_config.NumberColumn("Cost per thousand", format="%.2f"),
            "correlation": st.column_config.NumberColumn("Correlation with KPI", format="%.2f"),
            "first": st.column_config.DateColumn("First", format="D MMM YYYY"),
            "last": st.column_config.DateColumn("Last", format="D MMM YYYY"),
        },
    )
    st.caption("Every column that a model may read")
    st.dataframe(
        explore.column_statistics(now.frame, now.recognition),
        hide_index=True,
        width="stretch",
        placeholder=f.NOTHING,
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True),
            "mean": st.column_config.NumberColumn("Mean", format="compact"),
            "sd": st.column_config.NumberColumn("Spread (sd)", format="compact"),
            "min": st.column_config.NumberColumn("Lowest", format="compact"),
            "median": st.column_config.NumberColumn("Middle", format="compact"),
            "max": st.column_config.NumberColumn("Highest", format="compact"),
            "missing": st.column_config.NumberColumn("Missing", format="percent"),
            "zero": st.column_config.NumberColumn("Zero", format="percent"),
        },
    )


def _column(now: Working) -> None:
    left, right = st.columns([2, 1])
    with left:
        column = st.selectbox(
            "Column",
            [str(c) for c in now.frame.columns],
            key="explore_column",
            index=min(1, len(now.frame.columns) - 1),
        )
        table = explore.distribution(now.frame, column)
        if table.empty:
            st.info("This column holds no numbers.")
        else:
            show(charts.distribution(table, column, scheme()), "explore_distribution", alt=f"Histogram of {column}")
    with right:
        st.caption("Most frequent values")
        st.dataframe(
            explore.top_values(now.frame, column),
            hide_index=True,
            width="stretch",
            column_config={
                "value": "Value",
                "count": st.column_config.NumberColumn("Rows", width="small"),
                "share": st.column_config.NumberColumn("Share", format="percent", width="small"),
            },
        )


def _rows(now: Working) -> None:
    pick = st.segmented_control(
        "Rows",
        ["A random ten", "Filter the table"],
        default="A random ten",
        required=True,
        key="explore_rows",
        label_visibility="collapsed",
    )
    if pick == "A random ten":
        seed = st.session_state.setdefault("explore_seed", 1)
        if st.button("Ten others", key="explore_again"):
            seed = st.session_state["explore_seed"] = seed + 1
        shown_rows = explore.random_rows(now.frame, seed=seed)
    else:
        shown_rows = dataframe_explorer(now.frame, case=False)
    date = now.recognition.one(Role.DATE)
    dates = {date: st.column_config.DateColumn(format="D MMM YYYY", pinned=True)} if date in shown_rows else {}
    numbers = {c: st.column_config.NumberColumn(format="localized") for c in shown_rows.select_dtypes("number").columns}
    st.dataframe(shown_rows, hide_index=True, width="stretch", placeholder="", column_config={**numbers, **dates})
