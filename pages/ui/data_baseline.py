"""The baseline before any model: estimate, look, approve or reject with a reason."""

import re

import pandas as pd
import streamlit as st

from mmm_core.domain.baseline import Baseline, BaselineMethod, BaselineStatus
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.reports import baseline_words as words
from mmm_core.reports import wording as f
from mmm_core.use_cases import baselines, trends
from pages.ui import charts_trends as charts
from pages.ui import state
from pages.ui.data_explore import pick_sub_category
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

METHODS = (BaselineMethod.REGRESSION, BaselineMethod.MEDIAN, BaselineMethod.MEAN)
"""The one first that takes off what is left of media in the quiet periods."""
BADGES = {
    BaselineStatus.DRAFT: ":blue-badge[Waits for approval]",
    BaselineStatus.APPROVED: ":green-badge[Approved]",
    BaselineStatus.REJECTED: ":red-badge[Rejected]",
}


def view(actor: Actor, project: Project, version: DatasetVersion) -> None:
    st.markdown(
        ":gray[What the KPI would have been without media and promotions, from the periods that came nearest to that. "
        "It is agreed on before a model is fitted, and the model is later held against it.]"
    )
    known = baselines.list_baselines(state.services(), actor, project.id)
    with shown():
        with st.container(width=340):
            item = pick_sub_category(actor, version, "base_item")
        if item is not None:
            _look(actor, project, version, item)
            return
        _estimate(actor, version, known)
        ours = [b for b in known if b.content_hash == version.content_hash]
        if ours:
            _shown(actor, project, version, ours[0])
        elif known:
            st.info(f"The last estimate is of other data ({f.day(known[0].created_at)}). Estimate it anew for these.")
        if len(known) > 1:
            _history(known)


def _estimate(actor: Actor, version: DatasetVersion, known: list[Baseline]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method, seasonal = _how()
        if st.button("Estimate", key="base_estimate", type="secondary" if known else "primary"):
            with st.spinner("Looking for quiet periods"):
                baselines.estimate_baseline(state.services(), actor, version.id, method, seasonal=seasonal)
            st.rerun()


def _how() -> tuple[BaselineMethod, bool]:
    method = st.selectbox("Method", METHODS, format_func=lambda m: words.METHODS[m], key="base_method", width=340)
    seasonal = st.toggle(
        "With the yearly season", value=True, key="base_season", disabled=method is BaselineMethod.REGRESSION
    )
    return method, seasonal


def _look(actor: Actor, project: Project, version: DatasetVersion, item: str) -> None:
    """One sub-category: estimated at once and kept nowhere."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method, seasonal = _how()
    with st.spinner("Looking for quiet periods"):
        baseline = baselines.look_at(state.services(), actor, version.id, method, item, seasonal=seasonal)
    with st.container(border=True, key="baseline"):
        st.markdown(f"**{f.safe(item)}:** {f.safe(words.summary(baseline))}")
        st.markdown(f.safe(words.basis(baseline)))
        _picture(actor, project, version, baseline, item)
        st.caption("To look at only: what is approved, and later held against the model, is the baseline of them all.")


def _shown(actor: Actor, project: Project, version: DatasetVersion, baseline: Baseline) -> None:
    with st.container(border=True, key="baseline"):
        st.markdown(f"{BADGES[baseline.status]} **{f.safe(words.summary(baseline))}**")
        st.markdown(f.safe(words.basis(baseline)))
        _picture(actor, project, version, baseline)
        if baseline.status is BaselineStatus.DRAFT:
            _decide(actor, baseline)
        else:
            by = f"{baseline.status.value.capitalize()} by {baseline.decided_by} on {f.day(baseline.decided_at)}"
            st.caption(f.safe(f"{by}: {baseline.decision_reason}"))
    if baseline.status is BaselineStatus.REJECTED:
        st.info("Choose another method above; a rejected one is not tried again on the same data.")


def _picture(
    actor: Actor, project: Project, version: DatasetVersion, baseline: Baseline, item: str | None = None
) -> None:
    found = baseline.estimate
    table = pd.DataFrame(
        {"period": pd.to_datetime(list(found.dates)), "kpi": found.kpi, "baseline": found.level,
         "low": found.low, "high": found.high}
    )  # fmt: skip
    write = trends.writer(state.working(actor, version), project, baseline.kpi)
    alt = "The KPI over time above its estimated baseline; the quiet periods are marked"
    show(charts.baseline(table, found.quiet, baseline.kpi, write, scheme()), "baseline_time", alt=alt)
    if found.geos:
        _geos(found.geos)
    _download(table, version, item)


def _decide(actor: Actor, baseline: Baseline) -> None:
    if not actor.role.covers(TeamRole.APPROVER):
        st.caption("An approver or administrator decides on it.")
        return
    reason = st.text_input("Why? It stays on record.", key=f"base_reason_{baseline.id}")
    with st.container(horizontal=True):
        for label, verb in (("Approve", baselines.approve_baseline), ("Reject", baselines.reject_baseline)):
            if st.button(label, key=f"base_{label}", type="primary" if label == "Approve" else "secondary"):
                with shown():
                    verb(state.services(), actor, baseline.id, reason)
                    state.flash(f"The baseline is {'approved' if label == 'Approve' else 'rejected'}.")
                    st.rerun()


def _geos(geos: tuple[tuple[str, float], ...]) -> None:
    with st.expander("Geo by geo"):
        bar = st.column_config.ProgressColumn("Baseline's share of the KPI", min_value=0, max_value=1, format="percent")
        rows = pd.DataFrame(geos, columns=["geo", "share"]).sort_values("share", ascending=False)
        config = {"geo": "Geo", "share": bar}
        st.dataframe(rows, hide_index=True, width="stretch", column_config=config)


def _download(table: pd.DataFrame, version: DatasetVersion, item: str | None) -> None:
    """A sub-category's file says whose it is, in its name and in a column."""
    words = re.sub(r"\W+", "-", item.lower()).strip("-") if item else ""
    named = table if item is None else table.assign(sub_category=item)
    st.download_button(
        "Download (CSV)",
        lambda: named.to_csv(index=False).encode(),
        file_name=f"baseline-{f'{words}-' if words else ''}version-{version.number}.csv",
        mime="text/csv",
        type="tertiary",
    )


def _history(known: list[Baseline]) -> None:
    with st.expander("Earlier estimates"):
        for one in known[1:]:
            why = f" {one.decided_by}: {one.decision_reason}" if one.decided_by else ""
            line = f"{f.day(one.created_at)}, {words.named(one.estimate)}, {f.share(one.estimate.share.mean)}."
            st.markdown(f"{BADGES[one.status]} {f.safe(line + why)}")
