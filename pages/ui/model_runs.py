"""Which fitted model is looked at, and the table of all of them."""

import pandas as pd
import streamlit as st

from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.reports import wording as f
from mmm_core.use_cases import fits
from pages.ui import state
from pages.ui.errors import shown

DEVICES = {"auto": "Any", "cpu": "CPU", "gpu": "GPU"}


def choose(done: list[Run]) -> Run | None:
    """The newest model, or another one that the person picks."""
    if len(done) < 2:
        return done[0] if done else None
    ids = [r.id for r in done]
    by_id = {r.id: r for r in done}
    kept = st.session_state.get("model_run")
    picked = st.selectbox(
        "Model",
        ids,
        index=ids.index(kept) if kept in ids else 0,
        width=480,
        format_func=lambda i: f"{by_id[i].name} · {f.moment(by_id[i].ended_at or by_id[i].requested_at)}",
    )
    st.session_state["model_run"] = picked if picked != ids[0] else None
    return by_id[picked]


def table(actor: Actor, runs: list[Run]) -> None:
    rows = [
        (
            r.name,
            f.plain(r.status.value),
            r.requested_by,
            r.requested_at,
            _seconds(r),
            DEVICES.get(r.device, r.device),
            r.error or "",
        )
        for r in runs
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["Model", "Status", "By", "Asked", "Took", "Device", "What went wrong"]),
        hide_index=True,
        width="stretch",
        column_config={"Asked": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm")},
    )
    for run in runs:
        if run.status in (RunStatus.FAILED, RunStatus.CANCELLED):
            with st.container(
                border=True,
                horizontal=True,
                vertical_alignment="center",
                horizontal_alignment="distribute",
                key=f"ended_{run.id}",
            ):
                st.markdown(
                    f"**{f.safe(run.name)}** {run.status}{': ' + f.safe(run.error) if run.error else ''}",
                    width="content",
                )
                if st.button("Resume from where it stopped", key=f"again_{run.id}"):
                    with shown():
                        fits.resume_fit(state.services(), actor, run.id)
                        st.rerun()


def _seconds(run: Run) -> str:
    if run.started_at is None or run.ended_at is None:
        return f.NOTHING
    return f.duration((run.ended_at - run.started_at).total_seconds())
