"""The assistant with a language model, scripted: tools, streams, limits, failures and figures."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from mmm_core.agents.chat import assistant, routing
from mmm_core.agents.chat.figures import WITHHELD
from mmm_core.agents.chat.routing import MOST_ROUNDS
from mmm_core.agents.chat.talk import Again, Began, Done, Event, Text
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message, ProposalStatus, from_record
from mmm_core.domain.identity import Actor
from mmm_core.domain.instructions import Multiply
from mmm_core.domain.ports import Services
from mmm_core.reports import wording
from mmm_core.reports.number_names import NAMED
from mmm_core.use_cases import conversations, reports
from tests.agents import world
from tests.agents.llm.loopback import serving
from tests.agents.scripted import Scripted

pytestmark = pytest.mark.slow
NAME = r" \[TV: return on spend, whole period, middle estimate\]"
"""What the product writes beside a figure whose question or sentence it does not understand to the last word."""


def placed(
    services: Services, actor: Actor, project: str | None, *steps: Any, **settings: Any
) -> tuple[Context, Scripted]:
    model = Scripted(steps=list(steps))
    return world.context(world.with_model(services, lambda s, c: model, **settings), actor, project), model


def said(place: Context, text: str) -> tuple[Message, list[Event]]:
    events = list(assistant.respond(place, text))
    done = events[-1]
    assert isinstance(done, Done)
    shown = ""
    for event in events:
        if isinstance(event, Again):
            shown = event.keep
        elif isinstance(event, Text):
            shown += event.text
    assert shown.strip() == done.message.text, "what streamed is what is kept"
    return done.message, events


def last_result(messages: Sequence[Any]) -> str:
    return str(messages[-1].content)


@pytest.fixture(scope="module")
def roi(services: Services, actor: Actor, fitted: str) -> str:
    found = world.context(services, actor, fitted).results().channels[0].roi
    assert found is not None
    return wording.times(found.p50)


def test_tools_are_called_and_their_figures_told_as_they_stream(
    services: Services, actor: Actor, fitted: str, roi: str
) -> None:
    place, model = placed(
        services, actor, fitted,
        ("Let me look.", [("roi_summary", {})]), f"TV returned [[{roi}|channel.tv.roi.p50]]. It is mostly prior.",
    )  # fmt: skip
    message, events = said(place, "And how did television do, roughly speaking?")
    assert message.text == f"Let me look.\n\nTV returned {roi}{NAME}. It is mostly prior."
    assert message.by == "compatible · small"
    assert message.tools == ("roi_summary",)
    assert Began("roi_summary") in events
    assert len([e for e in events if isinstance(e, Text) and e.text.strip()]) >= 3, "sentence by sentence"
    assert (message.input_tokens, message.output_tokens) == (200, 20)
    assert message.cost is None, "its price is not known"
    assert message.note == NAMED, "what the question may mean is not understood to the last word"
    assert "channel.tv.roi.p50" in last_result(model.seen[-1])
    assert "list_all_tools" in model.tools
    assert len(model.seen[0]) == 2, "system and the message"


def test_the_grammar_goes_first_and_asks_no_model(services: Services, actor: Actor, fitted: str) -> None:
    place, model = placed(services, actor, fitted, "never")
    message, _ = said(place, "raise tv by 20%")
    assert [from_record(c) for c in message.changes] == [Multiply("tv", 1.2)]
    assert (message.by, model.seen) == ("rules", [])


def test_what_the_grammar_refuses_the_model_puts_into_its_words(services: Services, actor: Actor, fitted: str) -> None:
    place, _ = placed(
        services, actor, fitted,
        [("propose_changes", {"sentence": "raise tv by 20%"})], "I left that as chips for you.",
    )  # fmt: skip
    message, _ = said(place, "hmm could we be a bit braver with the tv thing, twenty or so up?")
    assert [from_record(c) for c in message.changes] == [Multiply("tv", 1.2)]
    assert message.text == "I left that as chips for you."


def test_a_figure_that_no_result_holds_is_never_shown(services: Services, actor: Actor, fitted: str, roi: str) -> None:
    place, _ = placed(services, actor, fitted, [("roi_summary", {})], f"TV returned {roi}. Radio returned 77×.")
    message, events = said(place, "What about it, then?")
    assert message.text == f"TV returned {roi}{NAME}. Radio returned {WITHHELD}."
    assert "withheld" in message.note
    assert not [e for e in events if isinstance(e, Text) and "77" in e.text]


def test_figures_of_an_earlier_answer_still_count(services: Services, actor: Actor, fitted: str, roi: str) -> None:
    place, _ = placed(services, actor, fitted, [("roi_summary", {})], "There you are.", f"As said, TV returned {roi}.")
    first, _ = said(place, "Tell me all.")
    talk = world.context(place.services, actor, fitted, conversation_id=first.conversation_id)
    second, _ = said(talk, "Again, please?")
    assert second.text == f"As said, TV returned {roi}{NAME}."


def test_a_question_back_ends_the_turn_with_its_buttons(services: Services, actor: Actor, fitted: str) -> None:
    place, model = placed(
        services,
        actor,
        fitted,
        [("ask_user_to_choose", {"question": "Which year?", "options": ["2024", "2025"]})],
        "no",
    )
    message, _ = said(place, "Compare the years")
    assert (message.text, message.options) == ("Which year?", ("2024", "2025"))
    assert len(model.seen) == 1


def test_a_tool_that_writes_leaves_a_proposal(services: Services, actor: Actor, fitted: str) -> None:
    place, model = placed(services, actor, fitted, [("publish_report", {"name": "Spring"})], "It waits for your yes.")
    message, _ = said(place, "Could you make the report public for me?")
    (kept,) = message.proposals
    assert conversations.proposal(services, actor, kept).status is ProposalStatus.WAITING
    assert reports.list_reports(services, actor, fitted) == []
    assert "cannot confirm" in last_result(model.seen[-1])


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (("no_such_tool", {}), "not a valid tool"),
        (("get_top_values", {"column": "tv_spend", "most": "many"}), "fit"),
        (("get_top_values", {"column": "nowhere"}), "no column nowhere"),
        (("channel_results", {"channel": "moon"}), "no channel called moon"),
    ],
)
def test_a_wrong_call_is_told_to_the_model_and_the_talk_goes_on(
    services: Services, actor: Actor, fitted: str, call: tuple[str, dict[str, Any]], answer: str
) -> None:
    place, model = placed(services, actor, fitted, [call], "Sorry, that did not work.")
    message, _ = said(place, "Try something odd")
    assert message.text == "Sorry, that did not work."
    assert answer in last_result(model.seen[-1])


def test_the_same_call_again_and_again_ends(services: Services, actor: Actor, fitted: str, database: Any) -> None:
    place, model = placed(services, actor, fitted, [("roi_summary", {})])
    message, _ = said(place, "Which channel returned most?")
    assert "went round in circles" in message.note
    assert message.by == "rules"
    assert "90% interval" in message.text
    assert len(model.seen) == 3
    with psycopg.connect(database.admin) as link:
        (count,) = link.execute(
            "SELECT count(*) FROM carryover.llm_usage WHERE ending = 'endless loop'"
        ).fetchone() or (0,)
    assert count == 1


def test_ever_new_calls_end_as_well(services: Services, actor: Actor, fitted: str) -> None:
    def onwards(messages: Sequence[Any]) -> Any:
        return "", [("sample_rows", {"seed": len(messages)})]

    place, model = placed(services, actor, fitted, onwards)
    message, _ = said(place, "Which channel returned most?")
    assert "went round in circles" in message.note
    assert len(model.seen) == MOST_ROUNDS


def test_an_answer_that_drips_on_is_cut(
    services: Services, actor: Actor, fitted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "LONGEST", -1.0)
    place, _ = placed(services, actor, fitted, "On and on.")
    message, _ = said(place, "Which channel returned most?")
    assert message.note == "The language model did not answer in time. Built-in rules answered instead."
    assert message.tools == ("roi_summary",)


def test_a_failure_in_the_middle_voids_what_was_shown_and_the_rules_answer(
    services: Services, actor: Actor, fitted: str
) -> None:
    place, _ = placed(
        services, actor, fitted, ("One moment.", [("roi_summary", {})]), TimeoutError("slow"), llm_retries=0
    )
    message, events = said(place, "Which channel returned most?")
    assert message.note == "compatible · small did not answer in time. Built-in rules answered instead."
    assert message.text.startswith("Returns, best first")
    assert Again() in events


def test_a_retry_keeps_what_stood_before(services: Services, actor: Actor, fitted: str) -> None:
    place, _ = placed(
        services, actor, fitted, ("One moment.", [("roi_summary", {})]), ConnectionError("gone"), "There is a ranking."
    )
    message, events = said(place, "Which channel returned most?")
    assert message.text == "One moment.\n\nThere is a ranking."
    assert Again("One moment.\n\n") in events


def test_the_next_model_takes_over_and_the_answer_says_so(services: Services, actor: Actor, fitted: str) -> None:
    from mmm_core.domain.llm import Choice, Task
    from mmm_core.use_cases import assistants

    models = {"first": Scripted(steps=[PermissionError("key")]), "second": Scripted(steps=["Hello."])}
    given = world.with_model(services, lambda s, c: models[c.model])
    assistants.set_route(given, actor, Task.CHAT, [Choice("compatible", "first"), Choice("compatible", "second")])
    try:
        message, _ = said(world.context(given, actor, fitted), "Hello there")
    finally:
        assistants.remove_route(given, actor, Task.CHAT)
    assert (message.text, message.by) == ("Hello.", "compatible · second")
    assert message.note.endswith("compatible · second answered instead.")


def test_a_models_markdown_can_load_nothing(services: Services, actor: Actor, fitted: str) -> None:
    text = "See ![x](https://evil.example/p?d=1) and <img src=x> and [here](http://evil.example) www.evil.example."
    place, _ = placed(services, actor, fitted, text)
    message, _ = said(place, "Hello there")
    assert "](" not in message.text.replace("\\]", "")
    assert "<img" not in message.text.replace("\\<", "")
    assert "://" not in message.text


def test_on_the_wire_tokens_stream_and_tools_are_called(
    services: Services, actor: Actor, fitted: str, roi: str
) -> None:
    from mmm_core.agents.llm import providers

    answer = f"TV returned [[{roi}|channel.tv.roi.p50]]. That is all."
    with serving({"text": "Looking it up.", "calls": [("roi_summary", {})]}, {"text": answer}) as (address, script):
        given = world.with_model(services, providers.build, compatible_url=address)
        message, events = said(world.context(given, actor, fitted), "How did it go with television?")
    assert message.text == f"Looking it up.\n\nTV returned {roi}{NAME}. That is all."
    assert message.tools == ("roi_summary",)
    assert script.requests[0]["stream"] is True
    assert {t["function"]["name"] for t in script.requests[0]["tools"]} >= {"roi_summary", "publish_report"}
    assert (message.input_tokens, message.output_tokens) == (240, 60)
    assert Began("roi_summary") in events
    sent = str(script.requests)
    assert actor.organisation_id not in sent
    assert actor.user_id not in sent
