"""The providers of language models: which of them the server has a key or an address for, and how each is called.

LangChain is imported when a model is first built: pages that ask nobody start without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import SecretStr

from mmm_core.domain.errors import BadInput
from mmm_core.domain.llm import Choice
from mmm_core.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

GOOGLE = "https://generativelanguage.googleapis.com/v1beta/openai/"
"""Google's own door that speaks OpenAI's protocol: its partner package cannot be installed beside our other pins."""
LONGEST_ANSWER = 4096
TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")


@dataclass(frozen=True)
class Provider:
    name: str
    title: str
    setting: str
    """The environment variable that an operator sets to have it."""
    is_set: Callable[[Settings], bool]
    build: Callable[[Settings, str], BaseChatModel]


def configured(settings: Settings) -> Mapping[str, Provider]:
    """Those that can be asked, by name."""
    return {name: p for name, p in PROVIDERS.items() if p.is_set(settings)}


def build(settings: Settings, choice: Choice) -> BaseChatModel:
    """A chat model that tries once and gives up after the time-out; trying again is for whoever routes."""
    provider = PROVIDERS.get(choice.provider)
    if provider is None or not provider.is_set(settings):
        known = ", ".join(PROVIDERS)
        raise BadInput(f"There is no key or address for {choice.provider} on this server (known are {known}).")
    keep_to_ourselves()
    return provider.build(settings, choice.model)


def keep_to_ourselves() -> None:
    """LangChain would send every prompt to its maker's tracing service where the environment happens to ask for it."""
    for name in TRACING:
        os.environ[name] = "false"


def choice_of(text: str) -> Choice:
    """``provider:model`` as a setting writes it."""
    provider, mark, model = text.partition(":")
    if not mark or not provider.strip() or not model.strip():
        raise BadInput("CARRYOVER_MODEL is provider:model, for example ollama:llama3.")
    return Choice(provider.strip(), model.strip())


def _openai(settings: Settings, model: str) -> BaseChatModel:
    return _speaking_openai(settings, model, settings.openai_api_key, None)


def _google(settings: Settings, model: str) -> BaseChatModel:
    return _speaking_openai(settings, model, settings.google_api_key, GOOGLE)


def _compatible(settings: Settings, model: str) -> BaseChatModel:
    # Servers of one's own often ask for no key, the library always does.
    return _speaking_openai(settings, model, settings.compatible_api_key or SecretStr("none"), settings.compatible_url)


def _speaking_openai(settings: Settings, model: str, key: SecretStr | None, address: str | None) -> BaseChatModel:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(
        model=model,
        api_key=key,
        base_url=address,
        timeout=settings.llm_timeout,
        max_retries=0,
        stream_usage=True,
        use_responses_api=False if address else None,
    )


def _anthropic(settings: Settings, model: str) -> BaseChatModel:
    from langchain_anthropic import ChatAnthropic

    key = settings.anthropic_api_key or SecretStr("")
    return ChatAnthropic(  # type: ignore[call-arg]
        model_name=model, api_key=key, timeout=settings.llm_timeout, max_retries=0, max_tokens_to_sample=LONGEST_ANSWER
    )


def _ollama(settings: Settings, model: str) -> BaseChatModel:
    from langchain_ollama import ChatOllama

    return ChatOllama(model=model, base_url=settings.ollama_url, client_kwargs={"timeout": settings.llm_timeout})


PROVIDERS: Mapping[str, Provider] = {
    p.name: p
    for p in (
        Provider("openai", "OpenAI", "OPENAI_API_KEY", lambda s: s.openai_api_key is not None, _openai),
        Provider("anthropic", "Anthropic", "ANTHROPIC_API_KEY", lambda s: s.anthropic_api_key is not None, _anthropic),
        Provider("google", "Google", "GOOGLE_API_KEY", lambda s: s.google_api_key is not None, _google),
        Provider("ollama", "Ollama", "CARRYOVER_OLLAMA_URL", lambda s: s.ollama_url is not None, _ollama),
        Provider(
            "compatible",
            "OpenAI-compatible server",
            "CARRYOVER_COMPATIBLE_URL",
            lambda s: s.compatible_url is not None,
            _compatible,
        ),
    )
}
