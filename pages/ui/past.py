"""What would have been: another spend in some weeks of the past, answered by the fitted model at once."""

import numpy as np
import streamlit as st

from mmm_core.causal.past import Answer
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import causal
from mmm_core.use_cases.fits import Fitted
from pages.ui import charts_past, past_question, state
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme


def panel(actor: Actor, run: Run, results: Results) -> None:
    _ask(results, state.fitted(actor, run.id))


@st.fragment
def _ask(results: Results, fitted: Fitted) -> None:
    units = f"{f.period(results.period_days)}s"
    st.markdown(f":gray[Choose {units} of the past and another spend for them: what would have come of it?]")
    left, right = st.columns([2, 3], gap="large")
    with shown():
        with left:
            question = past_question.ask(fitted, results, "past")
        answer = causal.ask_past(fitted.response, question)
        with right:
            numbers(answer, results)
            st.markdown(f.safe(sentence(answer, results)))
            if answer.beyond:
                st.caption(":orange[Beyond what the data have seen: the answer leans on the curve's shape.]")
        _pictures(answer, results, fitted)


def numbers(answer: Answer, results: Results) -> None:
    write = f.kpi_writer(results)

    def money(value: float | None) -> str:
        return f.money(value, results.currency)

    with st.container(horizontal=True):
        if np.isfinite(answer.spent):
            more = answer.instead - answer.spent
            against = f"{f.signed(more, money)} against {money(answer.spent)}" if abs(more) >= 0.5 else "as it was"
            _metric(f"Spend in those {f.period(results.period_days)}s", money(answer.instead), against)
        _metric(
            f"{f.plain(results.kpi)} would have been",
            f.signed(answer.kpi.mean, write),
            f"{f.signed(answer.kpi.p5, write)} to {f.signed(answer.kpi.p95, write)}",
        )
        if answer.net is not None:
            _metric(
                "Left after the spend",
                f.signed(answer.net.mean, money),
                f"{f.signed(answer.net.p5, money)} to {f.signed(answer.net.p95, money)}",
            )


def _metric(label: str, value: str, under: str) -> None:
    st.metric(label, value, border=True, delta=under, delta_color="off", delta_arrow="off")


def sentence(answer: Answer, results: Results) -> str:
    """The answer in one or two sentences."""
    asked, write = answer.question, f.kpi_writer(results)
    name, kpi = f.plain(asked.channel), f.inside(results.kpi)
    when = f"from {f.day(asked.first)} to {f.day(asked.last)}"
    if answer.kpi.mean == 0:
        return f"That is what {name} was given {when}, so nothing changes."
    sure = answer.probability_more if answer.kpi.mean > 0 else 1 - answer.probability_more
    way = "more" if answer.kpi.mean > 0 else "less"
    text = (
        f"With that on {name} {when}, {kpi} would have been {write(abs(answer.kpi.mean))} {way} "
        f"(with a probability of {f.chance(sure)} that it is {way} at all)."
    )
    if answer.behind >= 0.005:
        units = f"{f.period(results.period_days)}s"
        text += f" {f.share(answer.behind)} of it would have come after those {units}, by carry-over."
    return text


def _pictures(answer: Answer, results: Results, fitted: Fitted) -> None:
    units = f"{f.period(results.period_days)}s"
    st.markdown(f"**The difference over time**  :gray[line: mean; ribbon: 90% interval; grey: the {units} in question]")
    show(
        charts_past.difference(answer, results, scheme()),
        "past_difference",
        alt="Difference of the KPI by period, with its 90% interval",
    )
    data = fitted.response.data
    spend = data.spend[:, :, data.channels.index(answer.question.channel)].sum(axis=0)
    if np.isfinite(spend).all():
        st.markdown(f"**What was spent on {f.safe(f.plain(answer.question.channel))}**")
        show(
            charts_past.spent(answer, spend.tolist(), results, scheme()),
            "past_spend",
            alt=f"The channel's spend over time with the {units} in question shaded",
        )
