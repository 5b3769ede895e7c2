"""Any study on a page: started with a button, watched while it runs, and what it found."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from typing import Any, Literal

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.results import Results
from mmm_core.domain.study import Picture, Study, StudyOutcome, Table
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.studies import registry
from mmm_core.use_cases import studies
from pages.ui import charts_study, chrome, state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

Known = Results | tuple[str, ...] | None
"""Results, or the channels' names alone, by which channels are called in words."""


def start(
    actor: Actor,
    project_id: str,
    kinds: Sequence[str],
    label: str,
    *,
    run_id: str | None = None,
    other_run_id: str | None = None,
    spec: ModelSpec | None = None,
    options: Mapping[str, Any] | None = None,
    by_kind: Mapping[str, Mapping[str, Any]] | None = None,
    primary: bool = False,
    key: str = "",
    width: Literal["content", "stretch"] = "content",
    refused: DeltaGenerator | None = None,
) -> None:
    """A button that puts one or several studies on the queue; ``by_kind``: what is set of each beside ``options``.

    ``refused``: where a refusal has room for its sentence, if not beside the button.
    """
    look = "primary" if primary else "secondary"
    if not st.button(label, type=look, key=key or f"start_{'_'.join(kinds)}", width=width):
        return
    with refused or nullcontext(), shown():
        for kind in kinds:
            studies.request_study(
                state.services(),
                actor,
                project_id,
                kind,
                run_id=run_id,
                other_run_id=other_run_id,
                spec=spec,
                options={**(options or {}), **(by_kind or {}).get(kind, {})},
            )
        st.rerun()


def under_way(found: Sequence[Study]) -> list[Study]:
    return [s for s in found if not s.status.ended]


@st.fragment(run_every=1.0)
def watch(actor: Actor, study_ids: Sequence[str]) -> None:
    """Progress of studies, redrawn every second; the whole page is drawn anew when one of them ends."""
    with shown():
        seen = [studies.watch_study(state.services(), actor, i) for i in study_ids]
        if any(s.study.status.ended for s in seen):
            st.rerun()
        first, *rest = sorted(seen, key=lambda s: (s.study.status is RunStatus.QUEUED, s.position or 0))
        _progress(actor, first)
        if rest:
            _waiting(actor, rest)


def _progress(actor: Actor, seen: studies.Watch) -> None:
    study = seen.study
    with st.container(border=True, key=f"study_progress_{study.id}", gap="small"):
        top, side = st.columns([5, 1], vertical_alignment="center")
        top.markdown(f"**{title(study)}**  {_words(seen)}")
        with side:
            if study.status is RunStatus.INTERRUPTED:
                if st.button("Resume", key=f"study_resume_{study.id}", type="primary", width="stretch"):
                    studies.resume_study(state.services(), actor, study.id)
                    st.rerun(scope="fragment")
            elif st.button("Cancel", key=f"study_cancel_{study.id}", width="stretch"):
                studies.cancel_study(state.services(), actor, study.id)
                st.rerun()
        st.progress(seen.fraction)


def _waiting(actor: Actor, rest: Sequence[studies.Watch]) -> None:
    text, side = st.columns([5, 1], vertical_alignment="center")
    text.markdown(f":gray[Then: {', '.join(title(s.study) for s in rest)}.]")
    with side:
        if st.button("Cancel these", key="study_cancel_rest", width="stretch"):
            for one in rest:
                with shown():
                    studies.cancel_study(state.services(), actor, one.study.id)
            st.rerun()


def _words(seen: studies.Watch) -> str:
    if seen.study.status is RunStatus.QUEUED:
        so_far = f", {seen.done} of {len(seen.steps)} steps are done" if seen.done else ""
        if seen.workers == 0:
            return ":orange[waits, but no worker is running. Ask your administrator to start one (`mmm worker`).]"
        ahead = f"waits; {seen.position} ahead of it" if seen.position else "is next in the queue"
        return f":gray[{ahead}{so_far}.]"
    if seen.study.status is RunStatus.INTERRUPTED:
        return ":orange[was interrupted; the steps that were done are kept.]"
    if seen.current is None:
        return ":gray[is starting.]" if not seen.done else ":gray[is adding up.]"
    left = f", about {f.duration(seen.seconds_left)} left" if seen.seconds_left else ""
    count = f"step {seen.current.position + 1} of {len(seen.steps)}: " if len(seen.steps) > 1 else ""
    return f":gray[{count}{f.safe(seen.current.step.label)}{left}]"


def title(study: Study) -> str:
    return registry.find(study.kind).title


def ended_badly(actor: Actor, study: Study) -> None:
    """One line for a study that failed or was cancelled, with a way on."""
    words = f"failed: {f.safe(study.error)}" if study.error else str(study.status)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":orange[{words}]", width="content")
        if st.button("Go on from where it stopped", key=f"study_again_{study.id}"):
            with shown():
                studies.resume_study(state.services(), actor, study.id)
                st.rerun()


