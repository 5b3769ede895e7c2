"""Every setting in one class, read from the environment; nothing needs to be set on one machine."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SecretsSettingsSource, SettingsConfigDict

SECRETS = "CARRYOVER_SECRETS_DIR"
"""A folder with one file for each secret, named as the environment variable would be."""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="CARRYOVER_", extra="ignore", populate_by_name=True)

    database_url: SecretStr | None = Field(default=None, validation_alias="DATABASE_URL")
    """Postgres with pgvector; unset, an embedded one is started."""
    redis_url: SecretStr | None = Field(default=None, validation_alias="REDIS_URL")
    """Redis or Valkey; unset, an embedded one is started."""
    home: Path = Path.home() / ".carryover"
    """Where the embedded servers keep their data and the compilation cache lives."""
    workers: int = Field(default=1, ge=1, le=16)
    public_url: str | None = None
    """Address under which people reach the product; used in share links and for sign-in."""
    max_upload_mb: int = Field(default=100, ge=1, le=1000)

    oidc_metadata_url: str | None = None
    """The provider's .well-known/openid-configuration; unset, there is one local user."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    cookie_secret: SecretStr | None = None
    oidc_organisation_claim: str | None = None
    """Name of the claim that holds the person's organisation."""
    organisation: str | None = None
    """Name of the organisation that is there from the start; needs ``first_admin``."""
    first_admin: str | None = None
    """E-mail address of the person who may come in first and administers the organisation."""

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    anthropic_api_key: SecretStr | None = Field(default=None, validation_alias="ANTHROPIC_API_KEY")
    google_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GOOGLE_API_KEY", "GEMINI_API_KEY")
    )
    compatible_url: str | None = None
    """A server that speaks OpenAI's protocol (vLLM, Databricks serving endpoints, ...), with its ``/v1``."""
    compatible_api_key: SecretStr | None = None
    ollama_url: str | None = None
    model: str | None = None
    """``provider:model`` that answers wherever an administrator has chosen nothing else; unset, rules answer."""
    llm_timeout: float = Field(default=60.0, gt=0, le=600)
    """Seconds that a language model may take for one answer."""
    llm_retries: int = Field(default=2, ge=0, le=5)
    """How often the same model is asked again after a failure that may pass."""
    prices: Path | None = None
    """A price list in place of ``mmm_core/agents/llm/prices.yaml``."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        folder = os.environ.get(SECRETS)
        files: tuple[Any, ...] = (SecretsSettingsSource(settings_cls, secrets_dir=folder),) if folder else ()
        return (init_settings, env_settings, *files)

    search_provider: Literal["tavily", "brave", "searxng"] | None = None
    """Who looks things up on the web for the research assistant; unset, nothing leaves this machine."""
    search_key: SecretStr | None = None
    search_url: str | None = None
    """Address of the provider, where it is not its usual one; a SearXNG server always needs it."""

    @property
    def sign_in(self) -> bool:
        return self.oidc_metadata_url is not None
