"""What each column is: the recognised roles with their confidence, in a table that a person corrects."""

import pandas as pd
import streamlit as st

from mmm_core.domain.dataset import ColumnRole, DatasetVersion, Role
from mmm_core.domain.identity import Actor
from mmm_core.use_cases import datasets
from pages.ui import state
from pages.ui.errors import shown

ROLES = [r.value for r in Role]
COLUMNS = ["column", "role", "channel", "confidence", "reason"]


def editor(actor: Actor, version: DatasetVersion) -> None:
    st.markdown(
        f":gray[Recognised as **{version.recognition.convention}** columns. Change a role or a channel where it is "
        "wrong; spend and exposure that share a channel name are modelled as one channel.]"
    )
    before = _table(version)
    after = st.data_editor(
        before,
        key=f"roles_{version.id}_{version.content_hash[:8]}",
        hide_index=True,
        width="stretch",
        height=min(36 * len(before) + 40, 640),
        disabled=["column", "confidence", "reason"],
        column_config={
            "column": st.column_config.TextColumn("Column", pinned=True),
            "role": st.column_config.SelectboxColumn("Is", options=ROLES, required=True),
            "channel": st.column_config.TextColumn("Channel"),
            "confidence": st.column_config.ProgressColumn("Confidence", min_value=0, max_value=1, format="percent"),
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
