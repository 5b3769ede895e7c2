"""The channels of a specification, and what somebody believes about each of them."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from pages.ui import model_spec_table as table
from pages.ui.model_spec_table import said

COLUMNS = ["in", "name", "spend", "exposure", "reach", "frequency"]
PEOPLE = ("reach", "frequency")
BELIEFS = ["channel", "kind", "low", "high", "source"]
NONE = "–"


def kinds(kpi: str, is_revenue: bool, currency: str) -> dict[str, str]:
    """What a belief may be about, in the words of this KPI."""
    cost = f.cost_of_one(kpi, is_revenue, currency)
    return {
        "roi": "Return on spend",
        "marginal_roi": "Return of the next money",
        "contribution_share": f"Share of {f.inside(kpi)}",
        "cost_per_target": f"{cost[0].upper()}{cost[1:]}" + ("" if is_revenue else f" ({currency})"),
    }


def draw(spec: ModelSpec, raw: dict[str, Any], numbers: list[str], people: bool, key: str) -> list[str]:
    """Fill ``raw['channels']``; gives one sentence for each row that cannot be used.

    ``people`` says whether these data count people reached and how often.
    """
    select = st.column_config.SelectboxColumn
    edited = table.edit(
        start(spec),
        f"{key}_channels",
        placeholder=NONE,
        column_order=[*COLUMNS[:4], *(PEOPLE if people or any(c.reach for c in spec.channels) else ())],
        column_config={
            "in": st.column_config.CheckboxColumn("In", default=True, width="small", help="Off: left out."),
            "name": st.column_config.TextColumn("Channel"),
            "spend": select("Spend", options=numbers),
            "exposure": select(
                "Exposure", options=numbers, help="Impressions, clicks, sends: the model acts on it where given."
            ),
            "reach": select(
                "Reach", options=numbers, help="People reached; with a frequency it takes the exposure's place."
            ),
            "frequency": select("Frequency", options=numbers, help="How often each of them was reached."),
        },
    )
    raw["channels"], problems = read(edited, spec)
    return problems


def beliefs(spec: ModelSpec, raw: dict[str, Any], key: str) -> list[str]:
    """Put beliefs onto ``raw['channels']``; gives one sentence for each row that cannot be used."""
    st.caption(
        "What somebody believes before the data speak: a range that holds the truth nine times out of ten. "
        "Fill in the channels that somebody knows about, and leave the others empty."
    )
    words = kinds(raw["kpi"]["column"], raw["kpi"]["unit"] == "revenue", raw["currency"])
    names = [c["name"] for c in raw["channels"]]
    edited = table.edit(
        start_beliefs(spec),
        f"{key}_beliefs",
        placeholder=NONE,
        column_config={
            # Text, not a choice: a pasted name that is misspelt stays, and gets its sentence.
            "channel": st.column_config.TextColumn("Channel", help=f"One of {', '.join(names)}."),
            "kind": st.column_config.SelectboxColumn(
                "About",
                options=list(words),
                format_func=lambda b: words.get(b or "", b),
                width=150,
                help="A return of 2 is twice the money; a share of 0.1 is 10%.",
            ),
            "low": st.column_config.NumberColumn("From", format="%.6g", width="small"),
            "high": st.column_config.NumberColumn("To", format="%.6g", width="small"),
            "source": st.column_config.TextColumn("Whose"),
        },
    )
    found, problems = read_beliefs(edited, names, [c.name for c in spec.channels])
    for channel in raw["channels"]:
        channel["belief"] = found.get(channel["name"])
    return problems


def start(spec: ModelSpec) -> pd.DataFrame:
    rows = [(True, c.name, c.spend, c.exposure, c.reach, c.frequency) for c in spec.channels]
    return pd.DataFrame(rows, columns=COLUMNS).astype(dict.fromkeys(COLUMNS[2:], object))


def start_beliefs(spec: ModelSpec) -> pd.DataFrame:
    """A row for each channel, filled where somebody believes something."""
    rows = [
        (c.name, c.belief.kind, c.belief.low, c.belief.high, c.belief.source)
        if c.belief
        else (c.name, None, None, None, None)
        for c in spec.channels
    ]
    numbers = {"channel": object, "kind": object, "low": float, "high": float, "source": object}
    return pd.DataFrame(rows, columns=BELIEFS).astype(numbers)


def read(edited: pd.DataFrame, spec: ModelSpec) -> tuple[list[dict[str, Any]], list[str]]:
    """Channels as the specification's document has them, and a sentence for each row that cannot be used."""
    channels: list[dict[str, Any]] = []
    problems = []
    known = {c.name: c.model_dump(mode="json") for c in spec.channels}
    for number, row in enumerate(edited.to_dict("records"), start=1):
        columns = {field: said(row[field]) for field in COLUMNS[2:]}
        name = said(row["name"])
        if row["in"] is False or not any((name, *columns.values())):
            continue
        problem = f"Give the channel in row {number} a name." if name is None else _unfit(str(name), columns)
        if not problem and any(c["name"] == name for c in channels):
            problem = f"There are two channels called {name}; give one of them another name."
        if problem:
            problems.append(problem)
        else:
            # What the table has no column for stays as the specification had it.
            channels.append({**known.get(str(name), {}), "name": str(name), **columns})
    return channels, problems


