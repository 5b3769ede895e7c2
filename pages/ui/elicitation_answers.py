"""Answers as they come, channel by channel; one range, or the pool of several, is accepted as the prior."""

import streamlit as st

from mmm_core.analysis.opinion_pool import Range
from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.elicitation import AcceptedBelief
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.modeling.implied import Implied
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import elicited, models
from mmm_core.use_cases.elicitation import PER_COUNT
from mmm_core.use_cases.elicited import Heard, Voice
from pages.ui import charts_elicitation as charts
from pages.ui import model_spec, state
from pages.ui import model_spec_yaml as as_text
from pages.ui.errors import shown
from pages.ui.figure import show
from pages.ui.palette import scheme

EVERY = "15s"
TOGETHER, ASSUMED = "Together", "Assumed without them"


@st.fragment(run_every=EVERY)
def section(actor: Actor, project: Project, version: DatasetVersion | None) -> None:
    with shown():
        found = elicited.heard(state.services(), actor, project.id)
        if not found:
            st.info("Nobody has answered yet; answers appear here as they come.")
            return
        people = {v.inquiry.id for h in found for v in (*h.voices, *h.silent)}
        st.markdown(f"**What {len(people)} {'person' if len(people) == 1 else 'people'} said**")
        if any(len(h.voices) > 1 for h in found):
            st.caption(
                f"{TOGETHER}: the linear pool. Every person's range has the same weight, and where people disagree "
                "the pool holds what each of them says."
            )
        assumed = _assumed(actor, project, version)
        colours = state.colours(actor, project.id, [h.channel for h in found])
        for heard in found:
            with st.container(border=True, key=f"heard_{heard.channel}"):
                _channel(actor, project, version, heard, assumed.get(heard.channel), colours[heard.channel])


def _channel(
    actor: Actor, project: Project, version: DatasetVersion | None, heard: Heard, assumed: Range | None, colour: str
) -> None:
    name = f.plain(heard.channel)
    st.markdown(f"**{f.safe(name)}**")
    if heard.accepted:
        st.markdown(f":green-badge[Prior] {_accepted(heard.accepted)}")
    if heard.voices:
        _picture(heard, assumed, colour)
    if heard.apart:
        low, high = heard.apart
        st.warning(
            f"{f.safe(low.inquiry.person)} ends at {f.short(low.range.high)} where {f.safe(high.inquiry.person)} "
            f"begins at {f.short(high.range.low)}. Let them talk before you pool them."
        )
    for voice in (*heard.voices, *heard.silent):
        st.markdown(_said(voice))
    if actor.role.covers(TeamRole.APPROVER):
        _decide(actor, project, version, heard)
    elif heard.voices:
        st.caption("An approver accepts a range as the prior.")


def _picture(heard: Heard, assumed: Range | None, colour: str) -> None:
    lines = [charts.Line(label, v.range, "person") for label, v in zip(_labels(heard), heard.voices, strict=True)]
    if heard.pooled:
        lines.append(charts.Line(TOGETHER, heard.pooled, "pool"))
    if assumed:
        lines.append(charts.Line(ASSUMED, assumed, "assumed"))
    first = heard.voices[0].inquiry
    what = f.inside(first.kpi) if first.is_count else first.currency
    unit = f"{what} per {first.per:,} {first.currency} spent"
    fig = charts.ranges(lines, colour, unit, None if first.is_count else float(first.per), scheme())
    show(fig, f"heard_picture_{heard.channel}", alt=f"What people say {f.plain(heard.channel)} brings")


def _labels(heard: Heard) -> list[str]:
    """Names, told apart where two are the same."""
    names = [v.inquiry.person for v in heard.voices]
    cut = [n if len(n) <= 24 else f"{n[:23]}…" for n in names]
    return [n if cut.count(n) == 1 else f"{n} ({cut[: i + 1].count(n)})" for i, n in enumerate(cut)]


