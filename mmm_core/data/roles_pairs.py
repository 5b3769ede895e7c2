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
    others are set aside, since a model acts on one. A reach whose frequency is there forms a pair with it, which takes
    the place of an exposure. Names of channels end up unique.
    """
    guesses = _reach_and_frequency(guesses)
    out = dict(guesses)
    taken: set[str] = set()
    spends: dict[str, str] = {}
    for column, guess in guesses.items():
        if guess.role is Role.SPEND:
            name = _unique(guess.channel or column, column, taken)
            spends[column] = name
            out[column] = replace(guess, channel=name)
    pairs = _tie_pairs(out, list(spends.values()), taken)
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
        if channel in pairs:
            out[column] = Guess(Role.IGNORE, 0.7, f"{pairs[channel]} and its frequency say more than {column} alone")
            continue
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


def _reach_and_frequency(guesses: dict[str, Guess]) -> dict[str, Guess]:
    """Reach and frequency of one channel as a pair; a frequency alone says nothing that a model can use."""
    out = dict(guesses)
    free = {c: g for c, g in guesses.items() if g.role is Role.EXPOSURE and g.reach}
    for column, guess in guesses.items():
        if guess.role is not Role.FREQUENCY:
            continue
        key = channel_key(guess.channel or column)
        partner = next((c for c, g in free.items() if channel_key(g.channel or c) == key), None)
        if partner is None:
            out[column] = Guess(Role.IGNORE, 0.6, "a frequency without its channel's reach says nothing by itself")
            continue
        name = free.pop(partner).channel
        reason = f"{guess.reason}; with {partner} it says how many people were reached how often"
        out[column] = replace(guess, channel=name, reason=reason)
        out[partner] = replace(
            guesses[partner], role=Role.REACH, reason=f"{guesses[partner].reason} in people, and {column} is there"
        )
    return out


def _tie_pairs(out: dict[str, Guess], channels: Sequence[str], taken: set[str]) -> dict[str, str]:
    """Give each reach and its frequency the channel of their spend, or one of their own; the reach by channel."""
    found: dict[str, str] = {}
    for column in [c for c, g in out.items() if g.role is Role.REACH]:
        wanted = out[column].channel or column
        often = next(c for c, g in out.items() if g.role is Role.FREQUENCY and (g.channel or c) == wanted)
        channel, sure = _match(wanted, [c for c in channels if c not in found])
        if channel is None:
            channel, sure = _unique(wanted, column, taken), 0.7
        for one in (column, often):
            out[one] = replace(out[one], channel=channel, confidence=min(out[one].confidence, sure))
        found[channel] = column
    return found


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
