"""A form in which a person writes a tool."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.runtime_tools import Parameter, ParameterKind
from mmm_core.use_cases import runtime_tools
from pages.ui import state
from pages.ui.errors import shown

START = '''def tool(data, column, lags=52):
    """Correlation of a column with itself, so many periods earlier."""
    return data[column].autocorr(lags)
'''
EMPTY = pd.DataFrame(
    {"name": ["column", "lags"], "kind": ["text", "whole number"], "default": ["", "52"]}, dtype="string"
)


def form(actor: Actor, project: Project, known: Sequence[str]) -> None:
    with st.expander("Write a tool"), st.form("tool_form", border=False):
        name = st.text_input("Name", key="tool_name", placeholder="autocorrelation", max_chars=60)
        if known:
            st.caption(f"A name that is taken already becomes the next version: {', '.join(dict.fromkeys(known))}.")
        says = st.text_input("What it does", key="tool_says", max_chars=500)
        source = st.text_area(
            "Code", value=START, key="tool_source", height=180,
            help="Defines tool(data, …); data is the project's table. NumPy is np, pandas is pd.",
        )  # fmt: skip
        st.markdown("Parameters")
        rows = st.data_editor(
            EMPTY,
            num_rows="dynamic",
            hide_index=True,
            key="tool_parameters",
            width="stretch",
            column_config={
                "name": st.column_config.TextColumn("Name", required=True),
                "kind": st.column_config.SelectboxColumn("Kind", options=[k.value for k in ParameterKind]),
                "default": st.column_config.TextColumn("If left out"),
            },
        )
        if st.form_submit_button("Hand it in to be read", type="primary"):
            with shown():
                made = runtime_tools.propose_tool(
                    state.services(), actor, project.id, name=name.strip(), description=says, source=source,
                    parameters=_parameters(rows),
                )  # fmt: skip
                state.flash(f"{made.name}, version {made.version}, waits to be read.")
                st.rerun()


def _parameters(rows: pd.DataFrame) -> list[Parameter]:
    out = []
    for row in rows.fillna("").to_dict("records"):
        kind = ParameterKind(str(row["kind"]) or "text")
        out.append(Parameter(str(row["name"]).strip(), kind, "", _default(str(row["default"]), kind)))
    return out


def _default(text: str, kind: ParameterKind) -> str | float | bool | None:
    if not text.strip():
        return None
    if kind is ParameterKind.TEXT:
        return text
    if kind is ParameterKind.YES_NO:
        return text.strip().lower() in ("yes", "true", "1")
    try:
        return float(text)
    except ValueError:
        raise BadInput(f"{text} is no number; write what a parameter is if left out as it should be read.") from None
