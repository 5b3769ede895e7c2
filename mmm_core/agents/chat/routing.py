"""The agent's model calls through the gateway, counted: who answered, at what cost, and when it is enough."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from langchain.agents.middleware import AgentMiddleware, ModelRequest, ModelResponse, hook_config

from mmm_core.agents.chat.talk import Again, Event
from mmm_core.agents.llm.failures import SAID, sentence
from mmm_core.agents.llm.gateway import About, Called, Gateway
from mmm_core.domain.errors import ModelFailed
from mmm_core.domain.llm import Choice, Ending

MOST_ROUNDS = 12
"""Answers of a model to one message of a person."""
MOST_TOOLS = 24
LONGEST = 300.0
"""Seconds from a person's message to the last word of the answer."""
MOST_ALIKE = 3
"""The same tool with the same arguments."""


@dataclass
class Limits:
    """Ends a turn that goes round in circles."""

    started: float = field(default_factory=time.monotonic)
    rounds: int = 0
    tools: int = 0
    alike: dict[str, int] = field(default_factory=dict)
    ended: bool = False
    """Whether the person is to speak next."""
    looped: bool = False

    def in_time(self, who: str) -> None:
        """A stream that drips on keeps its own time-out from passing; this one does."""
        if time.monotonic() - self.started > LONGEST:
            raise ModelFailed(f"{who} {SAID[Ending.TIMED_OUT]}.")

    def tool(self, name: str, arguments: dict[str, Any]) -> None:
        self.tools += 1
        key = f"{name} {json.dumps(arguments, sort_keys=True, default=str)}"
        self.alike[key] = self.alike.get(key, 0) + 1
        self.looped = self.looped or self.tools > MOST_TOOLS or self.alike[key] >= MOST_ALIKE


@dataclass
class Counted:
    by: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = 0.0
    notes: list[str] = field(default_factory=list)

    def add(self, called: Called) -> None:
        usage = called.usage
        self.by = str(called.choice)
        self.input_tokens += usage.input_tokens
        self.output_tokens += usage.output_tokens
        self.seconds += usage.seconds
        self.cost = None if self.cost is None or usage.cost is None else self.cost + usage.cost
        others = [(c, e) for c, e in called.failed if c != called.choice]
        if others:
            note = f"{sentence(others)} {called.choice} answered instead."
            self.notes += [note] if note not in self.notes else []


class Routed(AgentMiddleware[Any, Any]):
    """Each round asks whoever the route names now."""

    def __init__(self, gateway: Gateway, about: About, limits: Limits, queue: list[Event]) -> None:
        super().__init__()
        self._gateway, self._about, self._limits, self._queue = gateway, about, limits, queue
        self.counted = Counted()
        self._last: Choice | None = None

    @hook_config(can_jump_to=["end"])
    def before_model(self, state: Any, runtime: Any) -> dict[str, Any] | None:
        if self._limits.ended:
            return {"jump_to": "end"}
        self._limits.in_time(self.name_of_last)
        self._limits.rounds += 1
        if self._limits.looped or self._limits.rounds > MOST_ROUNDS:
            if self._last is not None:
                self._gateway.note(self._about, self._last, Ending.LOOPED)
            raise ModelFailed(f"{self.name_of_last} {SAID[Ending.LOOPED]}.")
        return None

    @property
    def name_of_last(self) -> str:
        return str(self._last or "The language model")

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ModelResponse[Any]:
        answers: list[ModelResponse[Any]] = []
        tries = 0

        def invoke(model: Any) -> Any:
            nonlocal tries
            tries += 1
            if tries > 1:
                self._queue.append(Again())
            answers.append(handler(request.override(model=model)))
            return answers[-1].result[-1]

        called = self._gateway.call(self._about, invoke)
        self._last = called.choice
        self.counted.add(called)
        return answers[-1]
