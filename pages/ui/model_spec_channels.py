"""The channels of a specification, and what somebody believes about each of them."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from pages.ui import model_spec_table as table
from pages.ui.model_spec_table import said

COLUMNS = ["in", "name", "spend", "exposure"]
BELIEFS = ["channel", "kind", "low", "high", "source"]
NONE = "–"


def kinds(kpi: str, is_revenue: bool, currency: str) -> dict[str, str]:
    """What a belief may be about, in the words of this KPI."""
    cost = f.cost_of_one(kpi, is_revenue, currency)
    return {
        "roi": "Return on spend (2 = twice the money)",
        "marginal_roi": "Return of the next money",
        "contribution_share": f"Share of {f.inside(kpi)} (0.1 = 10%)",
        "cost_per_target": f"{cost[0].upper()}{cost[1:]}" + ("" if is_revenue else f" ({currency})"),
    }


def draw(spec: ModelSpec, raw: dict[str, Any], numbers: list[str], key: str) -> list[str]:
    """Fill ``raw['channels']``; gives one sentence for each row that cannot be used."""
    edited = table.edit(
        start(spec),
        f"{key}_channels",
        placeholder=NONE,
        column_config={
            "in": st.column_config.CheckboxColumn("In", default=True, width="small", help="Off: left out."),
            "name": st.column_config.TextColumn("Channel"),
            "spend": st.column_config.SelectboxColumn("Spend", options=numbers),
            "exposure": st.column_config.SelectboxColumn(
                "Exposure", options=numbers, help="Impressions, clicks, sends: the model acts on it where given."
            ),
        },
    )
    raw["channels"], problems = read(edited, spec)
    return problems


def beliefs(spec: ModelSpec, raw: dict[str, Any], key: str) -> list[str]:
    """Put beliefs onto ``raw['channels']``; gives one sentence for each row that cannot be used."""
    st.caption("What somebody believes before the data speak: a range that holds the truth nine times out of ten.")
    words = kinds(raw["kpi"]["column"], raw["kpi"]["unit"] == "revenue", raw["currency"])
    names = [c["name"] for c in raw["channels"]]
    edited = table.edit(
        start_beliefs(spec),
        f"{key}_beliefs",
        placeholder=NONE,
        column_config={
            "channel": st.column_config.SelectboxColumn("Channel", options=names, format_func=f.plain, width="small"),
            "kind": st.column_config.SelectboxColumn(
                "About", options=list(words), format_func=lambda b: words.get(b or "", b), width="medium"
            ),
            "low": st.column_config.NumberColumn("From", format="%.6g", width="small"),
            "high": st.column_config.NumberColumn("To", format="%.6g", width="small"),
            "source": st.column_config.TextColumn("Whose"),
        },
    )
    found, problems = read_beliefs(edited, names)
    for channel in raw["channels"]:
        channel["belief"] = found.get(channel["name"])
    return problems


def start(spec: ModelSpec) -> pd.DataFrame:
    rows = [(True, c.name, c.spend, c.exposure) for c in spec.channels]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"spend": object, "exposure": object})


def start_beliefs(spec: ModelSpec) -> pd.DataFrame:
    rows = [(c.name, c.belief.kind, c.belief.low, c.belief.high, c.belief.source) for c in spec.channels if c.belief]
    numbers = {"channel": object, "kind": object, "low": float, "high": float, "source": object}
    return pd.DataFrame(rows, columns=BELIEFS).astype(numbers)


def read(edited: pd.DataFrame, spec: ModelSpec) -> tuple[list[dict[str, Any]], list[str]]:
    """Channels as the specification's document has them, and a sentence for each row that cannot be used."""
    channels: list[dict[str, Any]] = []
    problems = []
    known = {c.name: c.model_dump(mode="json") for c in spec.channels}
    for number, row in enumerate(edited.to_dict("records"), start=1):
        name, spend, exposure = said(row["name"]), said(row["spend"]), said(row["exposure"])
        if row["in"] is False or not any((name, spend, exposure)):
            continue
        if name is None:
            problems.append(f"Give the channel in row {number} a name.")
        elif spend is None and exposure is None:
            problems.append(f"{f.plain(str(name))} needs a spend column, an exposure column or both.")
        elif any(c["name"] == name for c in channels):
            problems.append(f"There are two channels called {name}; give one of them another name.")
        else:
            # What the table has no column for stays as the specification had it.
            channels.append({**known.get(name, {}), "name": str(name), "spend": spend, "exposure": exposure})
    return channels, problems


def read_beliefs(edited: pd.DataFrame, names: list[str]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """By channel as the specification's document has them, and a sentence for each row that cannot be used."""
    found: dict[str, dict[str, Any]] = {}
    problems = []
    for row in edited.to_dict("records"):
        if all(said(row[name]) is None for name in ("channel", "kind", "low", "high")):
            continue
        name = said(row["channel"])
        problem = _wrong(row, names) or (f"{f.plain(name)} has two beliefs; keep one." if name in found else "")
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


def _wrong(row: dict[str, Any], names: list[str]) -> str:
    """What is wrong with a belief, in a sentence; empty where nothing is."""
    name, kind, low, high = (said(row[column]) for column in ("channel", "kind", "low", "high"))
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
