"""What a page knows between two runs: the open project, and finished models kept in memory."""

from collections.abc import Iterable

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.errors import NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.use_cases import datasets, fits, plans, projects
from mmm_core.use_cases import sub_categories as sub_categories_of
from pages.ui.palette import channel_colours
from server.web import backend

PROJECT = "project"


def services() -> Services:
    return backend().services


def open_project(actor: Actor, project_id: str | None = None) -> Project | None:
    """The project named in the address, else the one last opened in this session."""
    wanted = project_id or st.query_params.get(PROJECT) or st.session_state.get(PROJECT)
    if not wanted:
        return None
    try:
        project = projects.get_project(services(), actor, wanted)
    except NotFound:
        st.session_state.pop(PROJECT, None)
        if PROJECT in st.query_params:
            del st.query_params[PROJECT]
        return None
    remember(project.id)
    return project


def remember(project_id: str) -> None:
    st.session_state[PROJECT] = project_id
    if st.query_params.get(PROJECT) != project_id:
        st.query_params[PROJECT] = project_id


def go(page: str) -> None:
    """Turn to another page of the project that is open."""
    st.switch_page(st.session_state["pages"][page])


def flash(text: str) -> None:
    """Say it after the next run, when the page has been drawn anew."""
    st.session_state["flash"] = text


def show_flash() -> None:
    text = st.session_state.pop("flash", None)
    if text:
        st.toast(text)


def colours(actor: Actor, project_id: str, more: Iterable[str] = ()) -> dict[str, str]:
    """One colour per channel for the whole project: the newest model's names first, then what else is named."""
    run = fits.latest_done(services(), actor, project_id)
    known = [c.channel for c in results(actor, run.id).channels] if run else []
    version = None if run else datasets.latest_dataset(services(), actor, project_id)
    known += plans.plan_columns(version.recognition)[1] if version else []
    return channel_colours(known, more)


@st.cache_resource(max_entries=64, show_spinner=False)
def _results(organisation_id: str, run_id: str, _actor: Actor) -> Results:
    return fits.get_results(services(), _actor, run_id)


@st.cache_resource(max_entries=6, show_spinner="Loading the model's draws")
def _fitted(organisation_id: str, run_id: str, _actor: Actor) -> fits.Fitted:
    return fits.load_fitted(services(), _actor, run_id)


@st.cache_resource(max_entries=8, show_spinner="Reading the data")
def _working(organisation_id: str, version_id: str, content_hash: str, _actor: Actor) -> datasets.Working:
    return datasets.load_working(services(), _actor, version_id)


def results(actor: Actor, run_id: str) -> Results:
    """A finished run's results; they never change, so they are kept."""
    return _results(actor.organisation_id, run_id, actor)


def fitted(actor: Actor, run_id: str) -> fits.Fitted:
    return _fitted(actor.organisation_id, run_id, actor)


def working(actor: Actor, version: DatasetVersion) -> datasets.Working:
    return _working(actor.organisation_id, version.id, as_it_is(version), actor)


def as_it_is(version: DatasetVersion) -> str:
    """What a cache tells states of a version by: roles and recipe may change while it stays."""
    return f"{version.content_hash}{len(version.recipe)}{version.recognition}"


def sub_categories(actor: Actor, version: DatasetVersion) -> tuple[str, ...]:
    """Names of a file's sub-categories, empty where it has none."""
    return _sub_categories(actor.organisation_id, version.id, as_it_is(version), actor)


@st.cache_data(max_entries=32, show_spinner=False)
def _sub_categories(organisation_id: str, version_id: str, state_of: str, _actor: Actor) -> tuple[str, ...]:
    return sub_categories_of.names(services(), _actor, version_id)
