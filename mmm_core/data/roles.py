"""What one column of numbers is, judged by its name and its values."""

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.data import roles_words as w
from mmm_core.domain.dataset import ColumnRole, Role

ROBYN = re.compile(r"^(?P<base>.+)_(?P<kind>[SIPBO])$")
_ROBYN_ROLES = {
    "S": (Role.SPEND, "spend"),
    "I": (Role.EXPOSURE, "impressions"),
    "P": (Role.EXPOSURE, "clicks"),
    "B": (Role.CONTROL, "a baseline variable"),
    "O": (Role.ORGANIC, "organic media"),
}


@dataclass(frozen=True)
class Guess:
    """A role before the columns are seen together; ``kpi`` is how much the column looks like a KPI."""

    role: Role | None
    confidence: float
    reason: str
    channel: str | None = None
    kpi: float = 0.0
    rank: int = 0
    """Preference among several exposures of one channel; lower is better."""
    organic: bool = False
    reach: bool = False
    """Whether an exposure counts people rather than contacts."""

    def made(self, column: str) -> ColumnRole:
        return ColumnRole(column, self.role or Role.CONTROL, self.confidence, self.reason, self.channel)


def guess(column: str, values: pd.Series, convention: str) -> Guess:
    """What a numeric column is, from its name first and its values second."""
    found = w.words(column)
    texts = frozenset(x.text for x in found)
    if values.notna().sum() == 0:
        return Guess(Role.IGNORE, 0.9, "it holds no value")
    if found and (found[-1].text in w.IDS or any(x.text.endswith(("nummer", "sku")) for x in found)):
        return Guess(Role.IGNORE, 0.9, "it identifies rows")
    by_convention = _by_convention(column, found, convention)
    if by_convention is not None:
        return by_convention
    for rule in (_calendar, _outside, _media, _kpi, _named):
        result = rule(column, found, texts, values)
        if result is not None:
            return result
    return _by_values(values)


def _by_convention(column: str, found: tuple[w.Word, ...], convention: str) -> Guess | None:
    if convention == "robyn":
        match = ROBYN.match(column)
        if match:
            role, what = _ROBYN_ROLES[match["kind"]]
            return _robyn(match["base"], match["kind"], role, f"the suffix _{match['kind']} marks {what}")
    if convention == "pymc-marketing":
        if re.fullmatch(r"x\d+", column):
            return Guess(Role.SPEND, 0.85, "PyMC-Marketing names its channels x1, x2, ...", channel=column)
        if column == "y":
            return Guess(None, 0.97, "PyMC-Marketing names its target y", kpi=0.99)
    if found and found[0].text == "me" and len(found) > 1 and convention == "prefix":
        return Guess(Role.CONTROL, 0.85, "the prefix me_ marks a macroeconomic series")
    return None


def _robyn(base: str, kind: str, role: Role, reason: str) -> Guess:
    if role is Role.CONTROL:
        return Guess(role, 0.95, reason)
    words = w.words(base)
    unit = next((x for x in words if x.text in w.EXPOSURE), None) if role is Role.EXPOSURE else None
    channel = w.channel_name(base, (unit,)) if unit and len(words) > 1 else base
    return Guess(role, 0.97, reason, channel=channel, rank=0 if kind == "I" else 1, organic=role is Role.ORGANIC)


def _calendar(column: str, found: tuple[w.Word, ...], texts: frozenset[str], values: pd.Series) -> Guess | None:
    if not found:
        return None
    if found[0].text in ("seas", "season", "saison") and len(found) > 1:
        return Guess(Role.TIME, 0.95, f"the prefix {found[0].text} marks a season dummy that the model builds itself")
    pairs = w.pairs(found)
    if texts & w.HOLIDAY or pairs & w.HOLIDAY_PAIRS or w.marker(found, w.HOLIDAY):
        if texts & w.SPEND or texts & w.EXPOSURE.keys():
            return None
        return Guess(Role.HOLIDAY, 0.95, "its name is that of a holiday or an event")
    if texts & w.PEAKS and _zero_or_one(values):
        return Guess(Role.HOLIDAY, 0.8, "it marks some periods, and its name says peak")
    time = texts & w.TIME
    rest = {t for t in texts - w.TIME - w.FILLERS if not t.isdigit()}
    if time and not rest and _calendar_like(values):
        return Guess(Role.TIME, 0.9, "it is a calendar number that the model builds itself")
    return None


def _calendar_like(values: pd.Series) -> bool:
    known = values.dropna().to_numpy(dtype=float)
    whole = bool(np.all(known == np.round(known)))
    low, high = float(known.min()), float(known.max())
    steady = known.size > 2 and bool(np.all(np.diff(known) >= 0))
    return (low >= -1 and high <= 1) or (whole and low >= 0 and (high <= 366 or 1900 <= low <= high <= 2100 or steady))


