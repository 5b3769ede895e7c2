"""Whether all the words around a figure are understood, and name what the figure is.

A list of words that mislead never ends; the words below are the other list, of those that cannot. A figure whose
sentence, or whose scene, holds one more is not refused for it: the product writes beside it what it is. So a word that
is missing here costs a few words on the page and never a reader's mistake.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from mmm_core.domain.report import Fact
from mmm_core.reports import number_subject
from mmm_core.reports import number_words as words
from mmm_core.reports.number_names import taken_apart
from mmm_core.reports.number_subject import Around
from mmm_core.reports.number_words import MONEY

WORD = re.compile(r"[^\W\d_]+")
HARMLESS = frozenset(
    WORD.findall("""
    a an the and or but so as is are was were be been being has have had does do did it its they them their this
    that these those which who whose i we us our you your of on in at to from with by for about around roughly
    nearly almost quite very rather clearly only also too because while whereas though although however thus
    therefore hence well good strong weak modest solid decent fair large big small great poor poorly channel
    channels medium model data result results figure figures sure unsure certain uncertain summary short answer yes
    hello hi thanks please what how much many lies lie s
    """)
)  # fmt: skip
"""Words that change nothing in what a figure is said of. No word of time, place, order, condition, denial, comparison
or of a part may stand here."""
LEAD = re.compile(r"^\s*#|:\s*$|^\s*\*\*[^*]+\*\*\s*$|^\s*\|")
ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s")
BREAK = re.compile(r"\n\s*\n")
PHRASES = re.compile(
    r"\b(?:strongest|weakest|biggest|largest|smallest|most important|best|worst) (?:channel|medium)\b|"
    r"\b(?:over|during|in) (?:all|the (?:whole|entire|full)|all of the)(?: of the)? (?:period|data|time)\b|"
    r"\bover the period\b|\bas much\b|\ba lot\b|"
    r"\b(?:the|our) (?:model|data|results?|figures?) (?:shows?|says?|tells?)(?: us| you)?\b|"
    r"\b90\s?% (?:interval|range)\b|\bof all revenue\b|\bthere (?:is|are|was|were)\b",
    re.IGNORECASE,
)
_BACK = (
    r"\bback\b",
    rf"\b(?:for|per|on) (?:every|each|a|one)? ?{MONEY}",
    rf"\b(?:every|each) {MONEY}",
    r"\bpaid for itself\b",
)
_SHARE = (
    r"\bshares?\b",
    r"\baccount(?:s|ed)\b",
    r"\bmakes?\b",
    r"\btakes?\b",
    r"\bgets?\b",
    r"\bgot\b",
    r"\brepresents?\b",
)
_SOLD = (r"\brevenue\b", r"\bsales\b", r"\bkpi\b")
_PLAN = (
    r"\bplans?\b",
    r"\bmore\b",
    r"\bthan\b",
    r"\btoday(?:['’]s)?\b",
    r"\bexpect\w*",
    r"\bshould\b",
    r"\bagainst\b",
    r"\bgains?\b",
    r"\badds?\b",
    r"\bbeats?\b",
    r"\bbetter\b",
    r"\bputs?\b",
)
ALSO = {
    "roi": (*_BACK, r"\bspen[dt]\w*", r"\bbrought\b", r"\bmoney\b", r"\bcosts?\b", r"\baverage\b", r"\btimes\b"),
    "marginal_roi": (*_BACK, r"\breturn(?:s|ed)?\b", r"\brois?\b", r"\bbrings?\b", r"\bearns?\b", r"\bpays?\b"),
    "roi_prior": (*_BACK, r"\breturn(?:s|ed)?\b", r"\brois?\b", r"\bdata\b", r"\bsaid\b"),
    "spend": (r"\bmoney\b", r"\bwent\b", r"\binto\b"),
    "contribution": (r"\bmoney\b", r"\bkpi\b"),
    "spend_share": (*_SHARE, r"\bspen[dt]\w*", r"\bbudget\b", r"\bmoney\b"),
    "contribution_share": (*_SHARE, *_SOLD, r"\bbr(?:ings?|ought)\b", r"\bcontribut\w*"),
    "baseline_share": (*_SHARE, *_SOLD, r"\bmedia\b", r"\bcome\b", r"\bkept\b", r"\bwould\b"),
    "media_share": (*_SHARE, *_SOLD, r"\bbr(?:ings?|ought)\b", r"\btogether\b"),
    "r2": (r"\bfit\b", r"\bmovement\b"),
    "mape": (r"\bfit\b", r"\bmean\b", r"\baverage\b", r"\ba (?:week|period)\b", r"\bpredictions?\b"),
    "rhat_max": (r"\blargest\b", r"\br-?hat\b"),
    "divergences": (r"\bno\b",),
    "periods": (r"\blooked\b", r"\bcovers?\b"),
    "channels": (r"\blooked\b", r"\bcovers?\b"),
    "kpi": (r"\bbr(?:ings?|ought)\b", r"\bmedia\b"),
    "against_current": (r"\bbrings?\b", r"\bloses?\b", r"\bless\b", r"\bcosts?\b", r"\bearns?\b"),
    "carryover mean_lag": (
        r"\beffects?\b", r"\btakes?\b", r"\barriv\w+", r"\bweeks?\b", r"\baverage\b", r"\bmean\b", r"\bdelay\b",
        r"\bcarry-?over\b", r"\buntil\b", r"\bafter\b",
    ),
    "level current": (r"\bruns?\b", r"\b(?:a|per) (?:week|period)\b"),
}  # fmt: skip
"""What else may stand beside a figure of a metric without moving it to another."""
OWN = {
    "carryover mean_lag": r"\b(?:effects?|carry-?over|delay)\b", "level current": r"\bruns? at\b",
    "rhat_max": r"\br-?hat\b", "kpi": r"\bmedia bring\b",
    "against_current": r"\bmore\b|\bgains?\b|\badds?\b|\bloses?\b|\bless\b|\bcosts?\b",
}  # fmt: skip
"""Words that name a metric which ``number_words.METRICS`` does not hold."""
_CENTRE = re.compile(r"\bmedian\b|\bon average\b|\bmiddle\b", re.IGNORECASE)
_ENDS = (words.LOW, words.HIGH, words.ENDS)


@dataclass
class Scene:
    """What has been said before a sentence and still holds for it: the question, the last lead or heading, and the
    paragraph so far."""

    asked: str = ""
    _lead: str = ""
    _said: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return " ".join((self.asked, self._lead, *self._said))

    def open(self, piece: str) -> None:
        """A sentence that begins a list's item leaves the items before it."""
        if ITEM.match(piece):
            self._said.clear()

    def end(self) -> None:
        """A paragraph is over."""
        self._said.clear()

    def close(self, piece: str, naked: str) -> None:
        """``naked``: the sentence without its figures; ``piece`` with what ends it."""
        if LEAD.search(piece.rstrip()) and naked.strip(" |-:"):
            self._lead = naked
            self._said.clear()
        else:
            self._said.append(naked)
        if BREAK.search(piece):
            self.end()


