"""Providers of language models, a route per kind of task, and their cost; names alone, never a key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd
import streamlit as st

from mmm_core.agents.llm import providers
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Choice, Route, Spent, Task
from mmm_core.reports import wording as f
from mmm_core.use_cases import assistants
from pages.ui import prices, state
from pages.ui.errors import shown
from server.web import backend

TASKS = {
    Task.CHAT: ("Chat", "answers in the chat beside every page"),
    Task.PLAN: ("Plan", "talks a plan through with you"),
    Task.JUDGE: ("Judge", "proposes and weighs changes of a tuning session"),
    Task.WRITE: ("Write", "puts results into words; every figure is checked"),
    Task.RESEARCH: ("Research", "reads sources and sums them up"),
}
WITHOUT = {
    Task.CHAT: "No language model: built-in rules answer.",
    Task.PLAN: "No language model: the guided questions alone lead to the plan.",
    Task.JUDGE: "No language model: rules propose and weigh.",
    Task.WRITE: "No language model: texts come from templates.",
    Task.RESEARCH: "No language model: sources are quoted, not summed up.",
}
SINCE = {"All time": None, "Last 30 days": 30, "Last 7 days": 7, "Today": 1}


def routes(actor: Actor) -> None:
    with shown():
        _known()
        found = {r.task: r for r in assistants.list_routes(state.services(), actor)}
        for task in TASKS:
            _route(actor, task, found.get(task))


def _known() -> None:
    """What the server has a key or an address for, and how to have the others."""
    settings = backend().settings
    ready = providers.configured(settings)
    if not ready:
        st.info("No language model is set up. Everything works without one: built-in rules answer in the chat.")
    with st.container(border=True, key="providers"):
        for name, provider in providers.PROVIDERS.items():
            badge = ":green-badge[Set up]" if name in ready else ":gray-badge[Not set up]"
            how = "" if name in ready else f" :gray[An operator sets {f.safe(provider.setting)} on the server.]"
            st.markdown(f"**{f.safe(provider.title)}** {badge}{how}")
    st.caption("Keys are read from the server's environment or its secret files; they are never kept or shown here.")
    if ready:
        st.caption(
            "What is asked and what tools answer goes to the chosen provider: names, figures, a few rows where asked "
            "for; never a whole table."
        )


def _route(actor: Actor, task: Task, route: Route | None) -> None:
    title, what = TASKS[task]
    ready = list(providers.configured(backend().settings))
    with st.container(border=True, key=f"route_{task.value}", gap="small"):
        st.markdown(f"**{title}** :gray[{what}]  \n{f.safe(_who(task, route))}")
        if not ready:
            return
        with st.container(horizontal=True):
            with st.popover("Choose", key=f"route_open_{task.value}"):
                _form(actor, task, route, ready)
            if route and st.button("Take away", key=f"route_remove_{task.value}", type="tertiary"):
                with shown():
                    assistants.remove_route(state.services(), actor, task)
                    state.flash(f"{title}: taken away. {_who(task, None)}")
                    st.rerun()


def _who(task: Task, route: Route | None) -> str:
    """Who answers a kind of task now; a provider that has no key any more is not asked."""
    settings = backend().settings
    known = providers.configured(settings)
    if route:
        gone = [str(c) for c in route.choices if c.provider not in known]
        asked = " → ".join(str(c) for c in route.choices if c.provider in known) or WITHOUT[task]
        return f"{asked} (not asked, without a key: {', '.join(gone)})" if gone else asked
    if settings.model and providers.choice_of(settings.model).provider in known:
        return f"{providers.choice_of(settings.model)}, by the server's settings."
    return WITHOUT[task]


def _form(actor: Actor, task: Task, route: Route | None, ready: list[str]) -> None:
    known = list(route.choices) if route else []
    with st.form(f"route_form_{task.value}", border=False):
        chosen = []
        for place, label in enumerate(("First", "If it fails", "If that fails too")):
            before = known[place] if place < len(known) else None
            left, right = st.columns([2, 3])
            options = [*ready] if place == 0 else ["", *ready]
            provider = left.selectbox(
                label,
                options,
                index=options.index(before.provider) if before and before.provider in options else 0,
                format_func=lambda n: providers.PROVIDERS[n].title if n else "Nobody",
                key=f"route_provider_{task.value}_{place}",
            )
            model = right.text_input(
                "Model",
                value=before.model if before else "",
                placeholder="as the provider calls it",
                key=f"route_model_{task.value}_{place}",
            )
            if provider and model.strip():
                chosen.append(Choice(provider, model.strip()))
        if st.form_submit_button("Save", type="primary"):
            with shown():
                saved = assistants.set_route(state.services(), actor, task, chosen)
                state.flash(f"{TASKS[task][0]}: {f.safe(str(saved.choices[0]))} answers from now on.")
                st.rerun()


def cost(actor: Actor) -> None:
    with shown():
        span = st.segmented_control("Since", list(SINCE), default="All time", key="cost_since") or "All time"
        days = SINCE[span]
        since = datetime.now(UTC) - timedelta(days=days) if days else None
        found = assistants.spent(state.services(), actor, since)
        _spent(found)
        prices.section(actor, [Choice(s.provider, s.model) for s in found])


def _spent(found: Sequence[Spent]) -> None:
    if not found:
        st.markdown(":gray[No language model has been asked in this time.]")
        return
    total, unpriced = sum(s.cost for s in found), sum(s.unpriced for s in found)
    with st.container(horizontal=True):
        priced = f"${total:,.4f}".rstrip("0").rstrip(".")
        st.metric("Cost", priced if total or not unpriced else "Not known", border=True)
        st.metric("Calls", f"{sum(s.calls for s in found):,}", border=True)
        st.metric("Tokens", f"{sum(s.input_tokens + s.output_tokens for s in found):,}", border=True)
    if unpriced:
        answers = "1 answer" if unpriced == 1 else f"{unpriced:,} answers"
        left_out = "; the cost leaves them out" if total else ""
        st.caption(f"{answers} came from a model without a price{left_out}.")
    st.dataframe(table(found), hide_index=True, width="stretch")


def table(found: Sequence[Spent]) -> pd.DataFrame:
    rows = [
        {
            "Task": TASKS[s.task][0],
            "Model": f"{s.provider} · {s.model}",
            "Calls": s.calls,
            "Failed": s.failed,
            "Tokens in": s.input_tokens,
            "Tokens out": s.output_tokens,
            "Seconds": round(s.seconds, 1),
            "Cost": _cost(s),
        }
        for s in found
    ]
    return pd.DataFrame(rows)


def _cost(s: Spent) -> str:
    if not s.unpriced:
        return f"${s.cost:,.4f}"
    return f"${s.cost:,.4f} and {s.unpriced:,} without a price" if s.cost else "price not known"
