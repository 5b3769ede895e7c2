"""One slider per channel; the numbers and pictures follow the hand."""

import math

import streamlit as st

from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import PlanOutcome, SpendPlan
from mmm_core.domain.project import Project
from mmm_core.domain.results import ChannelResult, Evidence, Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import what_if
from mmm_core.use_cases.fits import Fitted
from pages.ui import chrome, live, state
from pages.ui.charts import colours_of
from pages.ui.errors import shown
from pages.ui.palette import scheme

PERIODS = "what_if_periods"
START = "what_if_start"
TABS = "what_if_tabs"
FARTHEST = 300


def panel(actor: Actor, project: Project, run: Run, results: Results) -> None:
    fitted = state.fitted(actor, run.id)
    _dots(fitted, results)
    _hand(actor, run, results, fitted)


@st.fragment
def _hand(actor: Actor, run: Run, results: Results, fitted: Fitted) -> None:
    """A fragment of its own: moving a slider redraws this and nothing else."""
    with shown():
        # The numbers stay in view while a hand is on a slider, also where everything is one column.
        top = st.container(key="hand_numbers")
        left, right = st.columns([2, 3], gap="large")
        with left:
            periods = _periods(results)
            plan = SpendPlan(periods, _sliders(run, fitted.response.current_plan(periods), results))
        now = what_if.evaluate(fitted.response, plan)
        base = _today(fitted, periods)
        with top:
            _numbers(now, base, results)
        look = scheme()
        with right:
            st.markdown("**Over time**  :gray[line: this plan, with its 90% interval; dotted: today's plan]")
            live.outcome(now, base, results, look)
            st.markdown("**By channel**  :gray[bar: this plan, with its 90% interval; tick: today's plan]")
            live.by_channel(now, base, colours_of(results), results, look)
            _save(actor, run, plan)


def _periods(results: Results) -> int:
    return st.slider(
        "Length of the plan",
        4,
        52,
        st.session_state.get(PERIODS, 13),
        key=PERIODS,
        format=f"%d {f.period(results.period_days)}s",
    )


def _today(fitted: Fitted, periods: int) -> PlanOutcome:
    """Today's plan evaluated once for each length; it is the yardstick of every slider move."""
    kept = st.session_state.setdefault("what_if_today", {})
    key = (fitted.run.id, periods)
    if key not in kept:
        kept.clear()
        kept[key] = what_if.evaluate(fitted.response, fitted.response.current_plan(periods))
    return kept[key]


def _sliders(run: Run, today: SpendPlan, results: Results) -> dict[str, float]:
    """Percent of today's spend per channel; a loaded scenario sets where they start."""
    start: dict[str, float] = st.session_state.get(START, {})
    generation = st.session_state.setdefault("what_if_generation", 0)
    seen = {c.channel: c for c in results.channels}
    spend = {}
    for place, name in enumerate(by_spend(today)):
        base = today.spend[name]
        if base <= 0:
            spend[name] = 0.0
            continue
        with st.container(key=f"hand_channel_{place}", gap=None):
            spend[name] = _slider(
                name, base, start.get(name, base), f"slide_{run.id}_{generation}_{name}", seen.get(name), results
            )
            curve = seen[name].curve if name in seen else None
            if curve and spend[name] / today.periods > curve.highest_seen > 0:
                st.caption(":orange[Beyond what the data have seen: the answer leans on the curve's shape.]")
    st.button("Back to today", key="what_if_reset", on_click=load, args=({},), icon=":material/undo:")
    return spend


def _slider(name: str, base: float, start: float, key: str, found: ChannelResult | None, results: Results) -> float:
    """One channel's slider; its label says the money that its percent stands for."""
    at = _place(start, base)
    now = st.session_state.get(key, at)
    money = f.money(_spend(now, start, base), results.currency)
    beside = "as today" if now == 100 else f"today {f.money(base, results.currency)}"
    badge = f" {chrome.evidence_badge(found.evidence)}" if found and found.evidence is not Evidence.DATA else ""
    percent = st.slider(
        f"**{f.safe(f.plain(name))}** {f.safe(money)} :gray[{f.safe(beside)}]{badge}",
        0,
        max(FARTHEST, 100 * math.ceil(at / 100)),
        at,
        5 if at % 5 == 0 else 1,
        format="%d%%",
        key=key,
    )
    return _spend(percent, start, base)


