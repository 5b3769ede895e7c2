"""Projects and their plans."""

from sqlalchemy import select

from db import schema
from db.codec import decode, encode
from db.rows import Rows
from mmm_core.domain.project import Plan, Project


class Projects(Rows):
    def add(self, project: Project) -> None:
        self._insert(
            schema.projects,
            id=project.id,
            name=project.name,
            document=encode(project),
            created_at=project.created_at,
        )

    def get(self, project_id: str) -> Project:
        return decode(Project, self._get(schema.projects, project_id, "project").document)

    def list(self) -> list[Project]:
        query = select(schema.projects.c.document).order_by(schema.projects.c.created_at, schema.projects.c.id)
        return [decode(Project, row.document) for row in self._all(query)]

    def update(self, project: Project) -> None:
        self._update(schema.projects, project.id, "project", name=project.name, document=encode(project))

    def add_plan(self, plan: Plan) -> None:
        self._insert(
            schema.plans,
            id=plan.id,
            project_id=plan.project_id,
            version=plan.version,
            document=encode(plan),
        )

    def update_plan(self, plan: Plan) -> None:
        self._update(schema.plans, plan.id, "plan", document=encode(plan))

    def latest_plan(self, project_id: str) -> Plan | None:
        plans = schema.plans
        query = select(plans.c.document).where(plans.c.project_id == project_id).order_by(plans.c.version.desc())
        row = self._first(query.limit(1))
        return decode(Plan, row.document) if row else None
