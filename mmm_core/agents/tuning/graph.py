"""The tuning session as one LangGraph graph: four roles around a loop, each step choosing the next by rules."""

from typing import Any

from langgraph.graph import END, START, StateGraph

from mmm_core.agents.tuning import concluding, escalating, guarding, proposing, trials
from mmm_core.agents.tuning.bench import Bench, node
from mmm_core.agents.tuning.state import Plain, TuningState
from mmm_core.agents.workflow.desk import Desk, asking
from mmm_core.domain.workflow import Gate, Workflow, WorkflowStatus

ASK = asking(Gate.TUNING)
STEPS = {
    "begin": trials.begin,
    "measure": trials.measure,
    "supervise": concluding.supervise,
    "propose": proposing.propose,
    "guard": guarding.look,
    "trial": trials.try_it,
    "validate": trials.validate,
    "reject": escalating.reject,
    ASK: escalating.decide,
    "executive": concluding.approve,
    "end": concluding.end,
}
WAYS = {
    "supervise": ("propose", "executive"),
    "propose": ("guard", "executive"),
    "guard": ("trial", "reject"),
    "validate": ("supervise", "reject"),
    "reject": ("supervise", ASK),
    ASK: ("supervise", "guard", "end"),
    "executive": ("reject", "end"),
}


def build(desk: Desk, saver: Any) -> Any:
    """The compiled graph; its steps use ``desk``, its checkpoints go to ``saver``."""
    bench = Bench(desk)
    graph: Any = StateGraph(TuningState)
    for name, work in STEPS.items():
        graph.add_node(name, node(bench, name, work))
    for before, after in ((START, "begin"), ("begin", "measure"), ("measure", "supervise"), ("trial", "validate")):
        graph.add_edge(before, after)
    for name, ways in WAYS.items():
        graph.add_conditional_edges(name, lambda state: state["way"], list(ways))
    graph.add_edge("end", END)
    return graph.compile(checkpointer=saver)


def first(workflow: Workflow) -> Plain:
    return {"project_id": workflow.project_id}


def ending(state: TuningState) -> tuple[WorkflowStatus, str, str]:
    """How it ended: status, one sentence, and the page that it leads to."""
    stopped = state.get("how") == concluding.STOPPED
    status = WorkflowStatus.STOPPED if stopped else WorkflowStatus.DONE
    return status, state.get("outcome", ""), "model"
