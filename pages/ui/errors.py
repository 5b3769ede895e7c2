"""What a person sees when something goes wrong: one sentence and, where it helps, a button; the rest is in the log."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
import structlog

from mmm_core.domain.errors import CarryoverError, Conflict, NotAllowed, NotFound, Unavailable

log = structlog.get_logger(__name__)

_SERVERS = ("psycopg", "sqlalchemy", "redis", "rq")


def _is_outage(error: BaseException) -> bool:
    if isinstance(error, (Unavailable, ConnectionError, TimeoutError)):
        return True
    names = {type(error).__name__, type(error.__cause__).__name__}
    ours = type(error).__module__.partition(".")[0] in _SERVERS
    return ours and bool(
        names & {"OperationalError", "InterfaceError", "ConnectionError", "PoolTimeout", "TimeoutError"}
    )


KEPT = "kept_over_an_outage"


def _keep() -> None:
    """Remember what was typed: the browser forgets the widgets of a page that could not be drawn."""
    typed = {k: v for k, v in st.session_state.items() if type(v) in (str, int, float, list, tuple) and k != KEPT}
    st.session_state[KEPT] = {**st.session_state.get(KEPT, {}), **typed}


def bring_back() -> None:
    """Give widgets what they held before an outage; called once the page can be drawn again.

    Also where the server still knows the value: only one that is set goes to the browser.
    """
    for key, value in st.session_state.pop(KEPT, {}).items():
        st.session_state[key] = value


def explain(error: BaseException) -> None:
    """Draw the banner for ``error`` where the script stands now."""
    if _is_outage(error):
        log.warning("page.unavailable", error=repr(error))
        _keep()
        words = (
            str(error) if isinstance(error, Unavailable) else "The server cannot reach its database or queue just now."
        )
        with st.container(border=True, key="outage"):
            st.warning(f"{words} Nothing you entered is lost.")
            if st.button("Try again", key="outage_retry", type="primary"):
                st.rerun()
    elif isinstance(error, (NotAllowed, NotFound, Conflict)):
        st.warning(str(error))
    elif isinstance(error, CarryoverError):
        st.error(str(error))
    else:
        reference = secrets.token_hex(4)
        log.error("page.failed", reference=reference, exc_info=error)
        st.error(
            f"Something went wrong on our side and was logged. If it happens again, tell your administrator "
            f"the reference **{reference}**."
        )


def on_script_error(error: Exception) -> bool:
    """Streamlit's hook for anything a page did not catch; True keeps the traceback off the page."""
    explain(error)
    return True


@contextmanager
def shown() -> Iterator[None]:
    """Around what a button does: an error is shown in place and the rest of the page stays as it was."""
    try:
        yield
    except Exception as error:
        explain(error)
