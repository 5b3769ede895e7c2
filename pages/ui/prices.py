"""What a model costs: entered by an administrator, counted from the next answer on."""

from collections.abc import Sequence

import streamlit as st

from mmm_core.agents.llm import prices
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Choice, Price
from mmm_core.reports import wording as f
from mmm_core.use_cases import assistants
from pages.ui import state
from pages.ui.errors import shown
from server.web import backend


def section(actor: Actor, asked: Sequence[Choice]) -> None:
    """Every model that was asked or is chosen, with its price; a form to enter one."""
    own = {p.choice: p for p in assistants.list_prices(state.services(), actor)}
    routed = [c for r in assistants.list_routes(state.services(), actor) for c in r.choices]
    known = list(dict.fromkeys([*asked, *routed, *own]))
    if not known:
        return
    st.subheader("Prices", anchor=False)
    st.caption("US dollars per million tokens. None come with Carryover: enter what your contract says.")
    for choice in known:
        _price(actor, choice, own.get(choice))
    with st.form("price_form", clear_on_submit=True):
        _form(actor, known)


def _price(actor: Actor, choice: Choice, own: Price | None) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"price_{choice.provider}_{choice.model}"):
        st.markdown(f"**{f.safe(str(choice))}**  \n:gray[{f.safe(_said(choice, own))}]", width="stretch")
        if own and st.button("Take away", key=f"price_remove_{choice}", type="tertiary"):
            with shown():
                assistants.remove_price(state.services(), actor, choice)
                st.rerun()


def _said(choice: Choice, own: Price | None) -> str:
    if own:
        return f"${own.input:g} in, ${own.output:g} out; entered by {own.set_by} on {f.day(own.set_at)}"
    listed = prices.load(backend().settings.prices).price(choice)
    if listed:
        return f"${listed.input:g} in, ${listed.output:g} out; from the server's price list"
    return "no price: its answers show tokens, and “price not known” for the cost"


def _form(actor: Actor, known: Sequence[Choice]) -> None:
    choice = st.selectbox("Model", known, format_func=str, key="price_model")
    left, right = st.columns(2)
    paid = left.number_input("In ($ per million)", min_value=0.0, value=None, step=0.01, key="price_in")
    got = right.number_input("Out ($ per million)", min_value=0.0, value=None, step=0.01, key="price_out")
    if st.form_submit_button("Save the price", type="primary"):
        with shown():
            if paid is None or got is None:
                st.warning("Enter both prices; 0 for a model that costs nothing.")
                return
            assistants.set_price(state.services(), actor, choice, paid, got)
            state.flash(f"{f.safe(str(choice))}: answers from now on are counted at this price.")
            st.rerun()
