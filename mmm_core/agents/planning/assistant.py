"""The planning conversation's door: a message in, events of the answer out; the answer is kept as a turn.

Without a language model the built-in rules read the message as an answer to the question that is asked. With one, it
asks and proposes through typed tools; where it fails, the rules take over.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import structlog

from mmm_core.agents.chat.talk import RULES, Again, Draft, Event, Text
from mmm_core.agents.llm.gateway import Gateway
from mmm_core.agents.planning import tools
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message, Speaker
from mmm_core.domain.errors import CarryoverError, ModelFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Task
from mmm_core.domain.plan_talk import PlanTalk, Turn, Voice
from mmm_core.domain.ports import Services
from mmm_core.reports import plan_words
from mmm_core.use_cases import planning, projects

log = structlog.get_logger(__name__)

PROMPT = Path(__file__).parent / "prompts" / "planning.md"
BROKEN = "Something went wrong on our side while answering this, and was logged. Nothing was changed."
NOTHING = "I have nothing to add; answer the question below, or change the draft."


def who_answers(services: Services, actor: Actor) -> str:
    """'rules', or provider and model of whoever is asked first."""
    gateway = _gateway(services)
    choices = gateway.choices(actor, Task.PLAN) if gateway else ()
    return str(choices[0]) if choices else RULES


def respond(context: Context, talk: PlanTalk, text: str) -> Iterator[Event]:
    """Answer one message of the context's person in an open conversation."""
    gateway, said = _gateway(context.services), planning.heard(text)
    if gateway is None or not gateway.available(context.actor, Task.PLAN):
        planning.say(context.services, context.actor, talk, said)
        return
    context = replace(context, calls=[])
    talk = planning.spoken(context.services, context.actor, talk, said)
    draft = Draft(text=BROKEN)
    try:
        for event in _by_model(gateway, context, talk, said):
            if isinstance(event, Draft):
                draft = event
            else:
                yield event
    except ModelFailed as failure:
        yield Again()
        now = _again(context, talk)
        planning.understood(context.services, context.actor, now, said, f"{failure} Built-in rules read your answer.")
        return
    except CarryoverError:
        raise
    except Exception as error:
        # One message that we cannot answer must not end the conversation, nor stand without an answer.
        log.error("planning.failed", exc_info=error)
        yield Again()
        yield Text(BROKEN)
    _keep(context, talk, draft)


def _by_model(gateway: Gateway, context: Context, talk: PlanTalk, text: str) -> Iterator[Event | Draft]:
    from mmm_core.agents.chat import agent

    kit = agent.Kit(lambda c: _prompt(c, talk), tools.inventory, tools.call, Task.PLAN, tools.UNTRUSTED)
    yield from agent.stream(gateway, context, text, _messages(talk.turns[:-1]), kit)


def _keep(context: Context, talk: PlanTalk, draft: Draft) -> PlanTalk:
    """The answer as a turn; what its tools kept meanwhile stays."""
    now = _again(context, talk)
    turn = Turn(
        Voice.ASSISTANT, draft.text or NOTHING, context.services.now(), draft.by, now.topic, " ".join(draft.notes),
        draft.input_tokens, draft.output_tokens, draft.seconds, draft.cost, draft.proposals,
        tuple(context.calls),
    )  # fmt: skip
    return planning.told(context.services, context.actor, now, turn, draft.options)


def _again(context: Context, talk: PlanTalk) -> PlanTalk:
    return planning.get(context.services, context.actor, talk.id)


def _messages(turns: Sequence[Turn]) -> list[Message]:
    """Turns as the agent reads them."""
    return [
        Message(f"t{n}", "", n, Speaker.PERSON if t.voice is Voice.PERSON else Speaker.ASSISTANT, t.text, t.at, t.by)
        for n, t in enumerate(turns)
    ]


def _prompt(context: Context, talk: PlanTalk) -> str:
    project = projects.get_project(context.services, context.actor, context.project).name
    quoted = json.dumps(project[:80], ensure_ascii=False)
    asked = plan_words.TITLES[talk.topic] if talk.topic else "everything was asked"
    return PROMPT.read_text(encoding="utf-8").format(project=quoted, asked=asked)


def _gateway(services: Services) -> Gateway | None:
    return services.models if isinstance(services.models, Gateway) else None
