"""The recipe: what was done to the file, step by step, each undoable; and the form that adds a step."""

from typing import Any

import streamlit as st

from mmm_core.data import panel, recipe
from mmm_core.data.steps_panel import SPLIT_WORDS
from mmm_core.domain.dataset import DatasetVersion, RecipeStep, Role
from mmm_core.domain.identity import Actor
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets
from pages.ui import state
from pages.ui.data_checks import changed_cells, keys_of, written
from pages.ui.errors import shown
from pages.ui.plan import DAYS

OFFERED = (
    "fill_nulls",
    "aggregate_weeks",
    "filter_dates",
    "drop_columns",
    "clip_outliers",
    "compute",
    "add_time_features",
    "drop_duplicate_periods",
    "sum_duplicate_periods",
    "fill_gaps",
    "absolute_spend",
    "one_hot",
)
PANEL_OFFERED = (
    "split_national",
    "shared_periods",
    "drop_geos",
    "keep_geos",
    "steady_population",
    "scale_geo",
    "aggregate_national",
)
"""Offered where the data have several regions."""
NEW_ROLES = ("control", "holiday", "organic", "exposure", "spend", "kpi")


def steps(actor: Actor, version: DatasetVersion) -> None:
    if not version.recipe:
        st.markdown(
            ":gray[Nothing was done to this file yet. Fixes from the quality report and the steps below are kept here.]"
        )
    for i, step in enumerate(version.recipe):
        with st.container(
            border=True,
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="distribute",
            key=f"step_{i}",
        ):
            why = f" :gray[{f.safe(step.reason)}]" if step.reason else ""
            by = f" :gray[· {f.safe(step.by)}]" if step.by else ""
            st.markdown(f"**{i + 1}.** {f.safe(step.label)}{_arguments(step)}{why}{by}", width="content")
            if st.button("Undo", key=f"undo_{i}", type="tertiary"):
                with shown(), st.spinner("Replaying the recipe"):
                    datasets.undo_step(state.services(), actor, version.id, i)
                    state.flash(f"Undone: {step.label}.")
                    st.rerun()
    with st.expander("Add a step", expanded=False):
        _add(actor, version)


def _arguments(step: RecipeStep) -> str:
    said = ", ".join(str(x) for v in step.arguments.values() for x in (v if isinstance(v, (list, tuple)) else [v]))
    return f" :gray[({f.safe(said[:90])}{'…' if len(said) > 90 else ''})]" if said else ""


def _add(actor: Actor, version: DatasetVersion) -> None:
    now = state.working(actor, version)
    geos = panel.geo_names(now.frame, now.recognition)
    offered = (*PANEL_OFFERED, *OFFERED) if len(geos) > 1 else OFFERED
    kind = st.selectbox("Step", offered, format_func=lambda name: recipe.STEPS[name].label, key="new_step")
    arguments = _geo_form(kind, now, geos) if kind in PANEL_OFFERED else _form(kind, now)
    step = RecipeStep(kind, arguments, recipe.STEPS[kind].label)
    with st.container(horizontal=True):
        look = st.button("Preview", key="step_preview")
        if st.button("Apply", type="primary", key="step_apply"):
            with shown(), st.spinner("Applying"):
                datasets.apply_step(state.services(), actor, version.id, step)
                state.flash(f"{step.label}: done.")
                st.rerun()
    if look:
        with shown():
            seen = datasets.preview_step(state.services(), actor, version.id, step)
            st.markdown(f.safe(seen.sentence))
            table = changed_cells(seen.before, seen.after, *keys_of(version))
            if table is not None:
                st.dataframe(table.head(200), height=260, hide_index=True, column_config=written(table))
                return
            before, after = st.columns(2)
            before.dataframe(seen.before.head(200), height=220, hide_index=True, column_config=written(seen.before))
            after.dataframe(seen.after.head(200), height=220, hide_index=True, column_config=written(seen.after))


def _form(kind: str, now: datasets.Working) -> dict[str, Any]:
    """The arguments of one kind of step, asked with the widgets that fit them."""
    columns = [str(c) for c in now.frame.columns]
    numbers = [str(c) for c in now.frame.select_dtypes("number").columns]
    if kind in ("drop_columns", "one_hot"):
        return {"columns": st.multiselect("Columns", columns, key="step_columns")}
    if kind == "fill_nulls":
        chosen = st.multiselect("Columns (all that have gaps if none)", numbers, key="step_fill")
        method = st.selectbox("How", ["auto", "zero", "interpolate", "mean", "previous"], key="step_method")
        return {"method": method, **({"columns": chosen} if chosen else {})}
    if kind == "clip_outliers":
        chosen = st.multiselect("Columns", numbers, key="step_clip")
        return {
            "columns": chosen,
            "factor": st.slider("Interquartile ranges that stay", 1.5, 6.0, 3.0, 0.5, key="step_factor"),
        }
    if kind == "aggregate_weeks":
        return {"week_start": st.selectbox("Weeks start on", range(7), format_func=lambda d: DAYS[d], key="step_week")}
    if kind == "filter_dates":
        first, last = now.version.first_period, now.version.last_period
        left, right = st.columns(2)
        start, end = left.date_input("From", first, key="step_from"), right.date_input("Through", last, key="step_to")
        return {"start": str(start), "end": str(end)}
    if kind == "compute":
        name = st.text_input("Name of the new column", key="step_name")
        text = st.text_input(
            "Formula",
            key="step_formula",
            placeholder="tv_spend + radio_spend, lag(price, 1), log(1 + visits)",
            help="Column names, numbers, + - * / and a few functions; a name with spaces goes in `backticks`.",
        )
        return {"name": name, "expression": text, "role": st.selectbox("It is a", NEW_ROLES, key="step_role")}
    if kind == "absolute_spend":
        return {"columns": list(now.recognition.columns(Role.SPEND))}
    return {}


def _geo_form(kind: str, now: datasets.Working, geos: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of the steps that only a panel has."""
    if kind == "split_national":
        national = panel.national_columns(now.frame, now.recognition)
        if not national:
            st.caption("No column holds the same number in every geo, so there is nothing national to split.")
        columns = st.multiselect("National columns", national, default=national, key="step_national")
        weight = st.selectbox("Split", list(SPLIT_WORDS), format_func=lambda w: SPLIT_WORDS[w], key="step_weight")
        return {"columns": columns, "weight": weight}
    if kind in ("drop_geos", "keep_geos"):
        return {"geos": st.multiselect("Geos", geos, key="step_geos")}
    if kind == "scale_geo":
        kpi = now.recognition.one(Role.KPI)
        numbers = [str(c) for c in now.frame.select_dtypes("number").columns]
        chosen = st.multiselect("Geos", geos, key="step_geos")
        columns = st.multiselect("Columns", numbers, default=[kpi] if kpi in numbers else [], key="step_scaled")
        factor = st.number_input("Multiply by", min_value=1e-6, value=1000.0, key="step_by")
        return {"geos": chosen, "columns": columns, "factor": factor}
    return {}
