"""Baseline estimates through the use cases: drafts, decisions, who may decide, and what is kept of it."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine

from db.shared_reports import PostgresSharedReports
from db.work import PostgresWork
from mmm_core.data import simulate
from mmm_core.domain.baseline import BaselineMethod, BaselineStatus
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.errors import BadInput, Conflict, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.use_cases import baselines, datasets, projects
from mmm_core.use_cases.datasets import Upload
from tests.fakes.some_results import some_results


@pytest.fixture(scope="module")
def services(engine: Engine) -> Services:
    return Services(
        work=lambda who: PostgresWork(engine, who),
        queue=None,  # type: ignore[arg-type]
        fit_process=None,  # type: ignore[arg-type]
        shared_reports=PostgresSharedReports(engine),
        now=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid.uuid4()),
    )


@pytest.fixture
def version(services: Services, actor: Actor) -> DatasetVersion:
    content = simulate.company("national", 5, weeks=110, channels=3).frame.to_csv(index=False).encode()
    project = projects.create_project(services, actor, name=f"Acme {uuid.uuid4()}")
    return datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")])


def test_an_approved_baseline_is_on_record(services: Services, actor: Actor, version: DatasetVersion) -> None:
    draft = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.REGRESSION)
    assert draft.status is BaselineStatus.DRAFT
    assert baselines.approved_baseline(services, actor, version.project_id) is None
    assert baselines.against_model(services, actor, version.project_id, some_results()) is None
    done = baselines.approve_baseline(services, actor, draft.id, "Matches what we sold before advertising")
    assert baselines.approved_baseline(services, actor, version.project_id) == done
    assert (done.decided_by, done.status) == (actor.name, BaselineStatus.APPROVED)
    said = baselines.against_model(services, actor, version.project_id, some_results())
    assert said is not None
    assert "Before the model" in said
    with services.work(actor) as work:
        actions = [row[2] for row in work.audit.list(5)]
        lineage = {step.kind for step in work.graph.lineage("baseline", draft.id)}
        assert work.audit.first_broken() is None
    assert actions[:2] == ["baseline.approved", "baseline.estimated"]
    assert {"dataset", "file", "decision"} <= lineage


def test_a_rejected_method_leads_to_another(services: Services, actor: Actor, version: DatasetVersion) -> None:
    draft = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN)
    baselines.reject_baseline(services, actor, draft.id, "Far too high")
    with pytest.raises(Conflict, match="choose another method"):
        baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN)
    other = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEAN)
    assert other.id != draft.id
    assert [b.status for b in baselines.list_baselines(services, actor, version.project_id)] == [
        BaselineStatus.DRAFT,
        BaselineStatus.REJECTED,
    ]


def test_a_new_draft_takes_the_place_of_the_last(services: Services, actor: Actor, version: DatasetVersion) -> None:
    first = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN)
    second = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN, seasonal=False)
    assert first.id == second.id
    (kept,) = baselines.list_baselines(services, actor, version.project_id)
    assert not kept.estimate.seasonal


def test_who_may_decide_and_with_what(services: Services, actor: Actor, version: DatasetVersion) -> None:
    draft = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN)
    with pytest.raises(NotAllowed, match="approver"):
        baselines.approve_baseline(services, replace(actor, role=TeamRole.ANALYST), draft.id, "mine")
    with pytest.raises(NotAllowed, match="analyst"):
        baselines.estimate_baseline(services, replace(actor, role=TeamRole.VIEWER), version.id, BaselineMethod.MEAN)
    with pytest.raises(BadInput, match="why"):
        baselines.approve_baseline(services, actor, draft.id, "  ")
    baselines.approve_baseline(services, actor, draft.id, "fine")
    with pytest.raises(Conflict, match="already approved"):
        baselines.reject_baseline(services, actor, draft.id, "no")


def test_another_organisation_sees_none_of_it(
    services: Services, actor: Actor, stranger: Actor, version: DatasetVersion
) -> None:
    draft = baselines.estimate_baseline(services, actor, version.id, BaselineMethod.MEDIAN)
    assert list(baselines.list_baselines(services, stranger, version.project_id)) == []
    with pytest.raises(NotFound):
        baselines.approve_baseline(services, stranger, draft.id, "mine now")
