"""The specification's form: every field in the words of marketing, each with the reason for it."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.dataset import Role
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from mmm_core.use_cases.datasets import Working

MEMORY = {
    Adstock.GEOMETRIC: "Fades from the first week (most digital and radio)",
    Adstock.DELAYED: "Builds up, then fades (TV, brand, out of home)",
    Adstock.WEIBULL_PDF: "Any peak and any tail (Weibull density)",
    Adstock.WEIBULL_CDF: "Fades early or late, at its own pace (Weibull survival)",
    Adstock.NONE: "None: it acts in its own period alone",
}
SHAPE = {
    Saturation.LOGISTIC: "Diminishing from the first unit",
    Saturation.HILL: "S-shaped: a threshold first, then diminishing",
    Saturation.MICHAELIS_MENTEN: "Diminishing slowly, without a visible ceiling",
    Saturation.TANH: "Nearly straight at first, then a clear ceiling",
    Saturation.LINEAR: "None: twice the spend brings twice as much",
}
TREND = {
    "none": "None",
    "linear": "A straight line",
    "piecewise": "A line that may bend",
    "spline": "A smooth baseline",
}
STYLE = {
    "by_spend": "By spend: larger channels may bring more",
    "pymc_marketing": "PyMC-Marketing's defaults (very wide)",
}
BELIEFS = {"": "–", "roi": "Return (ROI)", "contribution_share": "Share of the KPI"}
NONE = "–"


def draw(spec: ModelSpec, now: Working, key: str) -> ModelSpec:
    """The form filled with ``spec``; gives the specification that the widgets say now."""
    raw: dict[str, Any] = spec.model_dump(mode="json")
    numbers = [str(c) for c in now.frame.select_dtypes(["number", "bool"]).columns]
    with st.expander("What is explained", expanded=False):
        _kpi(raw, numbers, key)
    with st.expander(f"Channels ({len(spec.channels)})", expanded=True):
        raw["channels"] = _channels(spec, numbers, key)
    with st.expander("Memory and saturation", expanded=True):
        _shapes(raw, key)
    with st.expander("What else moves the KPI", expanded=False):
        _surroundings(raw, now, numbers, key)
    with st.expander("Prior belief about all media", expanded=False):
        _media_prior(raw, key)
    with st.expander("Sampling (how the computation runs)", expanded=False):
        _sampling(raw, key)
    import yaml

    return ModelSpec.from_yaml(yaml.safe_dump(raw))


def _kpi(raw: dict[str, Any], numbers: list[str], key: str) -> None:
    kpi = raw["kpi"]
    left, right = st.columns(2)
    columns = list(dict.fromkeys([kpi["column"], *numbers]))
    kpi["column"] = left.selectbox("KPI", columns, key=f"{key}_kpi")
    kpi["unit"] = right.selectbox(
        "It is",
        ["revenue", "count"],
        index=0 if kpi["unit"] == "revenue" else 1,
        key=f"{key}_unit",
        format_func=lambda u: "Revenue" if u == "revenue" else "A count",
    )
    if kpi["unit"] == "count":
        known = kpi["value_per_unit"]
        by_column = st.toggle(
            "The value of one unit is in a column", value=isinstance(known, str), key=f"{key}_value_kind"
        )
        if by_column:
            options = list(dict.fromkeys([*([known] if isinstance(known, str) else []), *numbers]))
            kpi["value_per_unit"] = st.selectbox("Value of one unit", options, key=f"{key}_value_column")
        else:
            start = float(known) if isinstance(known, (int, float)) else None
            kpi["value_per_unit"] = (
                st.number_input("Value of one unit", value=start, min_value=0.0, key=f"{key}_value") or None
            )
    else:
        kpi["value_per_unit"] = None


def _channels(spec: ModelSpec, numbers: list[str], key: str) -> list[dict[str, Any]]:
    st.caption("Take a channel out by its box. A belief is a range that holds the truth nine times out of ten.")
    rows = [
        (
            True,
            c.name,
            c.spend,
            c.exposure,
            c.belief.kind if c.belief else None,
            c.belief.low if c.belief else None,
            c.belief.high if c.belief else None,
            c.belief.source if c.belief else "",
        )
        for c in spec.channels
    ]
    names = ["in", "name", "spend", "exposure", "belief", "low", "high", "source"]
    table = pd.DataFrame(rows, columns=names).astype(
        {"low": float, "high": float, "spend": object, "exposure": object, "belief": object}
    )
    edited = st.data_editor(
        table,
        key=f"{key}_channels",
        hide_index=True,
        num_rows="dynamic",
        width="stretch",
        placeholder=NONE,
        column_config={
            "in": st.column_config.CheckboxColumn("In", default=True, width="small"),
            "name": st.column_config.TextColumn("Channel", required=True),
            "spend": st.column_config.SelectboxColumn("Spend", options=numbers),
            "exposure": st.column_config.SelectboxColumn(
                "Exposure", options=numbers, help="Impressions, clicks, sends: the model acts on it where given."
            ),
            "belief": st.column_config.SelectboxColumn(
                "Belief about", options=["roi", "contribution_share"], format_func=lambda b: BELIEFS.get(b or "", b)
            ),
            "low": st.column_config.NumberColumn("From", min_value=0.0),
            "high": st.column_config.NumberColumn("To", min_value=0.0),
            "source": st.column_config.TextColumn("Whose"),
        },
    )
    return [_channel(row) for row in edited.to_dict("records") if row["in"] and _said(row["name"])]


def _said(value: object) -> Any:
    return None if value is None or (not isinstance(value, str) and pd.isna(value)) or value == "" else value


def _channel(row: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"name": str(row["name"]), "spend": _said(row["spend"]), "exposure": _said(row["exposure"])}
    if _said(row["belief"]) and _said(row["low"]) and _said(row["high"]):
        out["belief"] = {
            "kind": row["belief"],
            "low": float(row["low"]),
            "high": float(row["high"]),
            "source": _said(row["source"]) or "",
        }
    return out


def _shapes(raw: dict[str, Any], key: str) -> None:
    left, right = st.columns(2)
    raw["adstock"] = left.radio(
        "Memory: how an effect carries over",
        list(MEMORY),
        format_func=MEMORY.get,
        key=f"{key}_adstock",
        index=list(MEMORY).index(Adstock(raw["adstock"])),
    ).value
    raw["saturation"] = right.radio(
        "Saturation: how returns diminish",
        list(SHAPE),
        format_func=SHAPE.get,
        key=f"{key}_saturation",
        index=list(SHAPE).index(Saturation(raw["saturation"])),
    ).value
    raw["max_lag"] = st.slider("Longest memory, in periods", 1, 26, min(26, raw["max_lag"]), key=f"{key}_lag")


def _surroundings(raw: dict[str, Any], now: Working, numbers: list[str], key: str) -> None:
    media = {c for ch in raw["channels"] for c in (ch["spend"], ch["exposure"]) if c}
    free = [c for c in numbers if c not in media and c != raw["kpi"]["column"]]
    holidays = [c for c in now.recognition.columns(Role.HOLIDAY) if c in now.frame.columns]
    raw["controls"] = st.multiselect(
        "Controls", list(dict.fromkeys([*raw["controls"], *free])), default=raw["controls"], key=f"{key}_controls"
    )
    options = [c for c in dict.fromkeys([*raw["holidays"], *holidays, *free]) if c not in raw["controls"]]
    raw["holidays"] = st.multiselect(
        "Holidays and events", options, default=[h for h in raw["holidays"] if h in options], key=f"{key}_holidays"
    )
    left, right = st.columns(2)
    raw["season"]["yearly_terms"] = left.slider(
        "Yearly season, pairs of waves",
        0,
        8,
        min(8, raw["season"]["yearly_terms"]),
        key=f"{key}_season",
        help="Each pair bends the season once more; many pairs can eat what media brought.",
    )
    kinds = list(TREND)
    raw["trend"]["kind"] = right.selectbox(
        "Trend", kinds, index=kinds.index(raw["trend"]["kind"]), format_func=TREND.get, key=f"{key}_trend"
    )
    if raw["trend"]["kind"] in ("piecewise", "spline"):
        raw["trend"]["knots"] = right.slider("Bends", 1, 40, raw["trend"]["knots"], key=f"{key}_knots")


def _media_prior(raw: dict[str, Any], key: str) -> None:
    prior = raw["media_prior"]
    low, high = st.slider(
        "All media together bring this share of the KPI (nine times out of ten)",
        1,
        95,
        (round(prior["share_low"] * 100), round(prior["share_high"] * 100)),
        format="%d%%",
        key=f"{key}_share",
    )
    prior["share_low"], prior["share_high"] = low / 100, max(high, low + 1) / 100
    styles = list(STYLE)
    prior["style"] = st.radio(
        "Spread over channels", styles, index=styles.index(prior["style"]), format_func=STYLE.get, key=f"{key}_style"
    )


def _sampling(raw: dict[str, Any], key: str) -> None:
    now = raw["sampling"]
    st.caption("The defaults suit most models; more draws give steadier interval ends and take longer.")
    first, second, third = st.columns(3)
    now["draws"] = int(first.number_input("Draws per chain", 50, 10_000, now["draws"], 50, key=f"{key}_draws"))
    now["tune"] = int(second.number_input("Warm-up per chain", 50, 5_000, now["tune"], 50, key=f"{key}_tune"))
    now["chains"] = int(third.number_input("Chains", 1, 16, now["chains"], key=f"{key}_chains"))
    now["seed"] = int(
        first.number_input(
            "Seed", 0, 2**31 - 1, now["seed"], key=f"{key}_seed", help="The same seed gives the same draws."
        )
    )
    engines = ["auto", "collapsed", "pymc"]
    now["engine"] = second.selectbox("Engine", engines, index=engines.index(now["engine"]), key=f"{key}_engine")
    devices = ["auto", "cpu", "gpu"]
    now["device"] = third.selectbox("Device", devices, index=devices.index(now["device"]), key=f"{key}_device")
    now["target_accept"] = st.slider(
        "Target acceptance (higher: smaller, safer steps)",
        0.6,
        0.99,
        float(now["target_accept"]),
        0.01,
        key=f"{key}_accept",
    )
