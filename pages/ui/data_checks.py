"""The quality report: every check with its number, its fixes with a preview, and the waiver."""

import pandas as pd
import streamlit as st

from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import DatasetVersion, RecipeStep, Role
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets
from pages.ui import chrome, state
from pages.ui.errors import shown

ORDER = {Status.FAIL: 0, Status.REVIEW: 1, Status.PASS: 2}


def report(actor: Actor, version: DatasetVersion) -> None:
    checks = sorted(version.report.checks, key=lambda c: (ORDER[c.status], c.waived_by is not None))
    _verdict(actor, version)
    for number, check in enumerate(c for c in checks if c.status is not Status.PASS):
        _finding(actor, version, check, number)
    passed = [c for c in checks if c.status is Status.PASS]
    if passed:
        with st.expander(f"{len(passed)} checks passed"):
            for check in passed:
                st.markdown(
                    f"{chrome.status_badge(check.status)} **{f.safe(check.title)}**{chrome.measured(check)}  \n"
                    f":gray[{_said(check.message, version)}]"
                )


def _said(text: str, version: DatasetVersion) -> str:
    """A stored sentence with its columns called by words and its days as people write them, safe to show."""
    # A column that is one word ("time", "sales") may be that very word of the sentence.
    columns = (r.column for r in version.recognition.roles if "_" in r.column)
    return f.safe(f.minus(f.dated(f.named(text, columns))))


def _verdict(actor: Actor, version: DatasetVersion) -> None:
    blocking = len(version.report.blocking)
    recommended = sum(fix.recommended for c in version.report.checks if c.waived_by is None for fix in c.fixes)
    words = {
        Status.FAIL: f"{blocking} failed {'checks stand' if blocking != 1 else 'check stands'} between data and model.",
        Status.REVIEW: "These data can be modelled; some findings deserve a look.",
        Status.PASS: "These data can be modelled.",
    }[version.report.status]
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(f"{chrome.status_badge(version.report.status)} {words}", width="content")
        with st.container(horizontal=True, width="content"):
            if recommended and st.button(
                f"Apply {recommended} recommended fix{'es' if recommended != 1 else ''}",
                type="primary",
                key="apply_recommended",
            ):
                with shown(), st.spinner("Applying the recommended fixes"):
                    datasets.apply_recommended(state.services(), actor, version.id)
                    state.flash("Recommended fixes applied; each is a step of the recipe.")
                    st.rerun()
            if not version.report.blocking and st.button("Go on to the model", key="to_model"):
                state.go("model")


def _finding(actor: Actor, version: DatasetVersion, check: Check, number: int) -> None:
    key = f"{check.id}_{number}"
    with st.container(border=True, key=f"check_{key}"):
        st.markdown(f"{chrome.status_badge(check.status)} **{f.safe(check.title)}**{chrome.measured(check)}")
        st.markdown(_said(check.message, version))
        if check.waived_by:
            st.caption(f"Waived by {f.safe(check.waived_by)}: {f.safe(check.waived_reason or '')}")
            return
        with st.container(horizontal=True):
            for i, fix in enumerate(check.fixes):
                label = f"{_said(fix.label, version)}{' (recommended)' if fix.recommended else ''}"
                if st.button(label, key=f"fix_{key}_{i}"):
                    _preview(actor, version, check, fix)
            if check.status is Status.FAIL and check.waivable and actor.role.covers(TeamRole.APPROVER):
                with st.popover("Waive"):
                    reason = st.text_input("Why may this stand? It stays on record.", key=f"reason_{key}")
                    if st.button("Waive this check", key=f"waive_{key}"):
                        with shown():
                            datasets.waive(state.services(), actor, version.id, check.id, reason)
                            st.rerun()


@st.dialog("Before and after", width="large")
def _preview(actor: Actor, version: DatasetVersion, check: Check, fix: Fix) -> None:
    step = RecipeStep(fix.step, fix.arguments, fix.label, reason=check.title)
    with shown():
        seen = datasets.preview_step(state.services(), actor, version.id, step)
        st.markdown(f"**{_said(fix.label, version)}.** {_said(seen.sentence, version)}")
        table = changed_cells(seen.before, seen.after, *keys_of(version))
        if table is not None:
            st.dataframe(table, height=320, hide_index=True, width="stretch", column_config=written(table))
        else:
            for title, frame in (("Before", seen.before), ("After", seen.after)):
                st.caption(f"{title}: {len(frame):,} rows, {len(frame.columns)} columns")
                st.dataframe(frame, height=200, hide_index=True, column_config=written(frame))
        if st.button("Apply", type="primary", key="preview_apply"):
            datasets.apply_step(state.services(), actor, version.id, step)
            state.flash(f"{fix.label}: done, and kept in the recipe.")
            st.rerun()


def written(frame: pd.DataFrame) -> dict:
    """Days without a clock, numbers with their thousands apart."""
    days = {c: st.column_config.DateColumn(format="D MMM YYYY") for c in frame.select_dtypes("datetime").columns}
    numbers = frame.select_dtypes("number").columns
    return days | {c: st.column_config.NumberColumn(format="localized") for c in numbers}


def keys_of(version: DatasetVersion) -> tuple[str, ...]:
    """Columns that tell rows apart."""
    found = (version.recognition.one(Role.DATE), version.recognition.one(Role.GEO))
    return tuple(c for c in found if c is not None)


def changed_cells(before: pd.DataFrame, after: pd.DataFrame, *keys: str) -> pd.DataFrame | None:
    """The rows that a step touches, old value beside new; None where rows or columns come or go."""
    if len(before) != len(after) or list(before.columns) != list(after.columns):
        return None
    old, new = before.reset_index(drop=True), after.reset_index(drop=True)
    differs = ~((old == new) | (old.isna() & new.isna())).fillna(False).astype(bool)
    touched = [c for c in old.columns if differs[c].any()]
    rows = differs.any(axis=1)
    if not touched:
        return None
    out = old.loc[rows, [k for k in keys if k in old.columns]].copy()
    for column in touched[:8]:
        out[f"{column}, before"] = old.loc[rows, column]
        out[f"{column}, after"] = new.loc[rows, column]
    return out
