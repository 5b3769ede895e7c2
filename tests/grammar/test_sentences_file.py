"""The sentences themselves: well formed, varied, and a part of them held out."""

from collections import Counter
from pathlib import Path

import pytest

from mmm_core.domain.instructions import Length, Limit, Move, Multiply, Per, Total
from tests.grammar.sentences import CHANGES, HELD_OUT, KINDS, SENTENCES, BadSentences, Case, load

FILES = (SENTENCES, HELD_OUT)

CONTEXT = """
contexts:
  shop:
    channels: {TV: 100, Search: 50.5, Email: null}
    currency: EUR
    period_days: 7
    periods: 13
sentences:
"""
HEAD = "id: s001, kind: plain, language: en, context: shop, say: x"


def _all() -> tuple[Case, ...]:
    return tuple(case for path in FILES for case in load(path))


def _written(folder: Path, *sentences: str) -> Path:
    path = folder / "sentences.yaml"
    path.write_text(CONTEXT + "".join(f"  - {{{sentence}}}\n" for sentence in sentences), encoding="utf-8")
    return path


def test_there_are_enough_and_a_third_at_least_is_held_out() -> None:
    seen, held_out = load(SENTENCES), load(HELD_OUT)
    assert len(seen) >= 150
    assert len(held_out) >= 80
    assert len(held_out) / (len(seen) + len(held_out)) >= 1 / 3


def test_none_is_in_both() -> None:
    seen, held_out = load(SENTENCES), load(HELD_OUT)
    assert not {case.id for case in seen} & {case.id for case in held_out}
    assert {case.id[0] for case in seen} == {"s"}
    assert {case.id[0] for case in held_out} == {"h"}
    said = [{(case.context.name, case.before, case.say.casefold()) for case in cases} for cases in (seen, held_out)]
    assert not said[0] & said[1]


def test_both_read_with_the_same_contexts() -> None:
    seen, held_out = ({case.context.name: case.context for case in load(path)} for path in FILES)
    assert seen == held_out


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_change_and_every_kind_occurs(path: Path) -> None:
    cases = load(path)
    assert {type(change) for case in cases for change in case.expected or ()} == set(CHANGES.values())
    assert {case.kind for case in cases} == set(KINDS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_at_least_a_quarter_is_asked_back(path: Path) -> None:
    cases = load(path)
    assert sum(case.expected is None for case in cases) >= len(cases) / 4


def test_three_languages() -> None:
    languages = Counter(case.language for case in _all())
    assert languages["de"] >= 40
    assert languages["fr"] >= 25


def test_forms_of_the_changes() -> None:
    changes = [change for case in _all() for change in case.expected or ()]
    moves = [change for change in changes if isinstance(change, Move)]
    limits = [change for change in changes if isinstance(change, Limit)]
    assert any(move.share is not None for move in moves)
    assert any(move.amount is not None for move in moves)
    assert {(limit.low is None, limit.high is None, limit.relative) for limit in limits} == {
        (low, high, relative)
        for low, high in ((True, False), (False, True), (False, False))
        for relative in (True, False)
    }
    assert {change.relative for change in changes if isinstance(change, Total)} == {True, False}
    assert any(change.factor == 0 for change in changes if isinstance(change, Multiply))
    periods = {change.per for change in changes if hasattr(change, "per")}
    lengths = {change.unit for change in changes if isinstance(change, Length)}
    assert periods | lengths == set(Per)


def test_no_organic_channel_is_changed() -> None:
    for case in _all():
        organic = {channel for channel, spend in case.context.channels.items() if spend is None}
        for change in case.expected or ():
            assert not organic & {getattr(change, name, None) for name in ("channel", "source", "target")}, case.id


def test_a_good_file(tmp_path: Path) -> None:
    (case,) = load(_written(tmp_path, f"{HEAD}, before: y, expect: [{{multiply: {{channel: TV, factor: 1.2}}}}]"))
    assert case.expected == (Multiply("TV", 1.2),)
    assert case.before == "y"
    assert case.context.channels == {"TV": 100, "Search": 50.5, "Email": None}


@pytest.mark.parametrize(
    ("rest", "says"),
    [
        ("expect: ask, note: hm", "unknown"),
        ("before: y", "missing"),
        ("expect: []", "are expected"),
        ("expect: maybe", "are expected"),
        ("expect: ask, options: [Print]", "no channel"),
        ("expect: [{hold: {channel: TV}}], options: [TV]", "options"),
        ("expect: [{hold: {channel: Print}}]", "no channel"),
        ("expect: [{raise: {channel: TV}}]", "no change"),
        ("expect: [{hold: {channel: TV, factor: 1}}]", "unknown"),
        ("expect: [{add: {channel: TV, amount: 5}}]", "missing"),
        ("expect: [{add: {channel: TV, amount: 5, per: fortnight}}]", "no period"),
        ("expect: [{multiply: {channel: TV, factor: 0.66667}}]", "no number"),
        ("expect: [{multiply: {channel: TV, factor: true}}]", "no number"),
        ("expect: [{multiply: {channel: TV, factor: half}}]", "no number"),
        ("expect: [{limit: {channel: TV, high: 5}}]", "a period"),
        ("expect: [{limit: {channel: TV, per: week}}]", "a least or a most"),
        ("expect: [{total: {amount: 0.9, relative: true, per: week}}]", "a period"),
        ("expect: [{move: {source: TV, target: Search}}]", "an amount per period"),
        ("expect: [{move: {source: TV, target: Search, amount: 5, share: 0.1, per: week}}]", "an amount per period"),
        ("expect: [{move: {source: TV, target: TV, share: 0.1}}]", "another channel"),
    ],
)
def test_a_bad_sentence_fails(tmp_path: Path, rest: str, says: str) -> None:
    with pytest.raises(BadSentences, match=says):
        load(_written(tmp_path, f"{HEAD}, {rest}"))


def test_the_same_twice_fails(tmp_path: Path) -> None:
    with pytest.raises(BadSentences, match="the same id"):
        load(_written(tmp_path, f"{HEAD}, expect: ask", f"{HEAD.replace('say: x', 'say: z')}, expect: ask"))
    with pytest.raises(BadSentences, match="the same sentence"):
        load(_written(tmp_path, f"{HEAD}, expect: ask", f"{HEAD.replace('s001', 's002')}, expect: ask"))
