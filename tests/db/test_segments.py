"""Segments and trends through the use cases on the real database."""

import uuid
from dataclasses import replace

import pandas as pd
import pytest

from mmm_core.data import simulate
from mmm_core.data.simulate_categories import categories
from mmm_core.domain.baseline import BaselineMethod
from mmm_core.domain.errors import DataError, NotAllowed
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.use_cases import baselines, datasets, projects, segments, sub_categories, trends
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


def test_one_sub_category_is_looked_at_beside_the_media_of_all(services: Services, actor: Actor) -> None:  # noqa: F811
    made = categories(7, weeks=110).frame
    version = added(services, actor, made.to_csv(index=False).encode())
    names = sub_categories.names(services, actor, version)
    assert len(names) == 24
    own = made[(made["Product"] == names[0]) & (made["VariableName"] == "revenue")]["VariableValue"].astype(float)
    table = sub_categories.load(services, actor, version, names[0]).frame
    assert table["revenue"].sum() == pytest.approx(own.sum())
    whole = datasets.load_working(services, actor, version).frame
    assert table["tv_spend"].sum() == pytest.approx(whole["tv_spend"].sum())
    found = trends.scan(services, actor, version, sub_category=names[0])
    assert found.scan.table["value"].sum() == pytest.approx(own.sum())
    seen = baselines.look_at(services, actor, version, BaselineMethod.REGRESSION, names[0], seasonal=True)
    assert sum(seen.estimate.kpi) == pytest.approx(own.sum(), rel=0.02)
    assert baselines.list_baselines(services, actor, seen.project_id) == []
    with pytest.raises(DataError, match="no sub-category called Moon"):
        sub_categories.load(services, actor, version, "Moon")


def test_data_without_sub_categories_offer_none(services: Services, actor: Actor) -> None:  # noqa: F811
    version = added(services, actor, simulate.company("national", 3).frame.to_csv(index=False).encode())
    assert sub_categories.names(services, actor, version) == ()
    with pytest.raises(DataError, match="name no sub-categories"):
        sub_categories.load(services, actor, version, "Barbecue")


def test_sales_without_a_sub_category_are_nobodys(services: Services, actor: Actor) -> None:  # noqa: F811
    """A row of its own for the rest of the company must not be counted with each sub-category."""
    weeks = simulate.company("national", 3, weeks=60).frame[["week", "revenue", "tv_spend"]]
    rows = [
        weeks.assign(product=name, revenue=weeks["revenue"] * part, tv_spend=spend)
        for name, part, spend in (("a", 0.5, 0.0), ("b", 0.3, 0.0), (None, 0.2, weeks["tv_spend"]))
    ]
    version = added(services, actor, pd.concat(rows).to_csv(index=False).encode())
    assert sub_categories.names(services, actor, version) == ("a", "b")
    table = sub_categories.load(services, actor, version, "a").frame
    assert table["revenue"].sum() == pytest.approx(0.5 * weeks["revenue"].sum(), rel=0.05)
    assert table["tv_spend"].sum() == pytest.approx(weeks["tv_spend"].sum(), rel=0.05)
