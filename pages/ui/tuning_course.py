"""The course of a session: every proposal with what each role said of it, in order."""

from collections.abc import Sequence

import streamlit as st

from mmm_core.domain.workflow import Event, EventKind
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import tuning_words as words
from mmm_core.reports import wording as f
from mmm_core.use_cases import tuning_history
from mmm_core.use_cases.workflows import Watch

COLOURS = {"passed": "blue", "better": "green", "approved": "green", "rejected": "red", "set aside": "gray"}
WHOLE = ("trial", "status", "criteria", "result")
TOLD = ("trial", "proposal", "verdict", "escalation", "criteria", "result", "status")


def proposals(seen: Watch) -> int:
    return sum(e.detail.get("what") == "proposal" and "proposal" in e.detail for e in seen.events)


def assistant(seen: Watch) -> str:
    """Who is at work, and what language models have cost so far."""
    found = next((str(e.detail["assistant"]) for e in seen.events if e.detail.get("what") == "trial"), "")
    spent = tuning_history.cost(seen.events)
    calls = spent["model_calls"]
    if not calls:
        return words.ASSISTANTS.get(found, "")
    tokens = f.whole(spent["input_tokens"] + spent["output_tokens"])
    price = f", ${spent['us_dollars']:.4f}" if spent["us_dollars"] else ""
    return f"{words.ASSISTANTS.get(found, '')} {calls} {'call' if calls == 1 else 'calls'}, {tokens} tokens{price}."


def draw(seen: Watch) -> None:
    names = _channels(seen)
    for number, events in enumerate(_blocks(seen.events)):
        framed = events[0].detail.get("what") == "proposal"
        with st.container(border=framed, gap="small", key=f"tuning_block_{seen.workflow.id}_{number}"):
            st.markdown("  \n".join(_lines(events, names)))


def _blocks(events: Sequence[Event]) -> list[list[Event]]:
    """Each proposal with what was said of it; what is about the whole session stands by itself."""
    found: list[list[Event]] = []
    for event in events:
        what = event.detail.get("what")
        if what not in TOLD and event.kind is not EventKind.ANSWERED:
            continue
        alone = what in WHOLE and bool(found) and found[-1][0].detail.get("what") not in WHOLE
        if not found or what == "proposal" or alone:
            found.append([])
        found[-1].append(event)
    return found


def _lines(events: Sequence[Event], names: Sequence[str]) -> list[str]:
    """A reason stands once in a block: what a rejection leads to repeats that of the verdict."""
    said, found = "", []
    for event in events:
        found.append(_line(event, names, "" if event.reason == said else event.reason))
        said = event.reason or said
    return found


def _line(event: Event, names: Sequence[str], reason: str) -> str:
    why = f"  \n:gray[{f.safe(f.named(reason, names))}]" if reason else ""
    verdict = str(event.detail.get("verdict", ""))
    if event.detail.get("what") in ("verdict", "criteria") and verdict in words.VERDICTS:
        who = words.ROLES.get(str(event.detail.get("role", "")), "")
        return f":{COLOURS[verdict]}-badge[{who} {words.VERDICTS[verdict]}] {why.strip()}"
    text = f.safe(f.named(event.text, names))
    return f"**{text}**{why}" if event.detail.get("what") in ("proposal", "result") else f"{text}{why}"


def _channels(seen: Watch) -> tuple[str, ...]:
    text = seen.workflow.options.spec_yaml
    return tuple(c.name for c in ModelSpec.from_yaml(text).channels) if text else ()
