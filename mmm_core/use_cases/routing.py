"""Who should answer a message, and what the router learns from where people went with theirs (A7)."""

from dataclasses import dataclass

from mmm_core.domain.errors import BadInput, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.routing import Place, Routed, Router
from mmm_core.use_cases.access import require

LONGEST = 500
"""Characters of a message that are kept to learn from."""
FEWEST = 10


@dataclass(frozen=True)
class Learning:
    examples: int
    """Messages of the organisation that it learnt from."""
    changed: int
    """Of these, how many it places differently now."""


def route(services: Services, actor: Actor, message: str) -> Routed:
    """Say who should answer, and remember the message for the router's next lesson."""
    with services.work(actor) as work:
        found = _router(services).route(message, work.routings.learnt())
        routed = Routed(services.new_id(), message.strip()[:LONGEST], found, None, services.now())
        work.routings.add(routed)
    return routed


def went_to(services: Services, actor: Actor, routed_id: str, place: Place) -> None:
    """Where the person really went with a message: they chose, corrected, or stayed where they were sent."""
    with services.work(actor) as work:
        work.routings.settle(routed_id, place)


def learn(services: Services, actor: Actor) -> Learning:
    """Teach the router from the organisation's own history, beside the product's own examples."""
    require(actor, TeamRole.ADMIN, "teach the router")
    router = _router(services)
    with services.work(actor) as work:
        examples = list(work.routings.settled())
        before = work.routings.learnt()
    if len(examples) < FEWEST:
        raise BadInput(
            f"The router learns from messages whose place somebody settled; there are {len(examples)}, "
            f"and it takes at least {FEWEST}."
        )
    weights = router.learn(examples)
    changed = sum(router.route(e.text, before).place is not router.route(e.text, weights).place for e in examples)
    with services.work(actor) as work:
        work.routings.keep_learnt(weights, len(examples), services.now())
        work.audit.record("router.learnt", actor.organisation_id, {"examples": len(examples), "changed": changed})
    return Learning(len(examples), changed)


def _router(services: Services) -> Router:
    if services.router is None:
        raise Unavailable("Messages cannot be placed here: this process has no router.")
    return services.router
