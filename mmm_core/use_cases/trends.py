"""What the series of a data version did by themselves, before any model (D9)."""

from dataclasses import dataclass

import pandas as pd

from mmm_core.data import panel, trends
from mmm_core.domain.dataset import Role
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.reports import trend_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import sub_categories
from mmm_core.use_cases.datasets import Working, load_working


@dataclass(frozen=True)
class TrendReport:
    scan: trends.Scan
    sentences: tuple[str, ...]
    growth_by_geo: pd.DataFrame
    """Empty for national data, or where one geo was asked for."""
    odd_by_geo: tuple[trends.Odd, ...]


def scan(
    services: Services,
    actor: Actor,
    version_id: str,
    *,
    column: str | None = None,
    geo: str | None = None,
    sub_category: str | None = None,
) -> TrendReport:
    """Look through the KPI or another series of a data version: of all or one sub-category, in all or one geo."""
    with services.work(actor) as work:
        project = work.projects.get(work.datasets.get(version_id).project_id)
    if sub_category is None:
        now = load_working(services, actor, version_id)
    else:
        now = sub_categories.load(services, actor, version_id, sub_category)
    return report(now, project, column=column, geo=geo)


def report(now: Working, project: Project, *, column: str | None = None, geo: str | None = None) -> TrendReport:
    """The same of a table that is at hand."""
    frame, roles = now.frame, now.recognition
    found = trends.scan(frame, roles, column, geo)
    write = writer(now, project, found.column)
    one = geo is not None or len(panel.geo_names(frame, roles)) < 2
    said = trend_words.sentences(found, write, roles.frequency_days or 7, "" if one else "in the total")
    if one:
        return TrendReport(found, said, pd.DataFrame(), ())
    growth, odd = trends.growth_by_geo(frame, roles, column), trends.odd_by_geo(frame, roles, column)
    return TrendReport(found, (*said, *trend_words.geo_sentences(growth, odd, write)), growth, odd)


def writer(now: Working, project: Project, column: str) -> trend_words.Write:
    """Money for spend and for a KPI of revenue, a number for everything else; what has a value per unit is a count."""
    money = set(now.recognition.columns(Role.SPEND))
    if project.kpi_unit is KpiUnit.REVENUE and not now.recognition.columns(Role.VALUE_PER_UNIT):
        money |= set(now.recognition.columns(Role.KPI))
    return (lambda value: f.money(value, project.currency)) if column in money else f.short
