"""What each column is: the recognised roles with their confidence, in a table that a person corrects."""

import pandas as pd
import streamlit as st

from mmm_core.domain.dataset import ColumnRole, DatasetVersion, Role
from mmm_core.domain.identity import Actor
from mmm_core.use_cases import datasets
from pages.ui import state
from pages.ui.errors import shown

ROLES = [r.value for r in Role]
WORDS = {
    Role.DATE: "Date",
    Role.GEO: "Region",
    Role.POPULATION: "Population",
    Role.KPI: "KPI",
    Role.VALUE_PER_UNIT: "Value of one unit",
    Role.SPEND: "Spend",
    Role.EXPOSURE: "Exposure (impressions, clicks)",
    Role.REACH: "Reach (people)",
    Role.FREQUENCY: "Frequency (contacts per person)",
    Role.ORGANIC: "Media without spend",
    Role.CONTROL: "Control (what else moves it)",
    Role.TREATMENT: "Own price or promotion (effect wanted)",
    Role.HOLIDAY: "Holiday or event",
    Role.TIME: "Calendar column",
    Role.PRODUCT: "Product or sub-category",
    Role.IGNORE: "Leave out",
}
LAYOUTS = {
    "robyn": ", in a file laid out as for Robyn",
    "pymc-marketing": ", in a file laid out as for PyMC-Marketing",
    "meridian": ", in a file laid out as for Meridian",
    "mff": ", in a long file (MFF)",
}
COLUMNS = ["column", "role", "channel", "confidence", "reason"]


def editor(actor: Actor, version: DatasetVersion) -> None:
    layout = LAYOUTS.get(version.recognition.convention, "")
    st.markdown(
        f":gray[What each column was taken for{layout}. Change it where it is wrong; spend and exposure "
        "that share a channel name are modelled as one channel.]"
    )
    before = _table(version)
    after = st.data_editor(
        before,
        key=f"roles_{version.id}_{version.content_hash[:8]}",
        hide_index=True,
        width="stretch",
        height=min(36 * len(before) + 40, 640),
        disabled=["column", "confidence", "reason"],
        placeholder="",
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True, width="medium"),
            "role": st.column_config.SelectboxColumn(
                "Is", options=ROLES, required=True, format_func=_words, width="medium"
            ),
            "channel": st.column_config.TextColumn("Channel"),
            "confidence": st.column_config.ProgressColumn(
                "How sure", min_value=0, max_value=1, format="percent", width="small"
            ),
            "reason": st.column_config.TextColumn("Why", width="large"),
        },
    )
    changed = changes(version, after)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Keep these roles", type="primary", disabled=not changed, key="keep_roles"):
            with shown(), st.spinner("Checking the data with these roles"):
                datasets.correct_roles(state.services(), actor, version.id, _merged(version, changed))
                state.flash("Roles kept; the checks ran again.")
                st.rerun()
        st.caption(f"{len(changed)} changed" if changed else "Nothing changed yet.")


def _words(role: str) -> str:
    return WORDS[Role(role)]


def _table(version: DatasetVersion) -> pd.DataFrame:
    rows = [(r.column, r.role.value, r.channel, r.confidence, r.reason) for r in version.recognition.roles]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"channel": "object"})


def changes(version: DatasetVersion, table: pd.DataFrame) -> dict[str, ColumnRole]:
    """The rows that a person changed, by column; their word is certain."""
    now = {r.column: r for r in version.recognition.roles}
    out = {}
    for row in table.to_dict("records"):
        old = now[row["column"]]
        channel = (
            None
            if row["channel"] is None or pd.isna(row["channel"]) or not str(row["channel"]).strip()
            else str(row["channel"]).strip()
        )
        if row["role"] != old.role.value or channel != old.channel:
            out[old.column] = ColumnRole(old.column, Role(row["role"]), 1.0, "set by a person", channel)
    return out


def _merged(version: DatasetVersion, changed: dict[str, ColumnRole]) -> list[ColumnRole]:
    return [changed.get(r.column, r) for r in version.recognition.roles]
