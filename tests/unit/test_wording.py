"""Numbers as a person in marketing writes them."""

import pytest

from mmm_core.domain.results import Interval
from mmm_core.reports import wording as f


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (4.25, "4.2"), (950, "950"), (999.6, "1k"), (1234, "1.23k"), (34_500, "34.5k"), (1_234_567, "1.23m"),
        (-2_500_000, "−2.5m"), (4_500_000_000, "4.5bn"), (None, "–"), (float("nan"), "–"),
    ],
)  # fmt: skip
def test_short(value: float | None, text: str) -> None:
    assert f.short(value) == text


def test_money_has_its_sign_in_front_of_the_symbol() -> None:
    assert f.money(-1234, "EUR") == "−€1.23k"
    assert f.money(1234, "CHF", full=True) == "CHF 1,234"
    assert f.signed(1234, lambda v: f.money(v, "USD")) == "+$1.23k"
    assert f.signed(-1234, lambda v: f.money(v, "USD")) == "−$1.23k"


def test_shares_and_returns() -> None:
    assert f.share(0.221) == "22%"
    assert f.share(0.013) == "1.3%"
    assert f.times(2.418) == "2.42×"
    assert f.interval(Interval(2, 1.5, 2, 3.456), f.times) == "1.50× to 3.46×"


def test_no_probability_from_draws_is_certain() -> None:
    assert f.chance(1.0) == "over 99%"
    assert f.chance(0.0) == "under 1%"
    assert f.chance(0.834) == "83%"


def test_names_from_files_do_not_act_as_markdown() -> None:
    assert f.safe("**x** $y$ <b> :red[z]") == r"\*\*x\*\* \$y\$ \<b\> \:red\[z\]"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("tv", "TV"),
        ("paid_social", "Paid social"),
        ("Black Friday", "Black Friday"),
        ("TV_Spend", "TV Spend"),
        ("_", "_"),
    ],
)
def test_a_column_is_called_by_words(name: str, shown: str) -> None:
    assert f.plain(name) == shown


def test_a_sentence_calls_its_channels_by_words() -> None:
    said = f.named("scale tv and online_video; hold my_tv", ["tv", "video", "online_video"])
    assert said == "scale TV and Online video; hold my_tv"
    assert f.inside("weekly_sales") == "weekly sales"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Noise on spend moved returns on average, most for on (13%).",
         "Noise on spend moved returns on average, most for On (13%)."),
        ("Chains too short for so slow a walk weigh so much; test dm, so and on.",
         "Chains too short for so slow a walk weigh so much; test Dm, So and On."),
        ("Spend on dm, so and sem follows demand: an experiment on this would tell.",
         "Spend on Dm, So and SEM follows demand: an experiment on this would tell."),
        ("on: a return like the others'", "On: a return like the others'"),
        ("The return of so is open, so that nothing keeps it.", "The return of so is open, so that nothing keeps it."),
    ],
)  # fmt: skip
def test_channels_called_by_ordinary_words_leave_sentences_alone(text: str, said: str) -> None:
    assert f.named(text, ["dm", "on", "sem", "so"]) == said


def test_a_minus_stays_with_its_number_and_a_date_keeps_its_hyphens() -> None:
    said = f.minus("From 2016-03-06 it moved by -1.9 (−€2m); well-known")
    assert said == f"From 2016-03-06 it moved by −{f.JOINER}1.9 (−{f.JOINER}€2m); well-known"


def test_a_word_within_a_sentence_is_small() -> None:
    assert f.inside("KPI") == "KPI"


def test_a_holiday_goes_by_its_own_name() -> None:
    assert f.plain("holiday_black_friday") == "Black Friday"
    assert f.inside("holiday_christmas") == "Christmas"
    assert f.plain("holiday") == f.plain("holiday_") == "Holiday"
    assert f.plain("holidays_spend") == "Holidays spend"


def test_days_and_kinds_of_the_graph_are_written_for_people() -> None:
    assert (
        f.dated("rows through 2025-12-29, at 2026-01-05T07:12:33+00:00.") == "rows through 29 Dec 2025, at 5 Jan 2026."
    )
    assert f.dated("2025-13-40 and x2025-12-29") == "2025-13-40 and x2025-12-29"
    assert f.kind("feature_decision") == "Change of the data"
    assert f.kind("something_else") == "Something else"


def test_a_season_without_waves_is_none() -> None:
    assert [f.waves(n) for n in (0, 1, 2)] == [
        "no yearly season", "1 wave of a yearly season", "2 waves of a yearly season"
    ]  # fmt: skip
