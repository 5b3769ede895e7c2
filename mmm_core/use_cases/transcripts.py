"""A talk with the assistant as one document: what was asked, which tools were called with what, what was decided, and
what it cost (A11)."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mmm_core.domain.conversation import Message, Proposal
from mmm_core.domain.errors import NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Usage
from mmm_core.domain.ports import Services, Work
from mmm_core.use_cases import assistants

FORMAT = 1
Document = dict[str, Any]
EMPTY: tuple[Any, ...] = (None, "", (), [], {})


def transcript(services: Services, actor: Actor, conversation_id: str) -> Document:
    """Of one's own talk: every message with its calls, the acts that it proposed, and each call of a model."""
    with services.work(actor) as work:
        talk = work.conversations.get(conversation_id)
        told = work.conversations.messages(conversation_id)
        acts = {i: _act(work, i) for m in told for i in m.proposals}
        project = work.projects.get(talk.project_id).name if talk.project_id else None
    usage = assistants.usage_of(services, actor, conversation_id)
    return {
        "format": FORMAT,
        "talk": {
            "id": talk.id, "title": talk.title, "project": project, "person": actor.name, "begun": talk.created_at,
            "last": talk.updated_at, "program": talk.remote,
        },
        "messages": [_message(m, acts) for m in told],
        "model_calls": [_usage(u) for u in usage],
        "cost": _cost(usage),
    }  # fmt: skip


def as_json(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, default=str) + "\n"


def _message(message: Message, acts: dict[str, Document]) -> Document:
    whole = asdict(message)
    left = {k: v for k, v in whole.items() if k not in ("id", "conversation_id", "proposals", "tools", "routed")}
    short = {k: v for k, v in left.items() if k in ("number", "speaker", "text", "at", "by") or v not in EMPTY}
    return {**short, "proposals": [acts[i] for i in message.proposals]} if message.proposals else short


def _act(work: Work, proposal_id: str) -> Document:
    try:
        kept: Proposal = work.proposals.get(proposal_id)
    except NotFound:
        return {"id": proposal_id, "status": "not to be seen any more"}
    return {k: v for k, v in asdict(kept).items() if k not in ("conversation_id", "project_id", "user_id")}


def _usage(usage: Usage) -> Document:
    return {k: v for k, v in asdict(usage).items() if k not in ("id", "user_id", "project_id", "conversation_id")}


def _cost(usage: Sequence[Usage]) -> Document:
    priced = [u.cost for u in usage if u.cost is not None]
    return {
        "calls": len(usage),
        "input_tokens": sum(u.input_tokens for u in usage),
        "output_tokens": sum(u.output_tokens for u in usage),
        "seconds": sum(u.seconds for u in usage),
        "dollars": sum(priced),
        "calls_of_unknown_price": len(usage) - len(priced),
    }
