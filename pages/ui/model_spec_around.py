"""What else moves the KPI: controls, events, levers of one's own; and the geos of a panel."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.dataset import Role
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases.datasets import Working
from pages.ui import model_spec_families as families
from pages.ui import model_spec_table as table
from pages.ui.model_spec_table import said

LEVEL = {
    "mean": "its usual level",
    "lowest": "its lowest",
    "highest": "its highest",
    "number": "a number of its own unit",
}
COLUMNS = ["column", "reference", "number"]
NATIONAL = "None: one row per period"


def draw(spec: ModelSpec, raw: dict[str, Any], now: Working, numbers: list[str], key: str) -> list[str]:
    """Fill ``raw``; gives one sentence for each lever that cannot be used."""
    taken = {c for ch in raw["channels"] for c in (ch["spend"], ch["exposure"]) if c}
    taken |= {raw["kpi"]["column"], raw["population"] or "", str(raw["kpi"]["value_per_unit"] or "")}
    free = [c for c in numbers if c not in taken]
    st.markdown("**Levers of your own**  :gray[price, promotion: they are no media, and count from a level you choose]")
    edited = table.edit(
        start(spec),
        f"{key}_levers",
        placeholder="–",
        column_config={
            "column": st.column_config.SelectboxColumn("Lever", options=free, format_func=f.plain),
            "reference": st.column_config.SelectboxColumn(
                "Counts from", options=list(LEVEL), format_func=lambda kind: LEVEL.get(kind or "", kind), default="mean"
            ),
            "number": st.column_config.NumberColumn("That number", format="%.6g"),
        },
    )
    raw["treatments"], problems = read(edited)
    levers = {t["column"] for t in raw["treatments"]}
    left = [c for c in dict.fromkeys([*raw["controls"], *free]) if c not in levers]
    raw["controls"] = st.multiselect(
        "Controls", left, default=[c for c in raw["controls"] if c in left], key=f"{key}_controls", format_func=f.plain
    )
    holidays = [c for c in now.recognition.columns(Role.HOLIDAY) if c in now.frame.columns]
    options = [c for c in dict.fromkeys([*raw["holidays"], *holidays, *free]) if c not in {*raw["controls"], *levers}]
    raw["holidays"] = st.multiselect(
        "Holidays and events",
        options,
        default=[h for h in raw["holidays"] if h in options],
        key=f"{key}_holidays",
        format_func=f.plain,
    )
    families.baseline(raw, key)
    return problems


def start(spec: ModelSpec) -> pd.DataFrame:
    rows = [
        (t.column, t.reference, None) if isinstance(t.reference, str) else (t.column, "number", t.reference)
        for t in spec.treatments
    ]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"column": object, "reference": object, "number": float})


def read(edited: pd.DataFrame) -> tuple[list[dict[str, Any]], list[str]]:
    """Treatments as the specification's document has them, and a sentence for each row that cannot be used."""
    levers: list[dict[str, Any]] = []
    problems = []
    for row in edited.to_dict("records"):
        column, kind, number = said(row["column"]), said(row["reference"]) or "mean", said(row["number"])
        if column is None:
            continue
        if any(lever["column"] == column for lever in levers):
            problems.append(f"{f.plain(column)} is named twice among the levers.")
        elif kind == "number" and number is None:
            problems.append(f"{f.plain(column)}: give the number that its effect counts from.")
        else:
            levers.append({"column": column, "reference": float(number) if kind == "number" else kind})
    return levers, problems


def panel(raw: dict[str, Any], now: Working) -> bool:
    """Whether these data, or the specification, have geos."""
    return raw["geo"] is not None or now.recognition.one(Role.GEO) is not None


def geos(raw: dict[str, Any], now: Working, numbers: list[str], key: str) -> None:
    names = [str(c) for c in now.frame.columns if c not in numbers and c != raw["date"]]
    options = [NATIONAL, *dict.fromkeys([*([raw["geo"]] if raw["geo"] else []), *names])]
    left, right = st.columns(2)
    at = options.index(raw["geo"]) if raw["geo"] else 0
    geo = left.selectbox("Column that names the geo", options, index=at, key=f"{key}_geo", format_func=_plain)
    raw["geo"] = None if geo == NATIONAL else geo
    if raw["geo"] is None:
        raw["population"] = None
        return
    heads = ["", *dict.fromkeys([*([raw["population"]] if raw["population"] else []), *numbers])]
    raw["population"] = (
        right.selectbox(
            "Column with each geo's population",
            heads,
            index=heads.index(raw["population"] or ""),
            key=f"{key}_population",
            format_func=lambda c: _plain(c) if c else "None: geos are sized by their KPI",
            help="Exposure is compared per head, so that a large geo and a small one teach the same thing.",
        )
        or None
    )
    count = now.frame[raw["geo"]].nunique() if raw["geo"] in now.frame.columns else 0
    st.caption(
        f"{f.geos(count)}, pooled: memory and saturation are shared, each geo has its own baseline and its own effect "
        "of each channel, and a geo that says little leans on the others."
    )


def _plain(column: str) -> str:
    return column if column == NATIONAL else f.plain(column)
