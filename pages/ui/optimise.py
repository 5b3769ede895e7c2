"""The best split of a budget: total, limits and locks in; base, aggressive and conservative plans out, at once."""

from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.analysis.objectives import STYLES
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import Bounds, OptimisedPlan, SpendPlan
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import what_if
from mmm_core.use_cases.fits import Fitted
from pages.ui import charts_plan as charts
from pages.ui import chrome, sliders, state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

PERIODS = "opt_periods"
START = "opt_start"
WORDS = {
    "base": "The highest result that is to be expected.",
    "aggressive": "Most upside: aims at the better half of outcomes.",
    "conservative": "Safest: aims at the worst fifth of outcomes.",
}


def panel(actor: Actor, project: Project, run: Run, results: Results) -> None:
    _optimise(actor, run, results, state.fitted(actor, run.id))


@st.fragment
def _optimise(actor: Actor, run: Run, results: Results, fitted: Fitted) -> None:
    with shown():
        left, right = st.columns([2, 3], gap="large")
        with left:
            periods = st.slider(
                "Length of the plan",
                4,
                52,
                st.session_state.get(PERIODS, 13),
                key=PERIODS,
                format=f"%d {f.period(results.period_days)}s",
            )
            today = fitted.response.current_plan(periods)
            now = sum(today.spend.values())
            total = st.number_input(
                f"Total budget ({results.currency})",
                min_value=0.0,
                value=float(round(now)),
                step=max(1.0, float(round(now / 50))),
                key=f"opt_total_{run.id}_{periods}",
                format="%.0f",
            )
            st.caption(_pace(total, now, results))
            bounds = _limits(fitted, run, today, total, results)
        if total <= 0:
            st.info("Give a total budget above zero.")
            return
        plans = what_if.optimise_styles(fitted.response, total, periods, bounds)
        with right:
            _plans(actor, run, plans, results)
            _shown_plan(today, plans, results)


Ends = tuple[float | None, float | None]


def load(run: Run, periods: int, total: float | None, ends: dict[str, Ends], locked: set[str]) -> None:
    """Begin from limits and a total that were asked for elsewhere; a new generation forgets what was typed before."""
    generation = st.session_state.get(START, {}).get("generation", 0) + 1
    st.session_state[START] = {
        "run": run.id,
        "periods": periods,
        "ends": {name: tuple(v and round(v, 2) for v in both) for name, both in ends.items()},
        "locked": locked,
        "generation": generation,
    }
    st.session_state[PERIODS] = periods
    key = f"opt_total_{run.id}_{periods}"
    if total is not None:
        st.session_state[key] = float(round(total))
    else:
        st.session_state.pop(key, None)


def _started(run: Run, periods: int) -> tuple[dict[str, Ends], set[str], int]:
    """Limits and locks to begin from, and how often they were set anew."""
    start = st.session_state.get(START, {})
    same = start.get("run") == run.id and start.get("periods") == periods
    return (start["ends"] if same else {}), (start["locked"] if same else set()), start.get("generation", 0)


def _pace(total: float, now: float, results: Results) -> str:
    pace = f"Today's pace: {f.money(now, results.currency, full=True)}"
    change = total / now - 1 if now > 0 else 0.0
    return f.safe(pace if abs(change) < 0.0005 else f"{pace}; this is {f.signed(change, f.share)}")


def _limits(fitted: Fitted, run: Run, today: SpendPlan, total: float, results: Results) -> dict[str, Bounds]:
    """Lowest and highest spend where a person sets them; a lock keeps today's."""
    names = sliders.by_spend(today)
    ends, locked, generation = _started(run, today.periods)
    free = (None, None)
    table = pd.DataFrame(
        {
            "Channel": [f.plain(n) for n in names],
            "Today": [today.spend[n] for n in names],
            "Least": [ends.get(n, free)[0] for n in names],
            "Most": [ends.get(n, free)[1] for n in names],
            "Lock": [n in locked for n in names],
        }
    ).astype({"Least": float, "Most": float})
    money = st.column_config.NumberColumn(format="localized", min_value=0)
    edited = st.data_editor(
        table,
        hide_index=True,
        width="stretch",
        disabled=["Channel", "Today"],
        placeholder="free",
        key=f"opt_limits_{run.id}_{today.periods}_{generation}",
        column_config={
            "Today": st.column_config.NumberColumn(f"Today ({results.currency})", format="localized", step=1),
            "Least": money,
            "Most": money,
            "Lock": st.column_config.CheckboxColumn(help="Keep at today's spend", width="small"),
        },
    )
    reach = ", ".join(f"{name} {s.reach[0]:g}× to {s.reach[1]:g}×" for name, s in STYLES.items())
    st.caption(f"A free channel moves as far as the plan's style lets it, in multiples of today: {reach}.")
    offered = what_if.default_bounds(fitted.response, today.periods, total)
    found = {n: _bounds(row, offered[n]) for n, row in zip(names, edited.to_dict("records"), strict=True)}
    return {n: b for n, b in found.items() if b is not None}


