"""Tools about tools: code on the project's data, tools made of it, a plan to approve."""

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Sheet, Tool, name
from mmm_core.domain.code import CodeOutcome, CodeStatus
from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.identity import TeamRole
from mmm_core.domain.runtime_tools import Parameter, ParameterKind, RuntimeTool, ToolStatus
from mmm_core.use_cases import code_analysis, datasets, plans, programs, runtime_tools

MOST_FIGURES = 60


class Named(Arguments):
    tool: str = Field(max_length=60)


class ParameterOf(Arguments):
    name: str = Field(max_length=60)
    kind: ParameterKind = ParameterKind.TEXT
    description: str = ""
    default: str | float | int | bool | None = None


class NewTool(Arguments):
    name: str = Field(max_length=60)
    description: str = Field(max_length=500)
    source: str = Field(max_length=20_000, description="Python that defines tool(data, ...): data is a pandas table.")
    parameters: list[ParameterOf] = Field(default_factory=list, max_length=runtime_tools.MOST_PARAMETERS)


class Use(Arguments):
    tool: str = Field(max_length=60)
    arguments: dict[str, str | float | int | bool] = Field(default_factory=dict)


class Code(Arguments):
    code: str = Field(max_length=20_000, description="Sees data, np, pd and earlier variables; the last line answers.")


class NewPlan(Arguments):
    question: str = Field(max_length=500)
    target: str = Field(max_length=200)
    channels: list[str] = Field(min_length=1, max_length=60)
    controls: list[str] = Field(default_factory=list, max_length=60)
    hypotheses: list[str] = Field(default_factory=list, max_length=20)


# ---- code and tools -------------------------------------------------------------------------------------------------


def run_code(context: Context, given: Code) -> Result:
    step = code_analysis.run_step(context.services, context.actor, context.project, given.code)
    sheet = Sheet()
    said = {
        "result": figures(sheet, step.result, "code"),
        "printed": step.output[:1000],
        "error": step.error,
        "variables": list(step.names),
        "not kept": list(step.lost),
    }
    return sheet.result(said)


def use_tool(context: Context, given: Use) -> Result:
    outcome = runtime_tools.use_tool(context.services, context.actor, context.project, given.tool, given.arguments)
    return _outcome(outcome, given.tool)


def list_tools(context: Context, _: Nothing) -> Result:
    found = runtime_tools.list_tools(context.services, context.actor, context.project)
    return Result({"tools": [_brief(t) for t in found]})


def inspect_tool(context: Context, given: Named) -> Result:
    found = _find(context, given.tool)
    return Result({**_brief(found), "source": found.source, "written by": found.written_by})


def preview_tool(context: Context, given: NewTool) -> Sequence[str]:
    """What is handed in; an approver reads the code itself, with its lines as they are, before anything runs."""
    parameters = _parameters(given)
    code = programs.checked_source(given.source, parameters)
    takes = ", ".join(f"{p.name} ({p.kind})" for p in parameters) or "nothing but the data"
    lines = len(code.splitlines())
    return (
        f"A tool called {name(given.name)}: {given.description}",
        f"It takes {takes}.",
        f"{lines} lines of code, which an approver reads on the Model page before anybody can use it.",
    )


def create_tool(context: Context, given: NewTool) -> str:
    made = runtime_tools.propose_tool(
        context.services, context.actor, context.project, name=given.name, description=given.description,
        source=given.source, parameters=_parameters(given), assistant="The assistant",
    )  # fmt: skip
    return f"The tool {made.name}, version {made.version}, waits for an approver on the Model page."


def preview_removal(context: Context, given: Named) -> Sequence[str]:
    found = _find(context, given.tool)
    return (f"The tool {found.name}, version {found.version}, is used no more.",)


def remove_tool(context: Context, given: Named) -> str:
    found = _find(context, given.tool)
    runtime_tools.remove_tool(context.services, context.actor, found.id, "Removed in a conversation.")
    return f"The tool {found.name} is removed."


# ---- plan -----------------------------------------------------------------------------------------------------------


def preview_plan(context: Context, given: NewPlan) -> Sequence[str]:
    now = plans.latest_plan(context.services, context.actor, context.project)
    over = [f"It takes the place of the draft of plan {now.version}."] if now and now.status == "draft" else []
    return (
        f"Question: {given.question}", f"Target: {name(given.target)}",
        f"Channels: {', '.join(map(name, given.channels))}", f"Controls: {', '.join(map(name, given.controls)) or '–'}",
        *(f"Hypothesis: {name(h)}" for h in given.hypotheses), *_strangers(context, given), *over,
    )  # fmt: skip