@dataclass(frozen=True)
class Told:
    """A sentence with its figures, as it is asked whether its words are understood."""

    naked: str
    """Its words, figures and names of channels taken out."""
    keys: tuple[str, ...]
    places: tuple[str, ...]

    def strange(self, text: str) -> bool:
        """Whether words of the text may move a figure of this sentence to another metric, period, place or plan."""
        for pattern in _allowed(self.keys):
            text = pattern.sub(" ", text)
        for place in self.places:
            text = re.sub(rf"(?<!\w){re.escape(place.replace('_', ' '))}(?!\w)", " ", text, flags=re.IGNORECASE)
        return any(w.casefold() not in HARMLESS for w in WORD.findall(text))


def readable(text: str) -> bool:
    """Whether half of the words are ones that some list knows: of another language, or of strange words alone, no word
    is taken at its meaning."""
    return 2 * len(_unknown(text)) <= len(WORD.findall(text))


def is_strange(text: str) -> bool:
    """Whether the text holds a word that no list knows."""
    return bool(_unknown(text))


def _unknown(text: str) -> list[str]:
    for pattern in _every():
        text = pattern.sub(" ", text)
    return [w for w in WORD.findall(text) if w.casefold() not in HARMLESS]


def is_named(fact: Fact, shown: str, around: Around, earlier: Sequence[str]) -> bool:
    """Whether the words near a figure say which metric, end, place, plan and direction it is.

    Parameters
    ----------
    shown
        The figure; its unit may be what it counts.
    earlier
        Keys of the sentence's figures before this one: "TV returned 2.4×, search 1.2×" names the metric once.
    """
    owner, metric, last = taken_apart(fact.key)
    near = f"{around.before} {shown} {around.attached}"
    same = any(taken_apart(k)[1] == metric for k in earlier)
    if not (_says(metric, fact.key, near) or (same and not _rivals(metric, near))):
        return False
    return (
        _ends(fact.key, last, around, earlier)
        and _placed(fact.key, around)
        and _planned(owner, around)
        and _turned(fact, metric, near)
    )


