"""The question that is asked now: what is proposed as its answer, item by item, and the buttons that answer it."""

from collections.abc import Sequence

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.plan_talk import PlanTalk, Suggestion, Topic
from mmm_core.reports import plan_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import planning
from mmm_core.use_cases.experience import Lesson
from mmm_core.use_cases.planning import Asked
from mmm_core.use_cases.planning_draft import words
from pages.ui import plan_talk_evidence, state
from pages.ui.errors import shown

NAMES = (Topic.CHANNELS, Topic.CONTROLS)
LINE, ACROSS = 42, 40
"""Pixels of a line that can be edited, and the letters that fit on it on a phone."""


def card(actor: Actor, now: Asked) -> None:
    if now.talk.options:
        _options(now.talk)
    if now.talk.suggested:
        _suggested(actor, now.talk)
        return
    _gaps(actor, now)
    topic = now.talk.topic
    if topic is None:
        return
    with st.container(border=True, key="plan_talk_card"):
        question = plan_words.ask(topic, now.talk.draft.target)
        if now.talk.turns[-1].text != question:
            st.markdown(f"**{f.safe(question)}**")
        st.caption(f.safe(plan_words.WHY[topic]))
        key = f"plan_talk_{now.talk.id}_{now.talk.number}"
        texts, picked = _fields(topic, now, key)
        plan_talk_evidence.beside(actor, now)
        _buttons(actor, now.talk, texts, picked)


def _fields(topic: Topic, now: Asked, key: str) -> tuple[list[str], list[Suggestion]]:
    if topic is Topic.QUESTION:
        return _question(now, key), []
    if topic is Topic.TARGET:
        return _target(now, key), []
    if topic in NAMES:
        return _names(topic, now, key), []
    picked = _ticked(now.offers, key)
    if topic is Topic.PRECEDENTS:
        _precedents_none(now.offers, now.lessons)
        return [], picked
    return _own_lines(topic, now, picked, key)


def _question(now: Asked, key: str) -> list[str]:
    if now.offers:
        with st.container(horizontal=True, gap="small"):
            for place, one in enumerate(now.offers):
                st.button(
                    f.safe(one.text), key=f"{key}_q{place}", on_click=_put, args=(f"{key}_text", one.text),
                )  # fmt: skip
    if f"{key}_text" not in st.session_state:
        st.session_state[f"{key}_text"] = now.talk.draft.question or next((s.text for s in now.offers if s.advised), "")
    return [st.text_area("Question", key=f"{key}_text", height=80, label_visibility="collapsed")]


def _put(key: str, text: str) -> None:
    st.session_state[key] = text


def _target(now: Asked, key: str) -> list[str]:
    first = [now.talk.draft.target] if now.talk.draft.target else []
    options = list(dict.fromkeys([*first, *(s.text for s in now.offers), *now.known.names.values()]))
    chosen = st.selectbox(
        "Target", options, index=0 if options else None, format_func=f.plain, key=f"{key}_target",
        accept_new_options=True, label_visibility="collapsed", placeholder="Choose, or type a name",
    )  # fmt: skip
    for one in now.offers:
        st.caption(f.safe(f"{f.plain(one.text)}: {one.why}"))
    return [chosen] if chosen else []


def _names(topic: Topic, now: Asked, key: str) -> list[str]:
    held = [*now.talk.draft.channels] if topic is Topic.CHANNELS else [*now.talk.draft.controls]
    chosen = held or [s.text for s in now.offers if s.advised]
    taken = {now.talk.draft.target, *(now.talk.draft.channels if topic is Topic.CONTROLS else ())}
    options = dict.fromkeys([*chosen, *(s.text for s in now.offers), *now.known.names.values()])
    named = st.multiselect(
        plan_words.TITLES[topic], [o for o in options if o not in taken], default=[c for c in chosen if c not in taken],
        format_func=f.plain, accept_new_options=True, key=f"{key}_names", label_visibility="collapsed",
        placeholder="Choose, or type a name and press Enter",
    )  # fmt: skip
    if now.offers:
        with st.expander("Why these"):
            st.markdown("\n".join(f"- **{f.safe(f.plain(s.text))}**: {f.safe(s.why)}" for s in now.offers))
    return named


def _ticked(offers: Sequence[Suggestion], key: str) -> list[Suggestion]:
    picked = []
    with st.container(key="plan_talk_reasons", gap=None):
        for one in offers:
            if st.checkbox(f.safe(one.text), value=one.advised, key=f"{key}_{one.key}"):
                picked.append(one)
            if one.why:
                st.caption(f.safe(one.why))
    return picked


