"""One approval on a page: what is asked, the evidence beside it, and the three answers."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.domain.study import Table
from mmm_core.domain.workflow import Approval, Gate, Input, Question, Verdict
from mmm_core.reports import wording as f
from mmm_core.reports import workflow_words as words
from mmm_core.use_cases import approvals, baselines, datasets, projects, trends
from pages.ui import charts_trends, state, study, workflow
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

MARKS = {"FAIL": "red", "REVIEW": "orange", "PASS": "green"}
SEE = {Gate.PLAN: "plan", Gate.DATA: "data", Gate.FIT: "model", Gate.PUBLICATION: "model", Gate.BUDGET: "what_if"}
"""The page that shows more of what is asked about."""

PROBLEMS = {Gate.DATA: "That was not enough yet"}
"""What stands before the problem where a part of the last answer was carried out."""
FIELD_WIDTH = 300
"""Pixels; fields of one number or one choice stand beside each other where there is room."""


def card(actor: Actor, project: Project, approval: Approval) -> None:
    question = approval.question
    with st.container(border=True, key=f"approval_{approval.workflow_id}_{question.key}"):
        st.markdown(f":orange-badge[{words.GATES[question.gate]}]  :gray[asked {f.moment(approval.asked_at)}]")
        st.subheader(question.text, anchor=False)
        if question.problem:
            st.warning(
                f"{PROBLEMS.get(question.gate, 'The last changes could not be made')}: {f.safe(question.problem)}"
            )
        _evidence(actor, project, question)
        if question.remark:
            st.info(f.safe(question.remark), icon=":material/chat:")
        if not actor.role.covers(TeamRole.APPROVER):
            st.caption("An approver or administrator answers this.")
            return
        _answer(actor, approval)


def _evidence(actor: Actor, project: Project, question: Question) -> None:
    names = workflow.names(actor, project.id)
    st.markdown("\n".join(f"- {_line(f.named(text, names))}" for text in question.evidence))
    for table in question.tables:
        _table(actor, project, question, table)
    if question.gate is Gate.BASELINE and "baseline" in question.subject:
        with shown():
            _baseline(actor, project, question.subject["baseline"])
    page = SEE.get(question.gate)
    if page and st.button(f"See more on the {workflow.PAGES[page]} page", key=f"see_{question.key}", type="tertiary"):
        state.go(page)


def _line(text: str) -> str:
    """Evidence with the verdict of a check as a badge, and what is before a colon in bold."""
    head, colon, rest = text.partition(": ")
    if colon and head in MARKS:
        return f":{MARKS[head]}-badge[{head}] {f.safe(rest)}"
    return f"**{f.safe(head)}:** {f.safe(rest)}" if colon and len(head) < 24 else f.safe(text)


def _table(actor: Actor, project: Project, question: Question, table: Table) -> None:
    st.markdown(f"**{f.safe(table.title)}**")
    if all(c.unit == "text" for c in table.columns):
        st.markdown("\n".join(_said(row) for row in table.rows))
        return
    results = state.results(actor, question.subject["run"]) if "run" in question.subject else None
    writers = [_writer(c.name, study.writer(c.unit, results)) for c in table.columns]
    rows = [
        [v if c.unit == "text" else w(v) for v, c, w in zip(row, table.columns, writers, strict=True)]
        for row in table.rows
    ]
    st.dataframe(pd.DataFrame(rows, columns=[c.name for c in table.columns]), hide_index=True, width="stretch")


def _said(row: Sequence[str]) -> str:
    """Who, of what, and why: whole sentences, which a cell would cut."""
    who, what, why = map(f.safe, row)
    return f"- **{who}**: {what}  \n  :gray[{why}]"


def _writer(column: str, write: f.Writer) -> f.Writer:
    return (lambda value: f.signed(value, write)) if column == "Change" else write


def _baseline(actor: Actor, project: Project, baseline_id: str) -> None:
    known = {b.id: b for b in baselines.list_baselines(state.services(), actor, project.id)}
    version = datasets.latest_dataset(state.services(), actor, project.id)
    if baseline_id not in known or version is None:
        return
    found = known[baseline_id]
    one = found.estimate
    table = pd.DataFrame(
        {"period": pd.to_datetime(list(one.dates)), "kpi": one.kpi, "baseline": one.level, "low": one.low,
         "high": one.high}
    )  # fmt: skip
    write = trends.writer(state.working(actor, version), project, found.kpi)
    alt = "The KPI over time above its estimated baseline; the quiet periods are marked"
    show(charts_trends.baseline(table, one.quiet, found.kpi, write, scheme()), "approval_baseline", alt=alt)


def _answer(actor: Actor, approval: Approval) -> None:
    question = approval.question
    key = f"{approval.workflow_id}_{question.key}"
    edits: dict[str, Any] = {}
    if question.inputs:
        with st.expander("Change something first"), st.container(horizontal=True):
            edits = {one.name: _field(one, f"{key}_{one.name}") for one in question.inputs}
    reason = st.text_input(
        "Why?" if question.needs_reason else f"Why? Needed for “{question.no}”; it stays on record.",
        key=f"{key}_reason",
    )
    changed = any(edits[one.name] != one.value for one in question.inputs)
    with st.container(horizontal=True):
        yes = st.button(question.changed if changed else question.yes, key=f"{key}_yes", type="primary")
        no = st.button(question.no, key=f"{key}_no")
    st.caption(f"{question.no}: {f.safe(question.rejected)}")
    if yes or no:
        verdict = Verdict.REJECT if no else Verdict.EDIT if changed else Verdict.APPROVE
        with shown():
            approvals.answer(
                state.services(), actor, approval.workflow_id, question.key, verdict, reason,
                edits if verdict is Verdict.EDIT else None,
            )  # fmt: skip
            state.flash(f"Your answer is kept: {question.no if no else question.changed if changed else question.yes}.")
            st.rerun()


def _field(one: Input, key: str) -> Any:
    def called(option: str) -> str:
        return one.labels.get(option) or f.plain(option)

    if one.kind == "choices":
        chosen = st.multiselect(one.label, one.options, default=one.value, format_func=called, key=key)
        return [option for option in one.options if option in chosen]
    if one.kind == "choice":
        at = one.options.index(one.value) if one.value in one.options else 0
        return st.selectbox(one.label, one.options, index=at, format_func=called, key=key, width=FIELD_WIDTH)
    if one.kind == "whole":
        low, high = int(one.low or 0), int(one.high) if one.high is not None else None
        return int(st.number_input(one.label, low, high, int(one.value), 1, key=key, width=FIELD_WIDTH))
    if one.kind == "number":
        return float(st.number_input(one.label, one.low, one.high, float(one.value), key=key, width=FIELD_WIDTH))
    return st.text_input(one.label, value=str(one.value), key=key)


def elsewhere(actor: Actor, waiting: Sequence[Approval]) -> None:
    """What other projects ask, one line each."""
    if not waiting:
        return
    names = {p.id: p.name for p in projects.list_projects(state.services(), actor)}
    st.subheader("Other projects ask", anchor=False)
    for one in waiting:
        if one.project_id not in names:
            continue
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"other_{one.workflow_id}"):
            badge = f":orange-badge[{words.GATES[one.question.gate]}]"
            st.markdown(f"**{f.safe(names[one.project_id])}** {badge} {f.safe(one.question.text)}", width="stretch")
            if st.button("Open", key=f"open_{one.workflow_id}"):
                state.remember(one.project_id)
                st.rerun()
