"""Ask people, under a link that needs no login, what they believe each channel brings (P7)."""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from mmm_core.domain.elicitation import Inquiry, InquiryDoor, OpenInquiry, Reply, Statement, problem
from mmm_core.domain.errors import BadInput, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit
from mmm_core.reports import wording as f
from mmm_core.use_cases.access import require
from mmm_core.use_cases.reports import MAX_LINK_DAYS, hash_passcode, hash_token

MOST_CHANNELS = 30
LONGEST_NAME = 80
LONGEST_REASON = 2000
PER_MONEY, PER_COUNT = 1, 1000
"""Amounts a question is about: what 1 EUR brings in money, what 1,000 EUR bring in orders."""


def ask(
    services: Services,
    actor: Actor,
    project_id: str,
    *,
    person: str,
    channels: Sequence[str],
    days: int = 30,
    passcode: str | None = None,
) -> tuple[Inquiry, str]:
    """Make a link for one person; the token that comes with it is shown once, only its hash is kept."""
    require(actor, TeamRole.ANALYST, "ask somebody what they believe")
    name = " ".join(person.split())
    asked = tuple(dict.fromkeys(c.strip() for c in channels if c.strip()))
    if not name or len(name) > LONGEST_NAME:
        raise BadInput(f"Say who is asked, in 1 to {LONGEST_NAME} letters; the belief will carry the name.")
    if not 1 <= len(asked) <= MOST_CHANNELS:
        raise BadInput(f"Choose from 1 to {MOST_CHANNELS} channels to ask about.")
    if not 1 <= days <= MAX_LINK_DAYS:
        raise BadInput(f"A link lives from 1 to {MAX_LINK_DAYS} days.")
    if passcode is not None and len(passcode) < 4:
        raise BadInput("A passcode needs at least 4 characters.")
    token, now = secrets.token_urlsafe(32), services.now()
    with services.work(actor) as work:
        project = work.projects.get(project_id)
        plan = work.projects.latest_plan(project_id)
        count = project.kpi_unit is KpiUnit.COUNT
        inquiry = Inquiry(
            id=services.new_id(),
            project_id=project.id,
            person=name,
            channels=asked,
            kpi=project.kpi_name or (plan.target if plan else "") or "revenue",
            is_count=count,
            currency=project.currency,
            per=PER_COUNT if count else PER_MONEY,
            created_by=actor.name,
            created_at=now,
            expires_at=now + timedelta(days=days),
            has_passcode=passcode is not None,
        )
        work.inquiries.add(inquiry, hash_token(token), hash_passcode(passcode, inquiry.id) if passcode else None)
        work.graph.put_node("inquiry", inquiry.id, f"Asked {name}", {"by": actor.name}, project.id)
        work.graph.put_edge(("inquiry", inquiry.id), "part_of", ("project", project.id))
        work.audit.record("inquiry.created", inquiry.id, {"person": name, "channels": len(asked), "days": days})
    return inquiry, token


def revoke(services: Services, actor: Actor, inquiry_id: str) -> None:
    """The link closes; what was answered stays."""
    require(actor, TeamRole.ANALYST, "revoke a link")
    with services.work(actor) as work:
        inquiry = work.inquiries.get(inquiry_id)
        work.inquiries.revoke(inquiry.id, services.now())
        work.audit.record("inquiry.revoked", inquiry.id, {"person": inquiry.person})


def list_inquiries(services: Services, actor: Actor, project_id: str) -> Sequence[Inquiry]:
    """Newest first."""
    with services.work(actor) as work:
        return work.inquiries.list(project_id)


def open_link(services: Services, token: str, passcode: str | None, viewer: str) -> OpenInquiry:
    """What the holder of a link is asked; a verb without an actor."""
    return _door(services).open(token, passcode, viewer)


def answer(services: Services, token: str, passcode: str | None, viewer: str, statements: Sequence[Statement]) -> Reply:
    """Keep what the holder of a link says; a verb without an actor.

    Raises
    ------
    BadInput
        With one sentence for the first range that cannot be used, or where nothing was said.
    """
    return _door(services).answer(token, passcode, viewer, lambda inquiry: settle(inquiry, statements))


def settle(inquiry: Inquiry, statements: Sequence[Statement]) -> tuple[Statement, ...]:
    """One statement for each channel that was asked about; BadInput where one of them cannot be used."""
    given = {s.channel: replace(s, why=s.why.strip()[:LONGEST_REASON]) for s in statements}
    if unknown := set(given) - set(inquiry.channels):
        raise BadInput(f"Nobody asked about {f.plain(min(unknown))}.")
    kept = tuple(given.get(c, Statement(c)) for c in inquiry.channels)
    for statement in kept:
        if wrong := problem(statement):
            raise BadInput(f"{f.plain(statement.channel)}: {wrong}")
    return kept


def _door(services: Services) -> InquiryDoor:
    if services.inquiries is None:
        raise Unavailable("Links for people who are asked are not opened here.")
    return services.inquiries
