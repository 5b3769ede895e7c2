"""What stands behind the proposals of a question: earlier models with their grade, and what the team has kept."""

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.plan_talk import Topic
from mmm_core.reports import wording as f
from mmm_core.use_cases import planning_background
from mmm_core.use_cases.experience import Grade, Lesson
from mmm_core.use_cases.planning import Asked
from pages.ui import state

COLOURS = {Grade.A: "green", Grade.B: "blue", Grade.C: "orange", Grade.D: "red"}


def beside(actor: Actor, now: Asked) -> None:
    if now.talk.topic is Topic.PRECEDENTS and now.lessons:
        with st.expander(f"Earlier models ({len(now.lessons)}), best first", expanded=True):
            for lesson in now.lessons:
                _lesson(lesson)
    found = planning_background.kept_about(state.services(), actor, now)
    if found:
        with st.expander("What is kept about this"):
            for passage in found:
                where = (
                    f" · {f.safe(passage.address)}" if passage.address else f" · {passage.kind}, {f.day(passage.at)}"
                )
                st.markdown(
                    f"**{f.safe(passage.title)}**:gray[{where}]  \n{f.safe(planning_background.excerpt(passage))}"
                )


def _lesson(lesson: Lesson) -> None:
    where = f"/model?project={lesson.project.id}"
    name = f"[{f.safe(lesson.model)} of {f.safe(lesson.project.name)}]({where})"
    st.markdown(
        f":{COLOURS[lesson.grade]}-badge[Grade {lesson.grade}] {name} :gray[{f.day(lesson.at)} · {f.safe(lesson.why)}]"
    )
    said = [f"Hands on {len(lesson.offers)} of the above."] if lesson.offers else []
    lines = [*said, *(f"Not taken over: {why}" for why in lesson.refused)]
    st.caption("  \n".join(f.safe(line) for line in lines))