def _bounds(row: dict[str, Any], offered: Bounds) -> Bounds | None:
    """A row of the table; half to twice of today stands in for the end that was left free."""
    least, most = (None if pd.isna(row[end]) else float(row[end]) for end in ("Least", "Most"))
    if row["Lock"]:
        return Bounds(offered.low, offered.high, locked=True)
    if least is None and most is None:
        return None
    low = least if least is not None else min(offered.low, most or 0.0)
    return Bounds(low, most if most is not None else max(offered.high, low))


def _plans(actor: Actor, run: Run, plans: tuple[OptimisedPlan, ...], results: Results) -> None:
    write = f.kpi_writer(results)
    for column, plan in zip(st.columns(len(plans)), plans, strict=True):
        one = plan.outcome
        with column, st.container(border=True, height="stretch", key=f"opt_{plan.style}"):
            with st.container(height="stretch", gap="small", key=f"tile_{plan.style}"):
                st.markdown(f"**{charts.STYLE_WORDS[plan.style]}**")
                st.caption(WORDS[plan.style])
                st.metric(
                    "Against today",
                    f.signed(one.against_current.mean, write),
                    delta=f"{f.signed(one.against_current.p5, write)} to {f.signed(one.against_current.p95, write)}",
                    delta_color="off",
                    delta_arrow="off",
                )
                roi = f", return {f.times(one.roi.p50)}" if one.roi else ""
                st.caption(f"{f.chance(one.probability_better)} sure to beat today{roi}")
                if not plan.converged:
                    st.caption(":orange[The search did not settle; widen the limits.]")
            if st.button("Save as scenario", key=f"opt_save_{plan.style}", width="stretch"):
                _save(actor, run, plan)


def _shown_plan(today: SpendPlan, plans: tuple[OptimisedPlan, ...], results: Results) -> None:
    """One of the plans, move by move: how far, how sure, and what stopped it."""
    by_style = {p.style: p for p in plans}
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        style = st.segmented_control(
            "Plan", list(by_style), default="base", required=True, key="opt_shown", format_func=charts.STYLE_WORDS.get,
            label_visibility="collapsed",
        )  # fmt: skip
        plan = by_style[style or "base"]
        if st.button(
            "Load into the sliders", key="opt_load", type="tertiary", icon=":material/tune:",
            on_click=sliders.open_with, args=(plan.outcome.plan.spend, today.periods),
        ):  # fmt: skip
            st.rerun()
    with st.container(key="moves"):
        st.markdown(moves(today, plan, results))
    show(
        charts.allocation(today, plan, results, scheme()),
        "opt_allocation",
        alt="Spend by channel today and under the chosen plan",
    )


def moves(today: SpendPlan, plan: OptimisedPlan, results: Results) -> str:
    """The plan as a table in Markdown, the largest move first, the evidence for each channel beside its move."""
    spend, evidence = plan.outcome.plan.spend, {c.channel: c.evidence for c in results.channels}
    lines = ["| Channel | Change | Evidence | Today | Plan |", "|:--|--:|:--|--:|:--|"]
    for name in sorted(today.spend, key=lambda n: -abs(spend.get(n, 0.0) - today.spend[n])):
        before, after = today.spend[name], spend.get(name, 0.0)
        change = f.signed(after / before - 1, f.share) if before > 0 else f.NOTHING
        badge = chrome.evidence_badge(evidence[name]) if name in evidence else ""
        limit = " :gray-badge[at its limit]" if name in plan.binding else ""
        money = " | ".join(f.safe(f.money(v, results.currency)) for v in (before, after))
        lines.append(f"| {f.safe(f.plain(name))} | {f.safe(change)} | {badge} | {money}{limit} |")
    return "\n".join(lines)


@st.dialog("Keep this plan")
def _save(actor: Actor, run: Run, plan: OptimisedPlan) -> None:
    name = st.text_input(
        "Name", value=f"{charts.STYLE_WORDS[plan.style]} plan", key=f"opt_name_{plan.style}", max_chars=80
    )
    if st.button("Save the scenario", type="primary", key="opt_save_yes"):
        with shown():
            what_if.save_scenario(state.services(), actor, run.id, name, plan.outcome.plan)
            state.flash("Scenario saved.")
            st.rerun()
