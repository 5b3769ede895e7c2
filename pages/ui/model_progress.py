"""A fit while it waits and runs: polled rows, cancel, resume."""

import pandas as pd
import streamlit as st

from mmm_core.domain.fit import Progress, Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.reports import wording as f
from mmm_core.use_cases import fits
from pages.ui import state
from pages.ui.errors import shown

PHASES = {
    "starting": "Starting",
    "compiling": "Preparing the computation",
    "warm-up": "Warming up",
    "sampling": "Sampling",
    "summarising": "Summing up",
    "done": "Done",
}


@st.fragment(run_every=1.0)
def watch(actor: Actor, run: Run) -> None:
    """Redrawn every second; when the fit has ended the whole page is drawn anew."""
    with shown():
        seen = fits.watch_fit(state.services(), actor, run.id)
        if seen.run.status.ended:
            if seen.run.status is RunStatus.DONE:
                state.flash(f"{seen.run.name} is done.")
            st.rerun()
        with st.container(border=True, key=f"progress_{run.id}"):
            _card(actor, seen)


def _card(actor: Actor, seen: fits.Watch) -> None:
    run, rows = seen.run, [p for _, p in seen.latest]
    top, side = st.columns([5, 1], vertical_alignment="center")
    top.markdown(f"**{f.safe(run.name)}**  {_words(seen, rows)}")
    with side:
        if run.status is RunStatus.INTERRUPTED:
            if st.button("Resume", key=f"resume_{run.id}", type="primary", width="stretch"):
                fits.resume_fit(state.services(), actor, run.id)
                st.rerun(scope="fragment")
        elif st.button("Cancel", key=f"cancel_{run.id}", width="stretch"):
            fits.cancel_fit(state.services(), actor, run.id)
            st.rerun()
    st.progress(seen.fraction)
    if rows:
        _numbers(rows)
        with st.expander("Chain by chain"):
            st.dataframe(
                chains(rows),
                hide_index=True,
                width="stretch",
                column_config={
                    "Done": st.column_config.ProgressColumn(min_value=0, max_value=1, format="percent"),
                    "Step size": st.column_config.NumberColumn(format="%.3g"),
                    "Tree depth": st.column_config.NumberColumn(format="%.1f"),
                },
            )


def _words(seen: fits.Watch, rows: list[Progress]) -> str:
    if seen.run.status is RunStatus.QUEUED:
        if seen.workers == 0:
            return ":orange[waits, but no worker is running. Ask your administrator to start one (`mmm worker`).]"
        ahead = seen.position or 0
        return f":gray[waits for a worker; {ahead} ahead of it.]" if ahead else ":gray[is next in the queue.]"
    if seen.run.status is RunStatus.INTERRUPTED:
        return ":orange[was interrupted; what it had computed is kept.]"
    slowest = min(rows, key=lambda p: p.done, default=None)
    if slowest is None:
        return ":gray[is starting.]"
    left = max((p.seconds_left for p in rows if p.seconds_left is not None), default=None)
    rest = f", about {f.duration(left)} left" if left else ""
    note = f" · {f.safe(slowest.note)}" if slowest.note else ""
    return f":gray[{PHASES.get(slowest.phase, slowest.phase)}{rest}{note}]"


def _numbers(rows: list[Progress]) -> None:
    worst = max((p.rhat for p in rows if p.rhat is not None), default=None)
    least = min((p.ess for p in rows if p.ess is not None), default=None)
    with st.container(horizontal=True):
        st.metric(
            "Draws", f"{sum(p.done for p in rows):,}", help=f"of {sum(p.total for p in rows):,}, warm-up included"
        )
        st.metric("Divergences", sum(p.divergences for p in rows), help="Steps that went astray; a handful is no harm.")
        st.metric(
            "R-hat so far",
            f"{worst:.3f}" if worst else f.NOTHING,
            help="Whether the chains agree: near 1 is good, over 1.01 is not yet.",
        )
        st.metric("Effective draws so far", f.whole(least), help="How many independent draws the samples are worth.")
        st.metric("Time", f.duration(max(p.seconds for p in rows)))


def chains(rows: list[Progress]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Chain": p.chain + 1,
                "Phase": PHASES.get(p.phase, p.phase),
                "Done": p.done / p.total if p.total else 0.0,
                "Divergences": p.divergences,
                "Step size": p.step_size,
                "Tree depth": p.tree_depth,
            }
            for p in sorted(rows, key=lambda p: p.chain)
        ]
    )