def _says(metric: str, key: str, near: str) -> bool:
    own = words.METRICS.get(metric)
    if own is None and metric in OWN:
        own = re.compile(OWN[metric], re.IGNORECASE)
    if own is not None:
        return bool(own.search(near))
    parts = [w for part in key.split(".") for w in re.split(r"[_/\s]+", part) if w]
    return all(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", near, re.IGNORECASE) for p in parts)


def _rivals(metric: str, near: str) -> bool:
    return any(words.METRICS[name].search(near) for name in words.RIVALS.get(metric, ()))


def _ends(key: str, last: str, around: Around, earlier: Sequence[str]) -> bool:
    low, high = words.LOW.search(around.before), words.HIGH.search(around.before)
    if last not in number_subject.ENDS:
        return not (low or high)
    stem = key.rpartition(".")[0]
    range_ends = last == "p95" and f"{stem}.p5" in earlier
    leads = re.match(r"\s*(?:to|and|–|-)\s*$", around.after) or words.BETWEEN.search(around.before)
    range_opens = last == "p5" and f"{stem}.p95" in around.siblings and bool(leads)
    return range_ends or range_opens or bool(low if last == "p5" else high)


def _placed(key: str, around: Around) -> bool:
    own = number_subject.place_of(key)
    return own is None or number_subject.names_place(own, f"{around.before_it} {around.attached}")


def _planned(owner: str, around: Around) -> bool:
    own = next((name for name in words.PLANS if f"{owner}.".startswith(f"{name}.")), None)
    if own is None:
        return not owner.startswith(("plan.", "old.", "new.", "first_look"))
    return bool(words.PLANS[own].search(f"{around.before_it} {around.attached}"))


def _turned(fact: Fact, metric: str, near: str) -> bool:
    if metric != "against_current":
        return True
    gain, loss = words.GAIN.search(near), words.LOSS.search(near)
    return bool(gain and not loss) if fact.value >= 0 else bool(loss and not gain)


@cache
def _allowed(keys: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Phrases that may stand in a sentence with figures of these keys."""
    out = [PHRASES]
    for key in keys:
        owner, metric, last = taken_apart(key)
        out += [words.METRICS[metric]] if metric in words.METRICS else []
        out += [re.compile(p, re.IGNORECASE) for p in ALSO.get(metric, ())]
        plan = next((n for n in words.PLANS if f"{owner}.".startswith(f"{n}.")), None)
        if plan:
            out += [words.PLANS[plan], *(re.compile(p, re.IGNORECASE) for p in _PLAN)]
        out += _ENDS if last in number_subject.ENDS else (_CENTRE,)
        if metric not in words.METRICS and metric not in ALSO:
            parts = [w for part in key.split(".") for w in re.split(r"[_/\s]+", part) if w]
            out += [re.compile(rf"(?<!\w){re.escape(p)}(?!\w)", re.IGNORECASE) for p in parts]
    return tuple(out)


@cache
def _every() -> tuple[re.Pattern[str], ...]:
    """All that any list knows, in whatever sense."""
    known: Iterable[re.Pattern[str]] = (
        *words.METRICS.values(), *words.PLANS.values(), *_ENDS, words.EXTREME, words.CENTRE, words.PAST, words.COMING,
        words.NAMED, words.EACH, words.LOSS, words.GAIN,
    )  # fmt: skip
    also = (re.compile(p, re.IGNORECASE) for many in (*ALSO.values(), _PLAN, OWN.values()) for p in many)
    return (PHRASES, *known, *also)