def outcome(found: StudyOutcome, results: Known, key: str, *, verdict: bool = True) -> None:
    """Verdict, checks, tables and pictures of a finished study; ``results`` names channels and writes the KPI."""
    if verdict:
        headline(found, results)
    for check in found.checks:
        finding(check, results)
    for n, picture in enumerate(found.pictures):
        _picture(picture, results, f"{key}_picture_{n}")
    for table in found.tables:
        _table(table, results)


def headline(found: StudyOutcome, results: Known) -> None:
    st.markdown(f"**{_said(found.verdict, results)}**")


def finding(check: Check, results: Known) -> None:
    """A check as one line, its number and limit in grey."""
    st.markdown(
        f"{chrome.status_badge(check.status)} **{f.safe(_named(check.title, results))}**{chrome.measured(check)}  \n"
        f"{_said(check.message, results)}"
    )


def worst(found: Sequence[StudyOutcome]) -> Status:
    seen = [one.status for one in found]
    return next((s for s in (Status.FAIL, Status.REVIEW) if s in seen), Status.PASS)


def _named(text: str, results: Known) -> str:
    return f.named(text, _channels(results))


def _channels(results: Known) -> tuple[str, ...]:
    return tuple(c.channel for c in results.channels) if isinstance(results, Results) else results or ()


def _said(text: str, results: Known) -> str:
    return f.safe(f.minus(_named(text, results)))


def writer(unit: str, known_as: Known) -> charts_study.Write:
    """How numbers of a unit are written."""
    results = known_as if isinstance(known_as, Results) else None
    known: dict[str, charts_study.Write] = {
        "share": f.share,
        "chance": lambda v: f.chance(v) if v is not None else f.NOTHING,
        "points": lambda v: f"{100 * v:.1f} pt" if v is not None else f.NOTHING,
        "ratio": f.times,
        "change": lambda v: f.signed(v, f.times),
        "count": f.whole,
        "p": lambda v: f"{v:.3f}" if v is not None else f.NOTHING,
        "money": lambda v: f.money(v, results.currency if results else ""),
        "kpi": f.kpi_writer(results) if results else f.short,
    }
    return known.get(unit, f.short)


FORMATS = {
    "share": "%.1f%%", "points": "%.1f pt", "ratio": "%.2f×", "change": "%+.2f×", "number": "%.2f", "count": "%d",
    "p": "%.3f",
}  # fmt: skip
HUNDREDTHS = ("share", "points")


def _table(table: Table, results: Known) -> None:
    st.markdown(f"**{_said(table.title, results)}**")
    names = [c.name for c in table.columns]
    rows = [[_cell(v, c.unit, results) for v, c in zip(row, table.columns, strict=True)] for row in table.rows]
    frame = pd.DataFrame(rows, columns=names)
    config: dict[str, Any] = {
        c.name: st.column_config.NumberColumn(format=FORMATS[c.unit]) for c in table.columns if c.unit in FORMATS
    }
    if table.columns[0].unit == "text" and len(names) > 3:
        config[names[0]] = st.column_config.TextColumn(pinned=True)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=chrome.tall(len(frame)),
        column_config=config,
        placeholder=f.NOTHING,
    )
    if table.note:
        st.caption(_said(table.note, results))


def _cell(value: Any, unit: str, results: Known) -> Any:
    """Numbers stay numbers where the table formats them, so that they sort; the rest is written here."""
    if value is None or unit in FORMATS:
        shown = 100 * value if value is not None and unit in HUNDREDTHS else value
        # A change that rounds to nothing has no sign.
        return 0.0 if unit == "change" and shown is not None and abs(shown) < 0.005 else shown
    if unit == "text":
        return f.plain(value) if value in _channels(results) else _named(str(value), results)
    if unit == "date":
        return f.day(date.fromisoformat(str(value)))
    return writer(unit, results)(float(value))


def _picture(picture: Picture, results: Known, key: str) -> None:
    note = f"  :gray[{f.safe(picture.note)}]" if picture.note else ""
    st.markdown(f"**{_said(picture.title, results)}**{note}")
    if picture.kind == "histograms":
        stems = list(dict.fromkeys(line.name.partition(" (")[0] for line in picture.lines))
        alone = [s for s in stems if sum(_stem(line.name) == s for line in picture.lines) == 1]
        groups = [s for s in stems if s not in alone] + (["others"] if alone else [])
        stem = st.selectbox("Numbers", groups, format_func=f.plain, key=f"{key}_stem", width=320)
        chosen = tuple(line for line in picture.lines if _stem(line.name) in (alone if stem == "others" else [stem]))
        picture = replace(picture, lines=chosen)
    fig = charts_study.drawn(picture, scheme(), writer(picture.unit, results))
    show(fig, key, alt=f"{picture.title}: {picture.note}" if picture.note else picture.title)


def _stem(name: str) -> str:
    return name.partition(" (")[0]
