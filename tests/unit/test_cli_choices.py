"""What a person types at a checkpoint of the command: numbers, names, names with commas in them."""

import io
import sys
from typing import Any

import pytest

from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from server import cli_choices
from server.cli_run import ask_person

BEFORE = (
    "TV returns 1 to 2, from Model 1 of weekly",
    "TV returns 1 to 2, from Model 1 of weekly, refitted",
    "Search carries over 2 weeks, from Model 1 of weekly",
)
PRECEDENTS = Input("precedents", "Take over from earlier models", "choices", [BEFORE[2]], BEFORE)
CHANNELS = Input("channels", "Channels", "choices", ["tv", "search"], ("tv", "search", "Straße"))
UNIT = Input("unit", "The KPI is", "choice", "revenue", ("revenue", "count"), {"count": "A count (orders, sign-ups)"})
YEARS = Input("years", "Years", "choices", [], ("2024", "1", "3"))


@pytest.mark.parametrize(
    ("field", "said", "taken"),
    [
        (PRECEDENTS, "1,3", [BEFORE[0], BEFORE[2]]),
        (PRECEDENTS, BEFORE[0], [BEFORE[0]]),
        (PRECEDENTS, BEFORE[1].lower(), [BEFORE[1]]),
        (PRECEDENTS, f"{BEFORE[1]}, {BEFORE[0]} ,3", [BEFORE[1], BEFORE[0], BEFORE[2]]),
        (PRECEDENTS, "-", []),
        (PRECEDENTS, "2, 2, 2", [BEFORE[1]]),
        (PRECEDENTS, "TV returns 1 to 2", ["TV returns 1 to 2"]),
        (PRECEDENTS, "4, 0", ["4", "0"]),
        (CHANNELS, "TV, STRASSE", ["tv", "Straße"]),
        (CHANNELS, "tvs, 2", ["tvs", "search"]),
        (UNIT, "a count (orders, sign-ups)", "count"),
        (UNIT, "2", "count"),
        (UNIT, "Revenue", "revenue"),
        (UNIT, "profit", "profit"),
        (YEARS, "1, 2024", ["1", "2024"]),
        (Input("draws", "Draws", "whole", 1000), "2", "2"),
    ],
)
def test_a_choice_is_taken_by_number_or_word_for_word(field: Input, said: str, taken: object) -> None:
    assert cli_choices.taken(field, said) == taken


def test_every_choice_is_shown_with_the_number_that_takes_it() -> None:
    lines = cli_choices.shown(PRECEDENTS)
    assert [line.strip() for line in lines] == [f"{n} {o}" for n, o in enumerate(BEFORE, 1)]
    assert "(3)" in cli_choices.asked(PRECEDENTS)
    assert cli_choices.shown(CHANNELS) == ["    1 tv  2 search  3 Straße"]
    assert cli_choices.shown(Input("draws", "Draws", "whole", 1000)) == []


def _asked(monkeypatch: pytest.MonkeyPatch, *lines: str) -> Any:
    question = Question("plan:1", Gate.PLAN, "Approve this plan?", (), "It stays a draft.", (CHANNELS, PRECEDENTS))
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    return ask_person(question)


def test_a_plan_with_earlier_models_is_changed_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    said = _asked(monkeypatch, "e", "", BEFORE[0])
    assert (said.verdict, said.edits) == (Verdict.EDIT, {"precedents": [BEFORE[0]]})
    assert _asked(monkeypatch, "e", "1", "1,2").edits == {"channels": ["tv"], "precedents": list(BEFORE[:2])}


def test_what_is_no_choice_is_named_and_asked_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _asked(monkeypatch, "e", "", "7", "e", "", "2")
    assert "7 is not one of the choices" in capsys.readouterr().err
    assert said.edits == {"precedents": [BEFORE[1]]}
