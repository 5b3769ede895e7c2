"""A panel's results geo by geo, and what levers of one's own did."""

import pandas as pd
import streamlit as st

from mmm_core.analysis import parts
from mmm_core.domain.fit import Run
from mmm_core.domain.results import Results
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from pages.ui import charts_geo, chrome
from pages.ui.figure import show
from pages.ui.palette import scheme

ALL = ""


def picker(results: Results, key: str) -> Results:
    """All geos, or one of them, over the pictures of what brought the KPI."""
    if not results.geo_names:
        return results
    names = [ALL, *results.geo_names]
    geo = st.selectbox(
        "Geo", names, key=key, width=260, format_func=lambda g: g or f"All {f.geos(len(results.geo_names))} together"
    )
    return results.of_geo(geo) if geo else results


def geos(results: Results) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        names = [c.channel for c in sorted(results.channels, key=lambda c: -c.contribution.mean)]
        name = st.pills(
            "Channel", names, default=names[0], required=True, format_func=f.plain, key="geo_channel",
            label_visibility="collapsed",
        )  # fmt: skip
        st.markdown("**Geo by geo**  :gray[line: 90% interval]")
        show(charts_geo.channel(results, name, scheme()), "chart_geo", alt=f"What {name} returned in each geo")
        st.caption(f.safe(apart(results, name)))
    with right:
        st.markdown("**Where the money went, where media's effect came from**")
        show(charts_geo.shares(results, scheme()), "chart_geo_shares", alt="Share of spend and of effect by geo")
    rows = table(results)
    st.dataframe(
        rows, hide_index=True, width="stretch", height=chrome.tall(len(rows)), column_config=_columns(results),
        placeholder=f.NOTHING,
    )  # fmt: skip


def apart(results: Results, name: str) -> str:
    found = parts.differ(results, name)
    if found is None:
        return f"{f.plain(name)} differs between geos by no more than its uncertainty."
    low, high = found
    return (
        f"{f.plain(name)} clearly returned more in {high.geo} ({f.interval(high.roi, f.times)}) than in {low.geo} "
        f"({f.interval(low.roi, f.times)})."
    )


def table(results: Results) -> pd.DataFrame:
    """One row per geo, the largest first; a column for each channel's return."""
    roi = {(g.geo, g.channel): g.roi.p50 for g in results.by_geo if g.roi}
    rows = []
    for total in parts.geo_totals(results):
        row: dict[str, object] = {
            "Geo": total.geo,
            "KPI": total.kpi,
            "Spend": total.spend,
            "Brought by media": total.brought,
            "Share of KPI": 100 * total.media_share,
            "Return": total.roi,
        }
        for c in results.channels:
            if c.roi:
                row[f.plain(c.channel)] = roi.get((total.geo, c.channel))
        rows.append(row)
    found = pd.DataFrame(rows)
    return found if any(c.roi for c in results.channels) else found.drop(columns="Return")


def _columns(results: Results) -> dict[str, object]:
    ratio = st.column_config.NumberColumn(format="%.2f×")
    unit = results.currency if results.is_revenue else f.inside(results.kpi)
    return {
        "Geo": st.column_config.TextColumn(pinned=True),
        "KPI": st.column_config.NumberColumn(f.plain(results.kpi), format="compact"),
        "Spend": st.column_config.NumberColumn(f"Spend ({results.currency})", format="compact"),
        "Brought by media": st.column_config.NumberColumn(f"Brought by media ({unit})", format="compact"),
        "Share of KPI": st.column_config.NumberColumn(f"Share of {f.inside(results.kpi)}", format="%.1f%%"),
        "Return": ratio,
        **{f.plain(c.channel): ratio for c in results.channels},
    }


def levers(results: Results, run: Run) -> None:
    """One sentence for each treatment, under the pictures that show it as a part of its own."""
    levels = {t.column: t.reference for t in ModelSpec.from_yaml(run.spec_yaml).treatments}
    period = f.periods(1, results.period_days).split()[1]
    for lever in parts.levers(results):
        st.markdown(f.safe(lever_sentence(lever, levels.get(lever.name, "mean"), f.inside(results.kpi), period)))


def lever_sentence(lever: parts.Lever, level: str | float, kpi: str, period: str) -> str:
    against = f.reference(level)
    single = f"{f.signed(lever.lowest, f.share)} to {f.signed(lever.highest, f.share)} in a single {period}"
    if lever.cancels:
        return f"{f.plain(lever.name)} moves {kpi} by {single}, against {against}; ups and downs cancel out."
    sure = f" ({f.interval(lever.range, lambda v: f.signed(v, f.share))})" if lever.range else ""
    return f"{f.plain(lever.name)}: {f.signed(lever.total, f.share)}{sure} of {kpi} against {against}; {single}."
