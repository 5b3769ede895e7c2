"""The specification's form: every field in the words of marketing, each with the reason for it."""

from dataclasses import dataclass
from typing import Any

import streamlit as st
import yaml

from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import SpecError
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases.datasets import Working
from pages.ui import model_spec_around as around
from pages.ui import model_spec_channels as channels
from pages.ui import model_spec_families as families
from pages.ui import model_spec_lift as lift

STYLE = {
    "by_spend": "By spend: larger channels may bring more",
    "pymc_marketing": "PyMC-Marketing's defaults (very wide)",
}


@dataclass(frozen=True)
class Filled:
    """What the widgets say now."""

    spec: ModelSpec
    """Of the rows that can be used."""
    problems: tuple[str, ...]
    """One sentence for each row that cannot; a fit waits until they are mended."""
    warnings: tuple[str, ...] = ()


def draw(spec: ModelSpec, now: Working, key: str) -> Filled:
    """The form filled with ``spec``."""
    raw: dict[str, Any] = spec.model_dump(mode="json")
    numbers = [str(c) for c in now.frame.select_dtypes(["number", "bool"]).columns]
    with st.expander("What is explained", expanded=False):
        _kpi(raw, numbers, key)
    if around.panel(raw, now):
        with st.expander("Geos", expanded=False):
            around.geos(raw, now, numbers, key)
    with st.expander(f"Channels ({len(spec.channels)})", expanded=True):
        people = bool(now.recognition.columns(Role.REACH))
        problems = channels.draw(spec, raw, numbers, people, key)
        _say(problems)
    told = sum(c.belief is not None for c in spec.channels)
    with st.expander(f"Beliefs about channels ({told})" if told else "Beliefs about channels", expanded=told > 0):
        stated = channels.beliefs(spec, raw, key)
        _say(stated)
    with st.expander("Memory and saturation", expanded=True):
        families.shapes(raw, key)
    with st.expander("What else moves the KPI", expanded=bool(spec.treatments)):
        more = around.draw(spec, raw, now, numbers, key)
        _say(more)
    tests = st.expander(f"Lift tests ({len(spec.lift_tests)})" if spec.lift_tests else "Lift tests")
    with tests:
        rows = lift.draw(spec, raw, now, key)
    with st.expander("Prior belief about all media", expanded=False):
        _media_prior(raw, key)
    with st.expander("Sampling (how the computation runs)", expanded=False):
        _sampling(raw, key)
    if not raw["channels"]:
        raise SpecError("A model needs at least one channel that can be used.")
    made, outside, against = lift.against_data(ModelSpec.from_yaml(yaml.safe_dump(raw)), now)
    with tests:
        _say([*rows, *outside])
        for sentence in against:
            st.warning(f.safe(f.dated(sentence)))
    return Filled(made, (*problems, *stated, *more, *rows, *outside), tuple(against))


def _say(problems: list[str]) -> None:
    for sentence in problems:
        st.error(f.safe(f.dated(sentence)))


def _kpi(raw: dict[str, Any], numbers: list[str], key: str) -> None:
    kpi = raw["kpi"]
    left, right = st.columns(2)
    columns = list(dict.fromkeys([kpi["column"], *numbers]))
    kpi["column"] = left.selectbox("KPI", columns, key=f"{key}_kpi", format_func=f.plain)
    kpi["unit"] = right.selectbox(
        "It is",
        ["revenue", "count"],
        index=0 if kpi["unit"] == "revenue" else 1,
        key=f"{key}_unit",
        format_func=lambda u: "Revenue" if u == "revenue" else "A count",
    )
    if kpi["unit"] == "count":
        known = kpi["value_per_unit"]
        by_column = st.toggle(
            "The value of one unit is in a column", value=isinstance(known, str), key=f"{key}_value_kind"
        )
        if by_column:
            options = list(dict.fromkeys([*([known] if isinstance(known, str) else []), *numbers]))
            kpi["value_per_unit"] = st.selectbox(
                "Value of one unit", options, key=f"{key}_value_column", format_func=f.plain
            )
        else:
            start = float(known) if isinstance(known, (int, float)) else None
            kpi["value_per_unit"] = (
                st.number_input("Value of one unit", value=start, min_value=0.0, key=f"{key}_value") or None
            )
    else:
        kpi["value_per_unit"] = None


def _media_prior(raw: dict[str, Any], key: str) -> None:
    prior = raw["media_prior"]
    low, high = st.slider(
        "All media together bring this share of the KPI (nine times out of ten)",
        1,
        95,
        (round(prior["share_low"] * 100), round(prior["share_high"] * 100)),
        format="%d%%",
        key=f"{key}_share",
    )
    prior["share_low"], prior["share_high"] = low / 100, max(high, low + 1) / 100
    styles = list(STYLE)
    prior["style"] = st.radio(
        "Spread over channels", styles, index=styles.index(prior["style"]), format_func=STYLE.get, key=f"{key}_style"
    )


def _sampling(raw: dict[str, Any], key: str) -> None:
    now = raw["sampling"]
    st.caption("The defaults suit most models; more draws give steadier interval ends and take longer.")
    first, second, third = st.columns(3)
    now["draws"] = int(first.number_input("Draws per chain", 50, 10_000, now["draws"], 50, key=f"{key}_draws"))
    now["tune"] = int(second.number_input("Warm-up per chain", 50, 5_000, now["tune"], 50, key=f"{key}_tune"))
    now["chains"] = int(third.number_input("Chains", 1, 16, now["chains"], key=f"{key}_chains"))
    now["seed"] = int(
        first.number_input(
            "Seed", 0, 2**31 - 1, now["seed"], key=f"{key}_seed", help="The same seed gives the same draws."
        )
    )
    engines = ["auto", "collapsed", "pymc"]
    now["engine"] = second.selectbox("Engine", engines, index=engines.index(now["engine"]), key=f"{key}_engine")
    devices = ["auto", "cpu", "gpu"]
    now["device"] = third.selectbox("Device", devices, index=devices.index(now["device"]), key=f"{key}_device")
    now["target_accept"] = st.slider(
        "Target acceptance (higher: smaller, safer steps)",
        0.6,
        0.99,
        float(now["target_accept"]),
        0.01,
        key=f"{key}_accept",
    )
