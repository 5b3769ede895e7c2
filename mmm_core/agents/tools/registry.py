"""The inventory: every tool by name, and the one way in which tools are called."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mmm_core.agents.tools import background, data, during, journal, made, meta, model, plan, writing
from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Tool
from mmm_core.agents.tools.proposing import leave
from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.use_cases.access import require

WAITS = "It waits for the person's yes on the page. Nothing has been changed, and you cannot confirm it."


def _list_all(context: Context, _: Nothing) -> Result:
    return Result({t.name: t.says for t in TOOLS.values()})


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        *data.TOOLS,
        *model.TOOLS,
        *during.TOOLS,
        *plan.TOOLS,
        *writing.TOOLS,
        *meta.TOOLS,
        *made.TOOLS,
        *background.TOOLS,
        Tool("list_all_tools", "meta", "Every tool.", "the inventory itself", Nothing, _list_all),
    )
}


def find(name: str) -> Tool:
    if name not in TOOLS:
        raise NotFound("There is no tool of that name; list_all_tools gives them.")
    return TOOLS[name]


def call(context: Context, name: str, arguments: Mapping[str, Any]) -> Result:
    """Call a tool on behalf of the context's person; one that writes leaves a proposal and nothing else.

    Raises
    ------
    CarryoverError
        One sentence: arguments that do not fit, a role that does not cover it, or what the use case says.
    """
    return journal.noted(context, name, arguments, lambda: _called(context, name, arguments))


def _called(context: Context, name: str, arguments: Mapping[str, Any]) -> Result:
    tool = find(name)
    given = read(tool, arguments)
    require(context.actor, tool.needs, tool.title.lower() or "use this tool")
    if tool.run is not None:
        return tool.run(context, given)
    assert tool.preview is not None
    lines = tool.preview(context, given)
    kept = leave(context, tool.name, tool.title, given, lines)
    return Result({"would": [tool.title, *lines], "state": WAITS}, proposal=kept.id)


def read(tool: Tool, arguments: Mapping[str, Any]) -> Arguments:
    try:
        return tool.arguments.model_validate(dict(arguments))
    except ValidationError as error:
        raise BadInput(_misfit(tool, error)) from None


def _misfit(tool: Tool, error: ValidationError) -> str:
    problem = error.errors()[0]
    where = " ".join(str(part) for part in problem["loc"]) or "the arguments"
    if problem["type"] == "missing":
        return f"{tool.name} needs {where}."
    if problem["type"] == "extra_forbidden" and len(problem["loc"]) == 1:
        fields = ", ".join(tool.arguments.model_fields)
        return f"{tool.name} takes no {where}{f'; it takes {fields}' if fields else ''}."
    return f"{tool.name}: {where}: {problem['msg']}."


def inventory() -> Sequence[Tool]:
    return tuple(TOOLS.values())
