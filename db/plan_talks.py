"""Planning conversations of a project; one at a time is open."""

from sqlalchemy import select, update

from db.codec import decode, encode
from db.rows import Rows
from db.schema import plan_talks as table
from mmm_core.domain.errors import Conflict
from mmm_core.domain.plan_talk import PlanTalk

TWICE = "Somebody else has just gone on with this conversation; look at it again."


class PlanTalks(Rows):
    def add(self, talk: PlanTalk) -> None:
        self._insert(
            table, id=talk.id, project_id=talk.project_id, number=talk.number, status=talk.status.value,
            document=encode(talk), begun_at=talk.begun_at,
        )  # fmt: skip

    def latest(self, project_id: str) -> PlanTalk | None:
        query = select(table.c.document).where(table.c.project_id == project_id)
        row = self._first(query.order_by(table.c.begun_at.desc(), table.c.id).limit(1))
        return decode(PlanTalk, row.document) if row else None

    def get(self, talk_id: str) -> PlanTalk:
        return decode(PlanTalk, self._get(table, talk_id, "conversation").document)

    def put(self, talk: PlanTalk) -> None:
        before = (table.c.id == talk.id, table.c.number == talk.number - 1)
        changed = update(table).where(*before).values(
            number=talk.number, status=talk.status.value, document=encode(talk)
        )  # fmt: skip
        if self._connection.execute(changed).rowcount == 0:
            self._get(table, talk.id, "conversation")
            raise Conflict(TWICE)
