"""Lift tests of a specification: typed, pasted or brought as a file; each bad row gets one sentence."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.errors import SpecError
from mmm_core.modeling import lift_table
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import models
from mmm_core.use_cases.datasets import Working
from pages.ui import model_spec_table as table
from pages.ui.errors import shown


def draw(spec: ModelSpec, raw: dict[str, Any], now: Working, key: str) -> list[str]:
    """Fill ``raw['lift_tests']``; gives one sentence for each row that cannot be used."""
    unit = raw["currency"] if raw["kpi"]["unit"] == "revenue" else f.inside(raw["kpi"]["column"])
    st.caption(
        "An experiment that switched a channel on or off says more than any history. Type or paste rows, or bring a "
        "file; the channel's return is then bound to what was measured, and gets the badge Tested."
    )
    names = [c["name"] for c in raw["channels"]]
    edited = table.edit(
        lift_table.to_table(spec.lift_tests),
        f"{key}_lift",
        column_config=_columns(names, unit, raw["geo"] is not None),
        placeholder=f.NOTHING,
    )
    _bring(edited, f"{key}_lift")
    read = lift_table.read_tests(edited, names)
    raw["lift_tests"] = [t.model_dump(mode="json") for t in read.tests]
    return list(read.problems)


def against_data(spec: ModelSpec, now: Working) -> tuple[ModelSpec, list[str], list[str]]:
    """The specification without the tests that the data cannot hold, why not, and which of the rest disagree."""
    if not spec.lift_tests:
        return spec, [], []
    try:
        seen = models.review_lift_tests(now.frame, spec)
    except SpecError:
        # Something else does not fit the data; the fit box says what, and the tests come after it.
        return spec, [], []
    return spec.model_copy(update={"lift_tests": seen.tests}), list(seen.problems), list(seen.contradictions)


def _columns(names: list[str], unit: str, panel: bool) -> dict[str, Any]:
    text = st.column_config.TextColumn
    return {
        # Text, not a choice: a pasted name that is misspelt stays, and gets its sentence.
        "channel": text("Channel", help=f"One of {', '.join(names)}.", width="small"),
        "start": text("First day", help="2025-03-03"),
        "end": text("Last day"),
        "geos": text("Geos", help="Where it ran, with commas between; everywhere if empty.") if panel else None,
        "lift": text(f"Lift ({unit})", help="What the tested exposure brought, summed over the window and after it."),
        "standard_error": text("Standard error", help=f"In {unit}; half the width of a 68% interval."),
        "share": text("Part switched", help="0.5 if half of the exposure was switched; all of it if empty."),
        "measured_until": text("Measured until", help="Last day that counted; until the memory is over if empty."),
        "source": text("Source"),
    }


def _bring(edited: pd.DataFrame, key: str) -> None:
    turn = st.session_state.get(f"{key}_turn", 0)
    with st.popover("Bring a file of tests", icon=":material/upload:"):
        st.caption(f"CSV or Excel with the columns {', '.join(lift_table.NEEDED)}; the others are optional.")
        file = st.file_uploader("File of lift tests", type=["csv", "tsv", "txt", "xlsx"], key=f"{key}_file_{turn}")
        if file is not None:
            with shown():
                rows = models.read_lift_tests(file.getvalue(), file.name)
                kept = edited[edited.map(lambda cell: table.said(cell) is not None).any(axis=1)]
                table.put(pd.concat([kept, rows], ignore_index=True), key)
                st.rerun()
