"""Reports and the links under which they are shared; a link's token is kept as its digest alone."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from db import schema
from db.rows import Many, Rows
from mmm_core.domain.report import Report, ShareLink

COLUMNS = tuple(f.name for f in fields(Report))


class Reports(Rows):
    def add(self, report: Report) -> None:
        self._insert(schema.reports, **{name: getattr(report, name) for name in COLUMNS})

    def get(self, report_id: str) -> Report:
        return _report(self._get(schema.reports, report_id, "report"))

    def list(self, project_id: str) -> list[Report]:
        table = schema.reports
        query = select(table).where(table.c.project_id == project_id).order_by(table.c.version.desc())
        return [_report(row) for row in self._all(query)]

    def add_link(self, link: ShareLink, token_hash: str, passcode_hash: str | None) -> None:
        self._insert(
            schema.share_links,
            id=link.id,
            report_id=link.report_id,
            token_hash=token_hash,
            passcode_hash=passcode_hash,
            created_by=link.created_by,
            created_at=link.created_at,
            expires_at=link.expires_at,
            revoked_at=link.revoked_at,
        )

    def links(self, report_id: str) -> Many[ShareLink]:
        table, views = schema.share_links, schema.share_views
        seen = (
            select(func.count())
            .where(views.c.organisation_id == table.c.organisation_id, views.c.link_id == table.c.id, views.c.opened)
            .scalar_subquery()
        )
        query = (
            select(table, seen.label("views")).where(table.c.report_id == report_id).order_by(table.c.created_at.desc())
        )
        return [
            ShareLink(
                row.id, row.report_id, row.created_by, row.created_at, row.expires_at, row.revoked_at,
                row.passcode_hash is not None, row.views,
            )
            for row in self._all(query)
        ]  # fmt: skip

    def revoke(self, link_id: str, at: datetime) -> None:
        """The first revocation counts."""
        row = self._get(schema.share_links, link_id, "link")
        if row.revoked_at is None:
            self._update(schema.share_links, link_id, "link", revoked_at=at)

    def views(self, link_id: str) -> Many[tuple[datetime, str, bool]]:
        """(when, who by address, whether it opened) of a link, newest first."""
        table = schema.share_views
        query = select(table.c.at, table.c.viewer, table.c.opened).where(table.c.link_id == link_id)
        return [(row.at, row.viewer, row.opened) for row in self._all(query.order_by(table.c.at.desc()))]


def _report(row: Any) -> Report:
    return Report(**{name: getattr(row, name) for name in COLUMNS})
