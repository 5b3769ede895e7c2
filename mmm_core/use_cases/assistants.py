"""Which language model answers what, and what that has cost so far (A6)."""

from collections.abc import Sequence
from datetime import datetime

from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.llm import Choice, Price, Route, Spent, Task, Usage
from mmm_core.domain.ports import Services
from mmm_core.use_cases.access import require

MOST = 4
"""Choices of a route: the first and its fallbacks."""
LONGEST = 120
DEAREST = 10_000
"""Dollars per million tokens; more is a slip of the decimal point."""
SECRETS = ("sk-", "sk_", "aiza", "dapi", "bearer ", "-----begin")
"""How keys begin; one pasted for a model's name must not be kept."""


def list_routes(services: Services, actor: Actor) -> Sequence[Route]:
    with services.work(actor) as work:
        return work.routes.list()


def set_route(services: Services, actor: Actor, task: Task, choices: Sequence[Choice]) -> Route:
    """Say who answers a kind of task, at once and for everybody of the organisation; names alone are kept."""
    require(actor, TeamRole.ADMIN, "choose language models")
    if not choices:
        raise BadInput("Choose at least one model, or take the route away.")
    if len(choices) > MOST:
        raise BadInput(f"A route has at most {MOST} models: the first and its fallbacks.")
    cleaned = tuple(dict.fromkeys(Choice(c.provider.strip(), c.model.strip()) for c in choices))
    for choice in cleaned:
        _named(choice)
    route = Route(task, cleaned, actor.name, services.now())
    with services.work(actor) as work:
        work.routes.put(route)
        work.audit.record("assistant.route", task.value, {"models": [str(c) for c in cleaned]})
    return route


def remove_route(services: Services, actor: Actor, task: Task) -> None:
    """Back to what the server's settings say for every task."""
    require(actor, TeamRole.ADMIN, "choose language models")
    with services.work(actor) as work:
        work.routes.remove(task)
        work.audit.record("assistant.route", task.value, {"models": []})


def list_prices(services: Services, actor: Actor) -> Sequence[Price]:
    require(actor, TeamRole.ADMIN, "see what language models cost")
    with services.work(actor) as work:
        return work.prices.list()


def set_price(services: Services, actor: Actor, choice: Choice, input_price: float, output_price: float) -> Price:
    """Say what a model costs in US dollars per million tokens; answers from then on are counted at it."""
    require(actor, TeamRole.ADMIN, "say what language models cost")
    _named(choice)
    if not all(0 <= price <= DEAREST for price in (input_price, output_price)):
        raise BadInput(f"A price lies between 0 and {DEAREST:,} dollars per million tokens.")
    price = Price(choice, float(input_price), float(output_price), actor.name, services.now())
    with services.work(actor) as work:
        work.prices.put(price)
        work.audit.record("assistant.price", str(choice), {"input": price.input, "output": price.output})
    return price


def remove_price(services: Services, actor: Actor, choice: Choice) -> None:
    """Back to what the operator's list says, where it says anything."""
    require(actor, TeamRole.ADMIN, "say what language models cost")
    with services.work(actor) as work:
        work.prices.remove(choice)
        work.audit.record("assistant.price", str(choice), {})


def spent(services: Services, actor: Actor, since: datetime | None = None) -> Sequence[Spent]:
    """What language models have cost the organisation, by task and model, dearest first."""
    require(actor, TeamRole.ADMIN, "see what language models cost")
    with services.work(actor) as work:
        return work.usage.spent(since)


def usage_of(services: Services, actor: Actor, conversation_id: str) -> Sequence[Usage]:
    with services.work(actor) as work:
        work.conversations.get(conversation_id)
        return work.usage.of_conversation(conversation_id)


def _named(choice: Choice) -> None:
    if not choice.provider or not choice.model:
        raise BadInput("Give each model its provider and its name.")
    if len(choice.model) > LONGEST or any(choice.model.lower().startswith(s) for s in SECRETS):
        raise BadInput("That is no name of a model. Keys belong into the server's environment, never here.")
