"""A sentence as tokens: words without accents and capitals, numbers with both of their readings, signs."""

import re
import unicodedata
from dataclasses import dataclass

APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "`": "'", "´": "'", "−": "-", "‐": "-", "‑": "-"})
ELIDED = frozenset(("l", "d", "j", "n", "m", "t", "s", "c", "qu", "aujourd", "jusqu", "lorsqu", "puisqu", "quelqu"))
"""What French writes before an apostrophe; the word after it stands alone."""
WITH_S = frozenset(("let", "that", "what", "it", "there", "here"))
SHORTENED = frozenset(
    ("tsd", "mio", "mill", "mrd", "max", "min", "ca", "approx", "wk", "fr", "sfr", "sem", "excl", "bzw", "proz", "vs")
)  # fmt: skip
"""A full stop after one of these ends no sentence."""
COINED = re.compile("(t|k|m)(eur|usd|gbp|chf|euro)")
"""Thousands and millions written into a currency's code: TEUR."""
COMPOUND = re.compile("(.{2,}?)s?(budgets?|etats?|ausgaben|werbung|spendings?|spots?)")
"""German writes a channel and its budget as one word."""
PER_BUDGET = {
    "woche": "wochentlich", "wochen": "wochentlich", "monat": "monatlich", "tage": "taglich", "jahre": "jahrlich",
    "quartal": "quartalsweise",
}  # fmt: skip
WHOLE_COMPOUNDS = frozenset(("gesamt", "werbe", "media", "marketing", "total", "mindest", "mehr", "ganz"))
NUMBER = r"\d{1,3}(?:[' .,]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?|(?<![\d\w])[.,]\d+"
TOKEN = re.compile(
    rf"(?P<fraction>(?<![\d.,])\d{{1,2}}\s?[/⁄]\s?\d{{1,2}}(?![\d.,]))|(?P<number>{NUMBER})|(?P<short>(?:[a-z]\.){{2,}}|p/w)"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)|(?P<sign><=|>=|-->|->|=>|>>|→|\+/-|\+-|±|[^\s\w])|(?P<other>\S)"
)


@dataclass(frozen=True)
class Token:
    text: str
    start: int
    end: int
    value: float | None = None
    """A number as it reads by itself: a separator before exactly three digits groups thousands."""
    decimal: float | None = None
    """The same with that separator as a decimal one, where it may be either."""
    fraction: bool = False

    @property
    def is_number(self) -> bool:
        return self.value is not None


def folded(text: str) -> str:
    """Lower case without accents, ß as ss; one character may become several."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFKC", "".join(c for c in parts if not unicodedata.combining(c)))


def tidy(sentence: str) -> str:
    """The sentence with one kind of space, apostrophe and minus; ``Token`` positions count in it."""
    return " ".join(unicodedata.normalize("NFKC", sentence).translate(APOSTROPHES).split())


def tokens(tidied: str) -> list[Token]:
    """Tokens of a tidied sentence."""
    out: list[Token] = []
    # Lower case may change the length of a text (İ), which would shift every position.
    lowered = "".join(c if len(c.lower()) != 1 else c.lower() for c in tidied)
    for found in TOKEN.finditer(lowered):
        text, start, end = found.group(), found.start(), found.end()
        if found.lastgroup == "number":
            value, decimal = readings(text)
            out.append(Token(text, start, end, value, decimal))
        elif found.lastgroup == "fraction":
            out.append(_fraction(text, start, end))
        elif found.lastgroup == "word":
            out += _words(text, start)
        elif text == "." and out and out[-1].text in SHORTENED:
            continue
        else:
            out.append(Token(text, start, end))
    return out


def readings(text: str) -> tuple[float, float | None]:
    """A number's value, and its other reading where one separator stands before exactly three digits."""
    plain = text.replace("'", "").replace(" ", "")
    marks = [c for c in plain if c in ".,"]
    if not marks:
        return float(plain), None
    if len(set(marks)) == 2:
        last = marks[-1]
        whole, _, cents = plain.rpartition(last)
        return float(f"{whole.replace('.', '').replace(',', '')}.{cents}"), None
    if len(marks) > 1:
        return float(plain.replace(marks[0], "")), None
    whole, _, rest = plain.partition(marks[0])
    whole = whole or "0"
    as_decimal = float(f"{whole}.{rest}")
    if len(rest) == 3 and len(whole) <= 3 and not whole.startswith("0") and whole == text.partition(marks[0])[0]:
        return float(whole + rest), as_decimal
    return as_decimal, None


def _fraction(text: str, start: int, end: int) -> Token:
    top, bottom = (float(part) for part in re.split(r"\s?[/⁄]\s?", text))
    return Token(text, start, end, top / bottom if bottom else 0.0, fraction=True)


def _words(text: str, start: int) -> list[Token]:
    """One word, or what an apostrophe parts."""
    if coined := COINED.fullmatch(text):
        cut = start + coined.end(1)
        return [Token(coined.group(1), start, cut), Token(coined.group(2), cut, start + len(text))]
    compound = COMPOUND.fullmatch(folded(text))
    if compound and compound.group(1) not in WHOLE_COMPOUNDS:
        cut = start + len(text) - len(compound.group(2))
        first = PER_BUDGET.get(compound.group(1), compound.group(1))
        return [Token(first, start, cut), Token(compound.group(2), cut, start + len(text))]
    out: list[Token] = []
    pieces = text.split("'")
    place = start
    while pieces:
        piece = pieces.pop(0)
        length = len(piece)
        if pieces and piece in ELIDED and (len(pieces[0]) > 1 or piece == "qu"):
            out.append(Token(folded(piece), place, place + length))
        elif pieces and pieces[0] == "s" and piece not in WITH_S:
            pieces.pop(0)
            out.append(Token(folded(piece), place, place + length + 2))
            length += 2
        else:
            joined = "".join([piece, *pieces])
            out.append(Token(folded(joined), place, start + len(text)))
            break
        place += length + 1
    return out
