"""What every repository shares: the transaction's connection, and rows of the actor's organisation alone."""

from typing import Any

from sqlalchemy import Connection, Executable, Table, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert_into

from mmm_core.domain.errors import NotFound
from mmm_core.domain.identity import Actor

type Many[T] = list[T]
"""A list, said in classes whose own method of that name hides the word."""


class Rows:
    def __init__(self, connection: Connection, actor: Actor) -> None:
        self._connection = connection
        self._actor = actor

    @property
    def place(self) -> tuple[Connection, str]:
        """The transaction's connection and the organisation, for what several repositories write."""
        return self._connection, self._actor.organisation_id

    def _all(self, query: Executable, values: Any = None) -> "list[Any]":
        return list(self._connection.execute(query, values).all())

    def _first(self, query: Executable, values: Any = None) -> Any:
        return self._connection.execute(query, values).first()

    def _insert(self, table: Table, **values: Any) -> None:
        self._connection.execute(insert(table).values(organisation_id=self._actor.organisation_id, **values))

    def _insert_many(self, table: Table, rows: "list[dict[str, Any]]") -> None:
        if rows:
            own = {"organisation_id": self._actor.organisation_id}
            self._connection.execute(insert(table), [{**own, **row} for row in rows])

    def _put(self, table: Table, key: tuple[str, ...], values: "dict[str, Any]") -> None:
        """Insert, or replace the row with the same key."""
        statement = upsert_into(table).values(organisation_id=self._actor.organisation_id, **values)
        changed = {name: statement.excluded[name] for name in values if name not in key}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["organisation_id", *key], set_=changed)
        )

    def _get(self, table: Table, row_id: str, what: str) -> Any:
        row = self._first(select(table).where(table.c.id == row_id))
        if row is None:
            raise missing(what)
        return row

    def _update(self, table: Table, row_id: str, what: str, **values: Any) -> None:
        if self._connection.execute(update(table).where(table.c.id == row_id).values(**values)).rowcount == 0:
            raise missing(what)


def missing(what: str) -> NotFound:
    """The same words whether it never was, is gone, or is another organisation's."""
    return NotFound(f"There is no such {what} here; it may have been removed.")
