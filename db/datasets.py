"""Versions of a project's data."""

from typing import Any

from sqlalchemy import Select, select

from db.codec import decode, encode
from db.rows import Rows
from db.schema import dataset_versions as table
from mmm_core.domain.dataset import DatasetVersion


class Datasets(Rows):
    def add(self, version: DatasetVersion) -> None:
        self._insert(
            table,
            id=version.id,
            project_id=version.project_id,
            number=version.number,
            created_at=version.created_at,
            **_changing(version),
        )

    def update(self, version: DatasetVersion) -> None:
        self._update(table, version.id, "data version", **_changing(version))

    def get(self, version_id: str) -> DatasetVersion:
        return decode(DatasetVersion, self._get(table, version_id, "data version").document)

    def list(self, project_id: str) -> list[DatasetVersion]:
        return [decode(DatasetVersion, row.document) for row in self._all(_of(project_id).order_by(table.c.number))]

    def latest(self, project_id: str) -> DatasetVersion | None:
        row = self._first(_of(project_id).order_by(table.c.number.desc()).limit(1))
        return decode(DatasetVersion, row.document) if row else None


def _changing(version: DatasetVersion) -> dict[str, Any]:
    return {
        "content_hash": version.content_hash,
        "source_blob": version.source_blob,
        "document": encode(version),
    }


def _of(project_id: str) -> Select[Any]:
    return select(table.c.document).where(table.c.project_id == project_id)
