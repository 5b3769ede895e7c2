"""Reports, their links, and the facts behind every number in them."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Fact:
    """One stored metric that text may refer to by ``key``, e.g. ``channel.tv.roi.p50``."""

    key: str
    value: float
    unit: str
    """'money', 'kpi', 'ratio', 'share', 'count', 'weeks'."""


@dataclass(frozen=True)
class Report:
    id: str
    project_id: str
    run_id: str
    version: int
    title: str
    markdown: str
    """The story with its numbers filled in."""
    html_blob: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True)
class ShareLink:
    id: str
    report_id: str
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    has_passcode: bool
    views: int


@dataclass(frozen=True)
class LineageStep:
    """One node on the way from a number back to the file it came from."""

    depth: int
    kind: str
    label: str
    detail: str
    at: datetime | None
