"""The trend scanner on the Data page: growth, season, odd periods and events, each with one sentence."""

import pandas as pd
import streamlit as st

from mmm_core.data import trends
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import trends as scanner
from pages.ui import charts_trends as charts
from pages.ui import state
from pages.ui.data_explore import pick_geo, pick_sub_category
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme


@st.fragment
def view(actor: Actor, project: Project, version: DatasetVersion) -> None:
    with shown():
        now = state.working(actor, version)
        offered = trends.columns(now.recognition)
        left, middle, right = st.columns(3)
        with left:
            column = st.selectbox("Series", offered, format_func=f.plain, key="trend_column")
        with middle:
            item = pick_sub_category(actor, version, "trend_item")
        with right if state.sub_categories(actor, version) else middle:
            geo = pick_geo(now, "trend_geo", label="Geo")
        with st.spinner("Scanning"):
            found = _report(actor.organisation_id, version.id, state.as_it_is(version), column, geo, item, actor)
        _sentences(found)
        _charts(found, scanner.writer(now, project, found.scan.column))


@st.cache_data(max_entries=32, show_spinner=False)
def _report(
    organisation_id: str, version_id: str, state_of: str, column: str | None, geo: str | None, item: str | None, _actor
):  # type: ignore[no-untyped-def]
    return scanner.scan(state.services(), _actor, version_id, column=column, geo=geo, sub_category=item)


def _sentences(found: scanner.TrendReport) -> None:
    st.markdown("\n".join(f"- {f.safe(s)}" for s in found.sentences))


def _charts(found: scanner.TrendReport, write) -> None:  # type: ignore[no-untyped-def]
    look, scan = scheme(), found.scan
    name = f.plain(scan.column)
    show(charts.over_time(scan, write, look), "trend_time", alt=f"{name} over time with its trend and the year before")
    if scan.season_strength is not None:
        st.markdown("##### Taken apart")
        alt = f"Trend, yearly season and rest of {name}"
        show(charts.parts(scan, write, look), "trend_parts", alt=alt)
    if scan.events:
        st.markdown("##### What events brought")
        st.caption("Beyond season, trend, media and controls, by regression; the line is the 90% interval.")
        show(charts.events(scan.events, write, look), "trend_events", alt="Effect of each event with its interval")
    if len(found.growth_by_geo) > 1:
        st.markdown("##### Geo by geo")
        alt = "Change on the year of each geo"
        show(charts.growth_by_geo(found.growth_by_geo, write, look), "trend_geos", alt=alt)
    _table(scan.odd or found.odd_by_geo)


def _table(odd: tuple[trends.Odd, ...]) -> None:
    if not odd:
        return
    rows = [(o.period, o.geo, o.value, o.expected, o.z) for o in odd]
    table = pd.DataFrame(rows, columns=["Period", "Geo", "Value", "Expected", "z-score"])
    table = table if table["Geo"].any() else table.drop(columns="Geo")
    st.markdown("##### Periods that stand out")
    number = st.column_config.NumberColumn
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        height=min(36 * len(table) + 40, 320),
        column_config={
            "Period": st.column_config.DateColumn(format="D MMM YYYY"),
            "Value": number(format="compact"),
            "Expected": number(format="compact"),
            "z-score": number(format="%.1f", help="Distance from what is usual, in robust standard deviations"),
        },
    )
