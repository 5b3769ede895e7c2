"""What every link without a login has in common: one transaction, the link's organisation, and its passcode."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, Engine, Table, TextClause, func, select, text

from db.codec import clean
from db.failures import translate
from mmm_core.domain.errors import CarryoverError, NotAllowed
from mmm_core.use_cases.reports import hash_passcode, hash_token

WRONG_ALLOWED = 10
"""Wrong passcodes of a link within a quarter of an hour, whoever tries."""
QUARTER = text("interval '15 minutes'")


@dataclass(frozen=True)
class Lock:
    """What keeps a link shut."""

    link_id: str
    revoked: bool
    expired: bool
    passcode_hash: str | None
    opens: str
    """What is behind it: 'link' or 'report'."""


def through[T](engine: Engine, act: Callable[[Connection], T | CarryoverError]) -> T:
    """One transaction that is kept also where the answer is a refusal: a wrong passcode stays in the view log."""
    try:
        with engine.begin() as connection:
            answer = act(connection)
    except Exception as error:
        if (known := translate(error)) is not None:
            raise known from error
        raise
    if isinstance(answer, CarryoverError):
        raise answer
    return answer


def found(connection: Connection, find: TextClause, token: str) -> Any:
    """The row that a token leads to, None for an unknown one; from here on its organisation's policies apply."""
    door = connection.execute(find, {"token_hash": hash_token(clean(token))}).one_or_none()
    if door is not None:
        connection.execute(text("SELECT set_config('app.organisation', :o, true)"), {"o": door.organisation_id})
    return door


def refusal(
    connection: Connection, lock: Lock, passcode: str | None, views: Table, of: Column[str]
) -> tuple[NotAllowed | None, bool]:
    """Why the link does not open, and whether a passcode was tried and failed; ``views`` are counted by ``of``."""
    if lock.revoked:
        return NotAllowed("This link has been revoked; ask whoever sent it for a new one."), False
    if lock.expired:
        return NotAllowed("This link has expired; ask whoever sent it for a new one."), False
    if lock.passcode_hash is None:
        return None, False
    if not passcode:
        return NotAllowed(f"This {lock.opens} asks for a passcode."), False
    recent = views.c.at > func.clock_timestamp() - QUARTER
    failed = select(func.count()).where(of == lock.link_id, views.c.opened.is_(False), recent)
    if connection.execute(failed).scalar_one() >= WRONG_ALLOWED:
        return NotAllowed("There were too many wrong passcodes; try again in a quarter of an hour."), False
    if not hmac.compare_digest(hash_passcode(clean(passcode), lock.link_id), lock.passcode_hash):
        return NotAllowed("This passcode is not right."), True
    return None, False
