"""The Data page's files: drop them, what was recognised, and the versions that are kept."""

from collections import Counter

import pandas as pd
import streamlit as st

from mmm_core.data import panel
from mmm_core.data.read import FILE_TYPES, read_table
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import DatasetVersion, Restatement, Role
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets
from pages.ui import chrome, state
from pages.ui.errors import shown

SHAPES = {
    "national": "one row per period",
    "panel": "one row per period and region",
    "mff": "long MFF",
    "transactions": "transactions",
}
RHYTHM = {1: "daily", 7: "weekly", 28: "four-weekly", 30: "monthly", 31: "monthly"}


def upload(actor: Actor, project: Project, *, first: bool) -> None:
    if first:
        with chrome.empty(
            "Add your data", "Weekly or daily sales with spend per channel. Several files are joined on their date."
        ):
            _uploader(actor, project)
        return
    with st.expander("Add newer data, or other files"):
        _uploader(actor, project)


def _uploader(actor: Actor, project: Project) -> None:
    count = st.session_state.setdefault("uploads", 0)
    files = st.file_uploader(
        "Files",
        type=list(FILE_TYPES),
        max_upload_size=state.services().max_upload_mb,
        accept_multiple_files=True,
        key=f"files_{count}",
        label_visibility="collapsed",
    )
    if not files:
        return
    sheets = {x.name: _sheet(x) for x in files if x.name.lower().endswith((".xlsx", ".xlsm", ".xls"))}
    if st.button("Read the data", type="primary", key="read_files"):
        with shown(), st.spinner("Reading, recognising and checking"):
            uploads = [datasets.Upload(x.getvalue(), x.name, sheets.get(x.name)) for x in files]
            made = datasets.add_dataset(state.services(), actor, project.id, uploads)
            st.session_state["uploads"] = count + 1
            state.flash(f"Data version {made.number} is in.")
            st.rerun()


def _sheet(file: object) -> str | None:
    """Which sheet of a workbook, asked only where there are several."""
    try:
        sheets = read_table(file.getvalue(), file.name).sheets  # type: ignore[attr-defined]
    except CarryoverError:
        return None
    if len(sheets) < 2:
        return None
    return st.selectbox(f"Sheet of {file.name}", sheets, key=f"sheet_{file.name}")  # type: ignore[attr-defined]


def summary(actor: Actor, version: DatasetVersion) -> None:
    """One row of facts: what it is, how long, how good; and for a panel each of its regions."""
    geos, days = pd.DataFrame(), version.recognition.frequency_days
    with shown():
        now = state.working(actor, version)
        # Of the table as it is modelled: a daily file is weekly there.
        days = now.recognition.frequency_days
        geos = panel.geo_table(now.frame, now.recognition)
    found = Counter(r.role for r in version.recognition.roles)
    channels = {r.channel or r.column for r in version.recognition.roles if r.role in (Role.SPEND, Role.ORGANIC)}
    with st.container(horizontal=True, key="data_summary"):
        st.metric(
            "Periods",
            f"{version.periods:,}",
            border=True,
            delta=RHYTHM.get(days or 0, SHAPES[version.recognition.shape.value]),
            delta_color="off",
            delta_arrow="off",
        )
        st.metric(
            "Through",
            f.day(version.last_period),
            border=True,
            delta=f"from {f.day(version.first_period)}",
            delta_color="off",
            delta_arrow="off",
        )
        st.metric(
            "Channels",
            len(channels),
            border=True,
            delta=f"{found[Role.EXPOSURE]} with exposure columns",
            delta_color="off",
            delta_arrow="off",
        )
        if len(geos) > 1:
            least, most = int(geos["periods"].min()), int(geos["periods"].max())
            st.metric(
                "Geos",
                f"{len(geos):,}",
                border=True,
                delta=f"{least} periods each" if least == most else f"{least} to {most} periods each",
                delta_color="off",
                delta_arrow="off",
            )
        open_checks = [c for c in version.report.checks if c.status is not Status.PASS and c.waived_by is None]
        st.metric(
            "Quality",
            version.report.status.value,
            border=True,
            delta_arrow="off",
            delta_color="off",
            delta=f"{len(open_checks)} to look at" if open_checks else "nothing open",
        )
    for note in version.recognition.notes:
        st.caption(f.safe(note))
    if len(geos) > 1:
        with st.expander(f"{len(geos)} geos"):
            _geos(geos, version.recognition.one(Role.KPI) or "KPI")


def _geos(table: pd.DataFrame, kpi: str) -> None:
    """Each region with its periods and its size."""
    number = st.column_config.NumberColumn
    st.dataframe(
        table.dropna(axis=1, how="all"),
        hide_index=True,
        width="stretch",
        height=min(36 * len(table) + 40, 420),
        column_config={
            "geo": st.column_config.TextColumn("Geo", pinned=True),
            "periods": number("Periods", width="small"),
            "first": st.column_config.DateColumn("From", format="D MMM YYYY"),
            "last": st.column_config.DateColumn("Through", format="D MMM YYYY"),
            "kpi": number(f.plain(kpi), format="compact"),
            "kpi_share": st.column_config.ProgressColumn("Share", min_value=0, max_value=1, format="percent"),
            "spend": number("Spend", format="compact"),
            "population": number("Population", format="compact"),
        },
    )


def history(actor: Actor, versions: list[DatasetVersion]) -> None:
    ordered = sorted(versions, key=lambda v: -v.number)
    rows = [
        (
            v.number,
            v.filename,
            v.created_by,
            v.created_at,
            v.periods,
            v.last_period,
            v.report.status.value,
            v.content_hash[:12],
        )
        for v in ordered
    ]
    names = ["Version", "File", "By", "When", "Periods", "Through", "Quality", "Hash"]
    st.dataframe(
        pd.DataFrame(rows, columns=names),
        hide_index=True,
        width="stretch",
        column_config={
            "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Through": st.column_config.DateColumn(format="D MMM YYYY"),
        },
    )
    for version in ordered:
        if version.restatement is not None:
            _restated(version.number, version.restatement)
    with shown():
        table = state.working(actor, ordered[0]).frame
        st.download_button(
            "Download the working table (CSV)",
            lambda: table.to_csv(index=False).encode(),
            file_name=f"data-version-{ordered[0].number}.csv",
            mime="text/csv",
        )


def _restated(number: int, change: Restatement) -> None:
    st.markdown(
        f"**Version {number} against the one before:** {change.added_periods} periods added, "
        f"{change.removed_periods} removed, {change.revised_cells} past values revised."
    )
    if change.revised:
        rows = [
            (c, p, before, after, (after / before - 1) if before else None) for c, p, before, after in change.revised
        ]
        st.dataframe(
            pd.DataFrame(rows, columns=["Column", "Period", "Before", "After", "Change"]),
            hide_index=True,
            height=240,
            column_config={"Change": st.column_config.NumberColumn(format="percent")},
        )
