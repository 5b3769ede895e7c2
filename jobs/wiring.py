"""The composition root: from settings to real adapters. Nothing else builds engines or clients."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import redis
from sqlalchemy import Engine

from db import identity
from db.connect import application_url, engine
from db.elicitation import PostgresInquiryDoor
from db.shared_reports import PostgresSharedReports
from db.tokens import owner_of
from db.work import PostgresWork
from jobs import embeddings, queue, search_provider
from jobs.addresses import admin_url, redis_url
from jobs.fit_server import ForkServerFitProcess
from jobs.isolation.runner import Bubblewrap
from mmm_core.agents.llm.gateway import Gateway
from mmm_core.agents.router.sentences import SentenceRouter
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings

COMPILED = "compiled"
"""Folder in CARRYOVER_HOME with compiled programs, shared by every fit of this machine."""


@dataclass(frozen=True)
class People:
    """Who may act: sign-in and the check that a member still is one."""

    engine: Engine
    organisation_claim: str | None

    def local(self) -> Actor:
        return identity.local_actor(self.engine)

    def sign_in(self, claims: Mapping[str, Any]) -> Actor | None:
        return identity.sign_in_with_claims(self.engine, claims, self.organisation_claim)

    def by_token(self, token: str) -> Actor | None:
        return owner_of(self.engine, token)

    def still_member(self, actor: Actor) -> Actor | None:
        return identity.still_member(self.engine, actor)


@dataclass(frozen=True)
class Wired:
    """Everything that one process opens once."""

    services: Services
    people: People
    engine: Engine
    redis: redis.Redis

    def close(self) -> None:
        self.engine.dispose()
        self.redis.close()


def wire(settings: Settings, process: ForkServerFitProcess | None = None) -> Wired:
    """Build the adapters; nothing is connected before its first use."""
    database = engine(application_url(admin_url(settings)))
    connection = redis_connection(settings)
    sentences = embeddings.embedder()

    def work(actor: Actor) -> PostgresWork:
        return PostgresWork(database, actor, sentences)

    services = Services(
        work=work,
        queue=queue.RqFitQueue(connection),
        fit_process=process or fit_process(settings),
        shared_reports=PostgresSharedReports(database),
        now=_now,
        new_id=_new_id,
        max_upload_mb=settings.max_upload_mb,
        models=Gateway(settings, work, _now, _new_id),
        router=SentenceRouter(embeddings.readers(sentences)),
        code=Bubblewrap(),
        search=search_provider.provider(settings),
        inquiries=PostgresInquiryDoor(database, _new_id),
    )
    return Wired(services, People(database, settings.oidc_organisation_claim), database, connection)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return uuid4().hex


def build(settings: Settings) -> Services:
    return wire(settings).services


@contextlib.contextmanager
def opened(settings: Settings, process: ForkServerFitProcess | None = None) -> Iterator[Wired]:
    """``wire`` for the length of a block."""
    wired = wire(settings, process)
    try:
        yield wired
    finally:
        wired.close()


def fit_process(settings: Settings) -> ForkServerFitProcess:
    return ForkServerFitProcess(settings.home.expanduser() / COMPILED)


def redis_connection(settings: Settings) -> redis.Redis:
    return queue.connect(redis_url(settings))