def _unfit(name: str, columns: dict[str, Any]) -> str:
    """Why a channel cannot act on these columns, in a sentence; empty where it can."""
    exposure, reach, frequency = columns["exposure"], columns["reach"], columns["frequency"]
    if bool(reach) != bool(frequency):
        return f"{f.plain(name)} needs a reach and a frequency; a reach alone goes into its exposure column."
    if exposure and reach:
        return f"{f.plain(name)} acts on its exposure or on reach and frequency; empty one of them."
    if not (columns["spend"] or exposure or reach):
        return f"{f.plain(name)} needs a spend column, an exposure column or both."
    return ""


def read_beliefs(
    edited: pd.DataFrame, names: list[str], offered: Collection[str] = ()
) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """By channel as the specification's document has them, and a sentence for each row that cannot be used.

    A row with nothing but a channel's name is passed over; ``offered`` are names that the table began with.
    """
    found: dict[str, dict[str, Any]] = {}
    problems = []
    loosely = {_loose(n): n for n in names}
    for row in edited.to_dict("records"):
        typed = said(row["channel"])
        name = typed if typed is None or typed in names else loosely.get(_loose(str(typed)), typed)
        empty = all(said(row[part]) is None for part in ("kind", "low", "high"))
        if empty and (name is None or name in names or name in offered):
            continue
        problem = _wrong(row, name, names)
        problem = problem or (f"{f.plain(name)} has two beliefs; keep one." if name in found else "")
        if problem:
            problems.append(problem)
        else:
            found[name] = {
                "kind": row["kind"],
                "low": float(row["low"]),
                "high": float(row["high"]),
                "source": said(row["source"]) or "",
            }
    return found, problems


def _loose(name: str) -> str:
    return name.strip().casefold().replace("_", " ")


def _wrong(row: Mapping[Hashable, Any], name: str | None, names: list[str]) -> str:
    """What is wrong with a belief, in a sentence; empty where nothing is."""
    kind, low, high = (said(row[column]) for column in ("kind", "low", "high"))
    if name is None:
        return f"Say which channel the belief from {_number(low)} to {_number(high)} is about."
    if name not in names:
        return f"{name} is no channel of this model; it has {', '.join(names)}."
    who = f.plain(name)
    if kind is None:
        return f"{who}: say what the range from {_number(low)} to {_number(high)} is about."
    if low is None or high is None:
        return f"{who}: a belief is a range; give its {'low' if low is None else 'high'} end too."
    if low <= 0:
        return f"{who}: the low end of a belief must be above zero, and is {_number(low)}."
    if low >= high:
        return f"{who}: the low end ({_number(low)}) must lie under the high end ({_number(high)})."
    if kind == "contribution_share" and high >= 1:
        return f"{who}: a share lies under 1 (0.1 = 10%), and the high end is {_number(high)}."
    return ""


def _number(value: float | None) -> str:
    return "…" if value is None else f"{value:g}"
