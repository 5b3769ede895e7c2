"""The web process. Run by `mmm up`, `streamlit run app.py` or `uvicorn app:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from streamlit import config

from mmm_core.settings import Settings
from pages.ui.errors import on_script_error
from server import protocols
from server.routes import routes
from server.web import backend
from server.web_headers import SafeHeaders
from server.web_local import LocalOnly
from server.web_secrets import sign_in_secrets
from server.web_start import servers
from server.web_wanted import RememberWanted

HERE = Path(__file__).parent
SLUGS = frozenset({"plan", "data", "model", "what-if", "report", "approvals", "assistant", "team"})
settings = Settings()

if config._main_script_path is None:
    # Under uvicorn Streamlit would look for .streamlit/ beside pages/ui/main.py instead of here.
    config._main_script_path = str(HERE / "app.py")


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[dict[str, Any]]:
    with servers(settings):
        yield {}


app = st.App(
    str(HERE / "pages" / "ui" / "main.py"),
    routes=[
        *routes(lambda: backend().services),
        *protocols.routes(
            lambda: backend().services,
            lambda token: backend().people.by_token(token),
            lambda: backend().settings.public_url,
        ),
    ],
    lifespan=lifespan,
    middleware=[
        Middleware(SafeHeaders),
        Middleware(RememberWanted, slugs=SLUGS) if settings.sign_in else Middleware(LocalOnly),
    ],
    secrets=sign_in_secrets(settings),
    on_script_error=on_script_error,
)
