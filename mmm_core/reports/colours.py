"""A channel keeps one colour on every page, chart and file."""

from collections.abc import Iterable

CHANNELS = (
    "#4269D0", "#EFA318", "#F2665B", "#4DB8A4", "#A463F2", "#3C9D4E", "#F283B0", "#8FB4F0",
    "#9C6B4E", "#C2A83E", "#B0407A", "#5C7C8A", "#D98A5F", "#7A6FD0", "#7FB25B", "#CF5C9A",
)  # fmt: skip
"""Far enough apart for neighbours in name order to be told apart, readable on white and on near-black."""

ACCENT = "#00677F"
BASELINE = "#CBD3DB"
SEASON = "#AEBBC7"
CONTROLS = "#94A3B2"
LEVER = "#6B7C8D"
INK = "#17212B"
MUTED = "#5F6B78"
LINE = "#E3E7EB"


def channel_colours(names: Iterable[str]) -> dict[str, str]:
    """The colour of each channel follows its place among all names, so every page gives it the same one."""
    return {name: CHANNELS[i % len(CHANNELS)] for i, name in enumerate(sorted(set(names), key=str.casefold))}
