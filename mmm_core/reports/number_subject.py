"""What a figure is said of: the metric, end of the interval, period, place and plan that the words beside it name.

A reference carries its subject in its key. Only what the words name is held against it: a sentence that names no
period may be of any. Two things have to be said, since a reader takes the figure for something else without them: that
a return is the next money's, and that a figure is an end of its interval.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mmm_core.domain.report import Fact
from mmm_core.reports import number_words as words
from mmm_core.reports.number_names import DURING

PARTS = ("mean", "p5", "p50", "p95")
MIDDLE = ("mean", "p50")
ENDS = ("p5", "p95")
TIED = re.compile(r"\W*(?:(?:of|in|on|for|worth of)\s.*|\w+)", re.DOTALL)
NEXT_VERB = re.compile(r"\W*(?:brought|brings?|returned|earned)\b", re.IGNORECASE)
YEAR = re.compile(r"\b(?:19|20)\d\d\b")
OPENING = 12
"""Characters before the words that say when: a clause without a figure says so only where it begins with them."""


@dataclass(frozen=True)
class Around:
    """The words around one figure; other figures are taken out."""

    before: str
    """Of its clause, since the figure before it."""
    after: str
    """Of its clause, up to the figure after it."""
    earlier: str
    """Of its sentence, before its clause."""
    free: tuple[str, ...]
    """Clauses of its sentence without a figure: what they name holds for all."""
    sentence: str
    ends_clause: bool
    """Whether no figure follows in the clause."""
    siblings: frozenset[str]
    """Keys of the sentence's other figures."""

    @property
    def attached(self) -> str:
        """What follows and belongs to this figure: all where no other follows, else what 'of' or 'in' ties to it."""
        if self.ends_clause:
            return self.after
        tied = TIED.match(self.after)
        return tied.group(0) if tied and not NEXT_VERB.match(self.after) else ""

    @property
    def near(self) -> str:
        return f"{self.before} | {self.attached}"

    @property
    def before_it(self) -> str:
        return " | ".join((*self.free, self.earlier, self.before))

    @property
    def told(self) -> bool:
        """Whether words stand beside the figure at all; those of a table's row are in its head."""
        return self.sentence.count("|") < 2 and bool(re.search(r"[^\W\d_]{3,}", self.sentence))


NOTHING = "nothing of "
"""How a fault begins whose words name nothing wrong, but leave out what has to be said."""


def mistaken(fact: Fact, around: Around, places: Iterable[str]) -> tuple[str, str] | None:
    """The kind of fault and what the words say instead; None where they name nothing that the figure is not."""
    stem, _, part = fact.key.rpartition(".")
    stem, part = (stem, part) if part in PARTS else (fact.key, "")
    metric = stem.rpartition(".")[2]
    for fault, found in (
        ("metric", _metric(metric, around, beside=part in ENDS and f"{stem}.p50" in around.siblings)),
        ("part", _part(stem, part, around)),
        ("period", _period(fact, metric, around)),
        ("place", _place(fact.key, around, places)),
        ("plan", _plan(fact.key, around)),
        ("direction", _direction(fact, metric, around)),
    ):
        if found:
            return fault, found
    return None


def _metric(metric: str, around: Around, *, beside: bool) -> str:
    """``beside``: an end of an interval whose middle stands in the sentence is what that one is said to be."""
    if metric in words.COUNTED:
        return _counted(metric, around.after)
    if metric not in words.RIVALS:
        return ""
    own = words.METRICS[metric]
    rivals = [name for name in words.RIVALS[metric] if words.METRICS[name].search(around.near)]
    if metric == "marginal_roi":
        if own.search(f"{around.before_it} {around.attached}"):
            return ""
        return rivals[0] if rivals else f"{NOTHING}the next money" if around.told and not beside else ""
    if metric == "roi_prior":
        if beside or not around.told or own.search(f"{around.before_it} {around.attached}"):
            return ""
        return f"{NOTHING}a belief"
    if metric == "roi":
        return "" if words.AVERAGE.search(around.near) or not rivals else rivals[0]
    known = own.search(around.near) or (metric.endswith("share") and own.search(" | ".join(around.free)))
    return "" if known or not rivals else rivals[0]


