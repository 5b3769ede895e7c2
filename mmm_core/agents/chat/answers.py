"""How the built-in assistant says what a tool found: short Markdown whose figures keep their references."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from mmm_core.agents.tools.kinds import Result
from mmm_core.reports.wording import dated, plain, safe

QUESTION = re.compile(
    r"\?|^\W*(?:and\s+)?(?:what|which|who|why|how|when|where|is|are|was|were|did|does|do|can|show|list|tell|give|explain|describe|"
    r"compare|check|was|wie|welche|warum|zeig|ist|sind|quel|quelle|quels|combien|pourquoi|montre)\b",
    re.IGNORECASE,
)
SAME = re.compile(r"\b(?:same|too|as well|likewise|gleiche|auch|ebenso|genauso|pareil|même|aussi)\b", re.IGNORECASE)
CHANGE = re.compile(
    r"\b(?:raise|cut|increase|decrease|reduce|lower|move|shift|double|halve|hold|keep|freeze|lock|stop|drop|budget|optimi[sz]e|"
    r"more|less|erhöhe|senke|kürze|verschiebe|augmente|réduis|baisse)\b|\d\s?(?:%|k\b|€|\$|£)",
    re.IGNORECASE,
)
HELP = """I answer by built-in rules here, without a language model. You can:

- **Try a change:** *raise TV by 20% and cut search by 10k a week*, *move 5k a month from radio to search*,
  *optimise, TV at most 30k a week*. It appears as chips; nothing runs before you press Apply.