def _outside(column: str, found: tuple[w.Word, ...], texts: frozenset[str], values: pd.Series) -> Guess | None:
    if texts & w.POPULATION and not texts & (w.SPEND | w.EXPOSURE.keys()):
        return Guess(Role.POPULATION, 0.95, "its name says population")
    if (texts & w.PER and texts & w.VALUE) or texts & {"aov", "warenkorb"}:
        return Guess(Role.VALUE_PER_UNIT, 0.95, "its name says what one unit of the KPI is worth")
    if texts & w.RIVALS:
        return Guess(Role.CONTROL, 0.95, "it is about competitors")
    if found and found[-1].text in ("control", "controls"):
        return Guess(Role.CONTROL, 0.97, "the suffix control says so")
    return None


def _media(column: str, found: tuple[w.Word, ...], texts: frozenset[str], values: pd.Series) -> Guess | None:
    spend = w.marker(found, w.SPEND)
    exposure = w.marker(found, frozenset(w.EXPOSURE))
    often = next((x for x in found if x.text in w.FREQUENCY), None)
    if often is not None and spend is None and not texts & w.KPI.keys():
        channel = w.channel_name(column, (often,))
        return Guess(Role.FREQUENCY, 0.9, f"the word {often.text} marks contacts per person", channel=channel)
    if spend is None and exposure is None:
        return None
    if spend is None and exposure is not None and texts & w.KPI.keys():
        return None
    mark = spend or exposure
    assert mark is not None
    channel = w.channel_name(column, (mark, *(x for x in found if x.text in w.CURRENCY)))
    organic = next((x for x in found if x.text in ("organic", "organisch", "organique")), None)
    if spend is not None:
        return Guess(Role.SPEND, 0.95, f"the word {spend.text} marks money", channel=channel)
    if organic is not None:
        return Guess(
            Role.ORGANIC, 0.97, f"the word {organic.text} marks media without spend", channel=channel, organic=True
        )
    owned = bool(texts & w.ORGANIC)
    reason = f"the word {mark.text} marks exposure"
    rank, people = w.EXPOSURE[mark.text], mark.text in w.REACH
    return Guess(Role.EXPOSURE, 0.95, reason, channel=channel, rank=rank, organic=owned, reach=people)


def _kpi(column: str, found: tuple[w.Word, ...], texts: frozenset[str], values: pd.Series) -> Guess | None:
    if column.strip().lower() == "y":
        return Guess(None, 0.9, "y is the usual name of the target", kpi=0.9)
    scores = [score for word, score in w.KPI.items() if word in texts]
    compound = w.marker(found, frozenset(w.KPI))
    if not scores and compound is not None:
        scores = [w.KPI[compound.text] - 0.05]
    if not scores and texts & w.OUTCOMES and not texts & w.ORGANIC:
        scores = [0.4]
    if not scores or texts & (w.CONTROL - {"total"}) & {"price", "preis", "prix", "index", "discount", "rabatt"}:
        return None
    extra = len(
        [t for t in texts - w.KPI.keys() if t not in w.CURRENCY and t not in ("total", "weekly", "net", "gross")]
    )
    platform = 0.3 if texts & (w.CHANNELS - {"online", "digital", "dm"}) else 0.0
    score = max(scores) - 0.03 * extra - platform
    return Guess(None, max(min(score, 0.97), 0.2), "its name is that of an outcome", kpi=max(score, 0.1))


def _named(column: str, found: tuple[w.Word, ...], texts: frozenset[str], values: pd.Series) -> Guess | None:
    negative = bool((values.dropna() < 0).any())
    if texts & w.LEVERS:
        return Guess(
            Role.CONTROL, 0.85, "its name is that of a price or a promotion; as a treatment its effect is told as well"
        )
    if texts & w.CONTROL or w.marker(found, w.CONTROL_ENDINGS):
        return Guess(Role.CONTROL, 0.85, "its name is that of a price, promotion, weather or economic series")
    if texts & w.ORGANIC and not negative:
        return Guess(
            Role.ORGANIC, 0.85, "its name is that of owned media, which cost nothing per contact", column, organic=True
        )
    money = [x for x in found if x.text in w.CURRENCY]
    symbol = any(c in column for c in "€$£")
    known = texts & w.CHANNELS or w.pairs(found) & w.CHANNELS
    if known and _zero_or_one(values):
        return Guess(Role.CONTROL, 0.5, "it is named like a channel, but 0 or 1 is no money")
    if (money or symbol) and not negative:
        channel = w.channel_name(column, tuple(money)).strip(" €$£()")
        return Guess(Role.SPEND, 0.9 if known else 0.7, "its name says a currency", channel=channel or column)
    if known and not negative:
        return Guess(Role.SPEND, 0.6, "it is named like a channel; taken to be money", channel=column)
    return None


def _by_values(values: pd.Series) -> Guess:
    known = values.dropna().to_numpy(dtype=float)
    if _zero_or_one(values):
        return Guess(Role.CONTROL, 0.5, "it is 0 or 1")
    if known.size > 10 and np.all(np.diff(known) == 1):
        return Guess(Role.IGNORE, 0.8, "it only counts the rows")
    return Guess(None, 0.4, "nothing in its name says what it is")


def _zero_or_one(values: pd.Series) -> bool:
    known = values.dropna().to_numpy(dtype=float)
    return set(np.unique(known[:100_000]).tolist()) <= {0.0, 1.0}
