"""Validation of a fitted model: five tests as one card, and calibration by simulation."""

import streamlit as st

from mmm_core.domain.checks import Status
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.results import Results
from mmm_core.domain.study import Study
from mmm_core.reports import wording as f
from mmm_core.studies import registry
from mmm_core.use_cases import studies
from pages.ui import chrome, state, study, study_settings
from pages.ui.errors import shown

TESTS = ("holdout", "expanding", "refresh", "perturbation", "placebo")
CALIBRATION = "sbc"
KEY = "validation"
"""Of the settings that the card's widgets hold."""


def card(actor: Actor, run: Run) -> None:
    """What each test found, and a button for those that were not run yet."""
    with shown():
        found = studies.studies_of(state.services(), actor, run.id)
        results = state.results(actor, run.id)
        running = study.under_way([found[k] for k in TESTS if k in found])
        with st.container(border=True, key="validation", gap="medium"):
            _head(actor, run, found)
            if running:
                study.watch(actor, [s.id for s in running])
            for kind in TESTS:
                _test(actor, run, kind, found.get(kind), results)
        with st.container(border=True, key="calibration"):
            _test(actor, run, CALIBRATION, found.get(CALIBRATION), results)
            for one in study.under_way([found[k] for k in (CALIBRATION,) if k in found]):
                study.watch(actor, [one.id])


def _head(actor: Actor, run: Run, found: dict[str, Study]) -> None:
    done = [s.outcome for k in TESTS if (s := found.get(k)) is not None and s.outcome is not None]
    missing = [k for k in TESTS if k not in found or found[k].status in (RunStatus.FAILED, RunStatus.CANCELLED)]
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    refused = st.container()
    with row:
        badge = f"{chrome.status_badge(study.worst(done))} " if done else ""
        st.markdown(f"{badge}**Validation of {f.safe(run.name)}**  \n:gray[{_count(found)}]", width="content")
        if missing:
            label = "Run all five tests" if len(missing) == len(TESTS) else "Run what is missing"
            own = {kind: study_settings.chosen(kind, KEY) for kind in missing}
            study.start(
                actor, run.project_id, missing, label, run_id=run.id, by_kind=own, primary=not done, key="validate_all",
                refused=refused,
            )  # fmt: skip


def _count(found: dict[str, Study]) -> str:
    seen = [s.outcome.status for k in TESTS if (s := found.get(k)) is not None and s.outcome is not None]
    if not seen:
        return "Does the model hold where it was not fitted? Each test refits it on part of the data, or on other data."
    parts = [f"{seen.count(s)} {words}" for s, words in WORDS.items() if seen.count(s)]
    return f"{len(seen)} of {len(TESTS)} tests done: {', '.join(parts)}."


WORDS = {Status.PASS: "passed", Status.REVIEW: "to look at", Status.FAIL: "failed"}


def _test(actor: Actor, run: Run, name: str, seen: Study | None, results: Results) -> None:
    kind = registry.find(name)
    outcome = seen.outcome if seen else None
    badge = f"{chrome.status_badge(outcome.status)} " if outcome else ""
    words = chrome.said(outcome.verdict, results) if outcome else f":gray[{kind.question}]"
    text, side = st.columns([5, 1], vertical_alignment="center")
    text.markdown(f"{badge}**{kind.title}**  \n{words}")
    with side:
        if seen is None or seen.status.ended:
            study.start(
                actor,
                run.project_id,
                [name],
                "Run again" if outcome else "Run",
                run_id=run.id,
                options=study_settings.chosen(name, KEY),
                key=f"validate_{name}",
                width="stretch",
                refused=text,
            )
            names = [c.channel for c in results.channels]
            study_settings.popover(name, KEY, channels=names, width="stretch")
        else:
            st.markdown(":gray[under way]")
    if seen is not None and seen.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, seen)
    if outcome is not None and seen is not None:
        with st.expander("What it looked at"):
            study.outcome(outcome, results, f"study_{seen.id}", verdict=False)
            study_settings.asked(seen)
