"""A figure as a person writes it, in the notation of three languages: '12,4 %', '1.2m', '3 200 €', '0,8-fach'."""

import re
from dataclasses import dataclass

from mmm_core.grammar.text import NUMBER, readings, tidy

SCALES = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3, "tausend": 1e3, "mille": 1e3,
    "m": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "mio": 1e6, "mn": 1e6,
    "bn": 1e9, "billion": 1e9, "mrd": 1e9, "milliarde": 1e9, "milliarden": 1e9, "milliard": 1e9, "milliards": 1e9,
}  # fmt: skip
UNITS = {
    "ratio": r"×|x\b|times\b|-?fache?s?\b|mal\b|fois\b",
    "share": r"%|per ?cent\b|percent\b|prozent\b|pour cent\b|pourcent\b",
    "money": r"[€$£]|(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|franken|francs?)\b",
    "count": r"(?:weeks?|periods?|wochen?|perioden?|semaines?|périodes?)\b",
}
FIGURE = re.compile(
    rf"(?P<sign>[+-])?\s?(?P<before>R\$|A\$|C\$|[€$£¥₹]|[A-Z]{{3}}(?=\s?\d))?\s?(?P<number>{NUMBER})"
    rf"\s?(?P<scale>(?:{'|'.join(sorted(SCALES, key=len, reverse=True))})\b\.?)?"
    rf"\s?(?:{'|'.join(f'(?P<{unit}>{words})' for unit, words in UNITS.items())})?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Written:
    values: tuple[tuple[float, float], ...]
    """What it may say, the likelier first, each with half of its last digit: '1,234' is 1234 or 1.234."""
    unit: str
    """'ratio', 'share', 'money', 'count', or '' where none is said."""


def written(text: str) -> Written | None:
    """The first figure of a text; None where it holds none."""
    found = FIGURE.search(tidy(text))
    if found is None:
        return None
    scale = SCALES.get((found["scale"] or "").lower().rstrip("."), 1.0)
    sign = -1.0 if found["sign"] == "-" else 1.0
    whole, decimal = readings(found["number"])
    values = [
        (sign * value * scale, _half(found["number"], value) * scale) for value in (whole, decimal) if value is not None
    ]
    unit = next((name for name in UNITS if found[name]), "money" if found["before"] else "")
    return Written(tuple(values), unit)


def _half(number: str, value: float) -> float:
    """Half of the last digit that was written, by the reading at hand."""
    last = max(number.rfind("."), number.rfind(","))
    digits = len(number) - last - 1 if last >= 0 else 0
    decimals = digits if last >= 0 and float(f"{number[:last].translate(GROUPS)}.{number[last + 1 :]}") == value else 0
    return float(0.5 * 10.0**-decimals)


GROUPS = str.maketrans("", "", ",.' ")
