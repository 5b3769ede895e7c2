"""From whatever a provider's library raises to how the call ended, and to one sentence for the person.

A provider's own words are never passed on: they may repeat a part of the key.
"""

from collections.abc import Sequence
from typing import Any

from mmm_core.domain.llm import Choice, Ending

PASSING = frozenset(
    (Ending.TIMED_OUT, Ending.RATE_LIMITED, Ending.SERVER_ERROR, Ending.UNREACHABLE, Ending.EMPTY, Ending.MALFORMED)
)
"""What the next try may not see again."""
SAID = {
    Ending.TIMED_OUT: "did not answer in time",
    Ending.RATE_LIMITED: "is asked too often right now",
    Ending.SERVER_ERROR: "has a problem on its side",
    Ending.UNREACHABLE: "cannot be reached",
    Ending.KEY_REFUSED: "refuses the key that the server has for it",
    Ending.BAD_REQUEST: "does not know this model, or the conversation is too long for it",
    Ending.REFUSED: "declined to answer this",
    Ending.EMPTY: "gave an empty answer",
    Ending.MALFORMED: "gave an answer that cannot be used",
    Ending.LOOPED: "went round in circles and was stopped",
    Ending.FAILED: "failed in an unexpected way",
}
STATUS = {
    401: Ending.KEY_REFUSED,
    403: Ending.KEY_REFUSED,
    408: Ending.TIMED_OUT,
    429: Ending.RATE_LIMITED,
    529: Ending.RATE_LIMITED,
}
REFUSALS = ("content_filter", "refusal", "safety", "prohibited_content")


class Unusable(Exception):
    """An answer came, but cannot be used."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.value)
        self.ending = ending


def ending_of(error: BaseException) -> Ending:
    """How a call ended, by the error's own status and by the names of its kind and its causes."""
    if isinstance(error, Unusable):
        return error.ending
    names = [kind.__name__.lower() for e in _chain(error) for kind in type(e).__mro__]
    if any("timeout" in name for name in names):
        return Ending.TIMED_OUT
    status = _status(error)
    if status is not None:
        if status in STATUS:
            return STATUS[status]
        return Ending.SERVER_ERROR if status >= 500 else Ending.BAD_REQUEST
    if any("connect" in name or "protocolerror" in name or "readerror" in name for name in names):
        return Ending.UNREACHABLE
    if any(name in ("jsondecodeerror", "outputparserexception", "validationerror") for name in names):
        return Ending.MALFORMED
    if any(isinstance(e, ValueError) and "generation" in str(e).lower() for e in _chain(error)):
        # LangChain's own words for a stream without a single piece that it could read.
        return Ending.MALFORMED
    return Ending.FAILED


def look_at(message: Any) -> None:
    """Raise Unusable where a model's message is a refusal, empty, or calls a tool in a way that cannot be read."""
    metadata = message.response_metadata or {}
    reason = str(metadata.get("finish_reason") or metadata.get("stop_reason") or "").lower()
    if reason in REFUSALS or (message.additional_kwargs or {}).get("refusal"):
        raise Unusable(Ending.REFUSED)
    if getattr(message, "invalid_tool_calls", None):
        raise Unusable(Ending.MALFORMED)
    if not getattr(message, "tool_calls", None) and not text_of(message).strip():
        raise Unusable(Ending.EMPTY)


def text_of(message: Any) -> str:
    """The words of a message, whether its content is a text or a list of blocks."""
    content = message.content
    if isinstance(content, str):
        return content
    return "".join(b if isinstance(b, str) else str(b.get("text", "")) for b in content if _is_text(b))


def wait_seconds(error: BaseException, attempt: int) -> float:
    """Before the next try: what the provider asks for where that is short, else twice as long each time."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    try:
        asked = float(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        asked = 0.0
    return min(10.0, max(asked, 0.5 * 2.0**attempt))


def sentence(failures: Sequence[tuple[Choice, Ending]]) -> str:
    """What the person reads when nobody answered: the last word of each model that was tried."""
    last = dict(failures)
    if not last:
        return "No language model is set up; built-in rules answer instead."
    return "; ".join(f"{choice} {SAID[ending]}" for choice, ending in last.items()) + "."


def _is_text(block: Any) -> bool:
    return isinstance(block, str) or (isinstance(block, dict) and block.get("type", "text") == "text")


def _chain(error: BaseException) -> list[BaseException]:
    out: list[BaseException] = []
    now: BaseException | None = error
    while now is not None and now not in out:
        out.append(now)
        now = now.__cause__ or now.__context__
    return out


def _status(error: BaseException) -> int | None:
    for one in _chain(error):
        found = getattr(one, "status_code", None) or getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(found, int) and found >= 400:
            return found
    return None
