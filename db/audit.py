"""The audit trail: rows can be added, never changed; each row's hash covers the one before (a trigger computes it)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from db.codec import decode_plain, encode
from db.rows import Many, Rows
from db.schema import audit as table

BROKEN = text("""
    WITH chain AS (
      SELECT number, hash, row_number() OVER (ORDER BY number) AS position,
             sha256(coalesce(lag(hash) OVER (ORDER BY number), ''::bytea) || convert_to(jsonb_build_array(
               organisation_id, number, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
               user_id, who, action, subject, detail)::text, 'UTF8')) AS expected
        FROM carryover.audit
    )
    SELECT min(number) FROM chain WHERE hash <> expected OR number <> position
""")


class Audit(Rows):
    def record(self, action: str, subject: str, detail: dict[str, Any] | None = None) -> None:
        self._insert(
            table,
            # The trigger sets the number, the time and the hash.
            number=0,
            user_id=self._actor.user_id,
            who=self._actor.name,
            action=action,
            subject=subject,
            detail=encode(detail or {}),
        )

    def list(self, limit: int) -> Many[tuple[datetime, str, str, str, dict[str, Any]]]:
        query = select(table).order_by(table.c.number.desc()).limit(limit)
        return [(row.at, row.who, row.action, row.subject, decode_plain(row.detail)) for row in self._all(query)]

    def first_broken(self) -> int | None:
        """Number of the first row that does not fit the chain; None where nobody has touched it."""
        found: int | None = self._connection.execute(BROKEN).scalar()
        return found
