"""Figures and words of quantity in a text that must not hold any: a remark beside results says what to look at, and the
results say how much."""

import re
from collections.abc import Iterable

from mmm_core.reports import wording

ONES = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
)
PARTS = "half|third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|twentieth|hundredth"
ENGLISH = (
    rf"(?:{ONES})(?:s|fold)?|zero|nil|hundreds?|thousands?|millions?|billions?|trillions?|dozens?|twice|thrice|"
    r"(?:doubl|trebl|tripl|quadrupl|quintupl|halv)(?:e|es|ed|ing)|double|"
    rf"half|(?:a|an|one|per|each)[- ](?:{PARTS})(?!-)|three[- ]quarters|"
    r"(?:many|several|multiple|a few|few)[- ](?:times|fold)|(?:two|ten|hundred|thousand|many|several|multi)-?fold|"
    r"a (?:multiple|couple|fraction|handful) of|per ?cent|"
    r"one (?:percent|per cent|point|euro|dollar|pound|cent|penny|out of|times)|"
    r"(?:nearly|almost|virtually|practically|about|roughly) (?:all|none|everything|nothing)|"
    r"most of|majority|minority|lion['’]s share|bulk of|break[- ]?even(?:s|ing)?|breaks even|"
    r"every (?:euro|dollar|pound|cent|penny)"
)
GERMAN = (
    r"zwei\w{0,4}|drei(?!st)\w{0,4}|vier\w{0,4}|fünf\w{0,4}|sechs\w{0,4}|sieben\w{0,4}|acht|neun\w{0,4}|zehn\w{0,4}|elf|"
    r"zwölf|\w+zig|\w*hundert\w*|\w*tausend\w*|millionen?|milliarden?|dutzend\w*|(?:ver)?doppel\w*|(?:mehr|viel)fach\w*|"
    r"halb|halbe[nmrs]?|halbier\w*|hälfte|(?:ein )?drittel|zehntel|prozent\w*|großteil|mehrheit|meiste[nr]?|fast alles?"
)
FRENCH = (
    r"deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze|quinze|vingt|trente|quarante|cinquante|soixante|cents?|mille|"
    r"milliards?|doubl\w+|tripl\w+|moitié|demi\w?|un tiers|(?:un|trois) quarts?|pour ?cent|plupart|majorité|"
    r"dizaines?|douzaines?|centaines?|milliers?|presque (?:tout|rien)"
)
WORDS = re.compile(rf"(?<![\w])(?:{ENGLISH}|{GERMAN}|{FRENCH})(?!\w)", re.IGNORECASE)
LABELS = re.compile(r"\b(?:Q[1-4]|H[12]|R2|R-hat)\b")
"""A quarter, a half of a year, and a measure's name are names."""
LETTER_FIRST = re.compile(r"[^\W\d_]")
LONGEST_NAME = 60


def first(text: str, names: Iterable[str] = ()) -> str:
    """The first figure or word of quantity; empty where there is none.

    Parameters
    ----------
    names
        Columns and channels, which may hold figures of their own.
    """
    left = LABELS.sub(" ", text)
    for name in sorted(_written(names), key=len, reverse=True):
        left = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", left, flags=re.IGNORECASE)
    figure = next((p for p, c in enumerate(left) if c.isnumeric()), None)
    word = WORDS.search(left)
    if figure is not None and (word is None or figure < word.start()):
        return _whole(left, figure)
    return word.group(0) if word else ""


def _written(names: Iterable[str]) -> set[str]:
    """A name that says no quantity, and as the product shows it; a sentence in a column's name is no name."""
    short = (n.strip() for n in names if " " not in n.strip() and len(n) <= LONGEST_NAME)
    known = {n for n in short if LETTER_FIRST.match(n) and not WORDS.search(n.replace("_", " "))}
    return known | {wording.plain(n) for n in known if n.count("_") < 3}


def _whole(text: str, at: int) -> str:
    """The figure with what is written onto it."""
    start, end = at, at + 1
    while start and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return text[start:end].strip(".,;:!?()[]\"'“”’")
