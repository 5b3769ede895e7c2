"""What was called while a message was answered: kept with the answer, so that the talk can be gone through again."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from mmm_core.agents.tools.kinds import Context, Result
from mmm_core.domain.conversation import Call
from mmm_core.domain.errors import CarryoverError

LONGEST = 2_000
"""Characters of a result that are kept; the digest says whether a longer one was the same."""
FAILED = "It failed on our side; the log has the details."


def noted(context: Context, tool: str, arguments: Mapping[str, Any], run: Callable[[], Result]) -> Result:
    """Carry a call out and note it, also where it fails."""
    began = time.perf_counter()

    def note(said: Any, *, failed: bool = False) -> None:
        whole = _written(said)
        took = round(1000 * (time.perf_counter() - began))
        digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
        context.calls.append(Call(tool, _plain(arguments), whole[:LONGEST], digest, took, failed))

    try:
        result = run()
    except CarryoverError as error:
        note(str(error), failed=True)
        raise
    except Exception:
        note(FAILED, failed=True)
        raise
    note(result.said)
    return result


def _written(said: Any) -> str:
    return json.dumps(said, ensure_ascii=False, default=str)


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(_written(dict(arguments)))
    long = _written(made)
    return made if len(long) <= LONGEST else {"cut": long[:LONGEST]}
