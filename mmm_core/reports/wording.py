"""Numbers as a person in marketing writes them: money in the project's currency, shares, returns, intervals."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime

from mmm_core.domain.results import Action, Evidence, FrequencyCurve, Interval, Results
from mmm_core.domain.words import counted

SYMBOLS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹", "BRL": "R$", "AUD": "A$", "CAD": "C$"}
NOTHING = "–"
Writer = Callable[[float | None], str]
CURRENCIES = ("EUR", "USD", "GBP", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "JPY", "INR", "BRL", "AUD", "CAD")


def symbol(currency: str) -> str:
    return SYMBOLS.get(currency, f"{currency} ")


def missing(value: float | None) -> bool:
    return value is None or not math.isfinite(value)


def short(value: float | None) -> str:
    """Three figures that matter: 950, 1.2k, 34.5k, 1.23m, 4.5bn."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    sign = "−" if value < 0 else ""
    for limit, unit in ((1e9, "bn"), (1e6, "m"), (1e3, "k")):
        if size >= limit * 0.9995:
            scaled = size / limit
            digits = 2 if scaled < 10 else 1 if scaled < 100 else 0
            text = f"{scaled:,.{digits}f}"
            return f"{sign}{text.rstrip('0').rstrip('.') if '.' in text else text}{unit}"
    if size == 0 or size >= 10:
        return f"{sign}{size:,.0f}"
    return f"{sign}{size:.2g}"


