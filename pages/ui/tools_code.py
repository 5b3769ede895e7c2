"""Code on the project's data, step by step; what a step names is there in the next."""

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.runtime_tools import CodeStep
from mmm_core.reports import wording as f
from mmm_core.use_cases import code_analysis
from pages.ui import state, tools
from pages.ui.errors import shown

SHOWN = 5


def notebook(actor: Actor, project: Project) -> None:
    with st.expander("Work on the data with code"), shown():
        session = code_analysis.get_session(state.services(), actor, project.id)
        for step in session.steps[-SHOWN:]:
            _step(step)
        if session.kept:
            st.caption(f"There from earlier steps: {f.safe(', '.join(sorted(session.kept)))}.")
        with st.form("code_form", border=False, clear_on_submit=True):
            code = st.text_area(
                "Python", key="code_source", height=120, placeholder="data.describe()",
                help="data is the project's table, np and pd are there; the last line is the answer.",
            )  # fmt: skip
            if st.form_submit_button("Run", type="primary"):
                with shown(), st.spinner("Running it in isolation"):
                    code_analysis.run_step(state.services(), actor, project.id, code)
                    st.rerun()
        if session.steps and st.button("Start over", type="tertiary", key="code_over"):
            code_analysis.end_session(state.services(), actor, project.id)
            st.rerun()


def _step(step: CodeStep) -> None:
    with st.container(border=True, gap="small"):
        st.code(step.source, language="python")
        if step.error:
            st.error(f.safe(step.error))
        if step.output:
            st.code(step.output, language=None)
        tools.show_result(step.result)
        if step.lost:
            st.caption(f"Not kept for the next step: {f.safe(', '.join(step.lost))}.")
