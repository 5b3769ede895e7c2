"""The causal diagram: two editable tables and the drawing they make."""

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.errors import PlanError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole, Plan, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import causal, plans
from pages.ui import causal_advice, state
from pages.ui.errors import shown
from pages.ui.palette import Scheme, scheme

FONT = "Source Sans, sans-serif"
ROLES = {"kpi": "KPI", "channel": "Channel", "control": "Control", "unobserved": "Not observed"}
EDGE_COLUMNS = ("cause", "effect", "mechanism", "lag (weeks)", "confidence", "evidence")


def editor(actor: Actor, project: Project, plan: Plan | None, version: DatasetVersion | None) -> None:
    kept = plans.get_diagram(state.services(), actor, project.id)
    if not kept.nodes and plan is not None and plan.channels:
        kept = plans.first_diagram(project, plan)
        st.info("A first diagram from the plan. Change it and save.")
    if not kept.nodes:
        st.markdown(":gray[Save the research plan first; the diagram starts from its target, channels and controls.]")
        return
    st.markdown(
        ":gray[What is believed to cause what: an arrow as thick as the belief in it, a dashed box for what cannot be "
        "observed. Edit the tables; the picture follows.]"
    )
    picture = st.container(border=True, horizontal_alignment="center", key="diagram_picture")
    beside = st.container()
    left, right = st.columns([2, 5])
    with left:
        nodes = _edit_nodes(kept)
    with right:
        edges = _edit_edges(kept, [n for n in nodes["name"].dropna() if str(n).strip()])
    with shown():
        drawn = read(project.id, nodes, edges)
        with picture:
            st.graphviz_chart(
                dot(drawn, state.colours(actor, project.id, [n.name for n in drawn.nodes]), scheme()), width="content"
            )
        _advice(drawn, plan, version, beside)
        if st.button("Save the diagram", type="primary", key="save_diagram"):
            plans.save_diagram(state.services(), actor, drawn)
            state.flash("Diagram saved.")
            st.rerun()


def _advice(drawn: Diagram, plan: Plan | None, version: DatasetVersion | None, beside: DeltaGenerator) -> None:
    """Follows every edit; a diagram that cannot be read says why and can still be edited."""
    if plan is None:
        return
    try:
        found = causal.advise_plan(drawn, plan, version.recognition if version else None)
    except PlanError as error:
        beside.warning(f.safe(f.named(str(error), [n.name for n in drawn.nodes])))
        return
    with beside:
        causal_advice.show(found, [n.name for n in drawn.nodes], "the plan's")
    st.markdown("**What each channel asks for**")
    causal_advice.table(found)


def _edit_nodes(diagram: Diagram) -> pd.DataFrame:
    table = pd.DataFrame([{"name": n.name, "role": n.role.value} for n in diagram.nodes], columns=["name", "role"])
    return st.data_editor(
        table,
        num_rows="dynamic",
        hide_index=True,
        key="diagram_nodes",
        width="stretch",
        column_config={
            "name": st.column_config.TextColumn("Variable", required=True),
            "role": st.column_config.SelectboxColumn(
                "Is",
                options=[r.value for r in NodeRole],
                required=True,
                default="control",
                format_func=lambda r: ROLES.get(r, r),
            ),
        },
    )


def _edit_edges(diagram: Diagram, names: list[str]) -> pd.DataFrame:
    rows = [(e.cause, e.effect, e.mechanism, e.lag_weeks, e.confidence, e.evidence) for e in diagram.edges]
    return st.data_editor(
        pd.DataFrame(rows, columns=list(EDGE_COLUMNS)),
        num_rows="dynamic",
        hide_index=True,
        key="diagram_edges",
        width="stretch",
        column_config={
            "cause": st.column_config.SelectboxColumn("Cause", options=names, required=True),
            "effect": st.column_config.SelectboxColumn("Effect", options=names, required=True),
            "mechanism": st.column_config.TextColumn("How"),
            "lag (weeks)": st.column_config.NumberColumn(
                "Weeks later", min_value=0, max_value=52, default=0, width=120
            ),
            "confidence": st.column_config.NumberColumn(
                "How sure", min_value=0.0, max_value=1.0, default=0.5, format="percent", width=100
            ),
            "evidence": st.column_config.TextColumn("Evidence"),
        },
    )