def _strangers(context: Context, given: NewPlan) -> Sequence[str]:
    """What the newest data know nothing of; a plan may ask for data that are still to come."""
    version = datasets.latest_dataset(context.services, context.actor, context.project)
    if version is None:
        return ()
    known = {r.column for r in version.recognition.roles} | {r.channel for r in version.recognition.roles}
    unknown = [n for n in dict.fromkeys((given.target, *given.channels, *given.controls)) if n not in known]
    return (f"Not in the data: {', '.join(map(name, unknown))}.",) if unknown else ()


def write_plan(context: Context, given: NewPlan) -> str:
    made = plans.save_plan(
        context.services, context.actor, context.project, question=given.question, target=given.target,
        channels=given.channels, controls=given.controls, hypotheses=given.hypotheses,
    )  # fmt: skip
    return f"Plan {made.version} is a draft now; an approver decides on it on the Plan page."


# ---- parts ----------------------------------------------------------------------------------------------------------


def figures(sheet: Sheet, value: Any, key: str) -> Any:
    """A plain value with its numbers as referenced figures, so that a text may repeat them and no others."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return sheet.n(key, value, "number") if len(sheet.facts) < MOST_FIGURES else "…"
    if isinstance(value, dict):
        return {name(k): figures(sheet, v, f"{key}.{name(k)}") for k, v in list(value.items())[:MOST_FIGURES]}
    if isinstance(value, list):
        return [figures(sheet, v, f"{key}.{n}") for n, v in enumerate(value[:MOST_FIGURES])]
    return name(value)


def _outcome(outcome: CodeOutcome, tool: str) -> Result:
    if outcome.status is not CodeStatus.DONE:
        raise BadInput(f"{tool} did not end well: {outcome.error}")
    sheet = Sheet()
    return sheet.result({"result": figures(sheet, outcome.result, f"tool.{tool}"), "printed": outcome.output[:1000]})


def _find(context: Context, wanted: str) -> RuntimeTool:
    found = runtime_tools.list_tools(context.services, context.actor, context.project)
    same = [t for t in found if t.name == wanted]
    ready = [t for t in same if t.status is ToolStatus.APPROVED] or same
    if not ready:
        raise NotFound("There is no such tool in this project; list_custom_tools gives them.")
    return ready[0]


def _brief(tool: RuntimeTool) -> dict[str, Any]:
    takes = {p.name: f"{p.kind}{'' if p.default is None else f', {p.default} if left out'}" for p in tool.parameters}
    return {"name": tool.name, "version": tool.version, "state": tool.status.value, "does": tool.description,
            "takes": takes}  # fmt: skip


def _parameters(given: NewTool) -> tuple[Parameter, ...]:
    return tuple(Parameter(p.name, p.kind, p.description, p.default) for p in given.parameters)


TOOLS = (
    Tool("execute_query", "data", "Run Python on the project's data in isolation; variables stay for the next call.",
         "code_analysis.run_step", Code, run_code, needs=TeamRole.ANALYST, keeps=True),
    Tool("list_custom_tools", "meta", "Tools that were written for this project.", "runtime_tools.list_tools",
         Nothing, list_tools),
    Tool("inspect_custom_tool", "meta", "The code of a tool of this project.", "runtime_tools.list_tools",
         Named, inspect_tool),
    Tool("use_custom_tool", "meta", "Run an approved tool of this project on its data.", "runtime_tools.use_tool",
         Use, use_tool, needs=TeamRole.ANALYST, keeps=True),
    Tool("create_custom_tool", "meta", "Write a tool for what no other tool does; people read and approve it.",
         "runtime_tools.propose_tool", NewTool, None, preview_tool, create_tool, "Write a tool", TeamRole.ANALYST),
    Tool("remove_custom_tool", "meta", "Take a tool of this project away.", "runtime_tools.remove_tool",
         Named, None, preview_removal, remove_tool, "Remove a tool", TeamRole.ANALYST),
    Tool("write_plan", "plan", "Write the research plan as a draft that an approver then decides on.",
         "plans.save_plan", NewPlan, None, preview_plan, write_plan, "Write the research plan", TeamRole.ANALYST),
)  # fmt: skip
