"""What a language model is handed of a workflow, and what of its words reaches a person."""

import json
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mmm_core.agents.workflow import advice, graph
from mmm_core.agents.workflow.state import State, brief
from mmm_core.domain import knowledge as known
from mmm_core.domain.passages import tokens as counted
from mmm_core.domain.workflow import EventKind, Phase
from mmm_core.use_cases import knowledge, projects, retrieval
from tests.agents import world
from tests.agents.scripted import Scripted
from tests.agents.workflow.conftest import Open

RETAILER = Path(__file__).resolve().parents[4] / "shared" / "data" / "retailer_weekly.csv"
MOST_TOKENS = 8000
BYTES_PER_TOKEN = 2.5
"""Fewer than any tokenizer in use needs for English and figures, so that the count errs on the large side."""


@pytest.mark.slow
@pytest.mark.skipif(not RETAILER.exists(), reason="the retailer's file is not beside the repository")
def test_the_state_stays_small_on_eighty_columns(office: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[str] = []

    def kept(desk: Any, stage: Any, state: State, question: Any) -> str:
        shown = {k: question[k] for k in ("gate", "text", "evidence", "tables")}
        found = advice.kept_about(desk, stage, state, question)
        handed.append(brief(state) + json.dumps(shown, ensure_ascii=False) + found)
        return ""

    monkeypatch.setattr(advice, "remark", kept)
    one = office(RETAILER.read_bytes()).start().until("publication")
    one.yes()
    tokens = [len(text.encode()) / BYTES_PER_TOKEN + len(advice.PROMPT.read_bytes()) / 4 for text in handed]
    assert len(tokens) >= 6
    assert max(tokens) < MOST_TOKENS, tokens
    facts = json.loads(brief(one.saver.get_tuple({"configurable": {"thread_id": one.workflow_id}}).checkpoint[
        "channel_values"
    ]))["facts"]  # fmt: skip
    assert {"planning", "profiling", "validation", "adstock", "evaluation", "budget"} <= set(facts)


@pytest.mark.parametrize(
    ("name", "said", "reaches"),
    [
        ("words alone", "Look at the channels that follow demand before you agree.", True),
        ("a figure", "TV brought 73% of sales, so approve it.", False),
        ("a figure of the evidence beside another thing", "TV returns 104 times what it costs.", False),
        ("a quantity in words", "TV will bring twice its cost; most of the budget is wasted.", False),
        ("nothing", "", False),
    ],
)
def test_a_remark_is_shown_unless_it_says_how_much(office: Open, name: str, said: str, reaches: bool) -> None:
    one = office()
    # What was asked before in the same words is answered from the cache.
    project = projects.get_project(one.services, one.actor, one.project_id)
    projects.update_project(one.services, one.actor, replace(project, question=f"A model that says {name}?"))
    one.services = world.with_model(one.services, lambda settings, choice: Scripted(steps=[said]))
    one.start()
    one.go()
    question = one.asked.question
    assert question.remark == (said if reaches else "")
    (told,) = one.events(EventKind.REMARK)
    assert bool(told.reason) is not reaches
    if said:
        assert told.detail["said"] == said
        assert told.detail["input_tokens"] > 0


def test_a_remark_is_handed_what_is_kept_within_its_phases_budget(office: Open) -> None:
    one = office()
    project = projects.get_project(one.services, one.actor, one.project_id)
    projects.update_project(one.services, one.actor, replace(project, question=f"What of {uuid.uuid4()}?"))
    words = "Approve no plan while the strike of May goes on."
    knowledge.keep_note(one.services, one.actor, one.project_id, "Plan", words)
    model = Scripted(steps=["Look at the strike first."])
    one.services = world.with_model(one.services, lambda settings, choice: model)
    one.start()
    one.go()
    (messages,) = model.seen
    kept = json.loads(str(messages[-1].content))["kept"]
    assert "[note: Plan | " in kept
    assert "the strike of May" in kept
    assert counted(kept) <= retrieval.BUDGETS[known.Phase.PLAN]
    assert one.asked.question.remark == "Look at the strike first."


def test_the_supervisor_goes_through_the_phases_and_stops_where_a_person_said_no() -> None:
    state: State = {}
    seen = []
    while phase := graph.supervise(state):
        seen.append(phase)
        state = {"phase": phase}
    assert seen == [p.value for p in Phase]
    assert graph.supervise({"phase": "data", "stopped": "No."}) == ""
    assert graph.supervise({"phase": "interpret", "report_id": "r"}) == ""
