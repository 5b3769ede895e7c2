"""Tools that were written for this project, to read, approve, use and remove; and code step by step."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.code import CodeOutcome, CodeStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.domain.runtime_tools import Parameter, ParameterKind, RuntimeTool, ToolStatus
from mmm_core.reports import wording as f
from mmm_core.use_cases import runtime_tools
from pages.ui import state, tools_code, tools_write
from pages.ui.errors import shown

BADGES = {
    ToolStatus.PROPOSED: ":orange-badge[To be read]",
    ToolStatus.APPROVED: ":green-badge[Approved]",
}
LAST = "tool_outcome"


def tab(actor: Actor, project: Project) -> None:
    with shown():
        found = runtime_tools.list_tools(state.services(), actor, project.id)
        st.markdown(
            ":gray[Code for what no button does. It runs apart from everything: no network, no files, limited memory "
            "and time. Nobody can use a tool before an approver has read it.]"
        )
        for tool in found:
            _card(actor, project, tool)
        if not found:
            st.info("No tool has been written for this project yet. Write one here, or ask the assistant for it.")
        if actor.role.covers(TeamRole.ANALYST):
            tools_write.form(actor, project, [t.name for t in found])
            tools_code.notebook(actor, project)


def _card(actor: Actor, project: Project, tool: RuntimeTool) -> None:
    with st.container(border=True, key=f"tool_{tool.id}", gap="small"):
        st.markdown(f"**{f.safe(tool.name)}** · version {tool.version} {BADGES[tool.status]}")
        st.markdown(f.safe(tool.description))
        by = f"Written by {tool.written_by}, {f.moment(tool.written_at)}"
        decided = f" · approved by {tool.decided_by}, {f.moment(tool.decided_at)}" if tool.decided_by else ""
        st.caption(f.safe(by + decided))
        with st.expander("Read the code", expanded=tool.status is ToolStatus.PROPOSED):
            st.code(tool.source, language="python", line_numbers=True, wrap_lines=True)
        if tool.status is ToolStatus.PROPOSED:
            _decide(actor, tool)
        elif actor.role.covers(TeamRole.ANALYST):
            _use(actor, project, tool)


def _decide(actor: Actor, tool: RuntimeTool) -> None:
    if not actor.role.covers(TeamRole.APPROVER):
        st.caption("An approver or administrator reads it and answers.")
        return
    reason = st.text_input("Reason", key=f"tool_reason_{tool.id}", placeholder="Needed to reject it")
    with st.container(horizontal=True):
        if st.button("Approve this code", type="primary", key=f"tool_approve_{tool.id}"):
            with shown():
                runtime_tools.approve_tool(state.services(), actor, tool.id, reason)
                _done(f"{tool.name} can be used now.")
        if st.button("Reject", key=f"tool_reject_{tool.id}"):
            with shown():
                runtime_tools.reject_tool(state.services(), actor, tool.id, reason)
                _done(f"{tool.name} is rejected; its code stays on record.")


def _use(actor: Actor, project: Project, tool: RuntimeTool) -> None:
    given = {p.name: _field(tool, p) for p in tool.parameters}
    with st.container(horizontal=True):
        if st.button("Run", type="primary", key=f"tool_run_{tool.id}"):
            with shown(), st.spinner("Running it in isolation"):
                outcome = runtime_tools.use_tool(state.services(), actor, project.id, tool.name, given)
                st.session_state[f"{LAST}_{tool.id}"] = outcome
        with st.popover("Remove", key=f"tool_ask_{tool.id}"):
            st.write("It cannot be used any more; its code stays on record.")
            if st.button("Remove this tool", type="primary", key=f"tool_remove_{tool.id}"):
                with shown():
                    runtime_tools.remove_tool(state.services(), actor, tool.id)
                    _done(f"{tool.name} is removed.")
    if (outcome := st.session_state.get(f"{LAST}_{tool.id}")) is not None:
        show_outcome(outcome)


def _field(tool: RuntimeTool, parameter: Parameter) -> Any:
    key, label = f"tool_{tool.id}_{parameter.name}", f.plain(parameter.name)
    text = parameter.description or None
    if parameter.kind is ParameterKind.YES_NO:
        return st.checkbox(label, value=bool(parameter.default), key=key, help=text)
    if parameter.kind is ParameterKind.TEXT:
        return st.text_input(label, value=str(parameter.default or ""), key=key, help=text)
    whole = parameter.kind is ParameterKind.WHOLE
    start = parameter.default if parameter.default is not None else 0
    return st.number_input(label, value=int(start) if whole else float(start), key=key, help=text)


def show_outcome(outcome: CodeOutcome) -> None:
    """What came of running code: its answer, what it printed, or the sentence that says why there is none."""
    if outcome.status is not CodeStatus.DONE:
        st.error(f.safe(outcome.error))
    else:
        show_result(outcome.result)
    if outcome.output:
        st.code(outcome.output, language=None)
    st.caption(f"Took {f.duration(outcome.seconds)}, in isolation.")


def show_result(result: Any) -> None:
    if isinstance(result, list) and result and all(isinstance(row, dict) for row in result):
        st.dataframe(pd.DataFrame(result), hide_index=True, width="stretch")
    elif isinstance(result, dict | list):
        st.json(result, expanded=2)
    elif result is not None:
        st.code(str(result), language=None)


def _done(words: str) -> None:
    state.flash(words)
    st.rerun()