- **Ask about the model:** *which channel returned most in 2024?*, *compare TV and search*, *can I trust the model?*
- **Ask about the data:** *how many weeks are there?*, *which columns?*, *what do the checks say?*
- **Ask where a number comes from:** *where does 2.4× come from?*
- **Ask what is kept:** *what did we decide about TV?*
- **Ask me to do something:** *publish the report*, *fit the model*, *clean the data*,
  *note: the strike ended in May*. You see what it would change and say yes or no."""
SHORT_HELP = "Type *help* to see what you can ask."
NOT_UNDERSTOOD = f"I read by built-in rules and did not understand that. Nothing was changed. {SHORT_HELP}"
BELONGS = f"I have no answer to that, but it sounds like a matter for this page. {SHORT_HELP}"
MAY_BELONG = f"I have no answer to that. It may be a matter for one of these pages. {SHORT_HELP}"
SUGGESTIONS = ("Which channel returned most?", "Can I trust the model?", "How current are the data?")
MOST_NAMES = 6
MOST_QUOTED = 300
CAME = "What was brought counts in the weeks in which it came, also where the money was spent before them."
PIECE = re.compile(r"^\[([^\]|]+) \| (\d{4}-\d\d-\d\d[^\]]*)\]$", re.MULTILINE)
"""Above each kept text: what it is, and when and where from."""
DECISIONS = ("decision", "note", "feature decision", "baseline")
BESIDE = {
    "Return": ("roi.p50", "roi.p5", "roi.p95"),
    "Return of the next money": ("marginal_roi.p50", "marginal_roi.p5", "marginal_roi.p95"),
    "Brought": ("contribution.p50", "contribution.p5", "contribution.p95"),
    "Spent": ("spend",),
}
EVIDENCE = {"tested": "tested", "data": "learned from data", "prior": "mostly prior"}


def returns(found: Result) -> str:
    lines = []
    for row in found.said["channels"]:
        who = f"**{_name(row['channel'])}**"
        share = row.get("contribution_share")
        brought = f"brought {share} of {_name(found.said['kpi'], lower=True)}"
        if "roi_p50" in row:
            sure = f"{row['roi_p50']} back per unit of money ({row['roi_p5']} to {row['roi_p95']})"
            lines.append(
                f"- {who}: {sure}, {brought}; {EVIDENCE.get(row['evidence'], row['evidence'])}; {row['action']}"
            )
        else:
            lines.append(f"- {who}: {brought}; no spend, so no return")
    return "Returns, best first, with their 90% interval:\n\n" + "\n".join(lines)


def channel(found: Result) -> str:
    said, figures = found.said, found.said["figures"]
    lines = [f"**{_name(said['channel'])}**"]
    if "roi.p50" in figures:
        lines.append(f"- Return: {figures['roi.p50']} ({figures['roi.p5']} to {figures['roi.p95']})")
    if "marginal_roi.p50" in figures:
        lines.append(f"- Return of the next money: {figures['marginal_roi.p50']}")
    if "contribution.p50" in figures:
        share = figures.get("contribution_share.p50")
        lines.append(f"- Brought: {figures['contribution.p50']}{f', {share} of the whole' if share else ''}")
    if "spend" in figures:
        lines.append(f"- Spent: {figures['spend']}")
    if "carryover.mean_lag" in figures:
        lines.append(f"- Average delay of its effect: {figures['carryover.mean_lag']} weeks")
    lines.append(f"- Evidence: {safe(said['evidence'])}")
    lines.append(f"- Advice: {safe(said['action'])}")
    return "\n".join((lines[0], "", *lines[1:]))


def beside(found: Sequence[Result]) -> str:
    """Channels side by side, a column each."""
    heads = [_name(one.said["channel"]) for one in found]
    lines = [f"| | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for words, keys in BESIDE.items():
        cells = [_cell(one.said["figures"], keys) for one in found]
        if any(cells):
            lines.append(f"| {words} | {' | '.join(c or 'not known' for c in cells)} |")
    why = [
        f"- **{h}**: {safe(one.said['evidence'])} {_upper(one.said['action'])}"
        for h, one in zip(heads, found, strict=True)
    ]
    return "\n".join((*lines, "", *why))


def _cell(figures: Mapping[str, str], keys: Sequence[str]) -> str:
    """A middle with its interval, where both ends are known."""
    found = [figures[k] for k in keys if figures.get(k)]
    # A bar would end the cell; the mark within a reference is taken out before anybody sees the text.
    return f"{found[0]} ({found[1]} to {found[2]})" if len(found) == 3 else found[0] if found else ""


def _upper(text: str) -> str:
    return safe(text[:1].upper() + text[1:])


def _in_cell(text: str) -> str:
    return safe(text).replace("|", "/")


def during(found: Result) -> str:
    """Returns of a part of the time or of the market; the days say which, ``CAME`` how they are counted."""
    said = found.said
    where = f", in {_name(said['geo'])}" if said["geo"] else ""
    head = f"**{dated(said['first_period'])} to {dated(said['last_period'])}**{where} ({said['periods']} periods):"
    lines = []
    for row in said["channels"]:
        brought = row["brought"]
        parts = [f"brought {brought['p50']} ({brought['p5']} to {brought['p95']})"]
        if row["spent"]:
            parts.append(f"on spend of {row['spent']}")
        if row["returned"]:
            back = row["returned"]
            parts.append(f"which is {back['p50']} back per unit of money ({back['p5']} to {back['p95']})")
        lines.append(f"- **{_name(row['channel'])}**: {' '.join(parts)}")
    return "\n".join((head, "", *lines))


def split(found: Result) -> str:
    """The best split of a sum, beside today's plan of the same length."""
    said = found.said
    best = said["styles"]["base"]
    today = said["today"]
    lines = [
        f"- **{_name(channel)}**: {spend} (today {today.get(channel) or 'nothing'})"
        for channel, spend in best["spend"].items()
    ]
    gain = best["against_today"]
    ends = (
        f"Against today's plan of the same length that is a difference of {gain['mean']} (90% interval {gain['p5']} to "
        f"{gain['p95']}), and it is better with a probability of {best['probability_better']}. The What-If page has "
        "the careful and the bold plan as well, and takes limits and locks."
    )
    return "\n".join((f"The best split of {said['total']} over the plan, by the model:", "", *lines, "", ends))


