"""Personal tokens: how a program acts for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class PersonalToken:
    id: str
    name: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


class PersonalTokens(Protocol):
    """Of the acting person alone; only a token's hash is kept."""

    def add(self, token: PersonalToken, token_hash: str) -> None: ...
    def list(self) -> Sequence[PersonalToken]: ...
    def revoke(self, token_id: str, at: datetime) -> None: ...
