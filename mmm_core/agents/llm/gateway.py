"""The one door to language models: routes by task, retries, falls back, caches, and keeps a row of every call."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ValidationError

from mmm_core.agents.llm import failures, prices, providers
from mmm_core.agents.llm.failures import PASSING, Unusable, ending_of, look_at, text_of, wait_seconds
from mmm_core.domain.errors import CarryoverError, ModelFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Answer, Choice, Ending, Task, Usage
from mmm_core.domain.ports import Work
from mmm_core.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

log = structlog.get_logger(__name__)

FRESH = timedelta(days=7)
"""How long an answer may be given again to the same question."""
SHAPED = "Answer with one JSON object and nothing else. It must fit this JSON schema:\n{schema}"


@dataclass(frozen=True)
class About:
    """On whose behalf a model is asked, and for what; goes with every row of usage."""

    actor: Actor
    task: Task
    project_id: str | None = None
    conversation_id: str | None = None


@dataclass(frozen=True)
class Called:
    message: Any
    """The model's message (``AIMessage``)."""
    choice: Choice
    usage: Usage
    failed: tuple[tuple[Choice, Ending], ...]
    """What was tried before."""


class Gateway:
    """``LanguageModels`` over LangChain's chat models."""

    def __init__(
        self,
        settings: Settings,
        work: Callable[[Actor], AbstractContextManager[Work]],
        now: Callable[[], datetime],
        new_id: Callable[[], str],
        *,
        build: Callable[[Settings, Choice], BaseChatModel] = providers.build,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self._work, self._now, self._new_id = work, now, new_id
        self._build, self._sleep = build, sleep
        self.prices = prices.load(settings.prices)

    # ---- who answers ------------------------------------------------------------------------------------------------

    def choices(self, actor: Actor, task: Task) -> tuple[Choice, ...]:
        """Who is asked, in order; read anew each time, so that a switch holds from the next call on."""
        with self._work(actor) as work:
            route = work.routes.get(task)
        known = providers.configured(self.settings)
        wanted = route.choices if route else ()
        if not wanted and self.settings.model:
            wanted = (providers.choice_of(self.settings.model),)
        return tuple(c for c in wanted if c.provider in known)

    def available(self, actor: Actor, task: Task) -> bool:
        return bool(self.choices(actor, task))

    # ---- calls ------------------------------------------------------------------------------------------------------

    def call(self, about: About, invoke: Callable[[BaseChatModel], Any]) -> Called:
        """Have a message from the first model that gives a usable one.

        Parameters
        ----------
        invoke
            Asks the model that it is given, once; what it raises decides on a retry or the next model.

        Raises
        ------
        ModelFailed
            One sentence with the last word of every model that was tried.
        """
        failed: list[tuple[Choice, Ending]] = []
        for choice in self.choices(about.actor, about.task):
            for attempt in range(1 + self.settings.llm_retries):
                started = time.monotonic()
                try:
                    message = invoke(self._build(self.settings, choice))
                    look_at(message)
                except CarryoverError:
                    raise
                except Exception as error:
                    ending = ending_of(error)
                    self._failed(about, choice, ending, error, started)
                    failed.append((choice, ending))
                    if ending not in PASSING or attempt == self.settings.llm_retries:
                        break
                    self._sleep(wait_seconds(error, attempt))
                    continue
                usage = self._usage(about, choice, Ending.ANSWERED, _tokens(message), started)
                return Called(message, choice, usage, tuple(failed))
        raise ModelFailed(failures.sentence(failed))

    def ask(
        self, actor: Actor, task: Task, system: str, prompt: str, *, project_id: str | None = None, cached: bool = True
    ) -> Answer:
        about = About(actor, task, project_id)
        return self._asked(about, system, prompt, lambda model: _say(model, system, prompt), cached=cached)

    def ask_for[T: BaseModel](
        self, actor: Actor, task: Task, system: str, prompt: str, shape: type[T], *, project_id: str | None = None
    ) -> T:
        rules = f"{system}\n\n{SHAPED.format(schema=json.dumps(shape.model_json_schema()))}"
        wrong = ""

        def invoke(model: BaseChatModel) -> Any:
            nonlocal wrong
            message = _say(model, rules, f"{prompt}\n\n{wrong}" if wrong else prompt)
            try:
                read(text_of(message), shape)
            except ValidationError as error:
                wrong = f"Your last answer did not fit: {_said(error)} Answer again."
                raise Unusable(Ending.MALFORMED) from None
            return message

        return read(self._asked(About(actor, task, project_id), rules, prompt, invoke).text, shape)

    def _asked(
        self, about: About, system: str, prompt: str, invoke: Callable[[BaseChatModel], Any], *, cached: bool = True
    ) -> Answer:
        choices = self.choices(about.actor, about.task)
        key = hashlib.sha256(json.dumps([[str(c) for c in choices], system, prompt]).encode()).hexdigest()
        with self._work(about.actor) as work:
            kept = work.answers.get(key, self._now() - FRESH) if cached and choices else None
        if kept is not None:
            known = json.loads(kept)
            choice = Choice(known["provider"], known["model"])
            usage = self._usage(about, choice, Ending.CACHED, (0, 0), time.monotonic())
            return Answer(known["text"], choice, usage)
        called = self.call(about, invoke)
        text = text_of(called.message)
        with self._work(about.actor) as work:
            given = {"text": text, "provider": called.choice.provider, "model": called.choice.model}
            work.answers.put(key, json.dumps(given), self._now())
        return Answer(text, called.choice, called.usage)

    def note(self, about: About, choice: Choice, ending: Ending) -> None:
        """Keep a row of something that ended a talk without being a call of its own."""
        self._usage(about, choice, ending, (0, 0), time.monotonic())

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _usage(self, about: About, choice: Choice, ending: Ending, tokens: tuple[int, int], started: float) -> Usage:
        seconds = time.monotonic() - started
        with self._work(about.actor) as work:
            cost = self._cost(work, choice, tokens) if ending is Ending.ANSWERED else 0.0
            usage = Usage(
                self._new_id(), self._now(), about.actor.user_id, about.project_id, about.conversation_id, about.task,
                choice.provider, choice.model, ending, *tokens, seconds, cost,
            )  # fmt: skip
            work.usage.add(usage)
        return usage

    def _cost(self, work: Work, choice: Choice, tokens: tuple[int, int]) -> float | None:
        """By the organisation's own price, else by the operator's list; None without a price or without a count."""
        if not any(tokens):
            return None
        own = work.prices.get(choice)
        return own.cost(*tokens) if own else self.prices.cost(choice, *tokens)

    def _failed(self, about: About, choice: Choice, ending: Ending, error: Exception, started: float) -> None:
        # The kind of error alone: its words may hold a part of the key, or of what was asked.
        log.warning("model.failed", model=str(choice), ending=ending.value, kind=type(error).__name__)
        self._usage(about, choice, ending, (0, 0), started)


def read[T: BaseModel](text: str, shape: type[T]) -> T:
    """The JSON object in a model's answer, whatever fence or words it put around it."""
    start, end = text.find("{"), text.rfind("}")
    return shape.model_validate_json(text[start : end + 1] if 0 <= start < end else text)


def _say(model: BaseChatModel, system: str, prompt: str) -> Any:
    from langchain_core.messages import HumanMessage, SystemMessage

    return model.invoke([SystemMessage(system), HumanMessage(prompt)])


def _tokens(message: Any) -> tuple[int, int]:
    used = message.usage_metadata or {}
    return int(used.get("input_tokens", 0)), int(used.get("output_tokens", 0))


def _said(error: ValidationError) -> str:
    return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the object'}: {e['msg']}" for e in error.errors()[:3]) + "."