def _place(start: float, base: float) -> int:
    return round(100 * start / base)


def _spend(percent: int, start: float, base: float) -> float:
    """What a slider stands for: a plan's own amount where it was put, else its percent of today."""
    return start if percent == _place(start, base) else base * percent / 100


def plan_now(run: Run, response: ResponseModel) -> SpendPlan:
    """The plan as the sliders have it, whether or not they are on the page."""
    periods = int(st.session_state.get(PERIODS, 13))
    start: dict[str, float] = st.session_state.get(START, {})
    generation = st.session_state.get("what_if_generation", 0)
    spend = {}
    for name, base in response.current_plan(periods).spend.items():
        begun = start.get(name, base)
        at = st.session_state.get(f"slide_{run.id}_{generation}_{name}")
        spend[name] = begun if at is None or base <= 0 else _spend(at, begun, base)
    return SpendPlan(periods, spend)


def by_spend(today: SpendPlan) -> list[str]:
    return sorted(today.spend, key=lambda c: -today.spend[c])


def _dots(fitted: Fitted, results: Results) -> None:
    """Each channel's colour before its name, as in every chart."""
    colours = colours_of(results)
    names = by_spend(fitted.response.current_plan(1))
    rules = "".join(
        f".st-key-hand_channel_{i} label p::before{{background:{colours[n]}}}"
        for i, n in enumerate(names)
        if n in colours
    )
    shape = (
        '[class*="st-key-hand_channel_"] label p::before{content:"";display:inline-block;width:.7em;height:.7em;'
        "border-radius:50%;margin-right:.5em}"
    )
    st.html(f"<style>{shape}{rules}</style>")


def load(spend: dict[str, float], periods: int | None = None) -> None:
    """Put the sliders where a plan has them; a new generation of keys lets go of where they were."""
    st.session_state[START] = spend
    st.session_state["what_if_generation"] = st.session_state.get("what_if_generation", 0) + 1
    if periods:
        st.session_state[PERIODS] = min(52, max(4, periods))


def open_with(spend: dict[str, float], periods: int) -> None:
    """Load a plan and turn to where the sliders are."""
    load(spend, periods)
    st.session_state[TABS] = "By hand"


def _numbers(now: PlanOutcome, base: PlanOutcome, results: Results) -> None:
    write = f.kpi_writer(results)
    with st.container(horizontal=True):
        st.metric(
            "Spend",
            f.money(now.total_spend, results.currency),
            border=True,
            delta=_against(now.total_spend - base.total_spend, results),
            delta_color="off",
            delta_arrow="off",
        )
        st.metric(
            "Brought by media",
            write(now.kpi.mean),
            border=True,
            delta=f"{f.interval(now.kpi, write)}",
            delta_color="off",
            delta_arrow="off",
        )
        if now.roi:
            st.metric(
                "Return",
                f.times(now.roi.p50),
                border=True,
                delta=f.interval(now.roi, f.times),
                delta_color="off",
                delta_arrow="off",
            )
        gain = now.against_current
        moved = abs(gain.mean) > 1e-9
        st.metric(
            "Against today",
            f.signed(gain.mean, write),
            border=True,
            delta=f"{f.signed(gain.p5, write)} to {f.signed(gain.p95, write)}" if moved else "the same plan",
            delta_color="off",
            delta_arrow="off",
        )
    if moved:
        st.markdown(
            f":gray[Brings more than today's plan with a probability of **{f.chance(now.probability_better)}**.]"
        )
    else:
        st.markdown(":gray[This is today's plan. Move a slider.]")


def _against(more: float, results: Results) -> str:
    if abs(more) < 0.5:
        return "as today"
    return f"{f.signed(more, lambda v: f.money(v, results.currency))} against today"


def _save(actor: Actor, run: Run, plan: SpendPlan) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Keep this plan as", key="scenario_name", placeholder="Less TV, more search", max_chars=80)
        pressed = st.button("Save the scenario", type="primary", key="scenario_save")
    if pressed:
        with shown():
            what_if.save_scenario(state.services(), actor, run.id, name, plan)
            st.toast("Scenario saved.")
