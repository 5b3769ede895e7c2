import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from tests.agents.workflow.office import Office, Unsettled, open_office
from tests.db.test_use_cases import csv

Open = Callable[..., Office]


@pytest.fixture
def office(services: Services, actor: Actor) -> Open:
    """Opens a project of its own; ``content`` is its file, ``settled`` whether its fits converge."""

    def opened(content: bytes | None = None, *, settled: bool = True) -> Office:
        process: Any = services.fit_process if settled else Unsettled()
        own = replace(services, fit_process=process)
        return open_office(own, actor, content or csv(), f"Acme {uuid.uuid4()}")

    return opened
