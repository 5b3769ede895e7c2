"""A talk can be gone through again: what was asked, each call with arguments, result and time, decisions and costs."""

import hashlib
import json
import uuid
from dataclasses import replace

import pytest

from mmm_core.agents.chat import assistant
from mmm_core.agents.chat.talk import Done, meant
from mmm_core.agents.tools import acting, journal, registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message
from mmm_core.domain.errors import NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.use_cases import conversations, transcripts
from tests.agents import world
from tests.agents.scripted import Scripted


@pytest.fixture(scope="module")
def place(services: Services, actor: Actor) -> Context:
    return world.context(services, actor, world.company(services, actor))


def said(place: Context, text: str) -> Message:
    *_, last = assistant.respond(place, text)
    assert isinstance(last, Done)
    return last.message


def test_a_talk_with_rules_is_kept_with_its_calls(place: Context) -> None:
    first = said(place, "Which channel returned most?")
    (call,) = first.calls
    assert (call.tool, call.arguments, call.failed) == ("roi_summary", {}, False)
    assert call.tool == first.tools[0]
    assert call.milliseconds >= 0
    again = registry.call(place, "roi_summary", {})
    whole = json.dumps(again.said, ensure_ascii=False, default=str)
    assert call.result == whole[: journal.LONGEST]
    assert call.digest == hashlib.sha256(whole.encode()).hexdigest(), "the same call gives the same result"
    changed = said(replace(place, conversation_id=first.conversation_id), "raise tv by 20%")
    assert [(c.tool, c.arguments) for c in changed.calls] == [("propose_changes", {"sentence": "raise tv by 20%"})]


def test_a_talk_with_a_model_is_one_document(services: Services, actor: Actor, place: Context) -> None:
    steps = [
        [("channel_results", {"channel": "tv"})],
        [("channel_results", {"channel": "no such channel"})],
        [("add_analysis_note", {"title": "Strike", "text": "The strike ended in May."})],
        "The note waits.",
    ]
    model = Scripted(steps=steps)
    own = world.with_model(services, lambda settings, choice: model, model=f"compatible:small-{uuid.uuid4().hex}")
    here = replace(place, services=own)
    answer = said(here, "Look at TV and note that the strike ended in May, please.")
    acting.confirm(here, answer.proposals[0])
    made = json.loads(transcripts.as_json(transcripts.transcript(own, actor, answer.conversation_id)))
    asked, told = made["messages"]
    assert asked["text"].startswith("Look at TV")
    assert [(c["tool"], c["failed"]) for c in told["calls"]] == [
        ("channel_results", False), ("channel_results", True), ("add_analysis_note", False),
    ]  # fmt: skip
    assert told["calls"][0]["arguments"] == {"channel": "tv"}
    assert "tv" in told["calls"][0]["result"]
    (act,) = told["proposals"]
    assert (act["status"], act["decided_by"], act["tool"]) == ("done", actor.name, "add_analysis_note")
    assert made["cost"]["calls"] == len(made["model_calls"]) == len(steps)
    assert made["cost"]["input_tokens"] == told["input_tokens"] == sum(u["input_tokens"] for u in made["model_calls"])
    assert {u["ending"] for u in made["model_calls"]} == {"answered"}
    assert actor.organisation_id not in json.dumps(made)


def test_only_ones_own_talk_is_handed_out(place: Context, services: Services, actor: Actor) -> None:
    talk = said(place, "Which channel returned most?").conversation_id
    other = replace(actor, user_id=str(uuid.uuid4()), name="Somebody else")
    with pytest.raises(NotFound):
        transcripts.transcript(services, other, talk)


def test_that_a_talk_was_forgotten_is_on_record_and_nothing_of_it(
    place: Context, services: Services, actor: Actor
) -> None:
    talk = said(place, "Which channel returned most?").conversation_id
    conversations.forget(services, actor, talk)
    with services.work(actor) as work:
        (row, *_) = work.audit.list(1)
    assert row[2:] == ("conversation.forgotten", talk, {"messages": 2})
    with pytest.raises(NotFound):
        transcripts.transcript(services, actor, talk)


def test_a_choice_typed_as_an_answer_takes_the_place_of_what_was_unclear(place: Context) -> None:
    asked = said(place, "raise tv by 5")
    assert asked.asks
    choice = next(o for o in asked.options if "%" in o)
    assert meant([asked], f" {choice.upper()}. ") == meant([asked], choice) != choice
    assert meant([asked], "what is tv?") == "what is tv?"
    assert meant([], choice) == choice
    answer = said(replace(place, conversation_id=asked.conversation_id), choice)
    assert (answer.changes[0]["channel"], answer.changes[0]["factor"]) == ("tv", pytest.approx(1.05))
    assert not answer.asks
