"""The pool of several people's ranges, what is typed into the form, and the page behind a link."""

import math
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from mmm_core.analysis.opinion_pool import Range, apart, below, pool
from mmm_core.domain.elicitation import Inquiry, OpenInquiry, Reply, Statement, Sure
from mmm_core.domain.errors import NotAllowed, NotFound, Unavailable
from mmm_core.domain.ports import Services
from server import elicitation_form as form
from server.elicitation import MOST_BYTES, routes

NOW = datetime.now(UTC)
ASKED = Inquiry("i", "p", "Maria", ("tv", "paid_search"), "revenue", False, "EUR", 1, "Ada", NOW, NOW + timedelta(9))
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{ 7777*7 }}'

sizes = st.floats(0.01, 50)
ranges = st.builds(lambda low, up, over: Range(low, low * (1 + up), low * (1 + up) * (1 + over)), sizes, sizes, sizes)


@given(ranges)
def test_a_person_keeps_the_three_numbers_said(said: Range) -> None:
    for x, p in ((said.low, 0.05), (said.best, 0.5), (said.high, 0.95)):
        assert below(said, x) == pytest.approx(p)


@given(st.lists(ranges, min_size=2, max_size=6))
def test_a_pool_has_its_quantiles_in_the_mixture_and_lies_between_the_people(said: list[Range]) -> None:
    found = pool(said)
    for x, p in ((found.low, 0.05), (found.best, 0.5), (found.high, 0.95)):
        assert sum(below(r, x) for r in said) / len(said) == pytest.approx(p, abs=1e-6)
    for end in ("low", "best", "high"):
        values = [getattr(r, end) for r in said]
        assert min(values) * (1 - 1e-9) <= getattr(found, end) <= max(values) * (1 + 1e-9)


def test_one_alone_or_the_same_twice_changes_nothing() -> None:
    one = Range.of(0.5, 2.0)
    assert one.best == pytest.approx(1.0)
    assert pool([one]) == one
    twice = pool([one, one])
    assert (twice.low, twice.best, twice.high) == pytest.approx((0.5, 1.0, 2.0))


def test_two_who_disagree_are_both_held() -> None:
    found = pool([Range.of(0.5, 1.0), Range.of(4.0, 8.0)])
    assert found.low == pytest.approx(
        math.exp(math.log(0.5**0.5) - 1.2815515655 * math.log(2) / 2 / 1.6448536270), rel=1e-3
    )
    assert 0.5 < found.low < 0.6
    assert 7.0 < found.high < 8.0


def test_an_outsider_moves_the_end_that_they_pull_at_and_little_else() -> None:
    calm = [Range.of(1.0, 2.0)] * 3
    found = pool([*calm, Range.of(10.0, 20.0)])
    assert found.low == pytest.approx(1.0, rel=0.1)
    assert found.best < 2.0
    assert found.high > 10.0


def test_who_shares_nothing_is_named() -> None:
    people = [Range.of(1.0, 2.0), Range.of(1.5, 3.0), Range.of(5.0, 9.0)]
    assert apart(people) == (0, 2)
    assert apart(people[:2]) is None
    assert apart(people[:1]) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.5", 1.5), ("1,5", 1.5), (" 2 ", 2.0), ("€ 3", 3.0), ("3 EUR", 3.0), (".5", 0.5), ("0,125", 0.125),
        ("1'200'000", 1_200_000.0), ("1 200", 1200.0), ("1,200.50", 1200.5), ("1.200,50", 1200.5),
        ("1,200,000", 1_200_000.0), ("1.200.000", 1_200_000.0), ("1200", 1200.0), ("1.1250", 1.125),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text: str, value: float) -> None:
    assert form.number(text, "EUR") == value


@pytest.mark.parametrize("text", ["two", "1.2.3", "-1", "150%", "1e5", "1,2,3", "inf", "nan", "€", "1-2"])
def test_what_is_no_number_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        form.number(text, "EUR")


def test_a_number_with_two_readings_is_asked() -> None:
    with pytest.raises(ValueError, match=re.escape("write 1200 or 1.2.")):
        form.number("1,200")
    with pytest.raises(ValueError, match=re.escape("write 1000 or 1.0.")):
        form.number("1.000")


@given(st.floats(0.0001, 1e8))
def test_what_was_sent_can_be_sent_again(value: float) -> None:
    said = Statement("tv", value, None, value * 2, Sure.MEASURED, "why")
    shown = form.start(ASKED, (said,))[0]
    again = form.read(ASKED, {"low_0": shown.low, "high_0": shown.high, "why_0": shown.why})[0]
    assert again.error == ""
    assert again.statement is not None
    assert again.statement.low == pytest.approx(value)


class Door:
    def __init__(self, refusal: Exception | None = None, inquiry: Inquiry = ASKED) -> None:
        self.refusal, self.inquiry, self.kept = refusal, inquiry, list[Reply]()

    def open(self, token: str, passcode: str | None, viewer: str) -> OpenInquiry:
        if self.refusal:
            raise self.refusal
        if self.inquiry.has_passcode and passcode != "spring":
            raise NotAllowed("This link asks for a passcode.")
        return OpenInquiry(self.inquiry, self.kept[-1] if self.kept else None)

    def answer(self, token: str, passcode: str | None, viewer: str, settle: Any) -> Reply:
        opened = self.open(token, passcode, viewer)
        self.kept.append(Reply("r", "i", len(self.kept) + 1, settle(opened.inquiry), NOW))
        return self.kept[-1]


