"""What-If: move money between channels and see what it brings; save, compare, optimise."""

import streamlit as st

from mmm_core.reports import wording as f
from mmm_core.use_cases import fits
from pages.ui import chrome, guard, optimise, past, scenarios, sentence, sliders, state

actor = guard.enter()
project = chrome.need_project(actor, "What-If")
chrome.head("What-If", actor, project, lead="Move the money and watch what it brings, with how sure that is.")
run = fits.latest_done(state.services(), actor, project.id)
if run is None:
    with chrome.empty("What-If needs a fitted model", "Once a model is fitted, every channel gets a slider here."):
        if st.button("Go to the model", type="primary", key="what_if_to_model"):
            state.go("model")
    st.stop()
fitted = state.fitted(actor, run.id)
if not fitted.response.paid:
    st.info("No channel of this model has spend in money, so there is no budget to move.")
    st.stop()
results = state.results(actor, run.id)
if fitted.thinning:
    kept, every = fitted.thinning
    st.caption(f"Answers use {kept:,} of the model's {every:,} draws, evenly spread: {f.geos(results.geos)} are many.")
sentence.panel(actor, run, results)
hand, best, kept, before = st.tabs(
    ["By hand", "Optimise", "Scenarios", "The past"], on_change="rerun", key=sliders.TABS
)
if hand.open:
    with hand:
        sliders.panel(actor, project, run, results)
if best.open:
    with best:
        optimise.panel(actor, project, run, results)
if kept.open:
    with kept:
        scenarios.panel(actor, project, run, results)
if before.open:
    with before:
        past.panel(actor, run, results)
