"""What differs between two specifications, in words."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from mmm_core.modeling.spec import ModelSpec

WORDS = {
    "adstock": "Memory",
    "saturation": "Saturation",
    "max_lag": "Longest memory (periods)",
    "controls": "Controls",
    "treatments": "Levers",
    "lift_tests": "Lift tests",
    "time_varying.baseline": "The baseline drifts",
    "time_varying.media": "The strength of all media drifts",
    "holidays": "Holidays",
    "season.yearly_terms": "Waves of the yearly season",
    "trend.kind": "Trend",
    "trend.knots": "Knots of the trend",
    "media_prior.share_low": "Share of the KPI that media bring, at least",
    "media_prior.share_high": "Share of the KPI that media bring, at most",
    "media_prior.style": "Priors",
    "kpi.column": "KPI",
    "kpi.unit": "Kind of KPI",
    "kpi.value_per_unit": "Value per unit of the KPI",
    "date": "Date column",
    "geo": "Geo column",
    "population": "Population column",
    "currency": "Currency",
    "sampling.draws": "Draws per chain",
    "sampling.tune": "Warm-up per chain",
    "sampling.chains": "Chains",
    "sampling.seed": "Seed",
    "sampling.target_accept": "Target acceptance",
    "sampling.engine": "Engine",
    "sampling.device": "Device",
}
SAMPLING = "sampling"
BELIEFS = {
    "roi": "return on spend",
    "marginal_roi": "return of the next money",
    "contribution_share": "share of the KPI",
    "cost_per_target": "cost per unit of the KPI",
}
UNSAID = ("version",)
REFERENCES = {"mean": "its usual level", "lowest": "its lowest level", "highest": "its highest level"}


def in_words(old: ModelSpec, new: ModelSpec, *, sampling: bool = True) -> tuple[str, ...]:
    """One line for each difference, the channels first; empty where the models are the same.

    Parameters
    ----------
    sampling
        Whether settings of the sampler count, which change the noise of an answer but not what is asked.
    """
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    lines = _channels(before.pop("channels"), after.pop("channels"))
    for path, (was, now) in _changed(before, after).items():
        if path in UNSAID or (path.startswith(SAMPLING) and not sampling):
            continue
        name = WORDS.get(path, path.replace("_", " ").replace(".", ": ").capitalize())
        lines.append(_set(name, was, now) if isinstance(was, list) else f"{name}: {_say(was)} → {_say(now)}")
    return tuple(lines)


def same_model(old: ModelSpec, new: ModelSpec) -> bool:
    """Whether both ask the same, however many draws answer it."""
    return not in_words(old, new, sampling=False)


def _channels(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[str]:
    before, after = ({c["name"]: c for c in channels} for channels in (old, new))
    lines = [f"Channel {name} is new" for name in after if name not in before]
    lines += [f"Channel {name} is gone" for name in before if name not in after]
    for name in (n for n in before if n in after):
        for path, (was, now) in _changed(before[name], after[name]).items():
            lines.append(f"Channel {name}, {path.replace('_', ' ').replace('.', ' ')}: {_say(was)} → {_say(now)}")
    return lines


def _changed(old: Mapping[str, Any], new: Mapping[str, Any], stem: str = "") -> dict[str, tuple[Any, Any]]:
    """Dotted path to (before, after) wherever two documents differ."""
    out: dict[str, tuple[Any, Any]] = {}
    for key in dict.fromkeys((*old, *new)):
        was, now, path = old.get(key), new.get(key), f"{stem}{key}"
        if isinstance(was, dict) and isinstance(now, dict):
            out |= _changed(was, now, f"{path}.")
        elif was != now:
            out[path] = (was, now)
    return out


def _item(item: Any) -> str:
    """A column keeps its name as the data have it."""
    return item if isinstance(item, str) else _say(item)


def _lever(item: Mapping[str, Any]) -> str:
    level = item["reference"]
    return f"{item['column']} against {REFERENCES.get(level, f'a level of {_say(level)}')}"


def _lift_test(item: Mapping[str, Any]) -> str:
    first, last = (date.fromisoformat(str(item[end])) for end in ("start", "end"))
    where = f" in {_say(item['geos'])}" if item["geos"] else ""
    sure = f"{item['lift']:,.12g} ± {item['standard_error']:,.12g}"
    return f"{item['channel']} from {first.day} {first:%b %Y} to {last.day} {last:%b %Y}{where} ({sure})"


ITEMS: dict[str, Callable[[Any], str]] = {WORDS["treatments"]: _lever, WORDS["lift_tests"]: _lift_test}


def _set(name: str, was: list[Any], now: list[Any] | None) -> str:
    say = ITEMS.get(name, _item)
    added = [say(v) for v in now or [] if v not in was]
    gone = [say(v) for v in was if v not in (now or [])]
    parts = [f"with {', '.join(added)}"] * bool(added) + [f"without {', '.join(gone)}"] * bool(gone)
    return f"{name}: {', '.join(parts) or 'in another order'}"


def _say(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        if value.keys() >= {"kind", "low", "high"}:
            return f"a {BELIEFS.get(value['kind'], value['kind'])} of {_say(value['low'])} to {_say(value['high'])}"
        return ", ".join(f"{k.replace('_', ' ')} {_say(v)}" for k, v in value.items() if v not in (None, ""))
    if isinstance(value, list):
        return ", ".join(map(_say, value))
    return f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
