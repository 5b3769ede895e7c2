"""Parts of the Plan page: status and decision, the guided form, the project's own settings."""

from dataclasses import replace

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion, Role
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import KpiUnit, Plan, PlanStatus, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import plans, projects
from mmm_core.use_cases.precedents import in_words
from pages.ui import state
from pages.ui.errors import shown

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def status(actor: Actor, project: Project, plan: Plan | None) -> None:
    """Where the plan stands, and the approver's buttons beside it."""
    with st.container(
        border=True, key="plan_status", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        with st.container(width="content"):
            st.markdown(_sentence(plan))
        if plan is None or plan.status is PlanStatus.DRAFT:
            with st.container(width="content", horizontal=True):
                _decide(actor, project, plan)


def _sentence(plan: Plan | None) -> str:
    if plan is None:
        return ":gray-badge[No plan yet] Nothing is fitted until a plan is approved, or skipped with a reason."
    if plan.status is PlanStatus.DRAFT:
        return f":orange-badge[Draft {plan.version}] Nothing is fitted until it is approved, or skipped with a reason."
    colour, word = ("green", "Approved") if plan.status is PlanStatus.APPROVED else ("gray", "Skipped")
    why = f": {f.safe(plan.decision_reason)}" if plan.decision_reason else ""
    who = f.safe(plan.decided_by or "somebody")
    return f":{colour}-badge[{word}] Plan {plan.version}, by {who} on {f.moment(plan.decided_at)}{why}"


def _decide(actor: Actor, project: Project, plan: Plan | None) -> None:
    if not actor.role.covers(TeamRole.APPROVER):
        st.caption("An approver decides.")
        return
    if plan is not None and st.button("Approve the plan", type="primary", key="approve_plan"):
        with shown():
            plans.approve_plan(state.services(), actor, project.id)
            state.flash("Plan approved.")
            st.rerun()
    with st.popover("Skip the plan"):
        reason = st.text_input("Why? It stays on record.", key="skip_reason")
        if st.button("Skip", key="skip_plan"):
            with shown():
                plans.skip_plan(state.services(), actor, project.id, reason)
                state.flash("Plan skipped.")
                st.rerun()


def form(actor: Actor, project: Project, plan: Plan | None, version: DatasetVersion | None) -> None:
    """The guided form; what the data suggest is filled in, everything can be changed."""
    target, channels, controls = plans.plan_columns(version.recognition) if version else (project.kpi_name, [], [])
    columns = [r.column for r in version.recognition.roles if r.role is not Role.DATE] if version else []
    # Plain tuples: a multiselect keeps what it is given in front, and offers the rest of the file behind it.
    chosen_channels = list(plan.channels) if plan and plan.channels else channels
    chosen_controls = list(plan.controls) if plan and plan.channels else controls
    stamp = f"{plan.version if plan else 0}_{version.content_hash[:8] if version else ''}"
    key = f"plan_{project.id}_{stamp}"
    with st.form("plan_form", border=False):
        question = st.text_area(
            "Which decision should this answer?",
            key=f"{key}_question",
            value=(plan.question if plan else "") or project.question,
            placeholder="For example: can we cut TV by a third without losing sales?",
            height=80,
        )
        wanted = st.text_input(
            "Target (KPI)",
            key=f"{key}_target",
            value=(plan.target if plan and plan.target else target) or project.kpi_name,
            help="The column that marketing should move.",
        )
        media = st.multiselect(
            "Channels",
            key=f"{key}_channels",
            options=_options(chosen_channels, channels, columns),
            default=chosen_channels,
            format_func=f.plain,
            accept_new_options=True,
            placeholder="Choose, or type a name and press Enter",
        )
        other = st.multiselect(
            "Controls: what else moves the KPI",
            key=f"{key}_controls",
            options=_options(chosen_controls, controls, columns),
            default=chosen_controls,
            format_func=f.plain,
            accept_new_options=True,
            placeholder="Price, weather, holidays, competitors",
        )
        first, second, third = st.columns(3)
        beliefs = first.text_area(
            "Hypotheses, one a line",
            key=f"{key}_beliefs",
            value=_lines(plan.hypotheses if plan else ()),
            height=120,
            placeholder="Search mostly catches demand that TV made",
        )
        needed = second.text_area(
            "Data still needed, one a line",
            key=f"{key}_needed",
            value=_lines(plan.data_needed if plan else ()),
            height=120,
        )
        tests = third.text_area(
            "Experiments worth running, one a line",
            key=f"{key}_tests",
            value=_lines(plan.experiments if plan else ()),
            height=120,
        )
        if plan and plan.precedents:
            st.markdown("**Taken over from earlier models**")
            st.markdown("\n".join(f"- {f.safe(in_words(p))} :gray[{f.safe(p.source)}]" for p in plan.precedents))
        if st.form_submit_button("Save the plan", type="primary"):
            with shown():
                plans.save_plan(
                    state.services(),
                    actor,
                    project.id,
                    question=question,
                    target=wanted,
                    channels=media,
                    controls=other,
                    hypotheses=beliefs.splitlines(),
                    data_needed=needed.splitlines(),
                    experiments=tests.splitlines(),
                )
                state.flash("Plan saved as a draft.")
                st.rerun()
    if not version:
        st.caption(
            "Once data are added on the Data page, target, channels and controls are suggested from its columns."
        )


def _options(*groups: list[str]) -> list[str]:
    return list(dict.fromkeys(x for group in groups for x in group))


def _lines(items: tuple[str, ...]) -> str:
    return "\n".join(items)


def project_form(actor: Actor, project: Project) -> None:
    with st.form("project_form", border=False):
        name = st.text_input("Name", key=f"project_{project.id}_name", value=project.name, max_chars=120)
        question = st.text_input("Question", key=f"project_{project.id}_question", value=project.question)
        left, middle, right = st.columns(3)
        kpi = left.text_input(
            "KPI", key=f"project_{project.id}_kpi", value=project.kpi_name, placeholder="Revenue, orders, sign-ups"
        )
        unit = middle.selectbox(
            "The KPI is",
            list(KpiUnit),
            index=list(KpiUnit).index(project.kpi_unit),
            format_func=lambda u: "Revenue (money)" if u is KpiUnit.REVENUE else "A count",
        )
        value = right.number_input(
            "Value of one unit (for a count)",
            value=project.value_per_unit,
            min_value=0.0,
            help="What one order or sign-up is worth; without it there is no return on spend.",
        )
        currencies = list(dict.fromkeys([project.currency, *projects.CURRENCIES]))
        currency = left.selectbox("Currency", currencies)
        week = middle.selectbox("Weeks start on", range(7), index=project.week_start, format_func=lambda d: DAYS[d])
        unasked = st.checkbox(
            "Let the assistant look things up on the web without asking",
            value=not project.asks_before_web,
            help="Otherwise each question is shown to you before it goes to the search provider.",
        )
        if st.form_submit_button("Save the project", type="primary"):
            with shown():
                changed = replace(
                    project,
                    name=name.strip(),
                    question=question.strip(),
                    kpi_name=kpi.strip(),
                    kpi_unit=unit,
                    value_per_unit=value or None,
                    currency=currency,
                    week_start=week,
                    asks_before_web=not unasked,
                )
                projects.update_project(state.services(), actor, changed)
                state.flash("Project saved.")
                st.rerun()
