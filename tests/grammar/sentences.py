"""Sentences that people type, with what each one means: read strictly from a file."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from mmm_core.domain.instructions import Add, Change, Hold, Length, Limit, Move, Multiply, Optimise, Per, SetTo, Total

HERE = Path(__file__).parent
SENTENCES = HERE / "sentences.yaml"
HELD_OUT = HERE / "held_out.yaml"
LATER = "h140"
"""From this one on, who wrote a sentence had seen the grammar's rules, though not what they made of it."""

ASK = "ask"
LANGUAGES = ("en", "de", "fr", "other")
KINDS = (
    "ambiguous_channel",
    "contradiction",
    "currency",
    "hold",
    "injection",
    "length",
    "limit",
    "move",
    "negation",
    "no_period",
    "nonsense",
    "number",
    "optimise",
    "organic",
    "other_command",
    "part_of_name",
    "plain",
    "pronoun",
    "question",
    "rest",
    "several",
    "share",
    "sloppy",
    "total",
    "typo",
    "unknown_channel",
    "unsayable",
    "vague",
)
CHANGES: Mapping[str, type[Change]] = {
    "multiply": Multiply,
    "add": Add,
    "set_to": SetTo,
    "move": Move,
    "hold": Hold,
    "limit": Limit,
    "total": Total,
    "length": Length,
    "optimise": Optimise,
}
CHANNEL_FIELDS = ("channel", "source", "target")
PERIOD_FIELDS = ("per", "unit")


class BadSentences(Exception):
    """The file does not say what it has to, or says something nobody reads."""


@dataclass(frozen=True)
class Context:
    """The plan a sentence is about: today's spend per period of each channel, None where it is organic."""

    name: str
    channels: Mapping[str, float | None]
    currency: str
    period_days: int
    periods: int


@dataclass(frozen=True)
class Case:
    """A sentence and the changes it means, in the order said; None where it has to be asked back."""

    id: str
    kind: str
    language: str
    context: Context
    before: str | None
    say: str
    expected: tuple[Change, ...] | None
    options: tuple[str, ...]


def load(path: Path) -> tuple[Case, ...]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    _keys(content, path.name, must={"contexts", "sentences"})
    contexts = {name: _context(name, entry) for name, entry in content["contexts"].items()}
    cases = tuple(_case(entry, contexts) for entry in content["sentences"])
    _once("id", [case.id for case in cases], path.name)
    _once("sentence", [(case.context.name, case.before, case.say.casefold()) for case in cases], path.name)
    return cases


def _once(what: str, values: Sequence[object], where: str) -> None:
    twice = {str(value) for value in values if values.count(value) > 1}
    if twice:
        raise BadSentences(f"{where}: the same {what} twice: {sorted(twice)}")


def _context(name: str, entry: Any) -> Context:
    _keys(entry, name, must={"channels", "currency", "period_days", "periods"})
    channels = {
        channel: None if spend is None else _number(spend, name) for channel, spend in entry["channels"].items()
    }
    for channel, spend in channels.items():
        if not isinstance(channel, str) or (spend is not None and spend <= 0):
            raise BadSentences(f"{name}: {channel!r} is no channel with spend, and not organic")
    return Context(name, channels, _text(entry["currency"], name), int(entry["period_days"]), int(entry["periods"]))


def _case(entry: Any, contexts: Mapping[str, Context]) -> Case:
    where = str(entry.get("id", entry)) if isinstance(entry, dict) else str(entry)
    may = {"before", "options"}
    _keys(entry, where, must={"id", "kind", "language", "context", "say", "expect"}, may=may)
    context = contexts.get(entry["context"])
    if context is None:
        raise BadSentences(f"{where}: no context {entry['context']!r}")
    if entry["kind"] not in KINDS or entry["language"] not in LANGUAGES:
        raise BadSentences(f"{where}: no kind {entry['kind']!r} or no language {entry['language']!r}")
    expect, options = entry["expect"], tuple(entry.get("options", ()))
    if options and expect != ASK:
        raise BadSentences(f"{where}: options are for what is asked")
    if expect != ASK and not (isinstance(expect, list) and expect):
        raise BadSentences(f"{where}: changes or {ASK!r} are expected, not {expect!r}")
    _known(options, context, where)
    return Case(
        id=_text(entry["id"], where),
        kind=entry["kind"],
        language=entry["language"],
        context=context,
        before=_text(entry["before"], where) if "before" in entry else None,
        say=_text(entry["say"], where),
        expected=None if expect == ASK else tuple(_change(item, context, where) for item in expect),
        options=options,
    )


def _change(item: Any, context: Context, where: str) -> Change:
    if not isinstance(item, dict) or len(item) != 1:
        raise BadSentences(f"{where}: one change each, not {item!r}")
    ((name, said),) = item.items()
    if name not in CHANGES:
        raise BadSentences(f"{where}: no change {name!r}")
    change = CHANGES[name]
    required = {field.name for field in fields(change) if field.default is MISSING}
    _keys(said, f"{where}, {name}", must=required, may={field.name for field in fields(change)})
    _known([said[key] for key in CHANNEL_FIELDS if key in said], context, where)
    _whole(change, said, where)
    return change(**{key: _value(key, value, where) for key, value in said.items()})


def _whole(change: type[Change], said: Mapping[str, Any], where: str) -> None:
    """What the types leave open: money has a period, a share or a multiple has none."""
    if change is Move:
        if ("amount" in said) == ("share" in said) or ("amount" in said) != ("per" in said):
            raise BadSentences(f"{where}: a move is an amount per period, or a share")
        if said["source"] == said["target"]:
            raise BadSentences(f"{where}: a move goes to another channel")
    if change in (Limit, Total) and ("per" in said) == bool(said.get("relative", False)):
        raise BadSentences(f"{where}: money has a period, a multiple has none")
    if change is Limit and not {"low", "high"} & said.keys():
        raise BadSentences(f"{where}: a limit has a least or a most")


def _value(key: str, value: Any, where: str) -> Any:
    if key in CHANNEL_FIELDS:
        return value
    if key in PERIOD_FIELDS:
        try:
            return Per(value)
        except ValueError as error:
            raise BadSentences(f"{where}: no period {value!r}") from error
    if key == "relative":
        if value is not True:
            raise BadSentences(f"{where}: relative is said only where it is true")
        return value
    return _number(value, where)


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or round(value, 4) != value:
        raise BadSentences(f"{where}: {value!r} is no number of at most four digits after the point")
    return float(value)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BadSentences(f"{where}: {value!r} is no text")
    return value


def _known(channels: Iterable[Any], context: Context, where: str) -> None:
    for channel in channels:
        if channel not in context.channels:
            raise BadSentences(f"{where}: {context.name} has no channel {channel!r}")


def _keys(entry: Any, where: str, must: AbstractSet[str], may: AbstractSet[str] = frozenset()) -> None:
    if not isinstance(entry, dict):
        raise BadSentences(f"{where}: {entry!r} has no keys")
    if missing := must - entry.keys():
        raise BadSentences(f"{where}: {sorted(missing)} missing")
    if unknown := entry.keys() - must - may:
        raise BadSentences(f"{where}: {sorted(map(str, unknown))} unknown")
