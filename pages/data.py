"""Data: add files, correct roles, mend what the checks find, keep versions, look around."""

import streamlit as st

from mmm_core.use_cases import datasets
from pages.ui import (
    chrome,
    data_baseline,
    data_checks,
    data_explore,
    data_files,
    data_recipe,
    data_roles,
    data_segments,
    data_trends,
    guard,
    recoverability,
    state,
)

actor = guard.enter()
project = chrome.need_project(actor, "Data")
chrome.head("Data", actor, project, lead="What was read, what each column is, and whether a model can be built on it.")
versions = datasets.list_datasets(state.services(), actor, project.id)
version = max(versions, key=lambda v: v.number, default=None)
data_files.upload(actor, project, first=version is None)
if version is not None:
    data_files.summary(actor, version)
    sections = {
        "Quality": lambda: data_checks.report(actor, version),
        "Columns": lambda: data_roles.editor(actor, version),
        "Recipe": lambda: data_recipe.steps(actor, version),
        "Explore": lambda: data_explore.view(actor, project, version),
        "Trends": lambda: data_trends.view(actor, project, version),
        "Baseline": lambda: data_baseline.view(actor, project, version),
        "Segments": lambda: data_segments.view(actor, version),
        "What it can answer": lambda: recoverability.view(actor, project, version),
        "Versions": lambda: data_files.history(actor, versions),
    }
    tabs = st.tabs(list(sections), on_change="rerun", key="data_tabs")
    for draw, tab in zip(sections.values(), tabs, strict=True):
        if tab.open:
            with tab:
                draw()