def client(door: Door) -> TestClient:
    none = cast(Any, None)
    services = Services(none, none, none, none, none, none, inquiries=door)
    return TestClient(Starlette(routes=list(routes(lambda: services))), raise_server_exceptions=False)


def test_the_page_runs_nothing_reaches_nothing_and_asks_about_each_channel() -> None:
    answer = client(Door()).get("/b/t")
    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "For every 1 EUR spent on TV, how much revenue comes back" in answer.text
    assert "Paid search" in answer.text
    assert "<script" not in answer.text


def test_what_is_counted_is_asked_per_thousand() -> None:
    asked = replace(ASKED, is_count=True, kpi="orders", per=1000)
    answer = client(Door(inquiry=asked)).get("/b/t")
    assert "For every 1,000 EUR spent on TV, how many more of “orders”" in answer.text


def test_hostile_words_stay_words_wherever_they_come_back() -> None:
    door = Door(inquiry=replace(ASKED, person=HOSTILE, channels=(HOSTILE, "tv")))
    web = client(door)
    typed = {"low_0": HOSTILE, "high_0": "2", "why_0": HOSTILE, "why_1": HOSTILE, "low_1": "1", "high_1": "2"}
    for act in ("look", "send"):
        answer = web.post("/b/t", data={**typed, "do": act})
        assert answer.status_code == 422
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        assert "54439" not in answer.text
        assert HOSTILE in unescape(answer.text)
    sent = web.post("/b/t", data={"low_0": "1", "high_0": "2", "why_0": HOSTILE, "do": "send"})
    assert sent.status_code == 200
    assert "<script>alert" not in sent.text
    assert door.kept[-1].statements[0].why == HOSTILE


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"low_0": "3", "high_0": "1"}, "(3) has to be smaller"),
        ({"low_0": "0", "high_0": "1"}, "above zero"),
        ({"low_0": "1"}, "“surely less than” too"),
        ({"low_0": "1", "high_0": "2", "best_0": "5"}, "between 1 and 2"),
        ({"low_0": "a lot", "high_0": "2"}, "“a lot” is not a number"),
        ({"low_0": "1", "high_0": "2", "cannot_0": "yes"}, "keep one of the two"),
        ({"low_0": "1", "high_0": "9" * 20}, "too large"),
        ({}, "Nothing is filled in yet"),
    ],
)
def test_bad_input_gets_one_sentence_and_nothing_is_lost(typed: dict[str, str], sentence: str) -> None:
    door = Door()
    answer = client(door).post("/b/t", data={**typed, "why_1": "kept words", "sure_1": "measured", "do": "send"})
    assert answer.status_code == 422
    text = unescape(answer.text)
    assert sentence in text
    assert "kept words" in text
    assert 'value="measured" selected' in text
    assert all(f'value="{value}"' in text for name, value in typed.items() if not name.startswith("cannot"))
    assert not door.kept


def test_an_answer_is_kept_and_shown_back() -> None:
    door = Door()
    answer = client(door).post("/b/t", data={"low_0": "0,5", "high_0": "0.9", "sure_0": "measured", "do": "send"})
    assert answer.status_code == 200
    assert "brings 0.50 to 0.90 EUR" in answer.text
    assert "less than was spent" in answer.text
    assert door.kept[0].statements == (Statement("tv", 0.5, None, 0.9, Sure.MEASURED), Statement("paid_search"))


def test_a_passcode_asked_for_on_the_way_loses_nothing_typed() -> None:
    door = Door(inquiry=replace(ASKED, has_passcode=True))
    web = client(door)
    asked = web.post("/b/t", data={"low_0": "1", "high_0": "2", "do": "send"})
    assert asked.status_code == 403
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text))
    assert hidden == {"low_0": "1", "high_0": "2", "do": "send"}
    assert web.post("/b/t", data={**hidden, "passcode": "spring"}).status_code == 200
    assert len(door.kept) == 1


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (NotFound("No."), 404),
        (NotAllowed("This link has been revoked."), 410),
        (NotAllowed("There were too many answers in a short time; try again in a quarter of an hour."), 429),
        (Unavailable("The database cannot be reached."), 503),
        (RuntimeError("secret detail"), 500),
    ],
)
def test_a_link_that_does_not_open_says_so_in_one_sentence(refusal: Exception, status: int) -> None:
    answer = client(Door(refusal)).get("/b/t")
    assert answer.status_code == status
    assert "secret detail" not in answer.text


def test_a_flood_is_not_read() -> None:
    web = client(Door())
    assert web.post("/b/t", content=b"why_0=" + b"x" * MOST_BYTES).status_code == 413
    assert web.post("/b/t", content="&".join(f"f{i}=1" for i in range(500)).encode()).status_code == 413
    assert web.post("/b/t", content=b"\xff\xfe%ff=%00&do=look").status_code == 200
