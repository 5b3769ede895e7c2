"""Numbers as people write them: decimal point or comma, thousands separators, currency signs, percent."""

import re
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

_SIMPLE = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_SIMPLE_COMMA = r"[+-]?(?:[0-9]+|[1-9][0-9]{0,2}(?:\.[0-9]{3})+)(?:,[0-9]+)?"
_GROUPED_POINT = r"[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+"
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,3})?"
_POINT = re.compile(r"[+-]?(?:(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)" + _EXPONENT)
_COMMA = re.compile(r"[+-]?(?:(?:[1-9][0-9]{0,2}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]*)?|,[0-9]+)" + _EXPONENT)
_GAPS = re.compile("(?<=[0-9])[ \u00a0\u202f\u2009'’](?=[0-9]{3}(?![0-9]))")
_CODE = r"(?:EUR|USD|GBP|CHF|JPY|CAD|AUD|SEK|NOK|DKK|PLN|kr|zł|[€$£¥])"
_BEFORE = re.compile(rf"^([+-]?)\s*{_CODE}\s*(?=[-+0-9.,])")
_AFTER = re.compile(rf"(?<=[0-9.,])\s*(?:{_CODE}|%)$")
_YES = frozenset(["true", "yes", "ja", "oui", "wahr", "vrai", "si"])
_NO = frozenset(["false", "no", "nein", "non", "falsch", "faux"])


@dataclass(frozen=True)
class Votes:
    """How many cells of a column can be read as numbers, and how."""

    total: int
    point: int
    """Numbers with a decimal point only."""
    comma: int
    """Numbers with a decimal comma only."""
    both: int
    """Numbers under either, with different values: 1.234 or 1,234."""
    same: int
    """Whole numbers without any separator."""

    @property
    def numbers(self) -> int:
        return self.point + self.comma + self.both + self.same


def votes(texts: pd.Series) -> Votes:
    """Count how the texts of a column (no empty ones) read."""
    counted = texts.value_counts()
    unique, times = pd.Series(counted.index).astype("str"), counted.to_numpy()
    simple = unique.str.fullmatch(_SIMPLE)
    whole = simple & ~unique.str.contains(".", regex=False)
    grouped = unique.str.fullmatch(_GROUPED_POINT)
    counts = {
        "point": int(times[simple & ~whole & ~grouped].sum()),
        "comma": 0,
        "both": int(times[simple & grouped].sum()),
    }
    same = int(times[whole].sum())
    for text, weight in zip(unique[~simple], times[~simple], strict=True):
        kind = _kind(bare(text))
        if kind == "same":
            same += int(weight)
        elif kind:
            counts[kind] += int(weight)
    return Votes(len(texts), counts["point"], counts["comma"], counts["both"], same)


def is_number(text: str) -> bool:
    return _kind(bare(text)) is not None


def bare(text: str) -> str:
    """A number's digits and separators, without currency, percent, gaps between groups and brackets for minus."""
    out = text[:100].strip().replace("\u2212", "-")
    if out.startswith("(") and out.endswith(")"):
        out = "-" + out[1:-1].strip()
    elif out.endswith("-") and len(out) > 1:
        out = "-" + out[:-1].strip()
    out = _AFTER.sub("", _BEFORE.sub(r"\1", out))
    return _GAPS.sub("", out).strip()


def _kind(digits: str) -> str | None:
    if not digits or len(digits) > 60 or digits[-1].isalpha():
        return None
    point, comma = _POINT.fullmatch(digits), _COMMA.fullmatch(digits)
    if point and comma:
        return "both" if "." in digits or "," in digits else "same"
    return "point" if point else "comma" if comma else None


def values(texts: pd.Series, decimal: str) -> pd.Series:
    """Floats of a column of texts; empty where a text is no (finite) number. Percentages stay as written: 12% is 12."""
    common = texts.where(texts.str.fullmatch(_SIMPLE if decimal == "." else _SIMPLE_COMMA).fillna(False).astype(bool))
    if decimal == ",":
        common = common.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    out = pd.to_numeric(common, errors="coerce").astype(float)
    left = texts[out.isna() & texts.notna()]
    if len(left):
        mapped = {t: _number(t, decimal) for t in left.unique()}
        out.loc[left.index] = left.map(partial(_look_up, mapped)).astype(float)
    return out.where(np.isfinite(out))


def _look_up(mapped: dict[str, float], text: str) -> float:
    return mapped[text]


def _number(text: str, decimal: str) -> float:
    digits = bare(text)
    if decimal == "." and _POINT.fullmatch(digits):
        return float(digits.replace(",", ""))
    if decimal == "," and _COMMA.fullmatch(digits):
        return float(digits.replace(".", "").replace(",", "."))
    return float("nan")


def truths(texts: pd.Series) -> pd.Series | None:
    """0 and 1 for a column of yes and no, None for anything else."""
    lower = texts.dropna().astype("str").str.strip().str.lower()
    if lower.empty or not set(lower.unique()) <= _YES | _NO:
        return None
    return lower.isin(_YES).astype(float).reindex(texts.index)
