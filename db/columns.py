"""The words that ``db.schema`` is written in."""

from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.codec import clean

SCHEMA = "carryover"
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(schema=SCHEMA, naming_convention=NAMING)
UUID: ColumnElement[str] = literal_column("(gen_random_uuid())::text")


class Words(TypeDecorator[str]):
    """Text in, text out; what Postgres cannot hold (NUL, half a surrogate pair) is replaced on the way in."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else clean(value)


def text(name: str, **options: Any) -> Column[str]:
    return Column(name, Words, nullable=options.pop("nullable", False), **options)


def number(name: str, **options: Any) -> Column[int]:
    return Column(name, Integer, nullable=options.pop("nullable", False), **options)


def json(name: str, **options: Any) -> Column[Any]:
    return Column(name, JSONB, nullable=options.pop("nullable", False), **options)


def at(name: str, **options: Any) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=options.pop("nullable", False), **options)


def binary(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def refers(column: str, target: str, key: str = "id") -> ForeignKeyConstraint:
    """What goes with its parent; content that somebody still refers to stays."""
    return ForeignKeyConstraint(
        ["organisation_id", column],
        [f"{SCHEMA}.{target}.organisation_id", f"{SCHEMA}.{target}.{key}"],
        ondelete="CASCADE" if target != "blobs" or column == "name" else None,
    )


def table(name: str, key: tuple[str, ...], *parts: Any) -> Table:
    organisation = ForeignKeyConstraint(["organisation_id"], [f"{SCHEMA}.organisations.organisation_id"])
    return Table(
        name, metadata, text("organisation_id"), *parts, PrimaryKeyConstraint("organisation_id", *key), organisation
    )