def compared(found: Result) -> str:
    """Two models: what differs in their specification, and the returns by each."""
    said = found.said
    rows = [
        f"| {_name(r['channel'])} | {r['roi_before'] or 'none'} | {r['roi_after'] or 'none'} |"
        for r in said["channels"]
    ]
    data = "They were fitted on the same data." if said["same_data"] else "They were fitted on different data."
    differs = [f"- {safe(d)}" for d in said["differences"]] or ["- Their specifications are the same."]
    head = (f"| Return on spend | {_in_cell(said['old'])} | {_in_cell(said['new'])} |", "|---|---|---|")
    return "\n".join((*head, *rows, "", data, "", *differs))


def known(found: Result) -> str:
    """What is kept about a subject, quoted with what it is and when it was kept."""
    pieces = _pieces(found)
    return _quoted("Kept about this:", pieces) if pieces else safe(found.said["found"])


def decided(found: Result) -> str:
    """The same with decisions and notes alone, and the rest only where there are none."""
    pieces = _pieces(found)
    mine = [p for p in pieces if p[0].startswith(DECISIONS)]
    if mine:
        return _quoted("Decided or noted about this:", mine)
    return (
        _quoted("No decision or note about this is kept. What is:", pieces[:3]) if pieces else safe(found.said["found"])
    )


def _pieces(found: Result) -> list[tuple[str, str, str]]:
    parts = PIECE.split(found.said["found"])
    return list(zip(parts[1::3], parts[2::3], parts[3::3], strict=True))


def _quoted(head: str, pieces: Sequence[tuple[str, str, str]]) -> str:
    lines = [
        f"- **{safe(title)}** ({safe(what)}): “{safe(' '.join(text.split())[:MOST_QUOTED])}”"
        for title, what, text in pieces[:MOST_NAMES]
    ]
    return f"{head}\n\n" + "\n".join(lines)


def quality(found: Result) -> str:
    said, figures = found.said, found.said["figures"]
    lines = [safe(said["verdict"]), ""]
    for key, words in (
        ("fit.r2", "Explains {} of the variation"), ("fit.mape", "Off by {} on average"),
        ("fit.rhat_max", "Largest R-hat {}"), ("fit.ess_bulk_min", "Smallest effective sample {}"),
        ("baseline_share.p50", "Baseline {} of the whole"),
    ):  # fmt: skip
        if key in figures:
            lines.append(f"- {words.format(figures[key])}")
    lines.append(f"- {_name(said['model'])}: {safe(said['adstock'])} adstock, {safe(said['saturation'])} saturation")
    odd = [c for c in said["checks"] if c["status"] != "PASS"]
    lines += [f"- **{c['status']}** {safe(c['check'])}: {safe(c['finding'])}" for c in odd[:6]]
    return "\n".join(lines if odd else [*lines, "- All its checks pass."])


def status(found: Result) -> str:
    said = found.said
    if not said["data_version"]:
        return "This project has no data yet; add a file on the Data page."
    model = (
        f"The newest model is {_name(said['model'])} of {said['model_of']}"
        if said["model"]
        else "There is no model yet"
    )
    stale = ", and it is older than the data" if said["model_is_older_than_the_data"] else ""
    return (
        f"{said['periods']} periods from {said['first_period']} through {said['data_through']}, data version "
        f"{said['data_version']} ({safe(said['file'])}); the checks say {said['quality']}. {model}{stale}."
    )


def columns(found: Result) -> str:
    rows = found.said["columns"]
    by_role: dict[str, list[str]] = {}
    for row in rows:
        by_role.setdefault(row["role"], []).append(safe(row["column"]))
    lines = [f"- **{role.replace('_', ' ')}**: {', '.join(names)}" for role, names in by_role.items()]
    return f"{found.said['rows']} rows over {found.said['periods']} periods:\n\n" + "\n".join(lines)


def checks(found: Result) -> str:
    rows = found.said["checks"]
    odd = [c for c in rows if c["status"] != "PASS"]
    if not odd:
        return "All data checks pass." if rows else "There are no such checks for these data."
    lines = [f"- **{c['status']}** {safe(c['finding'])}{' (waived)' if c['waived_by'] else ''}" for c in odd[:10]]
    return "The data checks found:\n\n" + "\n".join(lines)


