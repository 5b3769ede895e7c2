"""Conversations with the assistant, and what a person decides on the acts that it proposes (A3)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mmm_core.domain.conversation import Conversation, Message, Proposal, ProposalStatus, Speaker
from mmm_core.domain.errors import BadInput, Conflict
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.use_cases.access import require

LONGEST = 4000
"""Characters of one message."""
TITLE = 60
MOST_KEPT = 200
"""Messages of a conversation; then a new one begins, so that none grows without end."""


def list_conversations(services: Services, actor: Actor, project_id: str | None) -> Sequence[Conversation]:
    with services.work(actor) as work:
        return work.conversations.list(project_id)


def messages(services: Services, actor: Actor, conversation_id: str) -> Sequence[Message]:
    with services.work(actor) as work:
        return work.conversations.messages(conversation_id)


def begin(services: Services, actor: Actor, project_id: str | None, title: str) -> Conversation:
    """Start one; nothing about it is on the audit trail, since what a person asks is their own."""
    now = services.now()
    made = Conversation(services.new_id(), project_id, actor.user_id, _title(title), now, now)
    with services.work(actor) as work:
        if project_id is not None:
            work.projects.get(project_id)
        work.conversations.add(made)
    return made


def of_program(services: Services, actor: Actor, project_id: str, remote: str, title: str) -> Conversation:
    """The talk that a program leads on the person's behalf, by the program's own name for it; begun where it is new."""
    now = services.now()
    made = Conversation(services.new_id(), project_id, actor.user_id, _title(title), now, now, remote)
    with services.work(actor) as work:
        work.projects.get(project_id)
        if (known := work.conversations.of_program(project_id, remote)) is not None:
            return known
        work.conversations.add(made)
    return made


def project_of_program(services: Services, actor: Actor, remote: str) -> str | None:
    """The project that a program's talk is about, so that its later messages need not name it again."""
    with services.work(actor) as work:
        known = work.conversations.newest_of_program(remote)
    return known.project_id if known else None


def say(
    services: Services, actor: Actor, conversation_id: str, speaker: Speaker, text: str, *, by: str = "", **more: Any
) -> Message:
    """Keep what was said as the conversation's next message."""
    if not text.strip():
        raise BadInput("Type a question first.")
    if speaker is Speaker.PERSON and len(text) > LONGEST:
        raise BadInput(f"A message has at most {LONGEST:,} characters; this one has {len(text):,}.")
    with services.work(actor) as work:
        number = len(work.conversations.messages(conversation_id))
        if number >= MOST_KEPT:
            raise Conflict("This conversation is full; start a new one.")
        name = by or (actor.name if speaker is Speaker.PERSON else "rules")
        message = Message(
            services.new_id(), conversation_id, number, speaker, text.strip(), services.now(), name, **more
        )
        work.conversations.say(message)
    return message


def forget(services: Services, actor: Actor, conversation_id: str) -> None:
    """Delete a conversation of one's own with all that was said in it."""
    with services.work(actor) as work:
        count = len(work.conversations.messages(conversation_id))
        work.conversations.delete(conversation_id)
        # That there was one and how long; what was said is gone.
        work.audit.record("conversation.forgotten", conversation_id, {"messages": count})


def propose(
    services: Services,
    actor: Actor,
    *,
    tool: str,
    arguments: dict[str, Any],
    title: str,
    lines: Sequence[str],
    project_id: str | None,
    conversation_id: str | None = None,
) -> Proposal:
    """Keep an act that somebody may confirm; nothing is changed by it."""
    require(actor, TeamRole.ANALYST, "propose a change")
    made = Proposal(
        services.new_id(), conversation_id, project_id, actor.user_id, tool, arguments, title, tuple(lines),
        ProposalStatus.WAITING, services.now(),
    )  # fmt: skip
    with services.work(actor) as work:
        work.proposals.add(made)
        work.audit.record("proposal.made", made.id, {"tool": tool, "title": title})
    return made


def proposal(services: Services, actor: Actor, proposal_id: str) -> Proposal:
    with services.work(actor) as work:
        return work.proposals.get(proposal_id)


def waiting(services: Services, actor: Actor, project_id: str | None) -> Sequence[Proposal]:
    with services.work(actor) as work:
        return work.proposals.waiting(project_id)


def decline(services: Services, actor: Actor, proposal_id: str, reason: str = "") -> Proposal:
    return _decide(services, actor, proposal_id, ProposalStatus.DECLINED, reason.strip() or "Declined.")


def confirm(services: Services, actor: Actor, proposal_id: str) -> Proposal:
    """Take a proposal to carry it out; a second yes finds that it was decided already."""
    return _decide(services, actor, proposal_id, ProposalStatus.CONFIRMED, "")


def conclude(services: Services, actor: Actor, proposal_id: str, status: ProposalStatus, outcome: str) -> Proposal:
    with services.work(actor) as work:
        work.proposals.conclude(proposal_id, status, outcome)
        work.audit.record(f"proposal.{status}", proposal_id, {"outcome": outcome})
        return work.proposals.get(proposal_id)


def _decide(services: Services, actor: Actor, proposal_id: str, status: ProposalStatus, outcome: str) -> Proposal:
    require(actor, TeamRole.ANALYST, "decide on a proposed change")
    with services.work(actor) as work:
        now = work.proposals.get(proposal_id)
        decided = replace(now, status=status, decided_by=actor.name, decided_at=services.now(), outcome=outcome)
        work.proposals.decide(decided)
        work.audit.record(f"proposal.{status}", proposal_id, {"tool": now.tool, "title": now.title})
    return decided


def _title(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= TITLE else words[: TITLE - 1].rstrip() + "…"
