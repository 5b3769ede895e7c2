"""Where words alone point: what decides where no sentence model is installed, and a hint to it where one is."""

import re
from functools import cache
from pathlib import Path

import yaml

from mmm_core.domain.routing import Place, Routing

FOLDER = Path(__file__).with_name("words")
LANGUAGES = ("en", "de", "fr")
PLACES = tuple(p for p in Place if p is not Place.UNSURE)
CLEAR = 1.5
"""By how many hits the first place has to lead."""


def hits(text: str) -> dict[Place, float]:
    """How much of a message's words point to each place; longer phrases say more."""
    said = " ".join(re.findall(r"[\w%&'.-]+", text.casefold()))
    return {
        place: sum(weight for pattern, weight in patterns if pattern.search(said))
        for place, patterns in _patterns().items()
    }


def route(text: str) -> Routing:
    found = hits(text)
    ranked = sorted(PLACES, key=lambda p: -found[p])
    first, second = found[ranked[0]], found[ranked[1]]
    sure = first - second >= CLEAR
    confidence = first / (first + second + 1.0) if first else 0.0
    return Routing(ranked[0] if sure else Place.UNSURE, confidence, tuple(ranked[:3]), "rules")


@cache
def _patterns() -> dict[Place, list[tuple[re.Pattern[str], float]]]:
    files = [yaml.safe_load((FOLDER / f"{one}.yaml").read_text(encoding="utf-8")) for one in LANGUAGES]
    return {
        place: [
            (re.compile(rf"\b{re.escape(p.casefold())}"), 1.0 + 0.5 * p.count(" "))
            for p in dict.fromkeys(phrase for raw in files for phrase in raw[place.value])
        ]
        for place in PLACES
    }
