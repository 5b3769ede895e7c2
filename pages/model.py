"""Model: the specification in plain words, the fit as it runs, what it found and how far to trust it."""

import streamlit as st

from mmm_core.domain.fit import RunStatus
from mmm_core.use_cases import datasets, fits
from pages.ui import (
    causal,
    chrome,
    doctor,
    guard,
    ladder,
    model_checks,
    model_progress,
    model_results,
    model_runs,
    model_spec,
    recoverability,
    state,
    study_compare,
    study_validation,
    tools,
    tuning,
)

actor = guard.enter()
project = chrome.need_project(actor, "Model")
chrome.head("Model", actor, project, lead="What each channel brought, and how sure that is.")
runs = fits.list_runs(state.services(), actor, project.id)
if not runs and datasets.latest_dataset(state.services(), actor, project.id) is None:
    with chrome.empty(
        "A model needs data", "Add weekly sales and spend first; the specification is suggested from them."
    ):
        if st.button("Add data", type="primary", key="model_to_data"):
            state.go("data")
    st.stop()
for run in runs:
    if not run.status.ended:
        model_progress.watch(actor, run)
done = [r for r in runs if r.status is RunStatus.DONE]
names = (
    (["Results", "Trust", "Validation", "Causal"] if done else [])
    + ["Specification", "Ladder", "Tune"]
    + (["Models"] if runs else [])
    + ["Tools"]
)
chosen = model_runs.choose(done)
tabs = dict(zip(names, st.tabs(names, on_change="rerun", key="model_tabs"), strict=True))
if done and tabs["Results"].open:
    with tabs["Results"]:
        model_results.overview(actor, project, chosen)
if done and tabs["Trust"].open:
    with tabs["Trust"]:
        model_checks.trust(actor, chosen)
        doctor.section(actor, project, chosen)
        recoverability.shown_later(actor, project, chosen)
if done and tabs["Validation"].open:
    with tabs["Validation"]:
        study_validation.card(actor, chosen)
if done and tabs["Causal"].open:
    with tabs["Causal"]:
        causal.tab(actor, chosen)
if tabs["Specification"].open:
    with tabs["Specification"]:
        model_spec.editor(actor, project)
if tabs["Ladder"].open:
    with tabs["Ladder"]:
        ladder.tab(actor, project, chosen)
if tabs["Tune"].open:
    with tabs["Tune"]:
        tuning.tab(actor, project)
if runs and tabs["Models"].open:
    with tabs["Models"]:
        model_runs.table(actor, runs)
        if chosen:
            study_compare.section(actor, chosen, done)
if tabs["Tools"].open:
    with tabs["Tools"]:
        tools.tab(actor, project)
