"""Segments on the Data page: sub-categories or geos that sell alike."""

import pandas as pd
import streamlit as st

from mmm_core.data.segments import MOST_SEGMENTS, Segmentation
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.reports import segment_words as words
from mmm_core.reports import wording as f
from mmm_core.use_cases import segments
from pages.ui import charts_segments as charts
from pages.ui import state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

BEST = "The best number"


def view(actor: Actor, version: DatasetVersion) -> None:
    with shown():
        columns = segments.offered(state.services(), actor, version.id)
        if not columns:
            st.info(
                "Segments group sub-categories, brands or geos that sell alike. These data have one row per period: "
                "add a file with a row for each sub-category (a column such as category or product), or for each geo."
            )
            return
        column, k = _asked(columns)
        with st.spinner("Grouping"):
            found = _found(actor.organisation_id, version.id, version.content_hash, column, k, actor)
        st.markdown(f"**{f.safe(words.verdict(found))}** {f.safe(words.basis(found))}")
        st.markdown("\n".join(f"- {f.safe(s)}" for s in words.sentences(found)))
        alt = f"Items of {column} in two dimensions, coloured by segment"
        show(charts.scatter(found, scheme()), "segments_scatter", alt=alt)
        _means(found)
        with st.expander("How good is each number of segments?"):
            _quality(found)
        _keep(actor, version, found, k)


def _asked(columns: tuple[str, ...]) -> tuple[str, int | None]:
    left, right = st.columns(2)
    column = left.selectbox("Group", columns, format_func=f.plain, key="segment_column")
    count = right.selectbox("Segments", [BEST, *range(2, MOST_SEGMENTS + 1)], key="segment_count")
    return column, None if count == BEST else int(count)


@st.cache_data(max_entries=32, show_spinner=False)
def _found(organisation_id: str, version_id: str, content_hash: str, column: str, k: int | None, _actor: Actor):  # type: ignore[no-untyped-def]
    return segments.segment(state.services(), _actor, version_id, column, k=k)


def _means(found: Segmentation) -> None:
    """The mean of each feature by segment."""
    rows = [{"Segment": s.name, "Items": len(s.items), "Share": s.sales_share, **s.centre} for s in found.segments]
    number = st.column_config.NumberColumn
    config = {
        name: number(words.FEATURES[name], format="percent" if name == "volatility" else "compact",
                     help=words.MEANINGS.get(name))
        for name in found.features
    }  # fmt: skip
    config["Share"] = st.column_config.ProgressColumn("Of sales", min_value=0, max_value=1, format="percent")
    config["Segment"] = st.column_config.TextColumn(pinned=True)
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", column_config=config)


def _quality(found: Segmentation) -> None:
    show(charts.quality(found, scheme()), "segments_quality", alt="Silhouette by number of segments")
    rows = [(q.k, q.silhouette, q.davies_bouldin, q.calinski_harabasz, q.smallest) for q in found.quality]
    names = ["Segments", "Silhouette", "Davies-Bouldin", "Calinski-Harabasz", "Smallest"]
    number = st.column_config.NumberColumn
    config = {
        "Silhouette": number(format="%.2f", help="−1 to 1; higher is better"),
        "Davies-Bouldin": number(format="%.2f", help="Lower is better"),
        "Calinski-Harabasz": number(format="%.0f", help="Higher is better"),
        "Smallest": number(help="Items in the smallest segment"),
    }
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, width="stretch", column_config=config)


def _keep(actor: Actor, version: DatasetVersion, found: Segmentation, k: int | None) -> None:
    table = found.table.drop(columns=["x", "y"])
    with st.container(horizontal=True):
        st.download_button(
            "Download (CSV)",
            lambda: table.to_csv(index=False).encode(),
            file_name=f"segments-version-{version.number}.csv",
            mime="text/csv",
        )
        if actor.role.covers(TeamRole.ANALYST) and st.button("Keep these segments", key="keep_segments"):
            with shown():
                segments.keep_segments(state.services(), actor, version.id, found.column, k=k)
                state.flash("Segments kept: they are on the audit trail and in the project's graph.")
                st.rerun()
