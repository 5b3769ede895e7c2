"""Parts of the Report page: verdict and actions, the story, its versions."""

import streamlit as st

from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.report import Report
from mmm_core.domain.results import Action, Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import reports
from pages.ui import chrome, state
from pages.ui.errors import shown
from pages.ui.model_results import verdict

ORDER = (Action.SCALE, Action.PULL_BACK, Action.TEST, Action.HOLD)


def verdict_and_actions(results: Results) -> None:
    verdict(results)
    ranked = sorted(results.channels, key=lambda c: (ORDER.index(c.action), -(c.spend or 0.0)))
    for row in (ranked[i : i + 3] for i in range(0, len(ranked), 3)):
        for column, c in zip(st.columns(3), row, strict=False):
            with column, st.container(border=True, height="stretch", key=f"action_{c.channel}"):
                top = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
                top.markdown(f"{chrome.action_badge(c.action)} **{f.safe(f.plain(c.channel))}**", width="content")
                back = (
                    f"{f.times(c.roi.p50)} back ({f.interval(c.roi, f.times)})"
                    if c.roi
                    else f"brought {f.kpi_writer(results)(c.contribution.p50)}"
                )
                st.caption(f"{f.safe(back)}")
                with top.popover("Why", type="tertiary"):
                    st.write(f.safe(c.action_reason))
                    st.markdown(f"{chrome.evidence_badge(c.evidence)} {f.safe(c.evidence_reason)}")


def choose(actor: Actor, run: Run, written: list[Report]) -> Report:
    """The newest version unless another is picked; a newer model offers a newer report."""
    by_id = {r.id: r for r in written}
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        picked = st.selectbox(
            "Version",
            list(by_id),
            key=f"report_version_{written[0].id}",
            width=420,
            format_func=lambda i: f"{by_id[i].version}: {by_id[i].title}, {f.day(by_id[i].created_at)}",
        )
        write(actor, run, first=False, stale=written[0].run_id != run.id)
    return by_id[picked]


def write(actor: Actor, run: Run, *, first: bool, stale: bool = False) -> None:
    label = "Write the report" if first else "Write it for the newest model" if stale else "Write it again"
    if st.button(label, type="primary" if first or stale else "secondary", key="write_report"):
        with shown(), st.spinner("Writing the story and drawing its charts"):
            reports.publish(state.services(), actor, run.id)
            state.flash("The report is written.")
            st.rerun()


ABOVE = ("The verdict", "What to do, channel by channel")


def _told(markdown: str) -> str:
    """The story without the parts that the cards above it show already."""
    first, *rest = markdown.split("\n## ")
    parts = [first.removeprefix("## "), *rest]
    kept = [p for p in parts if not p.startswith(ABOVE)]
    return "\n\n".join(f"## {p}" for p in kept if p.strip())


def story(report: Report) -> None:
    with st.container(border=True, key="story"):
        # A dollar sign is money here, never mathematics.
        st.markdown(_told(report.markdown).replace("$", "\\$"))
    st.caption(f"Version {report.version}, written by {f.safe(report.created_by)} on {f.moment(report.created_at)}.")
