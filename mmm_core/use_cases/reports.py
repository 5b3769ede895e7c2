"""Reports: write, share, revoke, export, and trace any number in them (R1-R4, A8)."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.planning import OptimisedPlan
from mmm_core.domain.ports import Services
from mmm_core.domain.report import Fact, LineageStep, Report, ShareLink
from mmm_core.reports import excel, html, story
from mmm_core.use_cases import what_if
from mmm_core.use_cases.access import require
from mmm_core.use_cases.fits import Fitted, load_fitted, results_of

PLAN_PERIODS = 13
MAX_LINK_DAYS = 365


def publish(
    services: Services, actor: Actor, run_id: str, *, title: str = "", plans: Sequence[OptimisedPlan] | None = None
) -> Report:
    """Write the report of a fitted model as its next version; every number in it is tied to its metric.

    Parameters
    ----------
    plans
        What it says about the next weeks' money; today's budget, spent better, where left out.
    """
    require(actor, TeamRole.ANALYST, "write a report")
    fitted = load_fitted(services, actor, run_id)
    plans = plan_styles(fitted) if plans is None else tuple(plans)
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        results = results_of(work, run_id)
        facts = work.runs.facts(run_id)
        project = work.projects.get(run.project_id)
        version = len(work.reports.list(run.project_id)) + 1
        current = fitted.response.current_plan(PLAN_PERIODS)
        text = story.write(results, project, facts, plans, today=sum(current.spend.values()))
        heading = title.strip() or f"{project.name}: what marketing brought"
        page = html.render(heading, text, results, plans, current, created=services.now())
        report = Report(
            id=services.new_id(),
            project_id=project.id,
            run_id=run_id,
            version=version,
            title=heading,
            markdown=text.markdown,
            html_blob=work.blobs.put(page.encode(), "text/html"),
            created_by=actor.name,
            created_at=services.now(),
        )
        work.reports.add(report)
        graph = work.graph
        graph.put_node("report", report.id, f"Report {version}: {heading}", {"by": actor.name}, project.id)
        graph.put_edge(("report", report.id), "tells", ("model", run_id))
        known = {f.key: f for f in facts}
        for key in text.references:
            if key in known:
                node = (f"{run_id}:{key}", key, {"value": known[key].value, "unit": known[key].unit})
                graph.put_node("metric", *node, project.id)
                graph.put_edge(("metric", node[0]), "computed_from", ("model", run_id))
                graph.put_edge(("report", report.id), "states", ("metric", node[0]))
        work.documents.put("report", report.id, heading, text.markdown, project.id)
        work.audit.record("report.published", report.id, {"version": version, "model": run_id})
    return report


def plan_styles(fitted: Fitted, periods: int = PLAN_PERIODS) -> tuple[OptimisedPlan, ...]:
    """Today's budget, spent better: the plan that reports and files show; empty where no channel has spend."""
    today = fitted.response.current_plan(periods)
    total = sum(today.spend.values())
    return what_if.optimise_styles(fitted.response, total, periods) if total > 0 else ()


def list_reports(services: Services, actor: Actor, project_id: str) -> list[Report]:
    """Newest first."""
    with services.work(actor) as work:
        return sorted(work.reports.list(project_id), key=lambda r: r.version, reverse=True)


def get_html(services: Services, actor: Actor, report_id: str) -> str:
    with services.work(actor) as work:
        return work.blobs.get(work.reports.get(report_id).html_blob).decode()


@dataclass(frozen=True)
class NewLink:
    link: ShareLink
    token: str
    """Shown once; only its hash is kept."""


def share(services: Services, actor: Actor, report_id: str, *, days: int = 30, passcode: str | None = None) -> NewLink:
    """Make a link that opens without login until it expires or is revoked."""
    require(actor, TeamRole.ANALYST, "share a report")
    if not 1 <= days <= MAX_LINK_DAYS:
        raise BadInput(f"A link lives from 1 to {MAX_LINK_DAYS} days.")
    if passcode is not None and len(passcode) < 4:
        raise BadInput("A passcode needs at least 4 characters.")
    token = secrets.token_urlsafe(32)
    now = services.now()
    with services.work(actor) as work:
        report = work.reports.get(report_id)
        link = ShareLink(
            services.new_id(), report.id, actor.name, now, now + timedelta(days=days), None, passcode is not None, 0
        )
        work.reports.add_link(link, hash_token(token), hash_passcode(passcode, link.id) if passcode else None)
        work.audit.record("link.created", link.id, {"report": report.id, "days": days})
    return NewLink(link, token)


def revoke(services: Services, actor: Actor, report_id: str, link_id: str) -> None:
    require(actor, TeamRole.ANALYST, "revoke a link")
    with services.work(actor) as work:
        if link_id not in {link.id for link in work.reports.links(report_id)}:
            raise NotFound("There is no such link for this report.")
        work.reports.revoke(link_id, services.now())
        work.audit.record("link.revoked", link_id, {"report": report_id})


def list_links(services: Services, actor: Actor, report_id: str) -> Sequence[ShareLink]:
    with services.work(actor) as work:
        return work.reports.links(report_id)


def open_shared(services: Services, token: str, passcode: str | None, viewer: str) -> str:
    """The page behind a link; the one verb without an actor."""
    return services.shared_reports.open(token, passcode, viewer).decode()


def export(services: Services, actor: Actor, report_id: str, kind: str) -> tuple[bytes, str, str]:
    """Content, file name and media type of a report as ``html``, ``xlsx`` or ``md``."""
    with services.work(actor) as work:
        report = work.reports.get(report_id)
        results = results_of(work, report.run_id)
        page = work.blobs.get(report.html_blob)
    stem = "".join(c if c.isalnum() else "-" for c in report.title.lower()).strip("-")[:60] or "report"
    if kind == "html":
        return page, f"{stem}.html", "text/html"
    if kind == "md":
        return report.markdown.encode(), f"{stem}.md", "text/markdown"
    if kind == "xlsx":
        fitted = load_fitted(services, actor, report.run_id)
        sheet = excel.workbook(results, plan_styles(fitted), report.markdown)
        return sheet, f"{stem}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raise BadInput(f"A report is exported as html, xlsx or md, not as {kind}.")


def list_facts(services: Services, actor: Actor, report_id: str) -> Sequence[Fact]:
    with services.work(actor) as work:
        return work.runs.facts(work.reports.get(report_id).run_id)


def lineage(services: Services, actor: Actor, report_id: str, key: str) -> Sequence[LineageStep]:
    """Where a number of the report comes from: model, plan, data version, its recipe, variables and file."""
    with services.work(actor) as work:
        run_id = work.reports.get(report_id).run_id
        if key not in {f.key for f in work.runs.facts(run_id)}:
            raise NotFound(f"There is no number called {key} in this report.")
        return work.graph.lineage("model", run_id)


def hash_token(token: str) -> str:
    """Tokens are 256 random bits, so a plain digest keeps them as safe as a slow one would."""
    return hashlib.sha256(token.encode()).hexdigest()


def hash_passcode(passcode: str, salt: str) -> str:
    return hashlib.scrypt(passcode.encode(), salt=salt.encode(), n=2**14, r=8, p=1).hex()