def _precedents_none(offers: Sequence[Suggestion], lessons: Sequence[Lesson]) -> None:
    if not lessons:
        st.markdown(":gray[Your organisation has no earlier model yet, so there is nothing to start from.]")
    elif not offers:
        st.markdown(":gray[No earlier model has anything to hand on; why not stands below.]")


def _own_lines(topic: Topic, now: Asked, picked: list[Suggestion], key: str) -> tuple[list[str], list[Suggestion]]:
    offered = {s.text for s in now.offers}
    held = words(topic, now.talk.draft)
    own = st.text_area(
        "Your own, one a line", value="\n".join(t for t in held if t not in offered), key=f"{key}_own", height=90
    )
    if topic is not Topic.HYPOTHESES:
        return [*(s.text for s in picked), *own.splitlines()], []
    kept = {h.text: h for h in now.talk.draft.hypotheses}
    mine = [
        Suggestion(t, topic, t, arrow=kept.get(t) or planning.hypothesis_of(now, t))
        for t in own.splitlines()
        if t.strip()
    ]
    return [], [*picked, *mine]


def _buttons(actor: Actor, talk: PlanTalk, texts: list[str], picked: list[Suggestion]) -> None:
    services = state.services()
    single = talk.topic in (Topic.QUESTION, Topic.TARGET)
    given = [t for t in texts if t.strip()]
    none = not single and not given and not picked and talk.topic is not Topic.CHANNELS
    with st.container(horizontal=True):
        label = (
            plan_words.NOTHING.get(talk.topic, "Take this")
            if none and talk.topic
            else "Take this"
            if single
            else "Take these"
        )
        if st.button(label, type="primary", key="plan_talk_take", disabled=not none and not given and not picked):
            with shown():
                planning.give(services, actor, talk, texts=given, picked=picked)
                st.rerun(scope="fragment")
        if st.button("Skip", key="plan_talk_skip"):
            with shown():
                planning.skip(services, actor, talk)
                st.rerun(scope="fragment")
        if talk.topic is not Topic.QUESTION and st.button("Back", key="plan_talk_back"):
            with shown():
                planning.back(services, actor, talk)
                st.rerun(scope="fragment")


def _options(talk: PlanTalk) -> None:
    from pages.ui import plan_talk

    with st.container(horizontal=True, gap="small"):
        for place, option in enumerate(talk.options):
            key = f"plan_talk_option_{talk.number}_{place}"
            st.button(f.safe(option), key=key, on_click=plan_talk.send, args=(option,))


def _suggested(actor: Actor, talk: PlanTalk) -> None:
    """A model's proposals, each a row to tick and to change before it is taken."""
    with st.container(border=True, key="plan_talk_suggested"):
        st.markdown(
            "**Proposed by the language model** :gray[Change what you like; what is ticked goes into the draft.]"
        )
        chosen: dict[str, str] = {}
        for place, one in enumerate(talk.suggested):
            key = f"plan_talk_s_{talk.id}_{talk.number}_{place}"
            ticked = st.checkbox(plan_words.TITLES[one.topic], value=True, key=f"{key}_on")
            fixed = one.precedent is not None
            text = st.text_area("Text", one.text, key=f"{key}_text", label_visibility="collapsed", disabled=fixed,
                                height=LINE if len(one.text) <= ACROSS else 2 * LINE)  # fmt: skip
            if one.why:
                st.caption(f.safe(one.why))
            if ticked:
                chosen[one.key] = text
        with st.container(horizontal=True):
            if st.button("Take the ticked ones", type="primary", key="plan_talk_take_rows", disabled=not chosen):
                with shown():
                    planning.take(state.services(), actor, talk, chosen)
                    st.rerun(scope="fragment")
            if st.button("None of these", key="plan_talk_drop_rows"):
                with shown():
                    planning.take(state.services(), actor, talk, {})
                    st.rerun(scope="fragment")


def _gaps(actor: Actor, now: Asked) -> None:
    """Contradictions, each with what would mend it; what has not been asked yet is no gap."""
    open_ones = [g for g in now.gaps if now.talk.topic is None or g.topic in now.talk.answered]
    for place, gap in enumerate(open_ones[:4]):
        with st.container(border=True, key=f"plan_talk_gap_{place}", gap="small"):
            st.markdown(f":material/error_outline: {f.safe(gap.text)}")
            with st.container(horizontal=True, gap="small"):
                for n, mend in enumerate(gap.mends):
                    if st.button(f.safe(mend.label), key=f"plan_talk_mend_{now.talk.number}_{place}_{n}"):
                        with shown():
                            planning.edit(state.services(), actor, now.talk, mend.draft)
                            st.rerun(scope="fragment")
