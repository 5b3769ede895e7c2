"""The draft plan beside the conversation: all of it can be changed, and written down once what will change was seen."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.plan_talk import DraftPlan, Hypothesis, Topic
from mmm_core.reports import plan_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import planning, planning_writing
from mmm_core.use_cases.planning import Asked
from mmm_core.use_cases.precedents import in_words
from pages.ui import state
from pages.ui.errors import shown

NAMES = (Topic.TARGET, Topic.CHANNELS, Topic.CONTROLS)
SIGNS = {True: ":green[+]", False: ":red[−]"}
ACROSS = 42
"""Letters that fit on a line of a field here, about."""


def panel(actor: Actor, now: Asked) -> None:
    talk, draft = now.talk, now.talk.draft
    with st.container(border=True, key="plan_talk_draft"):
        st.markdown("**Draft of the plan** :orange-badge[Not written yet]")
        changed = _fields(now, f"draft_{talk.id}_{talk.number}")
        if changed != draft:
            with shown():
                planning.edit(state.services(), actor, talk, changed)
                st.rerun(scope="fragment")
        if talk.topic is not None and st.button("Done: show what this writes", key="plan_talk_finish"):
            with shown():
                planning.turn_to(state.services(), actor, talk, None)
                st.rerun(scope="fragment")


def _fields(now: Asked, key: str) -> DraftPlan:
    draft, names = now.talk.draft, list(now.known.names.values())
    question = st.text_area(_title(now, Topic.QUESTION), draft.question, key=f"{key}_question", height=68)
    target = st.text_input(_title(now, Topic.TARGET), draft.target, key=f"{key}_target")
    channels = _named(now, Topic.CHANNELS, draft.channels, names, key)
    controls = _named(now, Topic.CONTROLS, draft.controls, names, key)
    hypotheses = _hypotheses(now, key)
    if draft.precedents:
        st.caption(plan_words.TITLES[Topic.PRECEDENTS])
    precedents = [p for n, p in enumerate(draft.precedents) if _stays(in_words(p), p.source, f"{key}_p{n}")]
    needed = _lines(now, Topic.DATA_NEEDED, draft.data_needed, key)
    tests = _lines(now, Topic.EXPERIMENTS, draft.experiments, key)
    return replace(
        draft, question=question.strip(), target=target.strip(), channels=channels, controls=controls,
        hypotheses=hypotheses, precedents=tuple(precedents), data_needed=needed, experiments=tests,
    )  # fmt: skip


def _title(now: Asked, topic: Topic) -> str:
    return plan_words.TITLES[topic]


def _named(now: Asked, topic: Topic, held: tuple[str, ...], names: list[str], key: str) -> tuple[str, ...]:
    options = list(dict.fromkeys([*held, *names]))
    return tuple(
        st.multiselect(
            _title(now, topic), options, default=list(held), format_func=f.plain, accept_new_options=True,
            key=f"{key}_{topic}", placeholder="None yet",
        )
    )  # fmt: skip


def _lines(now: Asked, topic: Topic, held: tuple[str, ...], key: str) -> tuple[str, ...]:
    tall = max(68, 21 * sum(1 + len(item) // ACROSS for item in held) + 42)
    text = st.text_area(_title(now, topic), "\n".join(held), key=f"{key}_{topic}", height=tall)
    return tuple(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _stays(words: str, source: str, key: str) -> bool:
    left, right = st.columns([5, 1], vertical_alignment="center", gap="small")
    left.markdown(f"{f.safe(words)} :gray[{f.safe(source)}]")
    return not right.button("Drop", key=key, type="tertiary")


def _hypotheses(now: Asked, key: str) -> tuple[Hypothesis, ...]:
    """One a line; a line that nobody touched keeps what it is made of, and a new one is read as a typed answer is."""
    held = now.talk.draft.hypotheses
    kept = {h.text: h for h in held}
    lines = _lines(now, Topic.HYPOTHESES, tuple(kept), key)
    return tuple(kept.get(line) or planning.hypothesis_of(now, line) for line in lines)


def writing(actor: Actor, now: Asked) -> None:
    """What writing the draft down will change, then the button that does it."""
    found = planning_writing.changes(state.services(), actor, now.talk)
    with st.container(border=True, key="plan_talk_writing"):
        if not found.lines and not found.arrows:
            st.markdown("The plan says all of this already.")
            return
        st.markdown(f"**This becomes plan {found.version}, a draft that an approver decides on**")
        parts = [_part(topic, found.lines) for topic in Topic if any(x.topic is topic for x in found.lines)]
        if found.arrows:
            drawn = "A first causal diagram is drawn, with" if found.first_diagram else "New in the causal diagram"
            parts.append(
                _items(drawn, [f":green[+] {f.safe(plan_words.arrow(a.cause, a.effect))}" for a in found.arrows])
            )
        st.markdown("\n".join(parts))
        if now.gaps:
            st.caption(f.safe(" ".join(g.text for g in now.gaps[:3])))
        if not now.known.beliefs:
            st.caption(plan_words.ASK_PEOPLE)
        if st.button("Write it down as the plan", type="primary", key="plan_talk_write"):
            with shown():
                _, plan = planning_writing.write_down(state.services(), actor, now.talk)
                state.flash(plan_words.WRITTEN.format(version=plan.version))
                st.rerun()


def _part(topic: Topic, lines: Sequence[planning_writing.Line]) -> str:
    """Names on one line, sentences on one each."""
    mine = [x for x in lines if x.topic is topic]
    if topic not in NAMES:
        return _items(plan_words.TITLES[topic], [f"{SIGNS[x.added]} {f.safe(x.text)}" for x in mine])
    said = []
    for added in (True, False):
        names = ", ".join(f.safe(f.plain(x.text)) for x in mine if x.added is added)
        said += [f"{SIGNS[added]} {names}"] if names else []
    return f"- **{plan_words.TITLES[topic]}**  {'  '.join(said)}"


def _items(title: str, items: Sequence[str]) -> str:
    if len(items) == 1:
        return f"- **{title}** {items[0]}"
    return "\n".join((f"- **{title}**", *(f"  - {item}" for item in items)))
