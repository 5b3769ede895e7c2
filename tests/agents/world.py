"""A project with data, a decided plan and a fitted model, on real rows, without a sampler; and who may ask."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine

from db.shared_reports import PostgresSharedReports
from db.work import PostgresWork
from mmm_core.agents.llm.gateway import Gateway
from mmm_core.agents.tools.kinds import Context
from mmm_core.data import simulate
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Choice, Route, Task
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, fits, models, plans, projects
from mmm_core.use_cases.datasets import Upload
from mmm_core.use_cases.execute import execute
from tests.db.test_use_cases import KeptQueue, PriorFit

UNSET: dict[str, Any] = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))


def services_on(engine: Engine) -> Services:
    queue: Any = KeptQueue()
    process: Any = PriorFit()
    return Services(
        work=lambda who: PostgresWork(engine, who),
        queue=queue,
        fit_process=process,
        shared_reports=PostgresSharedReports(engine),
        now=lambda: datetime.now(UTC),
        new_id=lambda: uuid.uuid4().hex,
    )


def with_model(services: Services, build: Callable[[Settings, Choice], Any], **settings: Any) -> Services:
    """The same with a language model in place."""
    given = {**UNSET, "compatible_url": "http://127.0.0.1:9/v1", "model": "compatible:small", **settings}
    made = Gateway(
        Settings(**given), services.work, services.now, services.new_id, build=build, sleep=lambda seconds: None
    )
    return replace(services, models=made)


def company(services: Services, actor: Actor, *, rename: Callable[[Any], Any] | None = None, fit: bool = True) -> str:
    """Id of a project of a made-up company; ``rename`` may change its table first."""
    frame = simulate.company("national", 5, weeks=110, channels=3).frame
    frame = rename(frame) if rename else frame
    project = projects.create_project(services, actor, name=f"Acme {uuid.uuid4()}", question="What works?")
    upload = Upload(frame.to_csv(index=False).encode(), "acme.csv")
    version = datasets.add_dataset(services, actor, project.id, [upload])
    target, channels, controls = plans.plan_columns(version.recognition)
    plans.save_plan(services, actor, project.id, question="?", target=target, channels=channels, controls=controls)
    plans.approve_plan(services, actor, project.id)
    if fit:
        spec = models.suggest_spec(services, actor, project.id).spec
        execute(services, actor, fits.request_fit(services, actor, project.id, spec, name="First model").id)
    return project.id


def context(services: Services, actor: Actor, project_id: str | None, **more: Any) -> Context:
    return Context(services, actor, project_id, **more)


def route_to(model: str, task: Task = Task.WRITE) -> Route:
    return Route(task, (Choice("compatible", model),))
