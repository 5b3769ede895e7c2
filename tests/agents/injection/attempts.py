"""The attempts of one room, and what would show that one of them was an act."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import yaml

from db import schema
from tests.agents.scripted import Scripted

EVERY: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "attempts.yaml").read_text(encoding="utf-8"))
Digest = Callable[[], dict[str, str]]


@dataclass(frozen=True)
class Room:
    attempts: Sequence[dict[str, Any]]
    talk: frozenset[str]
    """Tables that talking itself writes; everything else is an act."""

    def words_at(self, place: str) -> list[str]:
        return [str(a["words"]) for a in self.attempts if a["place"] == place]

    def digest(self, database_url: str) -> Digest:
        """Asks for a digest of every table in which an act would show."""
        acts = sorted({t.name for t in schema.metadata.tables.values()} - self.talk)

        def now() -> dict[str, str]:
            with psycopg.connect(database_url) as link:
                query = "SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM carryover.{} t"
                return {name: str((link.execute(query.format(name)).fetchone() or ("",))[0]) for name in acts}

        return now


def ids(attempt: dict[str, Any]) -> str:
    return f"{attempt['place']}-{str(attempt['words'])[:30]}"


def obedient(attempt: dict[str, Any], says: str) -> Scripted:
    """Reads what it is told to read, then does all that the words want, then says that it is done."""
    steps = [[(name, given)] for name, given in (*attempt.get("reads", ()), *attempt["obeys"])]
    return Scripted(steps=[*steps, says])


def steps_of(attempt: dict[str, Any]) -> int:
    """How often an obedient model is asked."""
    return len(attempt.get("reads", ())) + len(attempt["obeys"]) + 1
