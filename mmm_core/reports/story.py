"""The written story: templates whose every number is a reference to a stored metric (R1, R2).

A template writes a number as ``{{ n("channel.tv.roi.p50") }}`` and a name as ``{{ w(name) }}``. Both leave a mark in
the rendered text; whatever digit stands outside a mark was typed by hand, and the story is refused.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mmm_core.analysis import parts
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.planning import OptimisedPlan
from mmm_core.domain.project import Project
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Action, ChannelResult, Evidence, Results
from mmm_core.reports import wording

TEMPLATES = Path(__file__).parent / "templates"
MARK = re.compile(r"\x02([^\x03]*)\x03")
DIGIT = re.compile(r"\d")
ACTIVE = re.compile(r"([\\`*_\[\]<|])")


class UnreferencedNumber(CarryoverError):
    """A figure in the text that no stored metric stands behind."""


@dataclass(frozen=True)
class Story:
    markdown: str
    html: str
    """The same as HTML fragments in Markdown: each number carries the key of its metric."""
    references: tuple[str, ...]


def write(
    results: Results,
    project: Project,
    facts: Sequence[Fact],
    plans: Sequence[OptimisedPlan] = (),
    *,
    today: float | None = None,
) -> Story:
    """Fill the templates.

    Parameters
    ----------
    today
        What today's plan spends, where ``plans`` may split another total.

    Raises
    ------
    UnreferencedNumber
        Where a template holds a figure of its own, or refers to a metric that is not stored.
    """
    known = {f.key: f for f in (*facts, *parts.facts(results), *plan_facts(plans))}
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown; names are escaped where they are put in
    )
    environment.globals.update(n=_number, w=_name, d=_day, ch=lambda name: _name(wording.plain(name)))
    text = environment.get_template("story.md.j2").render(_context(results, project, plans, today))
    return lock(text, known, results.currency, results.is_revenue)


def lock(text: str, known: dict[str, Fact], currency: str, is_revenue: bool) -> Story:
    """Replace the marks by formatted numbers; refuse every other digit."""
    naked = MARK.sub("", text)
    loose = DIGIT.search(naked)
    if loose:
        around = naked[max(0, loose.start() - 30) : loose.end() + 20].replace("\n", " ").strip()
        raise UnreferencedNumber(f"The text holds a number without a metric behind it: “{around}”.")
    references: dict[str, None] = {}

    def words(match: re.Match[str], *, as_html: bool) -> str:
        kind, _, rest = match.group(1).partition(":")
        if kind == "w":
            return _inert(escape(rest, quote=False) if as_html else rest)
        if kind == "d":
            return rest
        fact = known.get(rest)
        if fact is None:
            raise UnreferencedNumber(f"The text refers to {rest}, which is not among the stored metrics.")
        references[rest] = None
        shown = spell(fact, currency, is_revenue)
        return f'<span class="n" title="{escape(rest)}">{escape(shown)}</span>' if as_html else shown

    return Story(
        markdown=MARK.sub(lambda m: words(m, as_html=False), text),
        html=MARK.sub(lambda m: words(m, as_html=True), text),
        references=tuple(references),
    )


def spell(fact: Fact, currency: str, is_revenue: bool) -> str:
    """A metric as a person writes it, by its unit."""
    if fact.unit == "money" or (fact.unit == "kpi" and is_revenue):
        return wording.money(fact.value, currency)
    if fact.unit == "share":
        return wording.chance(fact.value) if ".probability" in fact.key else wording.share(fact.value)
    if fact.unit == "price":
        return wording.price(fact.value, currency)
    if fact.unit == "ratio":
        return wording.times(fact.value)
    if fact.unit == "number":
        return f"{fact.value:.2f}"
    return wording.short(fact.value)


def plan_facts(plans: Iterable[OptimisedPlan]) -> list[Fact]:
    """The metrics of optimised plans, keyed ``plan.<style>.…``."""
    facts = []
    for plan in plans:
        outcome, stem = plan.outcome, f"plan.{plan.style}"
        facts += [
            Fact(f"{stem}.spend", outcome.total_spend, "money"),
            Fact(f"{stem}.periods", float(outcome.plan.periods), "count"),
            Fact(f"{stem}.probability_better", outcome.probability_better, "share"),
        ]
        for name, interval in (("kpi", outcome.kpi), ("against_current", outcome.against_current)):
            facts += [Fact(f"{stem}.{name}.{q}", getattr(interval, q), "kpi") for q in ("mean", "p5", "p50", "p95")]
        facts += [Fact(f"{stem}.channel.{c}.spend", s, "money") for c, s in outcome.plan.spend.items()]
    return facts


def _inert(text: str) -> str:
    """Names come from files: in the Markdown nothing in them may format, link or break a table."""
    return ACTIVE.sub(r"\\\1", text)


def _context(
    results: Results, project: Project, plans: Sequence[OptimisedPlan], today: float | None
) -> dict[str, object]:
    channels = sorted(results.channels, key=lambda c: c.contribution.p50, reverse=True)
    names = [c.channel for c in channels]
    return {
        "results": results,
        "said": lambda text: _name(wording.named(text, names)),
        "kpi": _name(wording.inside(results.kpi)),
        "evidence": wording.EVIDENCE,
        "action": wording.ACTION,
        "project": project,
        "channels": channels,
        "tested": [c for c in channels if c.evidence is Evidence.TESTED],
        "ranked": [c for c in channels if c.evidence is Evidence.DATA],
        "unsure": [c for c in channels if c.evidence is Evidence.PRIOR],
        "by_action": {action.value: [c for c in channels if c.action is action] for action in Action},
        "organic": [c for c in channels if c.spend is None],
        "plans": {p.style: p for p in plans},
        "same_budget": today is None or all(abs(p.outcome.total_spend - today) <= 1e-3 * today for p in plans),
        "concerns": [c for c in results.checks if c.status is not Status.PASS],
        "has_roi": any(c.roi for c in channels),
        "period": wording.periods(1, results.period_days).split()[1],
        "curved": [c for c in channels if _is_past_half(c)],
        "unit": "" if results.is_revenue else " " + _name(wording.inside(results.kpi)),
        "one": "" if results.is_revenue else _name(wording.one_of(results.kpi)),
        "priced": [] if results.is_revenue else [c.channel for c in channels if parts.cost(c)],
        "levers": parts.levers(results),
        "geos": parts.geo_totals(results),
        "apart": [(c.channel, *found) for c in channels if (found := parts.differ(results, c.channel))],
    }


def _is_past_half(channel: ChannelResult) -> bool:
    """Whether the next money returns clearly less than the average money did."""
    if not (channel.roi and channel.marginal_roi):
        return False
    return channel.marginal_roi.p50 < 0.6 * channel.roi.p50


def _number(key: str) -> str:
    return f"\x02n:{key}\x03"


def _name(text: object) -> str:
    return f"\x02w:{str(text).translate({2: None, 3: None})}\x03"


def _day(value: date) -> str:
    return f"\x02d:{wording.day(value)}\x03"
