"""Who may act: signing in through one door of the database, and the check that a member still is one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, select, text

from db.failures import translate
from db.schema import memberships, users
from mmm_core.domain.identity import Actor, TeamRole

LOCAL = "local"
SIGN_IN = text(
    "SELECT organisation_id, user_id, name, email, role FROM carryover.sign_in("
    ":issuer, :subject, :email, :email_verified, :name, :claim)"
)


def sign_in(
    engine: Engine,
    *,
    issuer: str,
    subject: str,
    email: str = "",
    email_verified: bool = False,
    name: str = "",
    organisation: str | None = None,
) -> Actor | None:
    """The member behind a checked identity token, None for somebody whom no organisation knows.

    A person joins by the provider's organisation claim (the first one of an organisation becomes its administrator), by
    an invitation or by an allowed domain; the last two need an e-mail address that the provider has verified. An
    organisation's claim wins over earlier memberships.
    """
    if issuer == LOCAL:
        return None
    return _resolve(engine, issuer, subject, email, email_verified, name, organisation)


def sign_in_with_claims(
    engine: Engine, claims: Mapping[str, Any], organisation_claim: str | None = None
) -> Actor | None:
    """``sign_in`` from an OpenID Connect identity token's claims, as Streamlit's ``st.user`` holds them."""
    organisation = claims.get(organisation_claim) if organisation_claim else None
    if isinstance(organisation, list | tuple):
        organisation = organisation[0] if len(organisation) == 1 else None
    return sign_in(
        engine,
        issuer=str(claims.get("iss") or ""),
        subject=str(claims.get("sub") or ""),
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") is True,
        name=str(claims.get("name") or ""),
        organisation=str(organisation) if organisation else None,
    )


def local_actor(engine: Engine) -> Actor:
    """The single user of a machine without a sign-in provider: administrator of the one local organisation."""
    actor = _resolve(engine, LOCAL, LOCAL, "", False, "You", None)
    assert actor is not None, "the local member is created at the first call and nobody can disable it"
    return actor


def still_member(engine: Engine, actor: Actor) -> Actor | None:
    """The same person with the role of this moment; None once the membership is gone or disabled."""
    query = (
        select(users.c.organisation_id, users.c.id.label("user_id"), users.c.name, users.c.email, memberships.c.role)
        .join(memberships, memberships.c.user_id == users.c.id)
        .where(users.c.id == actor.user_id, memberships.c.disabled.is_(False))
    )
    try:
        with engine.begin() as connection:
            connection.execute(
                text("SELECT set_config('app.organisation', :organisation, true)"),
                {"organisation": actor.organisation_id},
            )
            return _actor(connection.execute(query).one_or_none())
    except Exception as error:
        if (known := translate(error)) is not None:
            raise known from error
        raise


def _resolve(
    engine: Engine, issuer: str, subject: str, email: str, verified: bool, name: str, claim: str | None
) -> Actor | None:
    values = {
        "issuer": issuer, "subject": subject, "email": email, "email_verified": verified, "name": name, "claim": claim,
    }  # fmt: skip
    try:
        with engine.begin() as connection:
            return _actor(connection.execute(SIGN_IN, values).one_or_none())
    except Exception as error:
        if (known := translate(error)) is not None:
            raise known from error
        raise


def _actor(row: Any) -> Actor | None:
    if row is None:
        return None
    return Actor(row.organisation_id, row.user_id, row.name, row.email, TeamRole(row.role))
