"""Baseline estimates and what was decided of them."""

from sqlalchemy import select

from db.codec import decode, encode
from db.rows import Rows
from db.schema import baselines as table
from mmm_core.domain.baseline import Baseline


class Baselines(Rows):
    def add(self, baseline: Baseline) -> None:
        self._insert(
            table,
            id=baseline.id,
            project_id=baseline.project_id,
            dataset_version_id=baseline.dataset_version_id,
            document=encode(baseline),
            created_at=baseline.created_at,
        )

    def update(self, baseline: Baseline) -> None:
        self._update(table, baseline.id, "baseline", document=encode(baseline))

    def get(self, baseline_id: str) -> Baseline:
        return decode(Baseline, self._get(table, baseline_id, "baseline").document)

    def list(self, project_id: str) -> list[Baseline]:
        query = (
            select(table.c.document)
            .where(table.c.project_id == project_id)
            .order_by(table.c.created_at.desc(), table.c.id)
        )
        return [decode(Baseline, row.document) for row in self._all(query)]
