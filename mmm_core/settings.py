"""Every setting in one class, read from the environment; nothing needs to be set on one machine."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


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

    @property
    def sign_in(self) -> bool:
        return self.oidc_metadata_url is not None
