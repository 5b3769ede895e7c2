"""Report: one verdict, one action per channel, the story, links that open without login, files, lineage."""

import streamlit as st

from mmm_core.use_cases import fits, reports
from pages.ui import chat_story, chrome, guard, report, report_lineage, report_share, state

actor = guard.enter()
project = chrome.need_project(actor, "Report")
chrome.head("Report", actor, project, lead="What to tell the people who decide, with every number traced.")
run = fits.latest_done(state.services(), actor, project.id)
if run is None:
    with chrome.empty("A report needs a fitted model", "Once a model is fitted, its report is one click away."):
        if st.button("Go to the model", type="primary", key="report_to_model"):
            state.go("model")
    st.stop()
written = reports.list_reports(state.services(), actor, project.id)
if not written:
    report.verdict_and_actions(state.results(actor, run.id))
    report.write(actor, run, first=True)
    st.stop()
chosen = report.choose(actor, run, written)
story, share, trace = st.tabs(
    ["Story", "Share and export", "Where numbers come from"], on_change="rerun", key="report_tabs"
)
if story.open:
    with story:
        results = state.results(actor, chosen.run_id)
        report.verdict_and_actions(results)
        chat_story.panel(actor, chosen)
        report.story(chosen, results)
if share.open:
    with share:
        report_share.panel(actor, chosen)
if trace.open:
    with trace:
        report_lineage.panel(actor, chosen)
