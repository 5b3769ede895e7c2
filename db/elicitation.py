"""People who are asked under a link: rows for their organisation, and the door for whoever holds the link."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, text

from db import link_doors
from db.audit import Audit
from db.codec import decode, encode
from db.graph import Graph
from db.rows import Many, Rows
from db.schema import accepted_beliefs, inquiries, inquiry_replies, inquiry_views
from mmm_core.domain.elicitation import AcceptedBelief, Inquiry, OpenInquiry, Reply, Statement
from mmm_core.domain.errors import CarryoverError, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole

FIND = text("SELECT organisation_id, inquiry_id FROM carryover.find_inquiry(:token_hash)")
REPLIES_ALLOWED = 20
"""Replies under a link within a quarter of an hour."""


class Inquiries(Rows):
    def add(self, inquiry: Inquiry, token_hash: str, passcode_hash: str | None) -> None:
        self._insert(
            inquiries, id=inquiry.id, project_id=inquiry.project_id, document=encode(inquiry), token_hash=token_hash,
            passcode_hash=passcode_hash, created_at=inquiry.created_at, expires_at=inquiry.expires_at,
            revoked_at=inquiry.revoked_at,
        )  # fmt: skip

    def get(self, inquiry_id: str) -> Inquiry:
        self._get(inquiries, inquiry_id, "link")
        return _inquiry(self._first(_with_views().where(inquiries.c.id == inquiry_id)))

    def list(self, project_id: str) -> Many[Inquiry]:
        query = _with_views().where(inquiries.c.project_id == project_id).order_by(inquiries.c.created_at.desc())
        return [_inquiry(row) for row in self._all(query)]

    def revoke(self, inquiry_id: str, at: datetime) -> None:
        """The first revocation counts."""
        if self._get(inquiries, inquiry_id, "link").revoked_at is None:
            self._update(inquiries, inquiry_id, "link", revoked_at=at)

    def replies(self, project_id: str) -> Many[Reply]:
        theirs = select(inquiries.c.id).where(inquiries.c.project_id == project_id)
        table, later = inquiry_replies, inquiry_replies.alias()
        newer = select(later.c.id).where(later.c.inquiry_id == table.c.inquiry_id, later.c.number > table.c.number)
        query = select(table.c.document).where(table.c.inquiry_id.in_(theirs), ~newer.exists())
        return [decode(Reply, row.document) for row in self._all(query)]

    def keep_accepted(self, accepted: AcceptedBelief) -> None:
        values = {
            "project_id": accepted.project_id, "channel": accepted.channel, "document": encode(accepted),
            "at": accepted.withdrawn_at or accepted.accepted_at,
        }  # fmt: skip
        self._put(accepted_beliefs, ("project_id", "channel"), values)

    def accepted(self, project_id: str) -> Many[AcceptedBelief]:
        table = accepted_beliefs
        query = select(table.c.document).where(table.c.project_id == project_id).order_by(table.c.channel)
        return [decode(AcceptedBelief, row.document) for row in self._all(query)]


class PostgresInquiryDoor:
    def __init__(self, engine: Engine, new_id: Callable[[], str]) -> None:
        self._engine, self._new_id = engine, new_id

    def open(self, token: str, passcode: str | None, viewer: str) -> OpenInquiry:
        return self._through(token, passcode, viewer, _last, opens=True)

    def answer(
        self, token: str, passcode: str | None, viewer: str, settle: Callable[[Inquiry], tuple[Statement, ...]]
    ) -> Reply:
        def keep(connection: Connection, inquiry: Inquiry, guest: Actor) -> Reply | CarryoverError:
            return _keep(connection, inquiry, guest, settle(inquiry), self._new_id(), viewer)

        return self._through(token, passcode, viewer, keep)

    def _through[T](
        self, token: str, passcode: str | None, viewer: str,
        act: Callable[[Connection, Inquiry, Actor], T | CarryoverError], *, opens: bool = False,
    ) -> T:  # fmt: skip
        def enter(connection: Connection) -> T | CarryoverError:
            found = _enter(connection, token, passcode, viewer, opens)
            return found if isinstance(found, CarryoverError) else act(connection, *found)

        return link_doors.through(self._engine, enter)


def _enter(
    connection: Connection, token: str, passcode: str | None, viewer: str, opens: bool
) -> tuple[Inquiry, Actor] | CarryoverError:
    door = link_doors.found(connection, FIND, token)
    if door is None:
        return NotFound("This link opens no question; check that it was copied whole.")
    # Guesses at one passcode, and replies, take turns, so that many at once count one by one.
    connection.execute(select(inquiries.c.id).where(inquiries.c.id == door.inquiry_id).with_for_update())
    row = connection.execute(_with_views().where(inquiries.c.id == door.inquiry_id)).one()
    expired = row.expires_at <= datetime.now(UTC)
    lock = link_doors.Lock(row.id, row.revoked_at is not None, expired, row.passcode_hash, "link")
    refusal, wrong = link_doors.refusal(connection, lock, passcode, inquiry_views, inquiry_views.c.inquiry_id)
    if wrong or (opens and refusal is None):
        connection.execute(
            insert(inquiry_views).values(
                organisation_id=door.organisation_id, inquiry_id=row.id, viewer=viewer[:200], opened=refusal is None
            )
        )
    if refusal is not None:
        return refusal
    inquiry = _inquiry(row)
    return inquiry, Actor(door.organisation_id, "", f"{inquiry.person} (by link)", "", TeamRole.VIEWER)


def _last(connection: Connection, inquiry: Inquiry, guest: Actor) -> OpenInquiry:
    table = inquiry_replies
    query = select(table.c.document).where(table.c.inquiry_id == inquiry.id).order_by(table.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return OpenInquiry(inquiry, decode(Reply, row.document) if row else None)


def _keep(
    connection: Connection, inquiry: Inquiry, guest: Actor, statements: tuple[Statement, ...], new_id: str, viewer: str
) -> Reply | CarryoverError:
    table = inquiry_replies
    mine = table.c.inquiry_id == inquiry.id
    lately = select(func.count()).where(mine, table.c.at > func.clock_timestamp() - link_doors.QUARTER)
    if connection.execute(lately).scalar_one() >= REPLIES_ALLOWED:
        return NotAllowed("There were too many answers in a short time; try again in a quarter of an hour.")
    count = connection.execute(select(func.count()).where(mine)).scalar_one()
    reply = Reply(new_id, inquiry.id, count + 1, statements, datetime.now(UTC))
    connection.execute(
        insert(table).values(
            organisation_id=guest.organisation_id, id=reply.id, inquiry_id=inquiry.id, number=reply.number,
            document=encode(reply), viewer=viewer[:200], at=reply.at,
        )
    )  # fmt: skip
    known = sum(s.known for s in statements)
    graph = Graph(connection, guest)
    graph.put_node("reply", reply.id, f"Reply {reply.number}", {"channels": known}, inquiry.project_id)
    graph.put_edge(("reply", reply.id), "answers", ("inquiry", inquiry.id))
    Audit(connection, guest).record("inquiry.answered", inquiry.id, {"reply": reply.number, "channels": known})
    return reply


def _with_views() -> Select[Any]:
    views = inquiry_views
    seen = (
        select(func.count())
        .where(views.c.organisation_id == inquiries.c.organisation_id, views.c.inquiry_id == inquiries.c.id)
        .where(views.c.opened)
        .scalar_subquery()
    )
    return select(inquiries, seen.label("views"))


def _inquiry(row: Any) -> Inquiry:
    return replace(
        decode(Inquiry, row.document),
        revoked_at=row.revoked_at,
        has_passcode=row.passcode_hash is not None,
        views=row.views,
    )
