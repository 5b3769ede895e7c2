"""Choices at the terminal: shown with numbers, taken by number or by name; a name may hold commas itself."""

import re
from collections.abc import Iterator, Sequence

from mmm_core.domain.workflow import Input

NONE = "-"
SHORT = 24
"""Characters up to which names share a line."""


def shown(one: Input) -> list[str]:
    """The options as lines, each with its number."""
    numbered = [f"{n} {_label(one, option)}" for n, option in enumerate(one.options, 1)]
    if any(len(_label(one, o)) > SHORT or "," in _label(one, o) for o in one.options):
        return [f"    {line}" for line in numbered]
    return [f"    {'  '.join(numbered)}"] if numbered else []


def asked(one: Input) -> str:
    """What is asked for, with what stands now."""
    if one.kind == "choices":
        return f"  {one.label} ({_now(one)}), Enter to keep, numbers or names with commas between, {NONE} for none: "
    if one.options:
        return f"  {one.label} ({_now(one)}), Enter to keep, a number or name: "
    return f"  {one.label} ({one.value}), Enter to keep: "


def taken(one: Input, said: str) -> object:
    """What an answer means; what is no choice stays as it was typed, to be refused by name."""
    if one.kind == "choices":
        return [] if said.strip() == NONE else list(dict.fromkeys(_several(one, said)))
    return _option(one, said) if one.options else said


def _several(one: Input, said: str) -> Iterator[str]:
    """Names word for word, the longest first, else what stands before the next comma."""
    names = sorted({*one.options, *(_label(one, o) for o in one.options)}, key=len, reverse=True)
    rest = said.strip(" ,")
    while rest:
        typed = next((rest[: len(name)] for name in names if _begins(rest, name)), rest.partition(",")[0].rstrip())
        yield _option(one, typed)
        rest = rest[len(typed) :].lstrip(" ,")


def _begins(rest: str, name: str) -> bool:
    return rest[: len(name)].casefold() == name.casefold() and bool(re.match(r"\s*(?:,|$)", rest[len(name) :]))


def _option(one: Input, said: str) -> str:
    """By its own name, then by what it is called here, then by its number."""
    own = {o.casefold(): o for o in one.options} | {o: o for o in one.options}
    called = {_label(one, o).casefold(): o for o in one.options}
    return own.get(said) or own.get(said.casefold()) or called.get(said.casefold()) or _numbered(one.options, said)


def _numbered(options: Sequence[str], said: str) -> str:
    place = int(said) if said.isascii() and said.isdigit() else 0
    return options[place - 1] if 1 <= place <= len(options) else said


def _now(one: Input) -> str:
    if one.kind != "choices":
        return _label(one, str(one.value))
    numbers = {o: str(n) for n, o in enumerate(one.options, 1)}
    return ", ".join(numbers.get(str(v), str(v)) for v in one.value) or "none"


def _label(one: Input, option: str) -> str:
    return one.labels.get(option, option)
