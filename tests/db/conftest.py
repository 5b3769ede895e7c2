from collections.abc import Callable

import pytest
from sqlalchemy import Engine

from db import identity
from db.work import PostgresWork
from mmm_core.domain.identity import Actor


@pytest.fixture
def work(engine: Engine, actor: Actor) -> Callable[[], PostgresWork]:
    """Opens a transaction of the local organisation."""
    return lambda: PostgresWork(engine, actor)


@pytest.fixture(scope="module")
def stranger(engine: Engine) -> Actor:
    """The administrator of another organisation in the same database."""
    found = identity.sign_in(engine, issuer="https://id.example", subject="stranger", organisation="others")
    assert found is not None
    return found
