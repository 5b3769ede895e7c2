"""Who is acting, and for which organisation."""

from dataclasses import dataclass
from enum import StrEnum


class TeamRole(StrEnum):
    VIEWER = "viewer"
    ANALYST = "analyst"
    APPROVER = "approver"
    ADMIN = "admin"

    def covers(self, needed: "TeamRole") -> bool:
        ranks = list(TeamRole)
        return ranks.index(self) >= ranks.index(needed)


@dataclass(frozen=True)
class Actor:
    """The person (or job on a person's behalf) whose organisation every query is limited to."""

    organisation_id: str
    user_id: str
    name: str
    email: str
    role: TeamRole
