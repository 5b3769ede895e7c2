"""From words to items, by what stands beside each word."""

from collections.abc import Sequence
from dataclasses import replace

from mmm_core.domain.instructions import Per
from mmm_core.grammar import questions
from mmm_core.grammar.items import LEAST_MONEY, Amount, Item, alike, ratio
from mmm_core.grammar.lexing import Word
from mmm_core.grammar.roles import with_roles


def items(found: Sequence[Word], original: str) -> list[Item]:
    """The sentence as items; small words that carry no meaning are gone."""
    return _Builder(found, original).build()


ORDER = (
    "optimise", "command", "stop", "question", "points", "share", "hold", "cap", "floor", "atmost", "atleast",
    "between", "within", "except", "rest", "all", "whole", "repeat", "same", "each plan", "each day", "each week",
    "each month", "each quarter",
    "each year", "unchanged", "total", "budget", "zero", "times", "factor", "replace", "move", "give",
    "take", "put", "keep", "set", "up", "down", "turn", "above", "below", "neg", "prep",
    "equally", "more", "less", "vague", "each", "than", "today", "pron", "off", "back", "touch",
    "mix", "have", "kpi", "if", "sep", "plan", "long", "noun", "fold", "one", "filler",
    "next", "over", "length", "per", "plus", "minus",
)  # fmt: skip
"""Where a word has several meanings and its neighbours decide nothing, the first of these is meant."""


PAIRS = (("neg", "all"), ("neg", "turn"), ("move", "equally"), ("down", "factor"))
AFTER_PRONOUN = (
    "sep",
    "prep",
    "up",
    "down",
    "zero",
    "off",
    "back",
    "times",
    "set",
    "put",
    "move",
    "keep",
    "hold",
    "minus",
    "plus",
    "touch",
    "neg",
    "atmost",
    "atleast",
    "turn",
)


HANDING = frozenset(("gib", "gebe", "geben", "gebt"))


