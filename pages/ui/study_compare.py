"""Two models side by side, and where the change of each return comes from."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import streamlit as st

from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.results import ChannelResult, Results
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.studies import registry
from mmm_core.use_cases import comparisons, studies
from mmm_core.use_cases.comparisons import Comparison
from pages.ui import chrome, state, study, study_settings
from pages.ui.errors import shown

KIND = "changes"


def section(actor: Actor, chosen: Run, done: list[Run]) -> None:
    """Below the table of models, once there are two that are done."""
    others = {r.id: r for r in done if r.id != chosen.id}
    if not others:
        return
    st.subheader("Compare", anchor=False)
    other = st.selectbox(
        f"{chosen.name} beside",
        list(others),
        format_func=lambda i: f"{others[i].name} · {f.moment(others[i].ended_at or others[i].requested_at)}",
        key="compare_with",
        width=480,
    )
    with shown():
        seen = comparisons.compare_models(state.services(), actor, chosen.id, other)
        _facts(seen)
        _returns(seen)
        _changes(actor, seen)


def _facts(seen: Comparison) -> None:
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown("**What they differ in**")
        lines = [] if seen.same_data else [_data(seen)]
        specs = [ModelSpec.from_yaml(one.run.spec_yaml) for one in (seen.old, seen.new)]
        names = [*_names(seen), *(c for spec in specs for c in spec.columns if "_" in c)]
        lines += [f"- {f.safe(f.named(line, names))}" for line in seen.specification]
        st.markdown("\n".join(lines) or ":gray[Same data and same specification; only the draws differ.]")
    with right:
        st.markdown("**How well they fit**")
        wide = st.column_config.TextColumn(width="medium")
        st.dataframe(facts(seen), hide_index=True, width="stretch", column_config=dict.fromkeys(_titles(seen), wide))


def _data(seen: Comparison) -> str:
    old, new = seen.old.results, seen.new.results
    said = [f"{f.periods(r.periods, r.period_days)} to {f.day(r.last_period)}" for r in (old, new)]
    return f"- Data: {said[0]} → {said[1]}"


FACTS: tuple[tuple[str, Callable[[Results], str]], ...] = (
    ("Explained (R²)", lambda r: f"{r.fit.r2:.2f}"),
    ("Typical error", lambda r: f.share(r.fit.mape, 1)),
    ("Brought by media", lambda r: f"{f.share(r.media_share.mean)} ({f.interval(r.media_share, f.share)})"),
    ("R-hat", lambda r: f"{r.fit.rhat_max:.3f}"),
    ("Effective draws", lambda r: f.whole(r.fit.ess_bulk_min)),
    ("Checks not passed", lambda r: str(sum(c.status.value != "PASS" for c in r.checks))),
)


def facts(seen: Comparison) -> pd.DataFrame:
    rows = [(name, write(seen.old.results), write(seen.new.results)) for name, write in FACTS]
    return pd.DataFrame(rows, columns=["", *_titles(seen)])


def _returns(seen: Comparison) -> None:
    st.markdown("**Return of each channel**  :gray[median and 90% interval]")
    st.dataframe(
        returns(seen),
        hide_index=True,
        width="stretch",
        height=chrome.tall(len(seen.channels)),
        column_config={"Channel": st.column_config.TextColumn(pinned=True)},
        placeholder=f.NOTHING,
    )


def returns(seen: Comparison) -> pd.DataFrame:
    """Every channel of either model; what is not a return is the share of the KPI."""
    rows: list[tuple[Any, ...]] = []
    for name, old, new in seen.channels:
        move = new.roi.p50 - old.roi.p50 if old and new and old.roi and new.roi else None
        rows.append((f.plain(name), _said(old), _said(new), f.signed(move, f.times)))
    return pd.DataFrame(rows, columns=["Channel", *_titles(seen), "Change"])


def _said(channel: ChannelResult | None) -> str:
    if channel is None:
        return "not in this model"
    if channel.roi is None:
        share = channel.contribution_share
        return f"{f.share(share.p50)} of the KPI ({f.interval(share, f.share)})"
    return f"{f.times(channel.roi.p50)} ({f.interval(channel.roi, f.times)})"


def _titles(seen: Comparison) -> tuple[str, str]:
    """The models' names, told apart where they are the same."""
    old, new = seen.old.run.name, seen.new.run.name
    return (old, new) if old != new else (f"{old} (older)", f"{new} (newer)")


def _names(seen: Comparison) -> list[str]:
    return [name for name, _, _ in seen.channels]


def _changes(actor: Actor, seen: Comparison) -> None:
    """Refits that split each return's change; a study of the newer model, with the older one beside it."""
    old, new = seen.old.run, seen.new.run
    found = studies.latest_between(state.services(), actor, KIND, new.id, old.id)
    kind = registry.find(KIND)
    with st.container(border=True, key="changes"):
        outcome = found.outcome if found else None
        text, side = st.columns([5, 1], vertical_alignment="center")
        badge = f"{chrome.status_badge(outcome.status)} " if outcome else ""
        words = chrome.said(outcome.verdict, seen.new.results) if outcome else f":gray[{kind.question}]"
        text.markdown(f"{badge}**{kind.title}**  \n{words}")
        with side:
            if found is None or found.status.ended:
                label = "Run again" if outcome else "Find out"
                study.start(
                    actor,
                    new.project_id,
                    [KIND],
                    label,
                    run_id=new.id,
                    other_run_id=old.id,
                    options=study_settings.chosen(KIND, "compare"),
                    key="compare_changes",
                    width="stretch",
                    refused=text,
                )
                study_settings.popover(KIND, "compare", width="stretch")
        if found is not None and not found.status.ended:
            study.watch(actor, [found.id])
        elif found is not None and found.status is not RunStatus.DONE:
            study.ended_badly(actor, found)
        if outcome is not None and found is not None:
            study.outcome(outcome, seen.new.results, f"study_{found.id}", verdict=False)