def read(project_id: str, nodes: pd.DataFrame, edges: pd.DataFrame) -> Diagram:
    """The tables as a diagram; half-filled rows are left out."""

    def text(value: object) -> str:
        return "" if value is None or pd.isna(value) else str(value).strip()

    def number(value: object, default: float) -> float:
        return default if value is None or pd.isna(value) else float(value)  # type: ignore[arg-type]

    found = [
        CausalNode(text(n["name"]), NodeRole(text(n["role"]) or "control"))
        for n in nodes.to_dict("records")
        if text(n["name"])
    ]
    arrows = [
        CausalEdge(
            text(e["cause"]),
            text(e["effect"]),
            text(e["mechanism"]),
            int(number(e["lag (weeks)"], 0)),
            number(e["confidence"], 0.5),
            text(e["evidence"]),
        )
        for e in edges.to_dict("records")
        if text(e["cause"]) and text(e["effect"])
    ]
    if not found:
        raise PlanError("The diagram needs at least one variable.")
    return Diagram(project_id, tuple(found), tuple(arrows))


def dot(diagram: Diagram, colours: dict[str, str], scheme: Scheme) -> str:
    """Graphviz text: unseen causes dashed, arrows as thick as the confidence in them."""
    lines = [
        "digraph {",
        'rankdir=LR; bgcolor="transparent"; pad=0.2; nodesep=0.22; ranksep=0.9;',
        f'node [shape=box style="rounded,filled" fontname="{FONT}" fontsize=12 height=0.38 margin="0.16,0.06" '
        f'color="{scheme.line}" fillcolor="{scheme.raised}" fontcolor="{scheme.ink}"];',
        f'edge [color="{scheme.muted}" arrowsize=0.7 fontname="{FONT}" fontsize=10 fontcolor="{scheme.muted}"];',
    ]
    for node in diagram.nodes:
        style = {
            NodeRole.KPI: f'fillcolor="{scheme.accent}" fontcolor="{scheme.paper}" color="{scheme.accent}"',
            NodeRole.CHANNEL: f'color="{colours.get(node.name)}" penwidth=2',
            NodeRole.UNOBSERVED: 'style="rounded,dashed"',
            NodeRole.CONTROL: "",
        }[node.role]
        lines.append(f"{_quoted(node.name)} [label={_quoted(f.plain(node.name))} {style}];")
    lines.extend(_arrow(edge, _surrounding(diagram)) for edge in diagram.edges)
    return "\n".join([*lines, "}"])


def _surrounding(diagram: Diagram) -> set[str]:
    """Controls and unseen causes that act on the KPI and on nothing else."""
    kpi = {n.name for n in diagram.nodes if n.role is NodeRole.KPI}
    roles = (NodeRole.CONTROL, NodeRole.UNOBSERVED)
    elsewhere = {e.cause for e in diagram.edges if e.effect not in kpi} | {e.effect for e in diagram.edges}
    return {n.name for n in diagram.nodes if n.role in roles and n.name not in elsewhere}


def _arrow(edge: CausalEdge, surrounding: set[str]) -> str:
    """What surrounds the KPI is drawn on its far side, so that a long list of causes stays on one screen."""
    label = f"{edge.lag_weeks} wk" if edge.lag_weeks else ""
    style = (
        f'label="{label}" penwidth={0.6 + 1.4 * edge.confidence:.2f}{" style=dashed" if edge.confidence < 0.4 else ""}'
    )
    beside = edge.cause in surrounding
    first, second = (edge.effect, edge.cause) if beside else (edge.cause, edge.effect)
    return f"{_quoted(first)} -> {_quoted(second)} [{style}{' dir=back' if beside else ''}];"


def _quoted(name: str) -> str:
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
