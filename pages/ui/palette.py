"""Colours: one accent, neutral ink, and a fixed colour for each channel, in light and in dark."""

from collections.abc import Iterable
from dataclasses import dataclass

from mmm_core.reports import colours
from mmm_core.reports.colours import CHANNELS


@dataclass(frozen=True)
class Scheme:
    dark: bool
    accent: str
    ink: str
    muted: str
    line: str
    paper: str
    raised: str
    baseline: str
    season: str
    controls: str
    good: str
    review: str
    bad: str


LIGHT = Scheme(
    dark=False, accent=colours.ACCENT, ink=colours.INK, muted=colours.MUTED, line=colours.LINE, paper="#FFFFFF",
    raised="#F5F7F8", baseline=colours.BASELINE, season=colours.SEASON, controls=colours.CONTROLS, good="#1E8E5A",
    review="#B7791F", bad="#C2382E",
)  # fmt: skip
DARK = Scheme(
    dark=True, accent="#4FC3DC", ink="#E8EDF2", muted="#9AA7B4", line="#2B3642", paper="#10161D", raised="#18212B",
    baseline="#3C4957", season="#546374", controls="#6E7F92", good="#4CC38A", review="#E0B04B", bad="#F0766A",
)  # fmt: skip


def scheme() -> Scheme:
    """The scheme the person's browser shows right now."""
    import streamlit as st

    kind = getattr(getattr(st.context, "theme", None), "type", None)
    return DARK if kind == "dark" else LIGHT


def channel_colours(names: Iterable[str], more: Iterable[str] = ()) -> dict[str, str]:
    """A colour for each channel by its place in name order, as in every report; ``more`` names follow behind."""
    first = colours.channel_colours(names)
    rest = sorted({n for n in more if n not in first}, key=str.casefold)
    return first | {n: CHANNELS[(len(first) + i) % len(CHANNELS)] for i, n in enumerate(rest)}


def faded(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity:g})"
