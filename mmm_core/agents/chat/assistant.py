"""The assistant's door: a message in, events of the answer out; both are kept as rows of the conversation.

The grammar goes first, because it is free, instant and the same each time. What it does not understand goes to the
language model where one is set up, and to built-in look-ups where none is, or where it fails.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import structlog

from mmm_core.agents.chat import rules
from mmm_core.agents.chat.figures import Evidence, check
from mmm_core.agents.chat.talk import RULES, Again, Done, Draft, Event, Text, meant
from mmm_core.agents.llm.gateway import Gateway
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message, Speaker
from mmm_core.domain.errors import CarryoverError, ModelFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Task
from mmm_core.domain.ports import Services
from mmm_core.reports.number_lock import CLAIM
from mmm_core.reports.wording import safe
from mmm_core.use_cases import conversations

log = structlog.get_logger(__name__)

BROKEN = "Something went wrong on our side while answering this, and was logged. Nothing was changed."


def who_answers(services: Services, actor: Actor) -> str:
    """'rules', or provider and model of whoever is asked first."""
    gateway = _gateway(services)
    choices = gateway.choices(actor, Task.CHAT) if gateway else ()
    return str(choices[0]) if choices else RULES


def respond(context: Context, text: str) -> Iterator[Event]:
    """Answer a message of the context's person; a new conversation begins where the context has none.

    Yields
    ------
    Event
        Pieces of text as they come, the tools that are called, and at the end the answer as it is kept.
    """
    services, actor = context.services, context.actor
    if context.conversation_id is None:
        begun = conversations.begin(services, actor, context.project_id, text or "?")
        context = replace(context, conversation_id=begun.id)
    assert context.conversation_id is not None
    before = conversations.messages(services, actor, context.conversation_id)
    conversations.say(services, actor, context.conversation_id, Speaker.PERSON, text, page=context.page)
    context, said = replace(context, calls=[]), meant(before, text)
    draft = Draft(text=BROKEN, said=said)
    try:
        for event in _answered(context, said, before):
            if isinstance(event, Draft):
                draft = event
            else:
                yield event
    except CarryoverError:
        raise
    except Exception as error:
        # One message that we cannot answer must not end the talk, nor stand without an answer.
        log.error("chat.failed", exc_info=error)
        yield Again()
        yield Text(draft.text)
    yield Done(_keep(context, draft))


def _answered(context: Context, text: str, before: Sequence[Message]) -> Iterator[Event | Draft]:
    gateway = _gateway(context.services)
    if gateway is None or not gateway.available(context.actor, Task.CHAT):
        yield from _by_rules(context, text, before)
        return
    understood = rules.changes_of(context, text, before)
    if understood is not None:
        yield from _shown(context, understood)
        return
    from mmm_core.agents.chat import agent

    try:
        yield from agent.stream(gateway, context, text, before)
    except ModelFailed as failure:
        yield Again()
        draft = rules.answer(context, text, before)
        draft.notes.append(f"{failure} Built-in rules answered instead.")
        yield from _shown(context, draft)


def _by_rules(context: Context, text: str, before: Sequence[Message]) -> Iterator[Event | Draft]:
    yield from _shown(context, rules.answer(context, text, before))


def _shown(context: Context, draft: Draft) -> Iterator[Event | Draft]:
    """The built-in answer: its own figures are held against the facts too, so that none is typed by hand."""
    draft.text = settled(context, draft)
    yield Text(draft.text)
    yield draft


def settled(context: Context, draft: Draft) -> str:
    evidence = evidence_of(context)
    evidence.facts |= {f.key: f for f in draft.facts}
    claims = [m.group(0) for m in CLAIM.finditer(draft.text)]
    wrong = [c for c in claims if check(c, evidence).withheld]
    if wrong:
        raise AssertionError(f"the built-in answer states {wrong[0]}, which no fact holds")
    return CLAIM.sub(lambda m: safe(m.group(1).strip()), draft.text)


def evidence_of(context: Context) -> Evidence:
    """Where figures of this project are held against: its channels and currency."""
    try:
        results = context.results()
    except CarryoverError:
        return Evidence()
    return Evidence([c.channel for c in results.channels], results.currency, results.is_revenue)


def _keep(context: Context, draft: Draft) -> Message:
    assert context.conversation_id is not None
    return conversations.say(
        context.services,
        context.actor,
        context.conversation_id,
        Speaker.ASSISTANT,
        draft.text or "I have nothing to say to that.",
        by=draft.by,
        page=context.page,
        said=draft.said,
        changes=draft.changes,
        options=draft.options,
        asks=asks_back(draft),
        unclear=draft.unclear,
        places=draft.places,
        routed=draft.routed,
        proposals=draft.proposals,
        facts=draft.facts,
        tools=draft.tools,
        calls=tuple(context.calls),
        note=" ".join(draft.notes),
        input_tokens=draft.input_tokens,
        output_tokens=draft.output_tokens,
        seconds=draft.seconds,
        cost=draft.cost,
    )


def asks_back(draft: Draft) -> bool:
    """Whether the person is to speak next; a model's polite question at an answer's end is none of these."""
    asked = draft.by == RULES and draft.text.rstrip().endswith("?")
    return draft.asks or bool(draft.options or draft.unclear) or asked


def _gateway(services: Services) -> Gateway | None:
    return services.models if isinstance(services.models, Gateway) else None
