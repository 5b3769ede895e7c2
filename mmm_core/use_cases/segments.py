"""Groups of sub-categories or geos of a data version, and keeping them on record (D8)."""

import pandas as pd

from mmm_core.data import panel, read
from mmm_core.data import segments as maths
from mmm_core.domain.dataset import DatasetVersion, Recognition, Role
from mmm_core.domain.errors import DataError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import working

Table = tuple[pd.DataFrame, Recognition]


def offered(services: Services, actor: Actor, version_id: str) -> tuple[str, ...]:
    """Columns whose items can be grouped: sub-categories in the file as it was read, and geos of a panel."""
    with services.work(actor) as work:
        return tuple(_tables(work, work.datasets.get(version_id)))


def segment(
    services: Services, actor: Actor, version_id: str, column: str, *, k: int | None = None
) -> maths.Segmentation:
    """Group the items of a column by what they sell; the number of segments is chosen where ``k`` is None."""
    with services.work(actor) as work:
        frame, recognition = _table(work, work.datasets.get(version_id), column)
    return maths.segment(frame, recognition, column, k)


def keep_segments(
    services: Services, actor: Actor, version_id: str, column: str, *, k: int | None = None
) -> maths.Segmentation:
    """Put a grouping on record: a node of the graph with its segments, and a line of the audit trail."""
    require(actor, TeamRole.ANALYST, "keep segments")
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        frame, recognition = _table(work, version, column)
        found = maths.segment(frame, recognition, column, k)
        _to_graph(work, version, found)
        detail = {"column": column, "segments": found.chosen, "silhouette": round(found.silhouette, 3)}
        work.audit.record("segments.kept", version.id, detail)
    return found


def _tables(work: Work, version: DatasetVersion) -> dict[str, Table]:
    """By column, the table in which its items have rows of their own."""
    out: dict[str, Table] = {}
    product = version.recognition.one(Role.PRODUCT)
    if product is not None:
        out[product] = read.from_parquet(work.blobs.get(version.source_blob)), version.recognition
    now = working(work, version)
    geo = panel.geo_column(now.frame, now.recognition)
    if geo is not None:
        out[geo] = now.frame, now.recognition
    return out


def _table(work: Work, version: DatasetVersion, column: str) -> Table:
    tables = _tables(work, version)
    if column not in tables:
        raise DataError(f"Column {column} names neither sub-categories nor geos of these data.")
    return tables[column]


def _key(version_id: str, column: str) -> str:
    return f"{version_id}:{column}"


def _to_graph(work: Work, version: DatasetVersion, found: maths.Segmentation) -> None:
    key, project = _key(version.id, found.column), version.project_id
    segments = {s.name: list(s.items) for s in found.segments}
    facts = {"segments": segments, "silhouette": found.silhouette, "features": list(found.features)}
    label = f"{found.chosen} segments of {found.column}"
    work.graph.put_node("segmentation", key, label, facts, project)
    work.graph.put_edge(("segmentation", key), "part_of", ("project", project))
    work.graph.put_edge(("segmentation", key), "derived_from", ("dataset", version.id))
    body = ". ".join(f"{name}: {', '.join(items)}" for name, items in segments.items())
    work.documents.put("segmentation", key, label, body, project)
