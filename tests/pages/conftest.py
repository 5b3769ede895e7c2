"""Streamlit's test runner names each page the main module; what is started later would import that page."""

import sys
from collections.abc import Iterator

import pytest

from mmm_core.settings import Settings
from server import web
from tests.conftest import Database
from tests.pages.serving import served


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def backend(database: Database, redis_url: str) -> Iterator[web.Backend]:
    """Services on the module's database, under every page."""
    with served(Settings(DATABASE_URL=database.admin, REDIS_URL=redis_url)) as made:
        yield made
