"""Parts of the Report page: verdict and actions, the story, its versions."""

import streamlit as st

from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.report import Report
from mmm_core.domain.results import Action, Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import reports
from pages.ui import charts, charts_geo, chrome, state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.model_results import verdict
from pages.ui.palette import scheme

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
                st.markdown(f"{f.safe(back)}  \n{chrome.evidence_badge(c.evidence)}")
                with top.popover("Why", type="tertiary"):
                    st.write(chrome.said(c.action_reason, results))
                    st.markdown(f":gray[{chrome.said(c.evidence_reason, results)}]")


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


RETURNS = (
    "Line: 90% interval. Grey band: what was believed before the data. Hollow: the data say little, mostly that belief."
)
ABOVE = ("The verdict", "What to do, channel by channel")


def _told(markdown: str) -> list[str]:
    """The story's sections without those that the cards above it show already."""
    first, *rest = markdown.split("\n## ")
    parts = [first.removeprefix("## "), *rest]
    return [f"## {p}" for p in parts if p.strip() and not p.startswith(ABOVE)]


def story(report: Report, results: Results) -> None:
    with st.container(border=True, key="story"):
        for part in _told(report.markdown):
            # A dollar sign is money here, never mathematics.
            st.markdown(part.replace("$", "\\$"))
            _picture(part, results)
    st.caption(f"Version {report.version}, written by {f.safe(report.created_by)} on {f.moment(report.created_at)}.")


def _picture(part: str, results: Results) -> None:
    """The chart that belongs to a section, as in the report that is sent."""
    if part.startswith("## What each channel brought"):
        show(charts.contributions(results, scheme()), "story_time", alt="The KPI over time, stacked by what brought it")
    elif part.startswith("## What the money returned"):
        show(charts.returns(results, scheme()), "story_returns", alt="Return on spend by channel, with 90% intervals")
        st.caption(RETURNS)
    elif part.startswith("## Geo by geo"):
        show(charts_geo.shares(results, scheme()), "story_geos", alt="Share of spend and of media's effect by geo")
