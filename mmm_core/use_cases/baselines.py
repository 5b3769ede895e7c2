"""Baseline estimates before any model, and their approval (D9, approvals)."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmm_core.data import baseline as maths
from mmm_core.domain.baseline import Baseline, BaselineMethod, BaselineStatus
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import BadInput, Conflict
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.results import Results
from mmm_core.reports import baseline_words
from mmm_core.use_cases import sub_categories
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import working
from mmm_core.use_cases.knowledge import remember_decision


def estimate_baseline(
    services: Services, actor: Actor, version_id: str, method: BaselineMethod, *, seasonal: bool = True
) -> Baseline:
    """Estimate the KPI's baseline and keep it as a draft; it takes the place of an earlier draft.

    A method that was rejected for the same data is not tried again: another one has to be chosen.
    """
    require(actor, TeamRole.ANALYST, "estimate a baseline")
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        now = working(work, version)
        made = maths.estimate(now.frame, now.recognition, method, seasonal=seasonal)
        known = [b for b in work.baselines.list(version.project_id) if b.content_hash == version.content_hash]
        same = [b for b in known if (b.estimate.method, b.estimate.seasonal) == (made.method, made.seasonal)]
        if any(b.status is BaselineStatus.REJECTED for b in same):
            raise Conflict(
                f"{baseline_words.named(made).capitalize()} was rejected for these data; choose another method."
            )
        draft = next((b for b in known if b.status is BaselineStatus.DRAFT), None)
        baseline = Baseline(
            id=draft.id if draft else services.new_id(),
            project_id=version.project_id,
            dataset_version_id=version.id,
            content_hash=version.content_hash,
            kpi=now.recognition.one(Role.KPI) or "",
            estimate=made,
            status=BaselineStatus.DRAFT,
            created_by=actor.name,
            created_at=services.now(),
        )
        (work.baselines.update if draft else work.baselines.add)(baseline)
        _to_graph(work, baseline)
        detail = {"method": made.method.value, "seasonal": made.seasonal, "share": round(made.share.mean, 4)}
        work.audit.record("baseline.estimated", baseline.id, detail)
    return baseline


def look_at(
    services: Services, actor: Actor, version_id: str, method: BaselineMethod, sub_category: str, *, seasonal: bool
) -> Baseline:
    """The baseline of one sub-category, to look at: nothing is kept, and nothing is there to approve."""
    now = sub_categories.load(services, actor, version_id, sub_category)
    return Baseline(
        id="",
        project_id=now.version.project_id,
        dataset_version_id=version_id,
        content_hash=now.version.content_hash,
        kpi=now.recognition.one(Role.KPI) or "",
        estimate=maths.estimate(now.frame, now.recognition, method, seasonal=seasonal),
        status=BaselineStatus.DRAFT,
        created_by=actor.name,
        created_at=services.now(),
    )


def approve_baseline(services: Services, actor: Actor, baseline_id: str, reason: str) -> Baseline:
    return _decide(services, actor, baseline_id, BaselineStatus.APPROVED, reason)


def reject_baseline(services: Services, actor: Actor, baseline_id: str, reason: str) -> Baseline:
    """The method will not be used again on these data; the next estimate takes another."""
    return _decide(services, actor, baseline_id, BaselineStatus.REJECTED, reason)


def list_baselines(services: Services, actor: Actor, project_id: str) -> Sequence[Baseline]:
    """Every estimate of the project, newest first."""
    with services.work(actor) as work:
        return work.baselines.list(project_id)


def approved_baseline(services: Services, actor: Actor, project_id: str) -> Baseline | None:
    """The one approved last."""
    found = [b for b in list_baselines(services, actor, project_id) if b.status is BaselineStatus.APPROVED]
    return max(found, key=lambda b: b.decided_at or b.created_at, default=None)


def against_model(services: Services, actor: Actor, project_id: str, results: Results) -> str | None:
    """One sentence that sets the approved baseline beside the model's; None where none was approved."""
    approved = approved_baseline(services, actor, project_id)
    if approved is None:
        return None
    total = sum(float(np.sum(s.mean)) for s in results.series if s.group == "actual" and not s.geo)
    season = sum(float(np.sum(s.mean)) for s in results.series if s.group == "seasonality" and not s.geo)
    return baseline_words.against_model(approved, results, season / total if total else 0.0)


def _decide(services: Services, actor: Actor, baseline_id: str, status: BaselineStatus, reason: str) -> Baseline:
    require(actor, TeamRole.APPROVER, "decide on a baseline")
    if not reason.strip():
        raise BadInput("Say in a few words why; the reason stays on record.")
    with services.work(actor) as work:
        baseline = work.baselines.get(baseline_id)
        if baseline.status is not BaselineStatus.DRAFT:
            raise Conflict(f"This baseline was already {baseline.status} by {baseline.decided_by}.")
        decided = replace(
            baseline, status=status, decided_by=actor.name, decided_at=services.now(), decision_reason=reason.strip()
        )
        work.baselines.update(decided)
        _to_graph(work, decided)
        detail = {"reason": reason.strip(), "method": decided.estimate.method.value}
        work.audit.record(f"baseline.{status}", decided.id, detail)
    return decided


def _to_graph(work: Work, baseline: Baseline) -> None:
    method, project = baseline.estimate.method, baseline.project_id
    label = f"Baseline by {method} ({baseline.status})"
    facts = {"share": baseline.estimate.share.mean, "kpi": baseline.kpi, "decided_by": baseline.decided_by or ""}
    work.graph.put_node("baseline", baseline.id, label, facts, project)
    work.graph.put_edge(("baseline", baseline.id), "part_of", ("project", project))
    work.graph.put_edge(("baseline", baseline.id), "derived_from", ("dataset", baseline.dataset_version_id))
    if baseline.status is not BaselineStatus.DRAFT:
        by, reason = baseline.decided_by or "", baseline.decision_reason or ""
        remember_decision(work, ("baseline", baseline.id), f"{label} by {by}", reason, by, project)
