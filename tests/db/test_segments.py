"""Segments and trends through the use cases on the real database."""

import uuid
from dataclasses import replace

import pytest

from mmm_core.data import simulate
from mmm_core.data.simulate_categories import categories
from mmm_core.domain.errors import DataError, NotAllowed
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.use_cases import datasets, projects, segments, trends
from mmm_core.use_cases.datasets import Upload
from tests.db.test_baselines import services  # noqa: F401 - a fixture


def added(services: Services, actor: Actor, content: bytes) -> str:  # noqa: F811
    project = projects.create_project(services, actor, name=f"Acme {uuid.uuid4()}")
    return datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")]).id


def test_sub_categories_of_a_long_file_are_grouped_and_kept(services: Services, actor: Actor) -> None:  # noqa: F811
    version = added(services, actor, categories(7, weeks=60).frame.to_csv(index=False).encode())
    assert segments.offered(services, actor, version) == ("Product",)
    viewer = replace(actor, role=TeamRole.VIEWER)
    assert segments.segment(services, viewer, version, "Product").chosen == 4
    with pytest.raises(NotAllowed, match="analyst"):
        segments.keep_segments(services, viewer, version, "Product")
    segments.keep_segments(services, actor, version, "Product")
    with services.work(actor) as work:
        assert work.audit.list(1)[0][2] == "segments.kept"
        kinds = {step.kind for step in work.graph.lineage("segmentation", f"{version}:Product")}
        assert {"dataset", "file"} <= kinds
        assert work.documents.search("segments of Product", 3)[0][0] == "segmentation"
    with pytest.raises(DataError, match="neither sub-categories nor geos"):
        segments.segment(services, actor, version, "tv_spend")


def test_trends_of_the_whole_and_of_a_series(services: Services, actor: Actor) -> None:  # noqa: F811
    version = added(services, actor, simulate.company("national", 3).frame.to_csv(index=False).encode())
    kpi = trends.scan(services, actor, version)
    assert kpi.scan.column == "revenue"
    assert "€" in kpi.sentences[0]
    media = trends.scan(services, actor, version, column="newsletter_sends")
    assert "€" not in media.sentences[0]
    assert kpi.growth_by_geo.empty
    counted = simulate.company("national", 3).frame.rename(columns={"revenue": "orders"}).assign(value_per_order=40.0)
    orders = trends.scan(services, actor, added(services, actor, counted.to_csv(index=False).encode()))
    assert orders.scan.column == "orders"
    assert "€" not in orders.sentences[0]
