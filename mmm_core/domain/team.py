"""Who belongs to an organisation, and who may come."""

from dataclasses import dataclass
from datetime import datetime

from mmm_core.domain.identity import TeamRole


@dataclass(frozen=True)
class Member:
    user_id: str
    name: str
    email: str
    email_verified: bool
    """Whether the provider vouched for the address at the last sign-in."""
    role: TeamRole
    joined_at: datetime
    seen_at: datetime
    """The last sign-in."""


@dataclass(frozen=True)
class Invitation:
    """One person's way in, by an e-mail address that the provider has verified."""

    email: str
    role: TeamRole
    invited_by: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class AllowedDomain:
    """Everybody with a verified address at ``domain`` may join."""

    domain: str
    role: TeamRole
