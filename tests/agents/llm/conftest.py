"""A gateway over real rows, whose pauses between tries take no time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Engine

from db.work import PostgresWork
from mmm_core.agents.llm.gateway import Gateway
from mmm_core.settings import Settings

Make = Callable[..., Gateway]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def make(engine: Engine, pauses: list[float]) -> Make:
    """A gateway with settings of a test; every other provider's key is taken out of the environment's reach."""

    def made(build: Any = None, **settings: Any) -> Gateway:
        unset = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))
        options = {"sleep": pauses.append} | ({"build": build} if build else {})
        return Gateway(
            Settings(**{**unset, **settings}),
            lambda who: PostgresWork(engine, who),
            lambda: datetime.now(UTC),
            lambda: uuid4().hex,
            **options,
        )

    return made
