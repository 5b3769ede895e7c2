"""The best split of a budget: total, limits and locks in; base, aggressive and conservative plans out, at once."""

import pandas as pd
import streamlit as st

from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import Bounds, OptimisedPlan, SpendPlan
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import what_if
from mmm_core.use_cases.fits import Fitted
from pages.ui import charts_plan as charts
from pages.ui import state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

WORDS = {
    "base": "The most that is expected.",
    "aggressive": "More upside, moves further from today.",
    "conservative": "Best where things go badly; stays near today.",
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
                13,
                key="opt_periods",
                format=f"%d {'weeks' if results.period_days == 7 else 'periods'}",
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
                help=f"Today's pace is {f.money(now, results.currency, full=True)}.",
            )
            bounds = _limits(fitted, run, today, total, results)
        if total <= 0:
            st.info("Give a total budget above zero.")
            return
        plans = what_if.optimise_styles(fitted.response, total, periods, bounds)
        with right:
            _plans(actor, run, plans, results)
            show(
                charts.allocation(today, plans, results, scheme()),
                "opt_allocation",
                alt="Spend by channel today and under each optimised plan",
            )


def _limits(fitted: Fitted, run: Run, today: SpendPlan, total: float, results: Results) -> dict[str, Bounds]:
    """Editable lowest and highest spend per channel; a lock keeps today's."""
    offered = what_if.default_bounds(fitted.response, today.periods, total)
    names = sorted(today.spend, key=lambda c: -today.spend[c])
    table = pd.DataFrame(
        {
            "Channel": names,
            "Today": [today.spend[n] for n in names],
            "Least": [round(offered[n].low) for n in names],
            "Most": [round(offered[n].high) for n in names],
            "Lock": [False] * len(names),
        }
    )
    money = st.column_config.NumberColumn(format="localized", min_value=0)
    edited = st.data_editor(
        table,
        hide_index=True,
        width="stretch",
        disabled=["Channel", "Today"],
        key=f"opt_limits_{run.id}_{today.periods}_{total:.0f}",
        column_config={
            "Today": st.column_config.NumberColumn(format="localized", step=1),
            "Least": money,
            "Most": money,
            "Lock": st.column_config.CheckboxColumn(help="Keep at today's spend"),
        },
    )
    st.caption(
        "Least and most start at half and twice today's spend, scaled to the budget: "
        "no further than the data can speak."
    )
    return {
        row["Channel"]: Bounds(float(row["Least"] or 0.0), float(row["Most"] or 0.0), bool(row["Lock"]))
        for row in edited.to_dict("records")
    }


def _plans(actor: Actor, run: Run, plans: tuple[OptimisedPlan, ...], results: Results) -> None:
    write = f.kpi_writer(results)
    for column, plan in zip(st.columns(len(plans)), plans, strict=True):
        one = plan.outcome
        with column, st.container(border=True, height="stretch", key=f"opt_{plan.style}"):
            st.markdown(f"**{charts.STYLE_WORDS[plan.style]}**")
            st.metric(
                "Against today",
                f.signed(one.against_current.mean, write),
                delta=f"{f.signed(one.against_current.p5, write)} to {f.signed(one.against_current.p95, write)}",
                delta_color="off",
                delta_arrow="off",
            )
            roi = f"Return {f.times(one.roi.p50)} ({f.interval(one.roi, f.times)}). " if one.roi else ""
            st.caption(
                f"{roi}Beats today with a probability of {f.chance(one.probability_better)}. {WORDS[plan.style]}"
            )
            if plan.binding:
                st.caption(f"At a limit: {f.safe(', '.join(f.plain(c) for c in plan.binding))}")
            if not plan.converged:
                st.caption(":orange[The search did not settle; widen the limits.]")
            if st.button("Save", key=f"opt_save_{plan.style}", width="stretch"):
                _save(actor, run, plan)


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
