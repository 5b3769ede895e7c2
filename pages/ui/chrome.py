"""What all pages share around their content: title, stamp, empty states, badges, a little CSS."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import streamlit as st

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import Action, Evidence, Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import projects
from pages.ui import state
from pages.ui.palette import scheme

# Streamlit's theme has no setting for these.
_CSS = """<style>
.stMainBlockContainer{max-width:1240px;padding-top:4rem}
.st-key-stamp p{font-size:.8rem;opacity:.75;margin:0}
.st-key-pagehead h1{padding:0 0 .1rem}
[data-testid="stMetric"]{min-width:0}
[data-testid="stMetricValue"]{white-space:normal}
.st-key-empty{padding:2.6rem 1.5rem;border-style:dashed;gap:.5rem}
.st-key-empty [data-testid="stMarkdown"],.st-key-empty [data-testid="stHeading"]{text-align:center;width:100%}
.st-key-empty [data-testid="stButton"]{margin-top:.6rem}
[data-testid="stFileUploaderDropzoneInstructions"] span{white-space:normal;overflow:visible}
.st-key-verdict{border-left:4px solid ACCENT}
[data-testid="stLayoutWrapper"]:has(>.st-key-hand_numbers){position:sticky;top:3.4rem;z-index:9}
[data-testid^="stBaseButton-primary"]:not(:disabled),[data-testid^="stBaseButton-primary"]:not(:disabled) p,
[data-testid="stMultiSelect"] [data-tag],[data-testid="stMultiSelect"] [data-tag] *{color:PAPER!important}
.st-key-hand_numbers{background:PAPER;padding:.4rem 0}
.st-key-story table,.st-key-moves table{display:block;overflow-x:auto}
.st-key-moves td,.st-key-moves th{white-space:nowrap}
@media (max-width:640px){
  [data-testid="stMainBlockContainer"]{padding-top:4.2rem}
  .st-key-hand_numbers,.st-key-hand_numbers [data-testid="stHorizontalBlock"]{gap:.4rem}
  .st-key-hand_numbers [data-testid="stElementContainer"]:has([data-testid="stMetric"]){flex:1 1 45%}
  .st-key-hand_numbers [data-testid="stMetric"]{padding:.2rem .4rem!important}
  .st-key-hand_numbers [data-testid="stMetric"]>div{padding:.2rem .4rem!important}
  .st-key-hand_numbers [data-testid="stMetricValue"]{font-size:1.1rem}
  .stMainBlockContainer{padding-left:1rem;padding-right:1rem}
  [data-testid="stMetricValue"]{font-size:1.35rem}
  .st-key-diagram_picture{overflow-x:auto}
  [data-testid="stTable"]{overflow-x:auto}
  [data-testid="stTable"] td,[data-testid="stTable"] th{min-width:5.5rem}
  .st-key-diagram_picture [data-testid="stGraphVizChart"] svg{min-width:44rem;height:auto}
}
</style>"""

STATUS_COLOUR = {Status.PASS: "green", Status.REVIEW: "orange", Status.FAIL: "red"}
EVIDENCE = {
    Evidence.TESTED: (f.EVIDENCE[Evidence.TESTED], "green", "An experiment on this channel entered the model."),
    Evidence.DATA: (
        f.EVIDENCE[Evidence.DATA],
        "blue",
        "The data narrowed this return to under half of what was believed before.",
    ),
    Evidence.PRIOR: (
        f.EVIDENCE[Evidence.PRIOR],
        "orange",
        "The data say little about this channel: its return is mostly what was believed before.",
    ),
}
ACTION = {
    Action.SCALE: ("Scale", "green"),
    Action.HOLD: ("Hold", "gray"),
    Action.TEST: ("Test", "blue"),
    Action.PULL_BACK: ("Pull back", "red"),
}


def head(title: str, actor: Actor, project: Project | None, *, lead: str = "") -> None:
    """Title, one line of guidance, and how current the project is."""
    look = scheme()
    st.html(_CSS.replace("ACCENT", look.accent).replace("PAPER", look.paper))
    state.show_flash()
    with st.container(key="pagehead", horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        with st.container(width="content"):
            st.title(title, anchor=False)
        if project:
            with st.container(key="stamp", width="content"):
                st.caption(_stamp(actor, project))
    if lead:
        st.markdown(f":gray[{lead}]")


def _stamp(actor: Actor, project: Project) -> str:
    now = projects.stamp(state.services(), actor, project.id)
    data = f"Data through **{f.day(now.data_through)}**" if now.data_through else "No data yet"
    if now.model_of is None:
        return f"{f.safe(project.name)} · {data} · No model yet"
    stale = " (older than the data)" if now.model_is_stale else ""
    return f"{f.safe(project.name)} · {data} · Model of **{f.day(now.model_of)}**{stale}"


@contextmanager
def empty(title: str, sentence: str) -> Iterator[None]:
    """Nothing here yet: what this place is for, and in the block the one button that fills it."""
    with st.container(border=True, key="empty", horizontal_alignment="center"):
        st.subheader(title, anchor=False)
        st.markdown(f":gray[{sentence}]")
        yield


def need_project(actor: Actor, title: str) -> Project:
    """The open project, or an empty state that leads home."""
    project = state.open_project(actor)
    if project is None:
        head(title, actor, None)
        with empty("No project is open", "Open one of your projects, or start with the sample company."):
            if st.button("Go to Home", type="primary", key="need_project_home"):
                state.go("home")
        st.stop()
    return project


MOST_ROWS = 25


def tall(rows: int) -> Literal["auto", "content"]:
    """All rows at once where they are few enough: a table that scrolls within the page hides its end."""
    return "content" if rows <= MOST_ROWS else "auto"


def said(text: str, results: Results) -> str:
    """A stored sentence with its channels called by words, safe to show."""
    return f.safe(f.minus(f.named(text, (c.channel for c in results.channels))))


def status_badge(status: Status) -> str:
    return f":{STATUS_COLOUR[status]}-badge[{status.value}]"


def measured(check: Check) -> str:
    """The number behind a check and its limit, in grey."""
    if check.value is None:
        return ""
    value, limit = _figure(check.value), ""
    if check.limit is not None:
        limit = f" · limit {_figure(check.limit)}"
        if value == _figure(check.limit) and check.value != check.limit:
            value = _figure(check.value, 4)
    return f"  :gray[{value}{limit}]"


def _figure(value: float, digits: int = 3) -> str:
    if 0 < abs(value) < 0.001:
        return "under 0.001" if value > 0 else "over −0.001"
    return f.whole(value) if abs(value) >= 1000 else f.minus(f"{value:.{digits}g}")


def evidence_badge(evidence: Evidence) -> str:
    words, colour, _ = EVIDENCE[evidence]
    return f":{colour}-badge[{words}]"


def action_badge(action: Action) -> str:
    words, colour = ACTION[action]
    return f":{colour}-badge[{words}]"
