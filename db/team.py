"""Members, invitations and allowed e-mail domains of one organisation."""

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.rows import Many, Rows, missing
from db.schema import allowed_domains, invitations, memberships, organisations, users
from mmm_core.domain.identity import TeamRole
from mmm_core.domain.team import AllowedDomain, Invitation, Member


class Team(Rows):
    def organisation(self) -> str:
        return str(self._first(select(organisations.c.name)).name)

    def members(self) -> Many[Member]:
        query = (
            select(users, memberships.c.role)
            .join(memberships, memberships.c.user_id == users.c.id)
            .where(memberships.c.disabled.is_(False))
            .order_by(func.lower(users.c.name), users.c.id)
        )
        return [
            Member(r.id, r.name, r.email, r.email_verified, TeamRole(r.role), r.created_at, r.seen_at)
            for r in self._all(query)
        ]

    def admins(self) -> Many[str]:
        query = (
            select(memberships.c.user_id)
            .where(memberships.c.role == TeamRole.ADMIN, memberships.c.disabled.is_(False))
            .order_by(memberships.c.user_id)
            .with_for_update()
        )
        return [row.user_id for row in self._all(query)]

    def set_role(self, user_id: str, role: TeamRole) -> None:
        self._change(user_id, role=role.value)

    def remove(self, user_id: str) -> None:
        self._change(user_id, disabled=True)

    def _change(self, user_id: str, **values: Any) -> None:
        mine = (memberships.c.user_id == user_id, memberships.c.disabled.is_(False))
        if self._connection.execute(update(memberships).where(*mine).values(**values)).rowcount == 0:
            raise missing("member")

    def invitations(self) -> Many[Invitation]:
        query = select(invitations).where(invitations.c.accepted_at.is_(None)).order_by(invitations.c.created_at.desc())
        return [
            Invitation(r.email, TeamRole(r.role), r.invited_by, r.created_at, r.expires_at) for r in self._all(query)
        ]

    def invite(self, invitation: Invitation) -> None:
        values = {
            "email": invitation.email, "role": invitation.role.value, "invited_by": invitation.invited_by,
            "created_at": invitation.created_at, "expires_at": invitation.expires_at, "accepted_at": None,
        }  # fmt: skip
        self._put(invitations, ("email",), values)

    def withdraw(self, email: str) -> bool:
        still_open = (invitations.c.email == email, invitations.c.accepted_at.is_(None))
        return self._connection.execute(delete(invitations).where(*still_open)).rowcount > 0

    def domains(self) -> Many[AllowedDomain]:
        query = select(allowed_domains).order_by(allowed_domains.c.domain)
        return [AllowedDomain(r.domain, TeamRole(r.role)) for r in self._all(query)]

    def allow(self, allowed: AllowedDomain) -> bool:
        # Another organisation's row cannot be seen, yet it stands in the way: a domain leads to one organisation.
        values = {"domain": allowed.domain, "role": allowed.role.value}
        statement = insert(allowed_domains).values(organisation_id=self._actor.organisation_id, **values)
        kept = statement.on_conflict_do_nothing().returning(allowed_domains.c.domain)
        return self._first(kept) is not None

    def disallow(self, domain: str) -> bool:
        return self._connection.execute(delete(allowed_domains).where(allowed_domains.c.domain == domain)).rowcount > 0
