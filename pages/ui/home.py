"""Parts of the Home page."""

import streamlit as st

from mmm_core.data.read import FILE_TYPES
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import file_projects, projects, samples
from mmm_core.use_cases.datasets import Upload, add_dataset
from mmm_core.use_cases.projects import CURRENCIES
from pages.ui import state
from pages.ui.errors import shown

UNITS = {
    None: "What its name says",
    KpiUnit.REVENUE: "Revenue (money)",
    KpiUnit.COUNT: "A count (orders, sign-ups)",
}


def start(actor: Actor) -> None:
    """Two doors, side by side."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch", key="door_sample"):
        st.subheader("Look around with a sample company", anchor=False)
        st.markdown(
            "Three years of weekly sales and spend of a made-up company whose true returns are known. "
            "Its first model is fitted while you watch, usually in well under a minute."
        )
        if st.button("Open the sample company", type="primary", key="open_sample"):
            with shown(), st.spinner("Setting up the sample company"):
                sample = samples.create_sample(state.services(), actor)
                state.remember(sample.id)
                state.go("model")
    with right, st.container(border=True, height="stretch", key="door_own"):
        st.subheader("Bring your own file", anchor=False)
        st.markdown(
            "Weekly or daily sales with spend per channel: CSV, Excel, Parquet or JSON, several files at once. "
            "Carryover recognises the columns and you correct what it got wrong."
        )
        files = st.file_uploader(
            "Your files",
            type=list(FILE_TYPES),
            max_upload_size=state.services().max_upload_mb,
            accept_multiple_files=True,
            key="own_files",
            label_visibility="collapsed",
        )
        if files:
            _own(actor, files)


def _own(actor: Actor, files: list) -> None:
    first = files[0].name.rsplit(".", 1)[0].replace("_", " ").replace("-", " ").strip().capitalize()
    with st.form("own_form", border=False):
        name = st.text_input("Name of the project", value=first or "My project", max_chars=120)
        kind, money = st.columns(2)
        unit = kind.selectbox(
            "The KPI is",
            [None, *KpiUnit],
            format_func=lambda u: UNITS[u],
        )
        currency = money.selectbox("Currency", CURRENCIES)
        if st.form_submit_button("Read the data", type="primary"):
            with shown(), st.spinner("Reading and checking the data"):
                open_own(actor, name, unit, currency, files)


def open_own(actor: Actor, name: str, unit: KpiUnit | None, currency: str, files: list) -> None:
    """A project with its first data; a file that cannot be read leaves no project behind."""
    services = state.services()
    project = projects.create_project(services, actor, name=name, kpi_unit=unit or KpiUnit.REVENUE, currency=currency)
    try:
        version = add_dataset(services, actor, project.id, [Upload(x.getvalue(), x.name) for x in files])
        if unit is None:
            file_projects.settle_unit(services, actor, project, version.recognition)
    except Exception:
        projects.archive_project(services, actor, project.id)
        raise
    state.remember(project.id)
    state.go("data")


STEPS = (
    ("table_chart", "Data", "Drop your files. Columns are recognised, problems named and mended."),
    ("edit_note", "Plan", "Say which decision this is for, and what is believed to cause what."),
    ("insights", "Model", "A Bayesian model says what each channel brought, and how sure that is."),
    ("tune", "What-If", "Move money between channels and see what it brings before it is spent."),
    ("summarize", "Report", "One verdict, one action per channel, in a link that you can send."),
)


def how() -> None:
    """What happens next, for somebody who has no project yet."""
    st.space("small")
    st.subheader("How it goes", anchor=False)
    for column, (icon, title, words) in zip(st.columns(len(STEPS), gap="medium"), STEPS, strict=True):
        with column:
            st.markdown(f":primary[:material/{icon}:] **{title}**  \n:gray[{words}]")


def project_list(actor: Actor) -> None:
    found = projects.list_projects(state.services(), actor)
    if not found:
        how()
        return
    st.subheader("Your projects", anchor=False)
    for row in (found[i : i + 3] for i in range(0, len(found), 3)):
        for column, project in zip(st.columns(3), row, strict=False):
            with column, st.container(border=True, height="stretch", key=f"card_{project.id}"):
                _card(actor, project)


def _card(actor: Actor, project: Project) -> None:
    now = projects.stamp(state.services(), actor, project.id)
    st.markdown(f"**{f.safe(project.name)}**{'  :gray-badge[Sample]' if project.is_sample else ''}")
    if project.question:
        st.caption(f.safe(project.question))
    data = f"Data through {f.day(now.data_through)}" if now.data_through else "No data yet"
    model = f"Model of {f.day(now.model_of)}" if now.model_of else "No model yet"
    st.caption(f"{data} · {model}")
    with st.container(horizontal=True):
        if st.button("Open", key=f"open_{project.id}"):
            state.remember(project.id)
            state.go("report" if now.model_of else "model" if now.data_through else "data")
        if st.button("Archive", key=f"archive_{project.id}", type="tertiary"):
            _confirm_archive(actor, project)


@st.dialog("Archive this project?")
def _confirm_archive(actor: Actor, project: Project) -> None:
    st.write(f"{f.safe(project.name)} leaves the list; its data, models and reports stay stored.")
    if st.button("Archive", type="primary", key="archive_yes"):
        with shown():
            projects.archive_project(state.services(), actor, project.id)
            if st.session_state.get(state.PROJECT) == project.id:
                st.session_state.pop(state.PROJECT)
                st.query_params.pop(state.PROJECT, None)
            st.rerun()
