"""Saved scenarios: side by side with today, loaded back into the sliders, deleted."""

import pandas as pd
import streamlit as st

from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import Scenario
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import studies, what_if
from pages.ui import charts_plan, chrome, firmness, sliders, state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme


def panel(actor: Actor, project: Project, run: Run, results: Results) -> None:
    with shown():
        saved = what_if.list_scenarios(state.services(), actor, project.id)
        if not saved:
            with chrome.empty(
                "No scenario yet",
                "Move the sliders under By hand, or let Optimise do it, and save what you want to keep.",
            ):
                pass
            return
        names = {s.id: s.name for s in saved}
        picked = st.multiselect(
            "Compare", list(names), default=list(names)[:4], format_func=names.get, key="compare_scenarios"
        )
        fitted = state.fitted(actor, run.id)
        chosen = [s for s in saved if s.id in picked]
        usable = [s for s in chosen if set(s.plan.spend) <= set(fitted.response.paid)]
        for gone in (s for s in chosen if s not in usable):
            st.caption(f"{f.safe(gone.name)} names channels that the newest model does not have.")
        rows = [(c.name, c.outcome) for c in what_if.compare(fitted.response, usable)]
        show(
            charts_plan.compared(rows, results, scheme()),
            "compared",
            alt="What the scenarios bring, each with its 90% interval",
        )
        st.dataframe(
            _table(rows, results),
            hide_index=True,
            width="stretch",
            column_config={"Scenario": st.column_config.TextColumn(pinned=True)},
        )
        found = studies.of_kind(state.services(), actor, run.id, firmness.KIND)
        for scenario in saved:
            with st.container(border=True, key=f"scenario_{scenario.id}"):
                _line(actor, scenario, results)
                if set(scenario.plan.spend) <= set(fitted.response.paid):
                    firmness.section(actor, run, scenario, results, found)


def _table(rows: list, results: Results) -> pd.DataFrame:
    write = f.kpi_writer(results)
    out = []
    for name, one in rows:
        row = {
            "Scenario": name,
            "Length": f.periods(one.plan.periods, results.period_days),
            "Spend": f.money(one.total_spend, results.currency),
            "Brings": write(one.kpi.mean),
            "90% interval": f.interval(one.kpi, write),
            "Return": f.times(one.roi.p50) if one.roi else f.NOTHING,
            "Better than today": f.chance(one.probability_better) if name != "Today" else f.NOTHING,
        }
        row |= {f.plain(c): f.money(v, results.currency) for c, v in sorted(one.plan.spend.items())}
        out.append(row)
    return pd.DataFrame(out)


def _line(actor: Actor, scenario: Scenario, results: Results) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        total = f.money(sum(scenario.plan.spend.values()), results.currency)
        st.markdown(
            f"**{f.safe(scenario.name)}** :gray[{total} over {f.periods(scenario.plan.periods, results.period_days)} · "
            f"{f.safe(scenario.created_by)}, {f.day(scenario.created_at)}]",
            width="content",
        )
        with st.container(horizontal=True, width="content"):
            st.button(
                "Load into the sliders",
                key=f"load_{scenario.id}",
                on_click=sliders.open_with,
                args=(scenario.plan.spend, scenario.plan.periods),
            )
            if st.button("Delete", key=f"delete_{scenario.id}", type="tertiary"):
                with shown():
                    what_if.delete_scenario(state.services(), actor, scenario.id)
                    st.rerun()
