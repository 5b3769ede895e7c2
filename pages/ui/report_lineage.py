"""Where a number of the report comes from, back to the file."""

import re

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.report import Fact, LineageStep, Report
from mmm_core.reports import wording as f
from mmm_core.use_cases import reports
from pages.ui import state
from pages.ui.errors import shown
from pages.ui.team_audit import brief


def panel(actor: Actor, report: Report) -> None:
    with shown():
        facts = {x.key: x for x in reports.list_facts(state.services(), actor, report.id)}
        if not facts:
            st.info("This report's model has stored no numbers.")
            return
        key = st.selectbox(
            "A number of this report",
            list(facts),
            format_func=lambda k: f"{_words(k)}: {_value(facts[k])}",
            key="lineage_fact",
        )
        steps = reports.lineage(state.services(), actor, report.id, key)
        st.markdown(f"**{f.safe(_words(key))}** is **{_value(facts[key])}**. It was computed from:")
        for kind in dict.fromkeys(s.kind for s in steps):
            _group(kind, [s for s in steps if s.kind == kind])


def _words(key: str) -> str:
    return " · ".join(f.plain(part) for part in key.split("."))


def _value(fact: Fact) -> str:
    if fact.unit == "share":
        return f.share(fact.value, 1)
    if fact.unit == "ratio":
        return f"{fact.value:.3g}"
    return f"{f.short(fact.value)} {fact.unit if fact.unit == 'weeks' else ''}".strip()


def _group(kind: str, steps: list[LineageStep]) -> None:
    title = f.kind(kind)
    if len(steps) > 4:
        with st.expander(f"{title}: {len(steps)}"):
            for step in steps:
                _step(step)
        return
    st.caption(title)
    for step in steps:
        _step(step)


def _step(step: LineageStep) -> None:
    when = f" · {f.moment(step.at)}" if step.at else ""
    detail = f" :gray[{f.safe(_brief(step.detail))}]" if step.detail else ""
    label = f.plain(step.label) if step.kind == "variable" else f.dated(step.label)
    st.markdown(f"- {f.safe(label)}{detail} :gray[{when}]")


def _brief(detail: str) -> str:
    """Hashes by their first figures, decimals without their tail."""
    return re.sub(r"\d+\.\d{4,}", lambda found: f"{float(found[0]):.4g}", f.dated(brief(detail)))