def _counted(metric: str, after: str) -> str:
    """A count is of the noun that follows it."""
    word = re.match(r"\W*(\w+)", after)
    named = [name for name in words.COUNTED if word and words.METRICS[name].match(word.group(1))]
    return named[0] if named and metric not in named else ""


def _part(stem: str, part: str, around: Around) -> str:
    if not part:
        return ""
    said = " | ".join((*around.free, around.before))
    if part in MIDDLE:
        extreme = words.EXTREME.search(said)
        return extreme.group(0) if extreme else ""
    low, high = words.LOW.search(said), words.HIGH.search(said)
    wrong = high if part == "p5" else low
    if wrong and not (low and high):
        return wrong.group(0)
    if part == "p95" and words.BETWEEN.search(around.before):
        return "the lower end"
    # "Most likely 5% to 37%" says a range.
    opens = part == "p5" and re.match(r"\s*(?:to|and|–|-)\s*$", around.after)
    if not (low or high or opens) and (middle := words.CENTRE.search(around.before)):
        return middle.group(0)
    beside = any(key.rpartition(".")[0] == stem for key in around.siblings)
    known = low or high or beside or not around.told or words.ENDS.search(around.sentence)
    return "" if known else f"{NOTHING}an interval"


def _period(fact: Fact, metric: str, around: Around) -> str:
    if fact.unit not in ("money", "kpi", "ratio", "share") or metric in ("r2", "mape"):
        return ""
    if days := DURING.match(fact.key):
        return _another_year(days, around)
    ahead = fact.key.startswith(("plan.", "now.", "then."))
    own = (around.before, around.after if around.ends_clause else around.attached)
    for pattern in (words.PAST,) if ahead else (words.PAST, words.COMING, words.NAMED):
        for piece in (*around.free, *own):
            match = pattern.search(piece)
            says = match is not None and (piece in own or match.start() <= OPENING)
            if match and says and not words.NOT.search(piece[: match.start()]):
                return match.group(0)
    sums = fact.unit in ("money", "kpi") and metric not in ("current", "highest")
    each = words.EACH.search(f"{around.before} {around.attached}") if sums else None
    return each.group(0) if each else ""


def _another_year(days: re.Match[str], around: Around) -> str:
    """A figure of some weeks is of these; a year beyond them is another's."""
    said = YEAR.findall(" ".join((*around.free, around.before, around.attached)))
    return next((year for year in said if not days[1][:4] <= year <= days[2][:4]), "")


def _place(key: str, around: Around, places: Iterable[str]) -> str:
    if not key.startswith(("channel.", "geo.")):
        return ""
    own, known = place_of(key), list(places)
    for text in (f"{around.before} {around.attached}", around.before_it):
        named = [p for p in known if names_place(p, text)]
        if named:
            return "" if own in named else named[0]
    return ""


def names_place(place: str, text: str) -> bool:
    """Whether the text names the place; "southern" names the south."""
    pattern = rf"(?<!\w){re.escape(place.replace('_', ' '))}(?:ern|['’]s)?(?!\w)"
    return bool(re.search(pattern, text, re.IGNORECASE))


def place_of(key: str) -> str | None:
    if not key.startswith("geo."):
        return None
    rest = key.removeprefix("geo.")
    owner = rest.partition(".channel.")[0] if ".channel." in rest else ""
    return owner or re.sub(r"\.(?:spend|(?:contribution|media_share|roi)\.\w+)$", "", rest)


def _plan(key: str, around: Around) -> str:
    own = next((name for name in words.PLANS if key.startswith(f"{name}.")), None)
    if own is None:
        return ""
    named = [name for name, pattern in words.PLANS.items() if pattern.search(around.near)]
    # "More than today" compares: today is a plan of its own only beside figures of today and of the changes.
    rivals = [n for n in named if own in ("now", "then") or n not in ("now", "then")]
    return "" if own in named or not rivals else rivals[0].removeprefix("plan.")


def _direction(fact: Fact, metric: str, around: Around) -> str:
    if metric != "against_current" or fact.value <= 0:
        return ""
    text = f"{around.before} {around.after if around.ends_clause else around.attached}"
    loss = words.LOSS.search(text)
    return loss.group(0) if loss and not words.GAIN.search(text) and not words.NOT.search(text[: loss.start()]) else ""