def _said(voice: Voice) -> str:
    said = voice.statement
    what = f"{f.short(said.low)} to {f.short(said.high)}" if said.known else "cannot say"
    best = f", best guess {f.short(said.best)}" if said.best is not None else ""
    rests = f" :gray[· {elicited.RESTS_ON[said.sure]} · {f.moment(voice.reply.at)}]" if said.known else ""
    why = f"  \n:gray[“{f.safe(' '.join(said.why.split()))}”]" if said.why else ""
    return f"{f.safe(voice.inquiry.person)}: {what}{best}{rests}{why}"


def _accepted(accepted: AcceptedBelief) -> str:
    kind = "return" if accepted.kind == "roi" else "cost of one"
    return f"{kind} {f.short(accepted.low)} to {f.short(accepted.high)}, {f.safe(accepted.source)}"


def _decide(actor: Actor, project: Project, version: DatasetVersion | None, heard: Heard) -> None:
    names = dict(zip([v.reply.id for v in heard.voices], _labels(heard), strict=True))
    chosen = list(names)
    if len(names) > 1:
        chosen = st.multiselect(
            "Whose range becomes the prior?", list(names), default=list(names), format_func=names.__getitem__,
            key=f"whose_{heard.channel}_{'_'.join(names)}",
        )  # fmt: skip
    words = "Accept the pool as the prior" if len(chosen) > 1 else "Accept as the prior"
    with st.container(horizontal=True):
        if names and st.button(words, key=f"accept_{heard.channel}", disabled=not chosen, type="primary"):
            with shown():
                made = elicited.accept(state.services(), actor, project.id, heard.channel, chosen)
                _into_form(project, version, made)
                state.flash(f"{f.plain(heard.channel)}: the prior is now {_accepted(made)}.")
                st.rerun(scope="app")
        if heard.accepted and st.button("Withdraw the prior", key=f"withdraw_{heard.channel}"):
            with shown():
                gone = elicited.withdraw(state.services(), actor, project.id, heard.channel)
                _into_form(project, version, gone)
                state.flash(f"{f.plain(heard.channel)}: the prior is withdrawn.")
                st.rerun(scope="app")


def _into_form(project: Project, version: DatasetVersion | None, made: AcceptedBelief) -> None:
    """A specification that is open in this session follows; others read it when they next start one."""
    key = model_spec.key_of(project, version) if version else ""
    if key not in st.session_state:
        return
    text, notes = st.session_state[key]
    spec, told = elicited.merged([made], ModelSpec.from_yaml(st.session_state.get(as_text.NOW + key, text)))
    as_text.clear(key)
    st.session_state[key] = (spec.to_yaml(), (*notes, *told))


def _assumed(actor: Actor, project: Project, version: DatasetVersion | None) -> dict[str, Range]:
    """What the priors say of each channel where nobody was asked, in the unit of the question."""
    if version is None:
        return {}
    try:
        spec = ModelSpec.from_yaml(model_spec.kept(actor, project, version)[0])
        bare = tuple(c.model_copy(update={"belief": None}) for c in spec.channels)
        text = spec.model_copy(update={"channels": bare, "lift_tests": ()}).to_yaml()
        found = _implied(actor.organisation_id, project.id, version.content_hash, text, actor)
    except CarryoverError:
        return {}
    counted = spec.kpi.unit == "count"
    out = {}
    for channel in spec.channels:
        value = found.cost[channel.name] if counted else found.roi[channel.name]
        if value is None:
            continue
        if counted:
            per = PER_COUNT
            out[channel.name] = Range(per / value.p95, per / value.p50, per / value.p5)
        else:
            out[channel.name] = Range(value.p5, value.p50, value.p95)
    return out


@st.cache_resource(max_entries=64, show_spinner="Working out what is assumed without them")
def _implied(organisation_id: str, project_id: str, version_hash: str, text: str, _actor: Actor) -> Implied:
    return models.check_spec(state.services(), _actor, project_id, ModelSpec.from_yaml(text)).channels
