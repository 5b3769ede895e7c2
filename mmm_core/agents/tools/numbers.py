"""From a figure as it was shown to the stored metrics that it may be, and from a metric back to its file."""

import re
from collections.abc import Sequence

from mmm_core.agents.tools.kinds import Context, Result, Sheet, name, sheet_of
from mmm_core.domain.errors import NotFound
from mmm_core.domain.fit import Run
from mmm_core.domain.report import Fact, LineageStep
from mmm_core.domain.results import Results
from mmm_core.reports import wording
from mmm_core.reports.number_lock import FIGURE, SCALES
from mmm_core.use_cases import fits

MOST = 6
MOST_OF_A_KIND = 30
PARTS = {
    "mean": "on average", "p5": "at the low end (5th percentile)", "p50": "in the middle (median)",
    "p95": "at the high end (95th percentile)",
}  # fmt: skip
METRICS = {
    "roi": "return on spend", "marginal_roi": "return of the next money", "contribution": "contribution",
    "contribution_share": "share of the KPI", "spend": "spend", "spend_share": "share of the spend",
    "kpi": "what media bring", "against_current": "difference to today's plan",
    "probability_better": "chance to do better",
    "roi_prior": "return believed before the data", "cost": "cost per unit", "baseline_share": "baseline's share",
    "media_share": "media's share", "mape": "mean error", "r2": "share of the variation explained",
    "rhat_max": "largest R-hat", "ess_bulk_min": "smallest effective sample size",
}  # fmt: skip
PLANS = {
    "now.": " under today's plan", "then.": " under the plan with the changes", "plan.base.": " under the best plan",
    "plan.aggressive.": " under the bold plan", "plan.conservative.": " under the careful plan",
    "first_look.": " by the first look",
}  # fmt: skip
LIKELY = ("roi", "contribution", "contribution_share", "spend", "marginal_roi")
"""What a person means first, where several metrics show the same figure."""


def matching(figure: str, facts: list[Fact], results: Results) -> list[Fact]:
    """Stored metrics that the figure may be, most likely first."""
    text = figure.strip()
    exact = [f for f in facts if f.key == text]
    if exact:
        return exact
    read = FIGURE.search(text)
    if read is None:
        return []
    shown = read.group(0).strip()
    digits = re.sub(r"[,\u202f\u00a0]", "", read["digits"])
    decimals = len(digits.partition(".")[2])
    scale = SCALES.get((read["scale"] or "").lower(), 1.0)
    value = float(digits) * (-1.0 if read["sign"] in ("-", "−") else 1.0)
    after = (read["after"] or "").lower()
    units = _units(after, read["before"] or "", results)
    found = [f for f in facts if (not units or f.unit in units) and _shows(f, value, decimals, scale)]
    if not found and shown:
        return []
    return sorted(found, key=_rank)


def _units(after: str, before: str, results: Results) -> tuple[str, ...]:
    if after in ("×", "x", "times"):
        return ("ratio",)
    if after in ("%", "percent"):
        return ("share",)
    if before or after in ("€", "$", "£"):
        return ("money", "price", *(("kpi",) if results.is_revenue else ()))
    return ("count", "weeks") if after.startswith(("week", "period")) else ()


def _shows(fact: Fact, value: float, decimals: int, scale: float) -> bool:
    size = fact.value * (100 if fact.unit == "share" else 1)
    return abs(size - value * scale) <= (0.5 * 10.0**-decimals + 1e-9) * scale


def _rank(fact: Fact) -> tuple[int, int, str]:
    parts = fact.key.split(".")
    metric = next((LIKELY.index(p) for p in parts if p in LIKELY), len(LIKELY))
    return (0 if parts[-1] in ("p50", "mean") or parts[-1] not in PARTS else 1, metric, fact.key)


def called(key: str) -> str:
    """A metric's key in words: ``channel.tv.roi.p50`` is the return on spend of TV, in the middle."""
    stem, _, last = key.rpartition(".")
    part = PARTS.get(last, "")
    stem = stem if part else key
    owner, _, metric = stem.rpartition(".")
    for group in (".level", ".carryover", ".cost"):
        if owner.endswith(group):
            owner, metric = owner.removesuffix(group), f"{group[1:]} {metric}" if group != ".cost" else "cost"
    said = METRICS.get(metric, metric.replace("_", " "))
    whose = [wording.plain(w) for w in re.split(r"(?:^|\.)(?:channel|geo|lever)\.", owner) if w]
    known = owner.startswith(("channel.", "geo.", "lever."))
    whose_words = f" of {' in '.join(reversed(whose))}" if known and whose else ""
    plan = next((words for start, words in PLANS.items() if f"{owner}.".startswith(start)), "")
    if plan and owner.partition(".channel.")[2]:
        whose_words = f" of {wording.plain(owner.partition('.channel.')[2])}"
    whose_words += plan
    return f"{said}{whose_words}{f', {part}' if part else ''}"


def where_from(context: Context, figure: str) -> Result:
    """The metric behind a figure with its lineage; a question where it may be several."""
    run = context.run()
    results = context.results()
    facts = list(fits.get_facts(context.services, context.actor, run.id))
    stored = {f.key for f in facts}
    # What was worked out in this talk comes second: the same figure on a page is a stored metric.
    found = matching(figure, facts, results) or matching(
        figure, [f for f in context.told if f.key not in stored], results
    )
    if not found:
        raise NotFound(
            f"No number of {name(run.name)} shows as {name(figure)}. Say it as it stands on the page, with its unit."
        )
    sheet = sheet_of(results)
    if len(found) > 1:
        options = tuple(f"{called(f.key)} ({f.key})" for f in found[:MOST])
        said = [{"metric": f.key, "is": called(f.key), "shows": sheet.of(f)} for f in found[:MOST]]
        question = f"{name(figure)} may be several numbers. Which one do you mean?"
        return sheet.result({"may_be": said}, question=question, options=options, lineage_of=run.id)
    return _traced(context, found[0], sheet, run, worked_out=found[0].key not in stored)


def _traced(context: Context, fact: Fact, sheet: Sheet, run: Run, *, worked_out: bool) -> Result:
    with context.services.work(context.actor) as work:
        steps = work.graph.lineage("model", run.id)
    said = {
        "metric": fact.key,
        "worked_out": f"It was worked out in this conversation from {name(run.name)}." if worked_out else "",
        "is": called(fact.key),
        "shows": sheet.of(fact),
        "exact": sheet.n(f"{fact.key}.exact", fact.value, "number"),
        "computed_from": by_kind(steps),
    }
    return sheet.result(said, lineage_of=run.id)


def by_kind(steps: Sequence[LineageStep]) -> dict[str, list[str]]:
    """What a number was made from, nearest first, the things of one kind together."""
    out: dict[str, list[str]] = {}
    for step in steps:
        of_kind = out.setdefault(step.kind.replace("_", " "), [])
        when = f" ({step.at:%Y-%m-%d})" if step.at and step.kind not in ("variable", "feature_decision") else ""
        if len(of_kind) < MOST_OF_A_KIND:
            of_kind.append(f"{name(step.label)}{when}")
    return out
