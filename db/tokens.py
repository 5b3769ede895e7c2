"""Personal tokens, and the door through which one becomes its owner."""

from datetime import datetime

from sqlalchemy import Engine, func, select, text, update

from db.failures import translate
from db.rows import Many, Rows, missing
from db.schema import personal_tokens as table
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.tokens import PersonalToken
from mmm_core.use_cases.reports import hash_token

FIND = text("SELECT organisation_id, user_id, name, email, role FROM carryover.token_owner(:token_hash)")


class PersonalTokens(Rows):
    def add(self, token: PersonalToken, token_hash: str) -> None:
        self._insert(
            table, id=token.id, user_id=self._actor.user_id, name=token.name, token_hash=token_hash,
            created_at=token.created_at, expires_at=token.expires_at,
        )  # fmt: skip

    def list(self) -> Many[PersonalToken]:
        rows = self._all(select(table).order_by(table.c.created_at.desc()))
        return [PersonalToken(r.id, r.name, r.created_at, r.expires_at, r.used_at, r.revoked_at) for r in rows]

    def revoke(self, token_id: str, at: datetime) -> None:
        statement = update(table).where(table.c.id == token_id).values(revoked_at=func.coalesce(table.c.revoked_at, at))
        if self._connection.execute(statement).rowcount == 0:
            raise missing("token")


def owner_of(engine: Engine, token: str) -> Actor | None:
    """Who acts with a token, with the role of this moment; None for one that is unknown, revoked or expired."""
    try:
        with engine.begin() as connection:
            row = connection.execute(FIND, {"token_hash": hash_token(token)}).one_or_none()
    except Exception as error:
        if (known := translate(error)) is not None:
            raise known from error
        raise
    if row is None:
        return None
    return Actor(row.organisation_id, row.user_id, row.name, row.email, TeamRole(row.role))