def whole(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{'−' if value < 0 else ''}{abs(value):,.0f}"


def money(value: float | None, currency: str, *, full: bool = False) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    text = whole(abs(value)) if full else short(abs(value))
    return f"{'−' if value < 0 else ''}{symbol(currency)}{text}"


def signed(value: float | None, writer: Callable[[float | None], str] = short) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"+{writer(value)}" if value > 0 else writer(value)


def share(value: float | None, digits: int = 0) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    digits = 1 if digits == 0 and 0 < abs(value) < 0.0995 else digits
    return f"{value * 100:.{digits}f}%".replace("-", "−")


def chance(probability: float) -> str:
    """No probability from draws is quite 0 or 1."""
    if probability > 0.99:
        return "over 99%"
    return "under 1%" if probability < 0.01 else share(probability)


def times(value: float | None) -> str:
    """A return on spend: 2.4× means that each unit of money brought 2.4 back."""
    if value is None or not math.isfinite(value):
        return NOTHING
    digits = 2 if abs(value) < 10 else 1 if abs(value) < 100 else 0
    return f"{value:.{digits}f}×".replace("-", "−")


def interval(value: Interval | None, writer: Callable[[float | None], str]) -> str:
    return f"{writer(value.p5)} to {writer(value.p95)}" if value is not None else NOTHING


def kpi_writer(results: Results) -> Callable[[float | None], str]:
    """Revenue is written as money, a count as a number."""
    if results.is_revenue:
        return lambda value: money(value, results.currency)
    return short


def price(value: float | None, currency: str) -> str:
    """Money for one unit: €12.40, €0.031; ``short`` would drop its cents."""
    if value is None or not math.isfinite(value):
        return NOTHING
    size = abs(value)
    if size == 0 or size >= 1000:
        return money(value, currency)
    text = f"{size:,.2f}" if size >= 1 else f"{size:.2g}" if size >= 1e-4 else f"{size:.1e}"
    return f"{'−' if value < 0 else ''}{symbol(currency)}{text}"


def one_of(kpi: str) -> str:
    """One unit of a count, within a sentence: conversions gives conversion, new_enquiries gives new enquiry."""
    words = inside(kpi)
    low = words.lower()
    if low.endswith("ies") and len(low) > 4:
        return words[:-3] + "y"
    if low.endswith(("xes", "ches", "shes", "sses")):
        return words[:-2]
    return words[:-1] if low.endswith("s") and not low.endswith(("ss", "us")) and len(low) > 3 else words


def cost_of_one(kpi: str, is_revenue: bool, currency: str) -> str:
    """What a cost per target is the cost of: cost per conversion, cost per 1 EUR of revenue."""
    return f"cost per 1 {currency} of {inside(kpi)}" if is_revenue else f"cost per {one_of(kpi)}"


def frequency(curve: FrequencyCurve) -> str:
    """How often is best, and what it would change."""
    best, gain = curve.best, curve.gain
    if curve.level[-1] - best.p5 < 1e-9 or best.p95 - curve.level[0] < 1e-9:
        often = "as often as it ever was" if curve.level[-1] - best.p5 < 1e-9 else "as rarely as it ever was"
        return f"Best {often}: the data show no frequency beyond which it turns."
    where = f"Best at {best.p50:.1f} contacts per person ({best.p5:.1f} to {best.p95:.1f}); today {curve.today:.1f}"
    if gain.p5 <= 0:
        return f"{where}, which may be as good."
    return f"{where}. The same contacts would bring {share(gain.p50)} more ({interval(gain, share)})."


def reference(level: str | float) -> str:
    """The level that a lever's effect counts from."""
    words = {"mean": "its usual level", "lowest": "its lowest level", "highest": "its highest level"}
    return words.get(level, level) if isinstance(level, str) else f"a level of {level:g}"


def kpi_amount(results: Results) -> Writer:
    """``kpi_writer`` for sentences: a count says what it counts."""
    if results.is_revenue:
        return kpi_writer(results)
    return lambda value: f"{short(value)} {inside(results.kpi)}"


def geos(count: int) -> str:
    return f"{count} geo{'' if count == 1 else 's'}"


def day(value: date | datetime | None) -> str:
    return f"{value.day} {value:%b %Y}" if value else NOTHING


def moment(value: datetime | None) -> str:
    return f"{value.day} {value:%b %Y, %H:%M}" if value else NOTHING


ISO_DAY = re.compile(r"\b(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?)?(?!\w)")


def dated(text: str) -> str:
    """A text whose days are written as people write them: 2025-12-29 is 29 Dec 2025."""

    def written(found: re.Match[str]) -> str:
        try:
            return day(date.fromisoformat(found[1]))
        except ValueError:
            return found[0]

    return ISO_DAY.sub(written, text)


def duration(seconds: float | None) -> str:
    if seconds is None or not math.isfinite(seconds):
        return NOTHING
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def around(controls: Sequence[str], holidays: Sequence[str]) -> str:
    """How much of what is no media enters a model: 2 controls and 4 holidays."""
    said = [counted(len(names), word) for names, word in ((controls, "control"), (holidays, "holiday")) if names]
    return " and ".join(said) or "no controls"


def periods(count: int, days: int) -> str:
    """13 weeks, 30 days, 6 months."""
    return counted(count, period(days))


def period(days: int) -> str:
    """What one period is called."""
    return "week" if days == 7 else "day" if days == 1 else "month" if days in (28, 30, 31) else "period"


SHORTENINGS = frozenset(
    ("tv", "ctv", "ott", "vod", "ooh", "dooh", "seo", "sem", "ppc", "crm", "sms", "pr", "kpi", "roi", "b2b", "b2c")
)  # fmt: skip


def plain(name: str) -> str:
    """A column's name as words: ``paid_social`` is Paid social, ``tv`` is TV; what is words already stays."""
    if " " in name.strip() and "_" not in name:
        return name.strip()
    words = [w.upper() if w.lower() in SHORTENINGS else w for w in name.split("_") if w]
    if not words:
        return name
    if _is_holiday(words):
        return " ".join(w[:1].upper() + w[1:] for w in words[1:])
    return " ".join([words[0][0].upper() + words[0][1:] if words[0].islower() else words[0], *words[1:]])


def inside(name: str) -> str:
    """``plain`` within a sentence: Revenue is revenue there, KPI stays KPI, and a holiday keeps its name."""
    words = plain(name)
    if _is_holiday(name.split("_")):
        return words
    return (
        words if name[:1].isupper() or words.split()[:1] == words.upper().split()[:1] else words[:1].lower() + words[1:]
    )


def waves(terms: int) -> str:
    """How finely the season is drawn."""
    return f"{terms} wave{'' if terms == 1 else 's'} of a yearly season" if terms else "no yearly season"


KINDS = {
    "baseline": "Baseline",
    "causal_variable": "Cause or effect",
    "dataset": "Data version",
    "decision": "Decision",
    "feature_decision": "Change of the data",
    "file": "File",
    "inquiry": "Question to people",
    "metric": "Number",
    "model": "Model",
    "note": "Note",
    "plan": "Plan",
    "project": "Project",
    "reply": "Reply",
    "report": "Report",
    "research": "Source",
    "scenario": "Scenario",
    "segmentation": "Segments",
    "study": "Study",
    "tool": "Tool",
    "variable": "Column",
    "workflow": "Course",
}
"""What a node of the knowledge graph is, in words."""


def kind(name: str) -> str:
    return KINDS.get(name, plain(name))


EVIDENCE = {
    Evidence.TESTED: "Tested",
    Evidence.DATA: "Learned from data",
    Evidence.PRIOR: "Mostly prior",
}
ACTION = {Action.SCALE: "Scale", Action.HOLD: "Hold", Action.TEST: "Test", Action.PULL_BACK: "Pull back"}


ORDINARY = frozenset(
    ("a", "all", "an", "and", "any", "as", "at", "back", "by", "down", "for", "from", "in", "is", "it", "more", "most",
     "no", "not", "of", "off", "on", "one", "or", "other", "out", "over", "so", "than", "that", "the", "this", "to",
     "too", "under", "up", "with")
)  # fmt: skip
"""Words of any sentence: a channel that is called so is meant only where a name would stand."""
NAMING = "about|channel|for|hold|of|scale|test|than"
AFTER_NAME = re.compile(r"$|[,.:;)]| \(| (?:and|or) ")


def _is_holiday(words: list[str]) -> bool:
    """``holiday_black_friday``: what follows is the name that people know, Black Friday."""
    return len(words) > 1 and words[0] == "holiday" and bool(words[1])


def named(text: str, names: Iterable[str]) -> str:
    """A sentence with the channels in it called by ``plain`` words."""
    known = {n: plain(n) for n in names if n and plain(n) != n}
    if not known:
        return text
    longest_first = "|".join(re.escape(n) for n in sorted(known, key=len, reverse=True))
    before = re.compile(rf"(?:^|[,:;] |\(|\b(?:{NAMING}) |(?<!\w)(?:{longest_first}) (?:and|or) )$")

    def called(found: re.Match[str]) -> str:
        name = found.group(1)
        if name in ORDINARY and not (before.search(text[: found.start()]) and AFTER_NAME.match(text[found.end() :])):
            return name
        return known[name]

    return re.sub(rf"(?<!\w)({longest_first})(?!\w)", called, text)


JOINER = "\u2060"


def minus(text: str) -> str:
    """A sentence whose negative numbers have a minus that no line ends after; the hyphens of dates stay."""
    return re.sub(r"−(?=\S)", f"−{JOINER}", re.sub(r"(?<![\w.])-(?=\d)", "−", text))


MARKS = "\\`*_{}[]()#+!$~|<>:"


def safe(text: str) -> str:
    """Names come from files: nothing in them may act as Markdown, HTML or LaTeX."""
    out = text
    for mark in MARKS:
        out = out.replace(mark, f"\\{mark}")
    return out


def unsafe(text: str) -> str:
    """A text with ``safe`` parts for a reader who sees the backslashes: a program, a terminal."""
    return re.sub(rf"\\([{re.escape(MARKS)}])", r"\1", text)
