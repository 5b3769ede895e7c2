"""Saved what-if scenarios."""

from sqlalchemy import delete, select

from db.codec import decode, encode
from db.rows import Rows, missing
from db.schema import scenarios as table
from mmm_core.domain.planning import Scenario


class Scenarios(Rows):
    def add(self, scenario: Scenario) -> None:
        self._insert(
            table,
            id=scenario.id,
            project_id=scenario.project_id,
            run_id=scenario.run_id,
            parent_id=scenario.parent_id,
            document=encode(scenario),
            created_at=scenario.created_at,
        )

    def get(self, scenario_id: str) -> Scenario:
        return decode(Scenario, self._get(table, scenario_id, "scenario").document)

    def list(self, project_id: str) -> list[Scenario]:
        query = (
            select(table.c.document).where(table.c.project_id == project_id).order_by(table.c.created_at, table.c.id)
        )
        return [decode(Scenario, row.document) for row in self._all(query)]

    def delete(self, scenario_id: str) -> None:
        if self._connection.execute(delete(table).where(table.c.id == scenario_id)).rowcount == 0:
            raise missing("scenario")
