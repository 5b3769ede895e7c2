"""Conversations with the assistant, of the acting person alone, and the acts that it proposes."""

from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from db.codec import clean, decode, encode
from db.rows import Many, Rows
from db.schema import conversation_messages, conversations, proposals
from mmm_core.domain.conversation import Conversation, Message, Proposal, ProposalStatus
from mmm_core.domain.errors import Conflict

COLUMNS = ("id", "user_id", "project_id", "title", "created_at", "updated_at", "remote")


class Conversations(Rows):
    def add(self, conversation: Conversation) -> None:
        self._insert(conversations, **{name: getattr(conversation, name) for name in COLUMNS})

    def get(self, conversation_id: str) -> Conversation:
        return _read(self._get(conversations, conversation_id, "conversation"))

    def list(self, project_id: str | None) -> Many[Conversation]:
        query = select(conversations).where(_of(project_id), conversations.c.remote.is_(None))
        newest = query.order_by(conversations.c.updated_at.desc(), conversations.c.id)
        return [_read(row) for row in self._all(newest)]

    def of_program(self, project_id: str | None, remote: str) -> Conversation | None:
        row = self._first(select(conversations).where(_of(project_id), conversations.c.remote == clean(remote)))
        return _read(row) if row else None

    def newest_of_program(self, remote: str) -> Conversation | None:
        query = select(conversations).where(conversations.c.remote == clean(remote))
        row = self._first(query.order_by(conversations.c.updated_at.desc(), conversations.c.id))
        return _read(row) if row else None

    def delete(self, conversation_id: str) -> None:
        self._get(conversations, conversation_id, "conversation")
        self._connection.execute(delete(conversations).where(conversations.c.id == conversation_id))

    def say(self, message: Message) -> None:
        owner = self.get(message.conversation_id).user_id
        self._insert(
            conversation_messages,
            id=message.id,
            user_id=owner,
            conversation_id=message.conversation_id,
            number=message.number,
            document=encode(message),
            at=message.at,
        )
        changed = update(conversations).where(conversations.c.id == message.conversation_id)
        self._connection.execute(changed.values(updated_at=func.greatest(conversations.c.updated_at, message.at)))

    def messages(self, conversation_id: str) -> Many[Message]:
        table = conversation_messages
        query = select(table.c.document).where(table.c.conversation_id == conversation_id).order_by(table.c.number)
        return [decode(Message, row.document) for row in self._all(query)]


def _of(project_id: str | None) -> ColumnElement[bool]:
    column = conversations.c.project_id
    return column.is_(None) if project_id is None else column == project_id


def _read(row: Any) -> Conversation:
    return Conversation(**{name: getattr(row, name) for name in COLUMNS})


class Proposals(Rows):
    def add(self, proposal: Proposal) -> None:
        self._insert(
            proposals,
            id=proposal.id,
            project_id=proposal.project_id,
            status=proposal.status.value,
            document=encode(proposal),
            created_at=proposal.created_at,
        )

    def get(self, proposal_id: str) -> Proposal:
        return decode(Proposal, self._get(proposals, proposal_id, "proposal").document)

    def waiting(self, project_id: str | None) -> Many[Proposal]:
        table = proposals
        same = table.c.project_id.is_(None) if project_id is None else table.c.project_id == project_id
        query = select(table.c.document).where(same, table.c.status == ProposalStatus.WAITING.value)
        return [decode(Proposal, row.document) for row in self._all(query.order_by(table.c.created_at))]

    def decide(self, proposal: Proposal) -> None:
        waits = (proposals.c.id == proposal.id, proposals.c.status == ProposalStatus.WAITING.value)
        changed = update(proposals).where(*waits).values(status=proposal.status.value, document=encode(proposal))
        if self._connection.execute(changed).rowcount == 0:
            self.get(proposal.id)
            raise Conflict("This was decided already; nothing was done again.")

    def conclude(self, proposal_id: str, status: ProposalStatus, outcome: str) -> None:
        document = {**encode(self.get(proposal_id)), "status": status.value, "outcome": outcome}
        self._update(proposals, proposal_id, "proposal", status=status.value, document=document)
