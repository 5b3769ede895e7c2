"""The workflow as one LangGraph graph: a supervisor over four phases, each a graph of its own; rules choose the way."""

from collections.abc import Callable
from typing import Any

from langgraph.graph import END, START, StateGraph

from mmm_core.agents.workflow import advice, baseline, budget, data, planning, report
from mmm_core.agents.workflow.desk import Desk, Work, asking, staged
from mmm_core.agents.workflow.model import diagnostics, priors, sampling
from mmm_core.agents.workflow.state import Plain, State
from mmm_core.domain.workflow import Gate, Phase, Stage, Workflow, WorkflowStatus

Way = Callable[[State], str]


def build(desk: Desk, saver: Any) -> Any:
    """The compiled graph; its steps use ``desk``, its checkpoints go to ``saver``."""
    phases = {Phase.PLAN: _plan, Phase.DATA: _data, Phase.MODEL: _model, Phase.INTERPRET: _interpret}
    graph: Any = StateGraph(State)
    graph.add_node("supervise", lambda state: {"phase": supervise(state)})
    graph.add_edge(START, "supervise")
    for phase, make in phases.items():
        graph.add_node(phase.value, make(desk))
        graph.add_edge(phase.value, "supervise")
    graph.add_conditional_edges("supervise", lambda state: state["phase"] or END, [*(p.value for p in phases), END])
    return graph.compile(checkpointer=saver)


def supervise(state: State) -> str:
    """The phase that follows; none where a rejection ended the analysis, or all is done."""
    if state.get("stopped") or state.get("report_id"):
        return ""
    order = [p.value for p in Phase]
    before = state.get("phase", "")
    following = order.index(before) + 1 if before else 0
    return order[following] if following < len(order) else ""


class _Room:
    """A phase's graph while it is put together."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.graph: Any = StateGraph(State)

    def step(self, stage: Stage, name: str, work: Work) -> "_Room":
        """A step that works something out; a question that it puts gets a model's remark where there is a model."""

        def remarked(desk: Desk, state: State) -> Any:
            step = work(desk, state)
            question = step.update.get("question")
            if question:
                facts = {**state.get("facts", {}), stage.value: step.facts}
                question["remark"] = advice.remark(desk, stage, {**state, **step.update, "facts": facts}, question)
            return step

        self.graph.add_node(name, staged(self._desk, stage, name, remarked))
        return self

    def gate(self, stage: Stage, gate: Gate, work: Work) -> "_Room":
        """A step that asks a person and does what the answer says."""
        self.graph.add_node(asking(gate), staged(self._desk, stage, asking(gate), work, opens=False))
        return self

    def path(self, *names: str) -> "_Room":
        for before, after in zip((START, *names), names, strict=False):
            if before != after:
                self.graph.add_edge(before, after)
        return self

    def fork(self, name: str, way: Way, ways: list[str]) -> "_Room":
        self.graph.add_conditional_edges(name, way, ways)
        return self

    def compiled(self) -> Any:
        return self.graph.compile()


def _plan(desk: Desk) -> Any:
    ask = asking(Gate.PLAN)
    room = _Room(desk).step(Stage.PLANNING, "planning", planning.propose)
    room.gate(Stage.PLANNING, Gate.PLAN, planning.decide).path("planning")
    room.fork("planning", lambda s: ask if s.get("question") else END, [ask, END])
    return room.fork(ask, lambda s: END, [END]).compiled()


def _data(desk: Desk) -> Any:
    ask, agree = asking(Gate.DATA), asking(Gate.BASELINE)
    room = _Room(desk).step(Stage.LOADING, "loading", data.load).step(Stage.PROFILING, "profiling", data.profile)
    room.step(Stage.VALIDATION, "validation", data.validate).gate(Stage.VALIDATION, Gate.DATA, data.decide)
    room.step(Stage.FEATURES, "features", data.choose).step(Stage.FEATURES, "baseline", baseline.propose)
    room.gate(Stage.FEATURES, Gate.BASELINE, baseline.decide).path("loading", "profiling", "validation")
    for step in ("validation", ask):
        room.fork(
            step, lambda s: END if s.get("stopped") else ask if s.get("question") else "features",
            [ask, "features", END],
        )  # fmt: skip
    room.graph.add_edge("features", "baseline")
    room.fork("baseline", lambda s: agree if s.get("question") else END, [agree, END])
    # A rejected method leaves no baseline and no question: the next one is proposed.
    room.fork(
        agree,
        lambda s: agree if s.get("question") else END if s.get("baseline_id") else "baseline",
        [agree, "baseline", END],
    )
    return room.compiled()


def _model(desk: Desk) -> Any:
    ask = asking(Gate.FIT)
    room = _Room(desk).step(Stage.ADSTOCK, "priors", priors.look).step(Stage.FITTING, "ladder", sampling.climb)
    room.step(Stage.FITTING, "climbing", sampling.climbed).step(Stage.FITTING, "fit", priors.ask)
    room.gate(Stage.FITTING, Gate.FIT, sampling.decide).step(Stage.FITTING, "sampling", sampling.sample)
    room.step(Stage.EVALUATION, "diagnostics", diagnostics.judge).path("priors")
    room.fork("priors", lambda s: "ladder" if s.get("ladder") else "fit", ["ladder", "fit"])
    room.graph.add_edge("ladder", "climbing")
    room.graph.add_edge("climbing", "fit")
    room.graph.add_edge("fit", ask)
    room.fork(ask, _after_fit_answer, [ask, "sampling", END])
    room.graph.add_edge("sampling", "diagnostics")
    room.fork("diagnostics", lambda s: ask if s.get("question") else END, [ask, END])
    return room.compiled()


def _after_fit_answer(state: State) -> str:
    if state.get("stopped") or state.get("kept"):
        return END
    return asking(Gate.FIT) if state.get("question") else "sampling"


def _interpret(desk: Desk) -> Any:
    spend, publish = asking(Gate.BUDGET), asking(Gate.PUBLICATION)
    room = _Room(desk).step(Stage.BUDGET, "budget", budget.propose).gate(Stage.BUDGET, Gate.BUDGET, budget.decide)
    room.step(Stage.REPORT, "report", report.propose).gate(Stage.REPORT, Gate.PUBLICATION, report.decide)
    room.path("budget").fork("budget", lambda s: spend if s.get("question") else "report", [spend, "report"])
    # Another total or style is worked out before it is asked about: the old question still stands then.
    room.fork(spend, lambda s: "budget" if s.get("question") else "report", ["budget", "report"])
    room.graph.add_edge("report", publish)
    return room.fork(publish, lambda s: END, [END]).compiled()


def first(workflow: Workflow) -> Plain:
    """What a workflow starts from."""
    options = workflow.options
    return {
        "project_id": workflow.project_id,
        "given_spec": options.spec_yaml,
        "ladder": options.ladder,
        "hand_over": options.hand_over,
        "auto": options.auto,
    }


def ending(state: State) -> tuple[WorkflowStatus, str, str]:
    """How it ended: status, one sentence, and the page that it leads to."""
    leads_to = state.get("leads_to", "report")
    if stopped := state.get("stopped", ""):
        return WorkflowStatus.STOPPED, stopped, leads_to
    verdict = str(state.get("facts", {}).get("evaluation", {}).get("verdict", ""))
    return WorkflowStatus.DONE, f"The report is written. {verdict}", leads_to
