"""Who may do what: every verb that changes something asks here first."""

from mmm_core.domain.errors import NotAllowed
from mmm_core.domain.identity import Actor, TeamRole


def require(actor: Actor, needed: TeamRole, what: str) -> None:
    """Raise NotAllowed unless the actor's role covers ``needed``."""
    if not actor.role.covers(needed):
        raise NotAllowed(f"Your role is {actor.role}; to {what} you need the role {needed}. Ask your administrator.")
