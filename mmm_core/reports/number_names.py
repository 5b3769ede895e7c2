"""A stored metric's key in words: what the product calls a figure, wherever a text's own words leave it open."""

import re

from mmm_core.domain.report import Fact
from mmm_core.reports import wording

LONGEST = 90
NAMED = "What a figure is stands behind it in [ ], written by the product."
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
ENDS = {"mean": "mean", "p50": "middle estimate", "p5": "low end", "p95": "high end"}
SHORT = {
    "level current": "level per period today", "level highest": "highest level of a period",
    "carryover mean_lag": "mean delay of the effect", "seconds": "seconds of the fit",
    "periods": "number of periods", "channels": "number of channels",
    "geos": "number of geos", "divergences": "number of divergences", "draws": "number of draws",
    "chains": "number of chains", "rows": "number of rows",
}  # fmt: skip
OWNERS = {
    "now": "today's plan", "then": "plan with the changes", "plan.base": "best plan", "plan.aggressive": "bold plan",
    "plan.conservative": "careful plan", "plan.today": "today's plan", "first_look": "first look",
    "old": "earlier model", "new": "new model", "fit": "fit",
}  # fmt: skip
DURING = re.compile(r"during\.(\d{4}-\d\d-\d\d)\.(\d{4}-\d\d-\d\d)\.")
"""How a key of a part of the past begins, with its first and last day."""
OVER_ALL = frozenset(
    ("roi", "contribution", "contribution_share", "spend", "spend_share", "baseline_share", "media_share")
)
"""Metrics of a whole period, which a reader might take for a part of it."""


def called(key: str) -> str:
    """A metric's key in words: ``channel.tv.roi.p50`` is the return on spend of TV, in the middle."""
    if days := DURING.match(key):
        return f"{called(key[days.end() :])}, {days[1]} to {days[2]}"
    owner, metric, last = taken_apart(key)
    part = PARTS.get(last, "")
    said = METRICS.get(metric, metric.replace("_", " "))
    whose = [wording.plain(w) for w in re.split(r"(?:^|\.)(?:channel|geo|lever)\.", owner) if w]
    known = owner.startswith(("channel.", "geo.", "lever."))
    whose_words = f" of {' in '.join(reversed(whose))}" if known and whose else ""
    plan = next((words for start, words in PLANS.items() if f"{owner}.".startswith(start)), "")
    if plan and owner.partition(".channel.")[2]:
        whose_words = f" of {wording.plain(owner.partition('.channel.')[2])}"
    whose_words += plan
    return f"{said}{whose_words}{f', {part}' if part else ''}"


def taken_apart(key: str) -> tuple[str, str, str]:
    """Whose a metric is, the metric, and which end of its interval ('' where it has none)."""
    stem, _, last = key.rpartition(".")
    stem, last = (stem, last) if last in PARTS and stem else (key, "")
    owner, _, metric = stem.rpartition(".")
    for group in (".level", ".carryover", ".cost"):
        if owner.endswith(group):
            owner, metric = owner.removesuffix(group), f"{group[1:]} {metric}" if group != ".cost" else "cost"
    return owner, metric, last


def beside(fact: Fact) -> str:
    """What stands beside a figure: whose, which metric, over what, which end; names in it carry no Markdown."""
    days = DURING.match(fact.key)
    owner, metric, last = taken_apart(fact.key[days.end() :] if days else fact.key)
    plan = next((p for p in OWNERS if f"{owner}.".startswith(f"{p}.")), "")
    rest = f"{owner}.".removeprefix(f"{plan}.").rstrip(".") if plan else owner
    names = [wording.plain(w) for w in re.split(r"(?:^|\.)(?:channel|geo|lever|check|data)\.", rest) if w]
    whose = " in ".join(reversed(names))
    what = SHORT.get(metric) or METRICS.get(metric) or metric.replace("_", " ")
    if metric == "against_current":
        what = "gain over today's plan" if fact.value >= 0 else "loss against today's plan"
    if owner.startswith("lever."):
        what = f"effect, {what}"
    if metric == "value" and owner.startswith("check."):
        what = "measure of the check"
    over = (
        f"{days[1]} to {days[2]}"
        if days and metric in OVER_ALL
        else ("whole plan" if plan and plan not in ("old", "new", "first_look") else "whole period")
        if metric in OVER_ALL
        else ""
    )
    head = ", ".join(filter(None, (OWNERS.get(plan, ""), whose)))
    said = ", ".join(filter(None, (what, over, ENDS.get(last, ""))))
    out = re.sub(r"[\[\]|`*<>$\\]+", " ", f"{head}: {said}" if head else said)
    return out if len(out) <= LONGEST else f"{out[: LONGEST - 1]}…"
