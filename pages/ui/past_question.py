"""The question about the past as a form: which channel, which weeks, what instead."""

from datetime import date, timedelta

import streamlit as st

from mmm_core.causal.past import Question
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from mmm_core.use_cases import causal
from mmm_core.use_cases.fits import Fitted

BEFORE, NOTHING, PERCENT, AMOUNT = "As before", "Nothing", "Percent", "Amount"


def ask(fitted: Fitted, results: Results, key: str) -> Question:
    """The widgets, and what they ask; ``key`` keeps two such forms apart."""
    spent = {c.channel: c.spend or 0.0 for c in results.channels}
    names = sorted(spent, key=lambda c: -spent[c])
    channel = st.selectbox("Channel", names, format_func=f.plain, key=f"{key}_channel")
    first, last = _weeks(fitted, results, channel, key)
    paid = channel in fitted.response.paid
    ways = [BEFORE, NOTHING, PERCENT, AMOUNT] if paid else [NOTHING, PERCENT]
    way = st.segmented_control(
        "What if it had been given",
        ways,
        default=ways[0],
        required=True,
        key=f"{key}_way_{'paid' if paid else 'organic'}",
    )
    return _asked(fitted, results, Question(channel, first, last, factor=1.0), way, key)


def _weeks(fitted: Fitted, results: Results, channel: str, key: str) -> tuple[date, date]:
    """A slider over the periods, by their first day; it starts at the channel's quietest weeks."""
    first, last = st.slider(
        "From the week of, to the week of" if results.period_days == 7 else "From, to",
        results.dates[0],
        results.dates[-1],
        causal.quiet_weeks(fitted.response, channel),
        step=timedelta(days=max(1, results.period_days)),
        format="D MMM YYYY",
        key=f"{key}_weeks_{channel}",
    )
    return first, last


def _asked(fitted: Fitted, results: Results, question: Question, way: str, key: str) -> Question:
    channel, first, last = question.channel, question.first, question.last
    if way == NOTHING:
        return Question(channel, first, last, factor=0.0)
    if way == PERCENT:
        percent = st.slider("Of what was spent", 0, 300, 120, 5, format="%d%%", key=f"{key}_percent")
        return Question(channel, first, last, factor=percent / 100)
    usual = causal.usual_level(fitted.response, question) or 0.0
    unit = f.period(results.period_days)
    if way == BEFORE:
        st.caption(f.safe(f"{f.money(usual, results.currency)} a {unit}, the mean of the eight before."))
        return Question(channel, first, last, level=usual)
    level = st.number_input(
        f"{results.currency} a {unit}", min_value=0.0, value=float(round(usual)), format="%.0f", key=f"{key}_level"
    )
    return Question(channel, first, last, level=level)
