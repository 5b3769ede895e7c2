"""A report's summary in a language model's words, beside the story and never in place of it."""

import streamlit as st

from mmm_core.agents.chat.answers import harmless
from mmm_core.agents.llm import narrative
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Task
from mmm_core.domain.report import Report
from mmm_core.reports import wording as f
from pages.ui import state
from pages.ui.errors import shown


def panel(actor: Actor, report: Report) -> None:
    """Nothing at all where no language model is set up."""
    models = state.services().models
    if models is None or not models.available(actor, Task.WRITE):
        return
    with shown(), st.expander("In a language model's words", key="retell"):
        st.caption("A model phrases; every figure is held against the stored numbers before it is shown.")
        kept: dict[str, narrative.Narrative] = st.session_state.setdefault("retold", {})
        if st.button("Tell it" if report.run_id not in kept else "Tell it again", key="retell_button"):
            with st.spinner("Writing and checking"):
                kept[report.run_id] = narrative.retell(state.services(), actor, report.run_id)
        told = kept.get(report.run_id)
        if told is not None:
            st.markdown(harmless(told.text))
            st.caption(f.safe(" ".join((f"By {told.by}, {len(told.references)} figures checked.", told.note)).strip()))
