"""What the diagram advises, beside the drawing and beside a model: what to hold still, and what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from mmm_core.domain.checks import Check
from mmm_core.domain.errors import PlanError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import causal
from pages.ui import chrome, state

if TYPE_CHECKING:
    from mmm_core.causal.advice import Advice
    from mmm_core.causal.identify import Identification


def show(advice: Advice, names: list[str], whose: str) -> None:
    """``names`` are the diagram's variables; ``whose`` says whose controls are meant: the plan's, this model's."""
    if not advice.checks:
        st.success(f"By this diagram {whose} controls are right for every channel: none missing, none in the way.")
    for check in advice.checks:
        line(check, names)


def beside_spec(actor: Actor, project: Project, spec: ModelSpec) -> None:
    """What the diagram finds wrong with a specification while it is edited; nothing where it finds nothing."""
    try:
        found = causal.advise_spec(state.services(), actor, project.id, spec)
    except PlanError:
        return  # the Plan page says what is wrong with the diagram itself
    wrong = [c for c in found.checks if c.id in SPEC_CHECKS] if found else []
    if not found or not wrong:
        return
    with st.container(border=True, key="spec_causal"):
        st.markdown("**By the causal diagram**")
        names = list(dict.fromkeys([found.kpi, *(n for c in wrong for n in c.columns)]))
        for check in wrong:
            line(check, names)


SPEC_CHECKS = ("mediator", "follows", "consequence", "collider", "left_out", "stranger")
"""What a change of the specification mends."""


def table(advice: Advice) -> None:
    """What each channel's effect asks for; lists of names wrap, a column of nothing is left out."""
    frame = pd.DataFrame([_row(one) for one in advice.channels]).map(f.safe).set_index("Channel")
    st.table(frame.loc[:, (frame != f.NOTHING).any()])


def line(check: Check, names: list[str]) -> None:
    st.markdown(
        f"{chrome.status_badge(check.status)} **{f.safe(check.title)}** {f.safe(f.named(check.message, names))}"
    )


def _row(one: Identification) -> dict[str, str]:
    return {
        "Channel": f.plain(one.channel),
        "The data can tell": TELL[one.verdict.value],
        "What has to be held still": _listed(one.adjust) or "Nothing",
        "Of that missing": _listed((*one.left_out, *one.unseen)) or f.NOTHING,
        "Another way to tell": _ways(one),
        "May be held still too": _few(one.also) or f.NOTHING,
    }


FEW = 3
TELL = {"identified": "Yes", "hidden": "Not alone", "no effect": "No path drawn"}


def _ways(one: Identification) -> str:
    ways = [f"front door: {_listed(one.frontdoor)}"] if one.frontdoor else []
    ways += [f"instrument: {_listed(one.instruments)}"] if one.instruments else []
    return "; ".join(ways) or f.NOTHING


def _few(names: tuple[str, ...]) -> str:
    """Nobody has to do anything about these: some of them are enough."""
    return _listed(names) if len(names) <= FEW + 1 else f"{_listed(names[:FEW])} and {len(names) - FEW} more"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f.plain(n) for n in names)
