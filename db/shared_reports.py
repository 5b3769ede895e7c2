"""What a share link opens: the one read without a signed-in person."""

import hmac
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from db.blobs import Blobs
from db.codec import clean
from db.failures import translate
from db.schema import reports, share_links, share_views
from mmm_core.domain.errors import CarryoverError, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.use_cases.reports import hash_passcode, hash_token

FIND = text("SELECT organisation_id, link_id FROM carryover.find_share_link(:token_hash)")
WRONG_ALLOWED = 10
"""Wrong passcodes of a link within a quarter of an hour, whoever tries."""


class PostgresSharedReports:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, token: str, passcode: str | None, viewer: str) -> bytes:
        try:
            with self._engine.begin() as connection:
                answer = _answer(connection, token, passcode, viewer)
        except Exception as error:
            if (known := translate(error)) is not None:
                raise known from error
            raise
        # Raised after the commit: a wrong passcode stays in the view log.
        if isinstance(answer, CarryoverError):
            raise answer
        return answer


def _answer(connection: Connection, token: str, passcode: str | None, viewer: str) -> bytes | CarryoverError:
    door = connection.execute(FIND, {"token_hash": hash_token(clean(token))}).one_or_none()
    if door is None:
        return NotFound("This link opens no report; check that it was copied whole.")
    # From here on the link's organisation is known and its policies apply.
    connection.execute(text("SELECT set_config('app.organisation', :o, true)"), {"o": door.organisation_id})
    link = connection.execute(_link(door.link_id)).one()
    refusal = _refusal(connection, link, passcode)
    if refusal is None or (refusal.wrong and passcode):
        connection.execute(
            insert(share_views).values(
                organisation_id=door.organisation_id, link_id=link.id, viewer=viewer[:200], opened=refusal is None
            )
        )
    if refusal is not None:
        return refusal
    guest = Actor(door.organisation_id, "", "guest", "", TeamRole.VIEWER)
    return Blobs(connection, guest).get(link.html_blob)


class _Refusal(NotAllowed):
    """``wrong`` says whether a passcode was tried and failed."""

    def __init__(self, sentence: str, *, wrong: bool = False) -> None:
        super().__init__(sentence)
        self.wrong = wrong


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


def _refusal(connection: Connection, link: Any, passcode: str | None) -> _Refusal | None:
    if link.revoked:
        return _Refusal("This link has been revoked; ask whoever sent it for a new one.")
    if link.expired:
        return _Refusal("This link has expired; ask whoever sent it for a new one.")
    if link.passcode_hash is None:
        return None
    if not passcode:
        return _Refusal("This report asks for a passcode.")
    recent = share_views.c.at > func.clock_timestamp() - text("interval '15 minutes'")
    wrong = select(func.count()).where(share_views.c.link_id == link.id, share_views.c.opened.is_(False), recent)
    if connection.execute(wrong).scalar_one() >= WRONG_ALLOWED:
        return _Refusal("There were too many wrong passcodes; try again in a quarter of an hour.")
    if not hmac.compare_digest(hash_passcode(clean(passcode), link.id), link.passcode_hash):
        return _Refusal("This passcode is not right.", wrong=True)
    return None
