"""What the workflow remembers between its steps: ids, small facts and decisions; never a table.

Only plain values, since a checkpoint outlives the program that wrote it. Keys that several steps add to are merged by
name, so that a step done again after a crash changes nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from pydantic import TypeAdapter

from mmm_core.domain.workflow import Answer, Question, Stage

Plain = dict[str, Any]
MOST_DECISIONS = 40
"""Of the newest ones that a language model is handed."""
LONGEST = 240
MOST_LISTED = 40

_QUESTIONS: TypeAdapter[Question] = TypeAdapter(Question)
_ANSWERS: TypeAdapter[Answer] = TypeAdapter(Answer)


def merged(before: Plain, after: Plain) -> Plain:
    return {**before, **after}


class State(TypedDict, total=False):
    project_id: str
    phase: str
    """That the supervisor chose last; empty at the end."""
    given_spec: str | None
    ladder: bool
    hand_over: bool
    auto: bool
    version_id: str
    plan_id: str
    spec: str
    """The specification as it stands, YAML."""
    baseline_id: str
    methods_tried: list[str]
    run_id: str
    kept: bool
    """Whether a person keeps a model that has not converged."""
    fits: int
    """Fits of this workflow so far."""
    study_id: str
    budget: Plain
    """Total, style, periods and held channels of the plan that is asked about."""
    scenario_id: str
    report_id: str
    question: Plain | None
    """What a person is asked next; None where a step needs no answer."""
    stopped: str
    """The sentence of the rejection that ended it."""
    leads_to: str
    facts: Annotated[Plain, merged]
    """By stage, what later phases and people may want to know."""
    decisions: Annotated[Plain, merged]
    """Text and reason by key, oldest first."""
    visits: Annotated[Plain, merged]
    """How often each step has been done."""


@dataclass(frozen=True)
class Decided:
    """A decision of a rule or a person, and its reason."""

    text: str
    reason: str
    detail: Plain = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """What a step of the workflow hands back."""

    update: State = field(default_factory=lambda: State())
    facts: Plain = field(default_factory=dict)
    decisions: tuple[Decided, ...] = ()
    closes: bool = True
    """Whether its stage has ended with it."""


def plain(question: Question) -> Plain:
    made: Plain = _QUESTIONS.dump_python(question, mode="json")
    return made


def question_of(document: Mapping[str, Any]) -> Question:
    return _QUESTIONS.validate_python(document)


def plain_answer(answer: Answer) -> Plain:
    made: Plain = _ANSWERS.dump_python(answer, mode="json")
    return made


def answer_of(document: Mapping[str, Any]) -> Answer:
    return _ANSWERS.validate_python(document)


def brief(state: State) -> str:
    """The state as a language model is handed it: facts by stage and the newest decisions, each cut to size."""
    facts = {
        stage.value: _short(state["facts"][stage.value]) for stage in Stage if stage.value in state.get("facts", {})
    }
    decisions = list(state.get("decisions", {}).values())[-MOST_DECISIONS:]
    lines = [_cut(f"{d['text']} Reason: {d['reason']}" if d["reason"] else d["text"]) for d in decisions]
    return json.dumps({"facts": facts, "decisions": lines}, ensure_ascii=False, separators=(",", ":"))


def _short(value: Any) -> Any:
    if isinstance(value, str):
        return _cut(value)
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {k: _short(v) for k, v in list(value.items())[:MOST_LISTED]}
    if isinstance(value, list | tuple):
        return [_short(v) for v in value[:MOST_LISTED]]
    return value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
