"""Data: add files, correct roles, mend what the checks find, keep versions, look around."""

import streamlit as st

from mmm_core.use_cases import datasets
from pages.ui import chrome, data_checks, data_explore, data_files, data_recipe, data_roles, guard, state

actor = guard.enter()
project = chrome.need_project(actor, "Data")
chrome.head("Data", actor, project, lead="What was read, what each column is, and whether a model can be built on it.")
versions = datasets.list_datasets(state.services(), actor, project.id)
version = max(versions, key=lambda v: v.number, default=None)
data_files.upload(actor, project, first=version is None)
if version is not None:
    data_files.summary(version)
    checks, roles, recipe, explore, history = st.tabs(["Quality", "Columns", "Recipe", "Explore", "Versions"])
    with checks:
        data_checks.report(actor, version)
    with roles:
        data_roles.editor(actor, version)
    with recipe:
        data_recipe.steps(actor, version)
    with explore:
        data_explore.view(actor, project, version)
    with history:
        data_files.history(actor, versions)
