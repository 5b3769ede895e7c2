"""A table that a person fills in, whose cells outlive a visit to another tab or page."""

from typing import Any

import pandas as pd
import streamlit as st


def edit(start: pd.DataFrame, key: str, **settings: Any) -> pd.DataFrame:
    """The table as it stands now: ``start`` at first, then whatever was typed."""
    turn = st.session_state.setdefault(f"{key}_turn", 0)
    widget, base, kept = f"{key}_{turn}", f"{key}_base", f"{key}_kept"
    # The browser forgets the cells of a table that is not drawn; what was typed last is where it starts again.
    if widget not in st.session_state or base not in st.session_state:
        st.session_state[base] = st.session_state.get(kept, start)
    edited: pd.DataFrame = st.data_editor(
        st.session_state[base], key=widget, hide_index=True, num_rows="dynamic", width="stretch", **settings
    )
    st.session_state[kept] = edited
    return edited


def put(table: pd.DataFrame, key: str) -> None:
    """Start again from this table (a file that was brought)."""
    st.session_state[f"{key}_kept"] = table
    st.session_state[f"{key}_turn"] = st.session_state.get(f"{key}_turn", 0) + 1
    st.session_state.pop(f"{key}_base", None)


def said(value: object) -> Any:
    """A cell's value; None where it is empty."""
    return None if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "" else value
