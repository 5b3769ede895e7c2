"""Personal tokens: a program acts for a person with the person's own role, until it expires or is revoked (T4)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.tokens import PersonalToken
from mmm_core.use_cases.reports import hash_token

MAX_DAYS = 365
MOST = 20
PREFIX = "cot_"
"""By which a scanner for leaked secrets can tell what it has found."""


@dataclass(frozen=True)
class NewToken:
    token: PersonalToken
    secret: str
    """Shown once; only its hash is kept."""


def make_token(services: Services, actor: Actor, name: str, *, days: int = 90) -> NewToken:
    """A token of the person's own; any member may have some, since it can do no more than they can."""
    if not name.strip():
        raise BadInput("Give the token a name, so that you know later what uses it.")
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"A token lives from 1 to {MAX_DAYS} days.")
    secret = PREFIX + secrets.token_urlsafe(32)
    now = services.now()
    token = PersonalToken(services.new_id(), name.strip()[:80], now, now + timedelta(days=days))
    with services.work(actor) as work:
        if sum(t.revoked_at is None and t.expires_at > now for t in work.tokens.list()) >= MOST:
            raise BadInput(f"You have {MOST} tokens already; revoke one that nothing uses.")
        work.tokens.add(token, hash_token(secret))
        work.audit.record("token.made", token.id, {"name": token.name, "days": days})
    return NewToken(token, secret)


def list_tokens(services: Services, actor: Actor) -> Sequence[PersonalToken]:
    """The person's own, newest first, without those that are over."""
    now = services.now()
    with services.work(actor) as work:
        return [t for t in work.tokens.list() if t.revoked_at is None and t.expires_at > now]


def revoke_token(services: Services, actor: Actor, token_id: str) -> None:
    with services.work(actor) as work:
        work.tokens.revoke(token_id, services.now())
        work.audit.record("token.revoked", token_id)
