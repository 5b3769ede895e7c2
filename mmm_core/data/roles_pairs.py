"""Spend and exposure of one channel find each other by name."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from mmm_core.data.roles import Guess
from mmm_core.data.roles_words import channel_key
from mmm_core.domain.dataset import Role

ALIKE = 0.82
"""Names whose letters agree at least this much are taken for the same channel where only one such channel is there."""


def tie(guesses: dict[str, Guess]) -> dict[str, Guess]:
    """Give media columns their channel: exposures take the name of the spend they belong to.

    An exposure without spend becomes organic media. Of several exposures of one channel the best one is kept and the
    others are set aside, since a model acts on one. Names of channels end up unique.
    """
    out = dict(guesses)
    taken: set[str] = set()
    spends: dict[str, str] = {}
    for column, guess in guesses.items():
        if guess.role is Role.SPEND:
            name = _unique(guess.channel or column, column, taken)
            spends[column] = name
            out[column] = replace(guess, channel=name)
    tied: dict[str, list[str]] = {}
    for column, guess in guesses.items():
        if guess.role is not Role.EXPOSURE:
            continue
        channel, sure = _match(guess.channel or column, list(spends.values()))
        if channel is None:
            out[column] = _without_spend(guess, column)
            continue
        reason = f"{guess.reason}; it belongs to the spend of {channel}"
        out[column] = replace(guess, channel=channel, reason=reason, confidence=min(guess.confidence, sure))
        tied.setdefault(channel, []).append(column)
    for channel, columns in tied.items():
        best = min(columns, key=lambda c: guesses[c].rank)
        for column in columns:
            if column != best:
                why = f"{channel} already has {best} as its exposure, and a model acts on one"
                out[column] = Guess(Role.IGNORE, 0.7, why)
    for column in guesses:
        if out[column].role is Role.ORGANIC:
            name = _unique(out[column].channel or column, column, taken)
            out[column] = replace(out[column], channel=name)
    return out


def _without_spend(guess: Guess, column: str) -> Guess:
    sure = 0.9 if guess.organic else 0.65
    return replace(guess, role=Role.ORGANIC, confidence=sure, reason=f"{guess.reason}, and no spend belongs to it")


def _unique(name: str, column: str, taken: set[str]) -> str:
    """The name, or the column's, or a numbered one, whichever is free first."""
    for candidate in (name, column, *(f"{name} {n}" for n in range(2, 1000))):
        if candidate.lower() not in taken:
            taken.add(candidate.lower())
            return candidate
    return column


def _match(name: str, channels: Sequence[str]) -> tuple[str | None, float]:
    """The spend channel that an exposure belongs to and how sure that is; None where none or several fit."""
    key = channel_key(name)
    exact = [c for c in channels if channel_key(c) == key]
    if exact:
        same = [c for c in exact if c.lower() == name.lower()]
        return (same or exact)[0], 0.97 if same else 0.9
    inside = [c for c in channels if channel_key(c) < key or key < channel_key(c)]
    if len(inside) == 1:
        return inside[0], 0.75
    joined = "".join(sorted(key))
    near = [c for c in channels if SequenceMatcher(None, "".join(sorted(channel_key(c))), joined).ratio() >= ALIKE]
    near = [c for c in near if _digits(c) == _digits(name)]
    return (near[0], 0.7) if len(near) == 1 else (None, 0.0)


def _digits(name: str) -> str:
    return "".join(c for c in name if c.isdigit())
