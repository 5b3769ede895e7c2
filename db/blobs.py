"""Content-addressed bytes: stored once per organisation, in parts that one statement can carry."""

import hashlib

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from db import schema
from db.rows import Rows, missing
from mmm_core.domain.errors import Unavailable

PART = 4 * 1024 * 1024


class Blobs(Rows):
    def put(self, content: bytes, media_type: str) -> str:
        name = hashlib.sha256(content).hexdigest()
        own = {"organisation_id": self._actor.organisation_id, "name": name}
        statement = insert(schema.blobs).values(**own, size=len(content), media_type=media_type)
        if self._first(statement.on_conflict_do_nothing().returning(schema.blobs.c.name)):
            # One part at a time: the driver holds what it sends more than once.
            for number, start in enumerate(range(0, len(content), PART)):
                self._insert(schema.blob_parts, name=name, number=number, content=content[start : start + PART])
        return name

    def get(self, name: str) -> bytes:
        size = self._first(select(schema.blobs.c.size).where(schema.blobs.c.name == name))
        if size is None:
            raise missing("file")
        parts = schema.blob_parts
        query = select(parts.c.content).where(parts.c.name == name).order_by(parts.c.number)
        content = b"".join(bytes(row.content) for row in self._all(query))
        if hashlib.sha256(content).hexdigest() != name:
            raise Unavailable("A stored file is damaged; restore the database from a backup.")
        return content
