"""What a share link opens: the one read without a signed-in person."""

from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from db import link_doors
from db.blobs import Blobs
from db.schema import reports, share_links, share_views
from mmm_core.domain.errors import CarryoverError, NotFound
from mmm_core.domain.identity import Actor, TeamRole

FIND = text("SELECT organisation_id, link_id FROM carryover.find_share_link(:token_hash)")


class PostgresSharedReports:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, token: str, passcode: str | None, viewer: str) -> bytes:
        return link_doors.through(self._engine, lambda connection: _answer(connection, token, passcode, viewer))


def _answer(connection: Connection, token: str, passcode: str | None, viewer: str) -> bytes | CarryoverError:
    door = link_doors.found(connection, FIND, token)
    if door is None:
        return NotFound("This link opens no report; check that it was copied whole.")
    link = connection.execute(_link(door.link_id)).one()
    lock = link_doors.Lock(link.id, link.revoked, link.expired, link.passcode_hash, "report")
    refusal, wrong = link_doors.refusal(connection, lock, passcode, share_views, share_views.c.link_id)
    if refusal is None or wrong:
        connection.execute(
            insert(share_views).values(
                organisation_id=door.organisation_id, link_id=link.id, viewer=viewer[:200], opened=refusal is None
            )
        )
    if refusal is not None:
        return refusal
    guest = Actor(door.organisation_id, "", "guest", "", TeamRole.VIEWER)
    return Blobs(connection, guest).get(link.html_blob)


def _link(link_id: str) -> Any:
    now = func.clock_timestamp()
    return (
        select(
            share_links.c.id,
            share_links.c.passcode_hash,
            share_links.c.revoked_at.is_not(None).label("revoked"),
            (share_links.c.expires_at <= now).label("expired"),
            reports.c.html_blob,
        )
        .join(reports, reports.c.id == share_links.c.report_id)
        .where(share_links.c.id == link_id)
        # Guesses at one passcode take turns, so that many at once count one by one.
        .with_for_update(of=share_links)
    )
