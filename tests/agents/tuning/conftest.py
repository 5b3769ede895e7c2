from collections.abc import Callable
from typing import Any

import pytest

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from tests.agents import world
from tests.agents.scripted import Scripted
from tests.agents.tuning.desk import Script, Session, open_session

Open = Callable[..., Session]


@pytest.fixture(scope="module")
def project_id(services: Services, actor: Actor) -> str:
    return world.company(services, actor, fit=False)


@pytest.fixture
def tune(services: Services, actor: Actor, project_id: str) -> Open:
    """Opens a session, the only one of its project; ``steps`` are what a language model says, in order."""

    def opened(script: Script, *steps: Any) -> Session:
        model = Scripted(steps=list(steps))
        made = open_session(services, actor, project_id, script, (lambda settings, choice: model) if steps else None)
        made.model = model
        return made

    return opened
