"""The team of an organisation: who belongs to it, who may come, and what was done (T1, T3). Administrators only."""

import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mmm_core.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.team import AllowedDomain, Invitation, Member
from mmm_core.use_cases.access import require
from mmm_core.use_cases.mail_providers import is_public

MAX_DAYS = 90
MANY = 1_000_000
_EMAIL = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\".]+")
_DOMAIN = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")


@dataclass(frozen=True)
class Team:
    organisation: str
    members: tuple[Member, ...]
    invitations: tuple[Invitation, ...]
    """Not yet accepted, newest first; expired ones too."""
    domains: tuple[AllowedDomain, ...]


@dataclass(frozen=True)
class AuditRow:
    at: datetime
    who: str
    action: str
    """What was done, such as ``model.fitted``."""
    subject: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class AuditTrail:
    rows: tuple[AuditRow, ...]
    """Newest first."""
    first_broken: int | None
    """Number of the first row that was changed or follows a missing one; None for an intact trail."""


def get_team(services: Services, actor: Actor) -> Team:
    require(actor, TeamRole.ADMIN, "see the team")
    with services.work(actor) as work:
        team = work.team
        return Team(team.organisation(), tuple(team.members()), tuple(team.invitations()), tuple(team.domains()))


# ---- invitations ----------------------------------------------------------------------------------------------------


def invite(services: Services, actor: Actor, email: str, role: TeamRole, *, days: int = 14) -> Invitation:
    """Let one person in who signs in with this address, verified by the provider, within ``days``."""
    require(actor, TeamRole.ADMIN, "invite somebody")
    address = checked_email(email)
    if not 1 <= days <= MAX_DAYS:
        raise BadInput(f"An invitation is open for 1 to {MAX_DAYS} days.")
    now = services.now()
    invitation = Invitation(address, role, actor.name, now, now + timedelta(days=days))
    with services.work(actor) as work:
        if any(m.email == address for m in work.team.members()):
            raise BadInput(f"{address} is on the team already; change the role in the list of members.")
        work.team.invite(invitation)
        work.audit.record("member.invited", address, {"role": role.value, "expires_at": invitation.expires_at})
    return invitation


def withdraw(services: Services, actor: Actor, email: str) -> None:
    require(actor, TeamRole.ADMIN, "withdraw an invitation")
    with services.work(actor) as work:
        if not work.team.withdraw(email):
            raise NotFound(f"There is no open invitation for {email}; it may have been accepted or withdrawn.")
        work.audit.record("invitation.withdrawn", email)


# ---- members --------------------------------------------------------------------------------------------------------


def change_role(services: Services, actor: Actor, user_id: str, role: TeamRole) -> None:
    require(actor, TeamRole.ADMIN, "change a role")
    with services.work(actor) as work:
        _keep_an_admin(work, user_id, "made anything else" if role is not TeamRole.ADMIN else None)
        member = _member(work, user_id)
        if member.role is role:
            return
        work.team.set_role(user_id, role)
        detail = {"email": member.email, "from": member.role.value, "to": role.value}
        work.audit.record("member.role_changed", user_id, detail)


def remove(services: Services, actor: Actor, user_id: str) -> None:
    """Put a member out at their next click; what they made stays."""
    require(actor, TeamRole.ADMIN, "remove somebody")
    with services.work(actor) as work:
        _keep_an_admin(work, user_id, "removed")
        member = _member(work, user_id)
        work.team.remove(user_id)
        # An older invitation must not lead straight back in.
        if member.email:
            work.team.withdraw(member.email)
        work.audit.record("member.removed", user_id, {"email": member.email, "role": member.role.value})


def _member(work: Work, user_id: str) -> Member:
    found = next((m for m in work.team.members() if m.user_id == user_id), None)
    if found is None:
        raise NotFound("There is no such member here; somebody may have removed them.")
    return found


def _keep_an_admin(work: Work, user_id: str, what: str | None) -> None:
    """Asked first: it holds the administrators still, so that two cannot remove each other at once."""
    admins = work.team.admins()
    if what and list(admins) == [user_id]:
        raise NotAllowed(f"The last administrator cannot be {what}; make somebody else an administrator first.")


# ---- domains --------------------------------------------------------------------------------------------------------


def allow_domain(services: Services, actor: Actor, domain: str, role: TeamRole = TeamRole.VIEWER) -> AllowedDomain:
    """Let everybody in whose verified address is at ``domain``, which has to be one that a member signs in from."""
    require(actor, TeamRole.ADMIN, "allow an e-mail domain")
    allowed = AllowedDomain(checked_domain(domain), role)
    if role is TeamRole.ADMIN:
        raise BadInput("A whole domain cannot join as administrators; choose another role and raise single members.")
    with services.work(actor) as work:
        if any(d.domain == allowed.domain for d in work.team.domains()):
            raise BadInput(f"{allowed.domain} is allowed already; remove it first to change its role.")
        # Otherwise one organisation could draw in the people of another company.
        if not any(m.email_verified and m.email.endswith(f"@{allowed.domain}") for m in work.team.members()):
            raise BadInput(
                f"Nobody on your team signs in with a verified address at {allowed.domain}; invite one person there "
                "first, then allow the domain."
            )
        if not work.team.allow(allowed):
            raise Conflict(f"{allowed.domain} already leads to another organisation here; ask whoever runs Carryover.")
        work.audit.record("domain.allowed", allowed.domain, {"role": role.value})
    return allowed


def remove_domain(services: Services, actor: Actor, domain: str) -> None:
    """Nobody new joins by it; who did stays a member."""
    require(actor, TeamRole.ADMIN, "remove an e-mail domain")
    with services.work(actor) as work:
        if not work.team.disallow(domain):
            raise NotFound(f"{domain} is not among the allowed domains; somebody may have removed it.")
        work.audit.record("domain.removed", domain)


# ---- audit trail ----------------------------------------------------------------------------------------------------


def audit_trail(services: Services, actor: Actor, limit: int = 200) -> AuditTrail:
    """The newest rows, and whether the whole trail is intact."""
    require(actor, TeamRole.ADMIN, "see the audit trail")
    with services.work(actor) as work:
        rows = tuple(AuditRow(*row) for row in work.audit.list(limit))
        return AuditTrail(rows, work.audit.first_broken())


def audit_csv(services: Services, actor: Actor) -> bytes:
    """The whole trail, newest first, in UTC."""
    trail = audit_trail(services, actor, MANY)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["at", "who", "action", "subject", "detail"])
    for row in trail.rows:
        detail = json.dumps(row.detail, ensure_ascii=False, default=str)
        writer.writerow([row.at.isoformat(), *_harmless([row.who, row.action, row.subject]), detail])
    # The mark at the beginning has Excel read UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _harmless(cells: Sequence[str]) -> list[str]:
    """Names come from outside; a spreadsheet must not take one for a formula."""
    return [f"'{c}" if c[:1] in ("=", "+", "-", "@", "\t", "\r") else c for c in cells]


# ---- what people type -----------------------------------------------------------------------------------------------


def checked_email(email: str) -> str:
    address = email.strip().lower()
    if len(address) > 254 or not _EMAIL.fullmatch(address):
        raise BadInput("This is no e-mail address; write it like name@company.com.")
    return address


def checked_domain(domain: str) -> str:
    name = domain.strip().lower().rpartition("@")[2].rstrip(".")
    if len(name) > 253 or not _DOMAIN.fullmatch(name):
        raise BadInput("This is no e-mail domain; write it like company.com.")
    if is_public(name):
        raise BadInput(f"Anybody can get an address at {name}; invite people with such an address one by one.")
    return name
