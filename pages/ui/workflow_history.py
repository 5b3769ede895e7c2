"""Everything that an analysis did, in order and with reasons: decisions, answers, acts, and models with their cost."""

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.workflow import Event, EventKind, Workflow
from mmm_core.reports import wording as f
from mmm_core.reports import workflow_words as words
from mmm_core.use_cases import workflows
from pages.ui import state, workflow
from pages.ui.errors import shown

KINDS = {
    EventKind.BEGUN: "Phase",
    EventKind.ENDED: "Phase ended",
    EventKind.DECISION: "Decision",
    EventKind.ASKED: "Question",
    EventKind.ANSWERED: "Answer",
    EventKind.ACT: "Written",
    EventKind.REMARK: "Language model",
    EventKind.STATUS: "Course",
}


def section(actor: Actor, project: Project) -> None:
    """The project's analyses, one opened: its decisions, and the whole course behind a second tab."""
    found = workflows.list_workflows(state.services(), actor, project.id)
    if not found:
        return
    chosen = found[0]
    if len(found) > 1:
        chosen = st.selectbox("Analysis", found, format_func=_called, key="analysis_chosen")
    with shown():
        seen = workflows.watch(state.services(), actor, chosen.id)
        decided, course = st.tabs(["Decisions", "Everything it did"])
        with decided:
            _decisions(seen.decisions, workflow.names(actor, project.id))
        with course:
            _course(seen, chosen)


def _called(one: Workflow) -> str:
    return f"{f.moment(one.requested_at)}, by {one.requested_by}: {words.STATUS[one.status]}"


def _decisions(events: Sequence[Event], names: Sequence[str]) -> None:
    if not events:
        st.caption("Nothing has been decided yet.")
        return
    stage = None
    for event, after in zip(events, (*events[1:], None), strict=True):
        if event.stage is not stage and event.stage is not None:
            stage = event.stage
            st.markdown(f"**{words.STAGES[stage]}**")
        mark = ":orange[▸]" if event.kind is EventKind.ANSWERED else ":gray[•]"
        shared = after is not None and after.stage is stage and after.reason == event.reason
        why = f"  \n:gray[{f.safe(f.named(event.reason, names))}]" if event.reason and not shared else ""
        st.markdown(f"{mark} {f.safe(f.named(event.text, names))}{why}")


def _seconds(took: float | None) -> str:
    return f"{took:.1f}" if took is not None else ""


def _cost(detail: dict[str, Any]) -> str:
    """Tokens of a language model, and their price where it is known."""
    if "input_tokens" not in detail:
        return ""
    price = f", ${detail['cost']:.4f}" if detail.get("cost") is not None else ""
    return f"{f.whole(detail['input_tokens'] + detail['output_tokens'])} tokens{price}"


def _course(seen: workflows.Watch, chosen: Workflow) -> None:
    rows = [
        {
            "When": event.at,
            "What": KINDS[event.kind],
            "Phase": words.SHORT[event.stage] if event.stage else "",
            "Text": event.text,
            "Why": event.reason,
            "By": event.by,
            "Seconds": _seconds(event.detail.get("seconds")),
            "Cost": _cost(event.detail),
        }
        for event in seen.events
    ]
    frame = pd.DataFrame(rows)
    frame = frame[[name for name in frame if name == "When" or frame[name].astype(bool).any()]]
    config = {
        "When": st.column_config.DatetimeColumn(format="D MMM, HH:mm:ss"),
        "Text": st.column_config.TextColumn(width="large"),
    }
    st.dataframe(frame, hide_index=True, width="stretch", column_config=config)
    st.download_button(
        "Download (JSON)",
        lambda: json.dumps(workflows.replay(seen), indent=2, ensure_ascii=False, default=str).encode(),
        file_name=f"analysis-{chosen.id[:8]}.json",
        mime="application/json",
        type="tertiary",
        key="analysis_download",
    )
