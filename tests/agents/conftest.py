import pytest
from sqlalchemy import Engine

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from tests.agents import world


@pytest.fixture(scope="module")
def services(engine: Engine) -> Services:
    return world.services_on(engine)


@pytest.fixture(scope="module")
def fitted(services: Services, actor: Actor) -> str:
    """Id of a project with a fitted model."""
    return world.company(services, actor)
