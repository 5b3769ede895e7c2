"""Ask in words: the sentence becomes chips to look at and edit, and only then a plan, limits or the best split."""

from dataclasses import dataclass

import streamlit as st

from mmm_core import grammar
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.instructions import Change, Limit, Optimise, Reading
from mmm_core.domain.results import Results
from mmm_core.reports import change_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import sentences
from mmm_core.use_cases.fits import Fitted
from pages.ui import optimise, sliders, state
from pages.ui.errors import shown

TEXT = "words_text"
ASKED = "words_asked"
BEFORE = "words_before"
APPLIED = "words_applied"
EXAMPLE = "Raise TV by 20% and cut radio by 2k a week"


@dataclass
class Asked:
    """A sentence as it was read, with what the person changed about it since."""

    run_id: str
    sentence: str
    reading: Reading
    changes: list[Change]
    number: int
    """Counts sentences, so that each one's chips are new."""


def panel(actor: Actor, run: Run, results: Results) -> None:
    _ask(run, results, state.fitted(actor, run.id))


@st.fragment
def _ask(run: Run, results: Results, fitted: Fitted) -> None:
    if st.session_state.pop(APPLIED, False):
        # A callback of a fragment redraws the fragment alone, and the sliders are outside.
        st.rerun()
    with shown(), st.container(key="words", gap="small"):
        # What is typed on a narrow screen would lie under the hint to press Enter.
        st.html('<style>.st-key-words [data-testid="InputInstructions"]{display:none}</style>')
        with st.form("words_form", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input("Ask in words", key=TEXT, placeholder=EXAMPLE, max_chars=grammar.LONGEST)
            pressed = st.form_submit_button("Read", key="words_read")
        st.caption(
            "Read by built-in rules in English, German or French; no language model. Nothing moves before Apply."
        )
        if pressed:
            _read(run, results, fitted, st.session_state[TEXT])
        asked: Asked | None = st.session_state.get(ASKED)
        if asked is None or asked.run_id != run.id:
            return
        if asked.reading.question is not None:
            _question(asked, run, results, fitted)
        else:
            _chips(asked, run, results, fitted)


def _read(run: Run, results: Results, fitted: Fitted, sentence: str) -> None:
    last: Asked | None = st.session_state.get(ASKED)
    plan = sliders.plan_now(run, fitted.response)
    before = st.session_state.get(BEFORE, ())
    reading = sentences.read(fitted.response, results, sentence, before, plan.periods)
    if reading.changes:
        st.session_state[BEFORE] = grammar.channels_of(reading) or before
    number = last.number + 1 if last else 0
    st.session_state[ASKED] = Asked(run.id, sentence, reading, list(reading.changes), number)


# ---- a question back -------------------------------------------------------------------------------------------------


def _question(asked: Asked, run: Run, results: Results, fitted: Fitted) -> None:
    with st.container(border=True, key="words_question", gap="small"):
        st.markdown(f":material/help: {f.safe(asked.reading.question or '')}")
        if asked.reading.options:
            with st.container(horizontal=True):
                for place, option in enumerate(asked.reading.options):
                    st.button(
                        f.safe(f.plain(option) if option in fitted.response.channels else option),
                        key=f"words_option_{asked.number}_{place}",
                        on_click=_choose,
                        args=(asked, option, run, results, fitted),
                    )


def _choose(asked: Asked, option: str, run: Run, results: Results, fitted: Fitted) -> None:
    """Put the answer where the sentence was unclear, and read it again."""
    unclear = asked.reading.unclear
    place = asked.sentence.casefold().find(unclear.casefold()) if unclear else -1
    if place >= 0:
        before, after = asked.sentence[:place], asked.sentence[place + len(unclear) :]
    elif option in fitted.response.channels:
        before, after = f"{asked.sentence.rstrip(' ?.!')} ", ""
    else:
        before, after = "", ""
    sentence = f"{before}{option}{after}"
    st.session_state[TEXT] = sentence
    _read(run, results, fitted, sentence)


# ---- chips -----------------------------------------------------------------------------------------------------------


def _chips(asked: Asked, run: Run, results: Results, fitted: Fitted) -> None:
    with st.container(horizontal=True, gap="small", key="words_chips"):
        for place in range(len(asked.changes)):
            asked.changes[place] = chip(asked, place, results)
    if not asked.changes:
        st.session_state.pop(ASKED, None)
        st.rerun(scope="fragment")
    now = sliders.plan_now(run, fitted.response)
    problem, one = "", None
    try:
        one = sentences.applied(fitted.response, results, asked.changes, now)
    except CarryoverError as error:
        problem = str(error)
    if problem:
        st.warning(f.safe(problem))
    with st.container(horizontal=True):
        st.button(
            "Apply",
            type="primary",
            key=f"words_apply_{asked.number}",
            disabled=one is None,
            on_click=apply_changes,
            args=(one, asked, run, results),
        )
        st.button("Discard", key=f"words_discard_{asked.number}", on_click=_discard)


def chip(asked: Asked, place: int, results: Results) -> Change:
    """One change: what it is about, its numbers to edit, a way to drop it. Gives the change as it stands now."""
    change = asked.changes[place]
    key = f"{asked.number}_{len(asked.changes)}_{place}"
    with st.container(
        border=True,
        horizontal=True,
        vertical_alignment="center",
        width="content",
        gap="small",
        key=f"words_chip_{key}",
    ):
        says = st.empty()
        for number in change_words.numbers(change):
            value = st.number_input(
                number.label,
                min_value=number.lowest,
                max_value=number.highest,
                value=float(number.value),
                step=1.0 if number.percent else max(1.0, 10.0 ** (len(f"{abs(number.value):.0f}") - 2)),
                format="%.6g",
                key=f"words_number_{number.field}_{key}",
                width=150,
                label_visibility="collapsed",
            )
            st.markdown(f":gray[{f.safe(number.label)}]", width="content")
            if value is not None and value != float(number.value):
                change = change_words.edited(change, number, value)
        what, happens = change_words.subject(change), change_words.action(change, results.currency)
        says.markdown(f"**{f.safe(what)}** :gray[{f.safe(happens)}]", width="content")
        st.button(
            "Remove",
            key=f"words_remove_{key}",
            type="tertiary",
            on_click=_remove,
            args=(asked, place),
        )
    return change


def _remove(asked: Asked, place: int) -> None:
    del asked.changes[place]


def _discard() -> None:
    st.session_state.pop(ASKED, None)


def apply_changes(one: sentences.Applied, asked: Asked, run: Run, results: Results) -> None:
    """Move the sliders; where limits, a total or the best split were asked, set them under Optimise and turn there."""
    planned = any(isinstance(c, Limit | Optimise) for c in asked.changes)
    sliders.load(one.plan.spend, one.plan.periods)
    if planned or one.total is not None:
        locked = {name for name, bound in one.bounds.items() if bound.locked}
        optimise.load(run, one.plan.periods, one.total, one.ends, locked)
    st.session_state[sliders.TABS] = "Optimise" if planned else "By hand"
    st.session_state.pop(ASKED, None)
    st.session_state[TEXT] = ""
    st.session_state[APPLIED] = True
    st.session_state[BEFORE] = grammar.channels_of(Reading(tuple(asked.changes)))
    told = "; ".join(change_words.said(c, results.currency) for c in asked.changes)
    state.flash(f"Applied: {f.safe(told)}.")
