"""A language model's sentence beside a question: it may phrase, never decide, and no figure gets through.

The figures stand in the evidence, from the tools; which of them a sentence means cannot be known, so it holds none.
"""

import json
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from mmm_core.agents.workflow.desk import Desk
from mmm_core.agents.workflow.state import Plain, State, brief
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.knowledge import Phase
from mmm_core.domain.llm import Task
from mmm_core.domain.workflow import Event, EventKind, Stage
from mmm_core.reports import quantities
from mmm_core.use_cases import retrieval

PROMPT = Path(__file__).parent / "prompts" / "remark.md"
LONGEST = 600


def remark(desk: Desk, stage: Stage, state: State, question: Plain) -> str:
    """What a model has to say about the question; nothing where none is set, it fails, or it says how much."""
    models = desk.services.models
    if models is None or not models.available(desk.actor, Task.WRITE):
        return ""
    shown = {k: question[k] for k in ("gate", "text", "evidence", "tables")}
    handed = {"question": shown, "so far": json.loads(brief(state)), "kept": kept_about(desk, stage, state, question)}
    asked = json.dumps(handed, ensure_ascii=False)
    began = time.perf_counter()
    key = f"{question['key']}:remark"
    try:
        answer = models.ask(desk.actor, Task.WRITE, _prompt(), asked, project_id=state["project_id"])
    except CarryoverError as error:
        _tell(desk, Event(key, EventKind.REMARK, stage, "The language model had nothing to say.", reason=str(error)))
        return ""
    text = " ".join(answer.text.split())[:LONGEST]
    strange = quantities.first(text, set(_names(state)))
    detail = {
        "assistant": str(answer.choice),
        "input_tokens": answer.usage.input_tokens,
        "output_tokens": answer.usage.output_tokens,
        "cost": answer.usage.cost,
        "seconds": time.perf_counter() - began,
        "said": text,
    }
    why = f"It said how much (“{strange}”); figures come from the results alone." if strange else ""
    said = "A remark of the language model was left out." if strange else f"{answer.choice} remarked: {text}"
    _tell(desk, Event(key, EventKind.REMARK, stage, said, reason=why, detail=detail))
    return "" if strange else text


def kept_about(desk: Desk, stage: Stage, state: State, question: Plain) -> str:
    """What the organisation has kept about it, within the phase's budget of tokens."""
    about = " ".join((question["text"], *_names(state)))
    phase = Phase(stage.phase.value)
    try:
        found = retrieval.retrieve(desk.services, desk.actor, about, phase, project_id=state["project_id"])
    except CarryoverError:
        # A remark is a courtesy; without what is kept it is a poorer one.
        return ""
    return found.text


def _names(state: State) -> Iterator[str]:
    """What columns and channels are called."""
    planned = state.get("facts", {}).get(Stage.PLANNING.value, {})
    yield str(planned.get("target", ""))
    for group in ("channels", "controls"):
        yield from map(str, planned.get(group, ()))


def _tell(desk: Desk, event: Event) -> None:
    with desk.services.work(desk.actor) as work:
        work.workflows.record(desk.workflow.id, [event])


@cache
def _prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