def correlations(found: Result) -> str:
    rows = found.said["strongest"]
    if not rows:
        return "There are not enough numbers in the data to correlate."
    return "Strongest pairs:\n\n" + "\n".join(
        f"- {_name(r['pair'][0])} and {_name(r['pair'][1])}: {r['r']}" for r in rows
    )


def findings(found: Result) -> str:
    rows = found.said["findings"] or ["Nothing stands out."]
    return f"{_name(found.said['column'])}:\n\n" + "\n".join(f"- {safe(s)}" for s in rows)


def scenarios(found: Result) -> str:
    return _listed("scenarios", [_name(s["name"]) for s in found.said["scenarios"]], "No scenario is saved yet.")


def reports(found: Result) -> str:
    rows = [f"{r['version']} {safe(r['title'])}" for r in found.said["reports"]]
    return _listed("reports", rows, "No report is published yet.")


def models(found: Result) -> str:
    rows = [f"{safe(m['name'])} ({m['status']})" for m in found.said["models"]]
    return _listed("models", rows, "There is no model yet.")


def tools(found: Result) -> str:
    return "The tools behind this chat:\n\n" + "\n".join(
        f"- `{name}`: {safe(says)}" for name, says in found.said.items()
    )


def plan(found: Result) -> str:
    """A change as it was understood and what it would bring."""
    said = found.said
    lines = ["Understood:", "", *(f"- {safe(u)}" for u in said["understood"]), ""]
    gain = said["difference"]
    lines.append(
        f"Over {said['periods']} {said['one_period']}s media would bring {said['brought_then']} in place of "
        f"{said['brought_now']}: "
        f"a difference of {gain['mean']} (90% interval {gain['p5']} to {gain['p95']}), on spend of "
        f"{said['total_then']} in place of {said['total_now']}. It beats today's plan with a probability of "
        f"{said['probability_better']}."
    )
    return "\n".join(lines)


def background(found: Result) -> str:
    """What was found outside, each piece with its source; quoted, since others wrote it."""
    said = found.said
    rows = [*said["from the web (material, no instructions)"], *said["kept already"]]
    quoted = [
        f"- **{safe(r['title'])}**: “{safe(' '.join(r['quoted'].split())[:300])}” ({safe(_source(r))})"
        for r in rows[:5]
    ]
    return (
        "\n\n".join(part for part in (safe(said["note"]), "\n".join(quoted)) if part) or "Nothing is known about this."
    )


def _source(row: dict[str, Any]) -> str:
    return ", ".join(part for part in (row["address"] or "kept here", row["dated"]) if part)


def proposal(found: Result) -> str:
    return f"{safe(found.said['would'][0])}: this is what it would do. It waits for your yes or no."


def lineage(found: Result) -> str:
    said = found.said
    if found.question:
        shown = "\n".join(f"- {safe(m['is'])}: {m['shows']}" for m in said["may_be"])
        return f"{safe(found.question)}\n\n{shown}"
    steps = "\n".join(f"- **{kind}**: {safe(_some(labels))}" for kind, labels in said["computed_from"].items())
    how = f" {safe(said['worked_out'])}" if said["worked_out"] else ""
    return f"{said['shows']} is the {safe(said['is'])}.{how} It comes from:\n\n{steps}"


def _some(labels: list[str]) -> str:
    """A few of many: a table's columns would fill the whole talk."""
    left = len(labels) - MOST_NAMES
    return f"{', '.join(labels[:MOST_NAMES])} and {left} more" if left > 1 else ", ".join(labels)


def _listed(what: str, rows: list[str], nothing: str) -> str:
    return f"The {what}:\n\n" + "\n".join(f"- {r}" for r in rows) if rows else nothing


def harmless(text: str) -> str:
    """A model's own Markdown without what could load, link or compute: no picture, link, HTML or formula is left."""
    for mark in "\\[]<$":
        text = text.replace(mark, f"\\{mark}")
    return re.sub(r"(?i)\b(https?|ftp)://", "\\1:\u2060//", re.sub(r"(?i)\bwww\.", "www\u2060.", text))


def _name(text: Any, *, lower: bool = False) -> str:
    words = plain(str(text))
    return safe(words[:1].lower() + words[1:] if lower and not words.isupper() else words)
