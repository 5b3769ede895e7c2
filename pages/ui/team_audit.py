"""The audit trail as a table, with the whole of it as a file."""

import re
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.use_cases import team
from pages.ui import state
from pages.ui.errors import shown

NEWEST = 200


def panel(actor: Actor) -> None:
    with shown():
        trail = team.audit_trail(state.services(), actor, NEWEST)
        if not trail.rows:
            st.info("Nothing has been done yet.")
            return
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            if trail.first_broken is None:
                st.markdown(":green-badge[Intact] :gray[Each row seals the one before; nothing was changed.]")
            else:
                st.error(
                    f"Row {trail.first_broken} does not fit the one before: the trail was changed in the database."
                )
            st.download_button(
                "Download as CSV",
                lambda: team.audit_csv(state.services(), actor),
                file_name="audit-trail.csv",
                mime="text/csv",
                key="audit_csv",
                on_click="ignore",
            )
        rows = [(r.at, r.who, words(r.action), brief(r.subject), details(r.detail)) for r in trail.rows]
        st.dataframe(
            pd.DataFrame(rows, columns=["When", "Who", "What", "Of", "Details"]),
            hide_index=True,
            width="stretch",
            column_config={
                "When": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm:ss", width="medium"),
                "Details": st.column_config.TextColumn(width="large"),
            },
        )
        st.caption("Long identifiers are cut here; the file holds them whole.")
        if len(rows) == NEWEST:
            st.caption(f"The newest {NEWEST} rows; the file holds all of them.")


def words(action: str) -> str:
    """``member.role_changed`` as ``Member role changed``."""
    return action.replace(".", " ").replace("_", " ").capitalize()


def details(detail: dict[str, Any]) -> str:
    said = ((key.replace("_", " "), brief(value).rstrip(".")) for key, value in detail.items() if value != [])
    return ", ".join(f"{key}: {value}" for key, value in said)


LONG = re.compile(r"[0-9a-f]{24,}")


def brief(value: object) -> str:
    """Identifiers and hashes by their first eight figures, other numbers without their tail."""
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}"
    return LONG.sub(lambda found: f"{found[0][:8]}…", str(value))