class _Builder:
    def __init__(self, found: Sequence[Word], original: str) -> None:
        self.words = [w for w in found if w.channels or w.token or set(w.means) != {"filler"}]
        self.original = original
        self.out: list[Item] = []

    def build(self) -> list[Item]:
        place = 0
        while place < len(self.words):
            for reader in (self._length, self._amount, self._period):
                item, used = reader(place)
                if item is not None:
                    self.out.append(item)
                    place += used
                    break
            else:
                self.out += self._marks(place)
                place += 1
        return with_roles(self.out)

    # ---- one word ------------------------------------------------------------------------------------------------

    def _marks(self, place: int) -> list[Item]:
        """One item for a word, two where it says two things at once: 'no channel', 'verteile'."""
        word = self.words[place]
        both = next((pair for pair in PAIRS if not word.channels and word.has(pair[0]) and word.has(pair[1])), None)
        if both is None:
            return [self._mark(place)]
        return [Item(k, word.means[k], word.text, word.start, word.end, also=frozenset(word.means) - {k}) for k in both]

    def _refers(self, place: int) -> bool:
        """An article or a pronoun, by what follows: 'das Budget', 'erhöhe das um 10%'."""
        before, after = self._at(place - 1), self._at(place + 1)
        if after is None:
            return True
        handed = before is not None and before.text.casefold() in HANDING and self._text(place, place + 1) != "das"
        if handed and after.channels:
            return True  # 'gib sie Radio'
        return not after.channels and after.has(*AFTER_PRONOUN)

    def _mark(self, place: int) -> Item:
        word = self.words[place]
        if word.channels:
            return Item("ch", text=word.text, start=word.start, end=word.end, channels=word.channels)
        if word.has("pron") and word.has("sep") and self._joins(place):
            return Item("sep", "", word.text, word.start, word.end)
        if word.has("back") and word.has("kpi") and not self._brings_back(place):
            return Item("kpi", "", word.text, word.start, word.end)
        if word.has("pron") and word.has("filler") and not self._refers(place):
            return Item("filler", "", word.text, word.start, word.end)
        kinds = [k for k in ORDER if k.split()[0] in word.means] or list(word.means) or ["unknown"]
        kind = kinds[0].split()[0]
        return Item(
            kind, word.means.get(kind, ""), word.text, word.start, word.end, also=frozenset(word.means) - {kind}
        )

    def _joins(self, place: int) -> bool:
        """'..., dafür 10 % mehr Radio', not 'gib 5k dafür aus'."""
        after = self._at(place + 1)
        begins = place > 0 and self._is(place - 1, "sep")
        return begins and after is not None and (after.token is not None or bool(after.channels))

    def _brings_back(self, place: int) -> bool:
        """'return TV to ...', not 'the return on TV'."""
        after = self._at(place + 1)
        first = place == 0 or self._is(place - 1, "sep", "if")
        return first and after is not None and bool(after.channels or after.has("all", "rest", "pron"))

    def _at(self, place: int) -> Word | None:
        return self.words[place] if 0 <= place < len(self.words) else None

    def _is(self, place: int, *kinds: str) -> bool:
        word = self._at(place)
        return word is not None and word.has(*kinds)

    def _text(self, first: int, end: int) -> str:
        return self.original[self.words[first].start : self.words[end - 1].end]

    # ---- lengths and periods -------------------------------------------------------------------------------------

    def _length(self, place: int) -> tuple[Item | None, int]:
        """'for the next 8 weeks', 'over a quarter', '8 weeks' (whose meaning the clause decides)."""
        at, marked, named = place, False, False
        while self._is(at, "over", "length", "next", "within") or (self._is(at, "prep") and self._on(at)):
            named = named or self._is(at, "next")
            marked, at = True, at + 1
        word = self._at(at)
        if marked and word is not None and word.has("each") and word.means["each"] != Per.PLAN and self._has_one(word):
            return self._dur(place, at + 1, 1.0, Per(word.means["each"]), True)
        count, used = self._count(at)
        while count is not None and self._is(at + used, "next"):
            used, marked, named = used + 1, True, True
        unit = self._unit(at + used, count, marked)
        if unit is None or (count is None and not named):
            return None, 0
        spelled = self.words[at].token is None and not self._is(at, "one")
        if unit is Per.QUARTER and not marked and spelled:
            return None, 0  # three quarters of something
        end = at + used + 1
        return self._dur(place, end, count if count is not None else 1.0, unit, marked)

    def _has_one(self, word: Word) -> bool:
        """'a month' reads as 'per month' by itself, and as a length after 'over'."""
        return word.text.casefold().split()[0] in ("a", "an", "the", "ein", "eine", "un", "une", "le", "la", "im")

    def _on(self, at: int) -> bool:
        word = self._at(at)
        return word is not None and "on" in word.means.get("prep", "").split()

    def _dur(self, first: int, end: int, count: float, unit: Per, marked: bool) -> tuple[Item, int]:
        words = self.words
        amount = Amount("length", count, per=unit)
        text = self._text(first, end)
        return Item(
            "len" if marked else "dur", text=text, start=words[first].start, end=words[end - 1].end, amount=amount
        ), end - first

    def _count(self, at: int) -> tuple[float | None, int]:
        word = self._at(at)
        if word is None:
            return None, 0
        if word.token is not None and word.token.value is not None and not word.token.fraction:
            return word.token.value, 1 + self._hyphen(at + 1)
        if word.has("one"):
            if self._is(at + 1, "number") and self._at(at + 1).means["number"] == "12":  # type: ignore[union-attr]
                return 12.0, 2
            return 1.0, 1
        if word.has("number"):
            value, used = self._spelled(at)
            return value, used + self._hyphen(at + used)
        if word.means.get("fraction") == "0.5":
            return 0.5, 1 + self._is(at + 1, "one")
        return None, 0

    def _hyphen(self, at: int) -> int:
        return int(self._is(at, "minus") and self._is(at + 1, "period", "quarter"))

    def _unit(self, at: int, count: float | None, marked: bool) -> Per | None:
        word = self._at(at)
        if word is None:
            return None
        if word.has("period"):
            return Per(word.means["period"])
        if word.has("quarter") and (marked or (count is not None and count > 1)):
            return Per.QUARTER
        return None

    def _period(self, place: int) -> tuple[Item | None, int]:
        """'a week', 'per week', 'weekly', '/week', 'in total'."""
        word = self.words[place]
        if word.has("each") and word.means["each"] in set(Per):
            return Item("per", word.means["each"], word.text, word.start, word.end, also=frozenset(word.means)), 1
        at = place + 1
        if word.has("per", "one"):
            while self._is(at, "one"):
                at += 1
            following = self._at(at)
            if following is not None and following.has("period", "quarter"):
                if following.has("quarter") and not (word.has("per") or self._after_money(place)):
                    return None, 0
                unit = following.means.get("period", "quarter")
                return Item("per", unit, self._text(place, at + 1), word.start, following.end), at + 1 - place
            if following is not None and following.has("plan") and word.has("per"):
                return Item("per", Per.PLAN, self._text(place, at + 1), word.start, following.end), at + 1 - place
        if word.has("period") and place and self._after_money(place):
            return Item("per", word.means["period"], word.text, word.start, word.end), 1
        return None, 0

    def _after_money(self, place: int) -> bool:
        last = self.out[-1] if self.out else None
        return last is not None and last.amount is not None and last.amount.kind in ("money", "bare")

    # ---- amounts -------------------------------------------------------------------------------------------------

    def _amount(self, place: int) -> tuple[Item | None, int]:
        item, used = self._one_amount(place)
        if item is None or item.amount is None:
            return None, 0
        dash = self._at(place + used)
        if dash is not None and dash.has("minus") and self._glued(place + used):
            other, more = self._one_amount(place + used + 1)
            if other is not None and other.amount is not None:
                return self._range(item, other), used + 1 + more
        return item, used

    def _glued(self, at: int) -> bool:
        """A dash without spaces, as in 20-40k."""
        before, dash, after = self._at(at - 1), self._at(at), self._at(at + 1)
        return (
            before is not None
            and dash is not None
            and after is not None
            and dash.start == before.end
            and after.start == dash.end
        )

    def _range(self, low: Item, high: Item) -> Item:
        assert low.amount is not None
        assert high.amount is not None
        first, last = alike(low.amount, high.amount)
        return replace(
            low, kind="range", amount=first, upper=last, text=self.original[low.start : high.end], end=high.end
        )

    def _one_amount(self, place: int) -> tuple[Item | None, int]:
        at, sign, currency = place, 0, None
        word = self._at(at)
        if word is not None and word.has("plus", "minus") and self._starts_number(at + 1):
            sign, at = (1 if word.has("plus") else -1), at + 1
        elif word is not None and word.token is None and word.means.get("more") is not None and word.text in ("plus",):
            if not self._starts_number(at + 1):
                return None, 0
            sign, at = 1, at + 1
        if self._is(at, "currency") and self._starts_number(at + 1):
            currency, at = self.words[at].means["currency"], at + 1
            if sign == 0 and self._is(at, "plus", "minus"):
                sign, at = (1 if self._is(at, "plus") else -1), at + 1
        if self._is(at, "fold") and self._digits(at + 1) and self._near(at):
            return self._made(place, at + 2, Amount("times", self._value(at + 1)))
        number = self._numeral(at)
        if number is None:
            return None, 0
        value, decimal, used, fraction = number
        at += used
        if self._is(at, "minus") and self._is(at + 1, "percent"):
            at += 1
        if self._is(at, "percent"):
            return self._made(place, at + 1, Amount("share", (value if decimal is None else decimal) / 100, sign=sign))
        if fraction and currency is None and not self._is(at, "magnitude"):
            return self._made(place, at, Amount("share", value, sign=sign))
        if self._is(at, "fold"):
            return self._made(place, at + 1, Amount("times", value if decimal is None else decimal))
        if self._is(at, "points") and not self._is(at, "magnitude"):
            raise questions.points(self._text(place, at + 1))
        return self._money(place, at, value, decimal, currency, sign)

    def _money(
        self, place: int, at: int, value: float, decimal: float | None, currency: str | None, sign: int
    ) -> tuple[Item, int]:
        scale = 1.0
        while self._is(at, "one") and self._is(at + 1, "magnitude"):
            at += 1
        first = at
        while self._is(at, "magnitude") and self._fits(at):
            scale *= float(self.words[at].means["magnitude"])
            at += 1
        if first != at and decimal is not None:
            text = self._text(place, at)
            raise questions.two_numbers(text, [f"{v * scale:.0f}" for v in (decimal, value)])
        if currency is None and self._is(at, "currency"):
            currency, at = self.words[at].means["currency"], at + 1
        sure = currency is not None or first != at
        grouped = decimal is not None or value >= LEAST_MONEY * 10
        kind = "money" if sure or grouped else "bare"
        return self._made(place, at, Amount(kind, value * scale, currency, None, sign, sure or grouped))

    def _fits(self, at: int) -> bool:
        """A single letter is a magnitude only where it stands at its number: 10 m, not '10 m ...' of another word."""
        return True

    def _near(self, at: int) -> bool:
        return self.words[at].text.casefold() in ("x", "×", "*")

    def _made(self, place: int, end: int, amount: Amount) -> tuple[Item, int]:
        words = self.words
        return Item(
            "amt", text=self._text(place, end), start=words[place].start, end=words[end - 1].end, amount=amount
        ), end - place

    def _starts_number(self, at: int) -> bool:
        word = self._at(at)
        if word is not None and word.has("currency", "plus", "minus", "one"):
            word = self._at(at + 1)
        return word is not None and (word.token is not None or word.has("number", "fraction", "magnitude", "quarter"))

    def _digits(self, at: int) -> bool:
        word = self._at(at)
        return word is not None and word.token is not None

    def _value(self, at: int) -> float:
        token = self.words[at].token
        assert token is not None
        assert token.value is not None
        return token.decimal if token.decimal is not None else token.value

    def _numeral(self, at: int) -> tuple[float, float | None, int, bool] | None:
        """Value, its other reading, words used, and whether it is a fraction."""
        word = self._at(at)
        if word is None:
            return None
        if word.token is not None:
            assert word.token.value is not None
            if not word.token.fraction and self._is(at + 1, "fraction") and self._part(at + 1) != 0.5:
                return word.token.value * self._part(at + 1), None, 2, True
            return word.token.value, word.token.decimal, 1, word.token.fraction
        skipped = int(word.has("one") and self._is(at + 1, "fraction", "quarter", "magnitude", "number"))
        if word.has("number") and self._is(at + 1, "fraction", "quarter") and not self._is(at + 1, "period"):
            return float(word.means["number"]) * self._part(at + 1), None, 2, True
        if word.has("number") and self._is(at + 1, "period") and self.words[at + 1].means["period"] == "quarter":
            return float(word.means["number"]) * 0.25, None, 2, True
        if word.has("number") or (
            self._is(at + skipped, "number", "magnitude")
            and (skipped or word.has("magnitude"))
            and self._long(at + skipped)
        ):
            value, used = self._spelled(at + skipped)
            return value, None, used + skipped, False
        if self._is(at + skipped, "fraction") or (skipped and self._is(at + 1, "quarter")):
            if self._after_money(at) and self._is(at + skipped, "quarter"):
                return None
            used = skipped + 1
            if self._is(at + used, "one") and self._is(at + used + 1, "magnitude"):
                used += 1
            return self._part(at + skipped), None, used, True
        return None

    def _long(self, at: int) -> bool:
        """'a hundred', 'a million'; a lone k or m is no number."""
        return len(self.words[at].text) > 2

    def _part(self, at: int) -> float:
        word = self.words[at]
        return ratio(word.means["fraction"]) if word.has("fraction") else 0.25

    def _spelled(self, at: int) -> tuple[float, int]:
        """Numbers in words, 'twenty five thousand'; magnitudes of letters (k, m) are left to the amount."""
        total, current, first = 0.0, 0.0, at
        while (word := self._at(at)) is not None:
            if word.has("number") and not word.channels:
                current += float(word.means["number"])
            elif word.has("magnitude") and word.token is None and len(word.text) > 3:
                scale = float(word.means["magnitude"])
                current = max(current, 1.0) * scale
                if scale >= 1000:
                    total, current = total + current, 0.0
            elif not (word.has("minus") and at > first and self._is(at + 1, "number") and self._glued(at)):
                break
            at += 1
        return total + current, at - first
