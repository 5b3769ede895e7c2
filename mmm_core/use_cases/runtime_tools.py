"""Tools made at run time: written, read, approved by a person, used behind walls, removed (A5)."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mmm_core.data import read
from mmm_core.domain.code import CodeOutcome, CodeRunner, Program
from mmm_core.domain.errors import BadInput, Conflict, NotAllowed, NotFound, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.runtime_tools import Parameter, ParameterKind, RuntimeTool, ToolStatus
from mmm_core.use_cases.access import require
from mmm_core.use_cases.datasets import working_table
from mmm_core.use_cases.programs import CALL, NAME, checked_source

MOST_PARAMETERS = 12
NO_RUNNER = "Code cannot be run here: this process has no isolated place for it."


def propose_tool(
    services: Services,
    actor: Actor,
    project_id: str,
    *,
    name: str,
    description: str,
    source: str,
    parameters: Sequence[Parameter] = (),
    assistant: str = "",
) -> RuntimeTool:
    """Keep a tool's code for a person to read; it cannot be used before somebody approves it.

    Parameters
    ----------
    assistant
        Who wrote it, where it was not the person.
    """
    require(actor, TeamRole.ANALYST, "write a tool")
    if not NAME.fullmatch(name):
        raise BadInput("A tool's name is 3 to 60 small letters, figures and underscores, a letter first.")
    if not description.strip():
        raise BadInput("Say in a sentence what the tool does.")
    if len(parameters) > MOST_PARAMETERS:
        raise BadInput(f"A tool has at most {MOST_PARAMETERS} parameters.")
    for parameter in parameters:
        if parameter.default is not None:
            _value(parameter, parameter.default)
    code = checked_source(source, parameters)
    with services.work(actor) as work:
        work.projects.get(project_id)
        same = [t for t in work.tools.list(project_id) if t.name == name]
        tool = RuntimeTool(
            id=services.new_id(),
            project_id=project_id,
            name=name,
            version=max((t.version for t in same), default=0) + 1,
            description=description.strip()[:500],
            source=code,
            parameters=tuple(parameters),
            written_by=f"{assistant} for {actor.name}" if assistant else actor.name,
            written_at=services.now(),
        )
        work.tools.add(tool)
        _to_graph(work, tool)
        work.audit.record("tool.proposed", tool.id, _about(tool))
    return tool


def list_tools(services: Services, actor: Actor, project_id: str, *, removed: bool = False) -> Sequence[RuntimeTool]:
    """By name, newest version first."""
    with services.work(actor) as work:
        found = work.tools.list(project_id)
    gone = (ToolStatus.REMOVED, ToolStatus.REJECTED)
    return [t for t in found if removed or t.status not in gone]


def get_tool(services: Services, actor: Actor, tool_id: str) -> RuntimeTool:
    with services.work(actor) as work:
        return work.tools.get(tool_id)


def approve_tool(services: Services, actor: Actor, tool_id: str, reason: str = "") -> RuntimeTool:
    """Let this very code be used; an earlier version that was approved is used no more."""
    require(actor, TeamRole.APPROVER, "approve a tool")
    with services.work(actor) as work:
        tool = _waiting(work, tool_id)
        for other in work.tools.list(tool.project_id):
            if other.name == tool.name and other.status is ToolStatus.APPROVED:
                _decide(services, work, actor, other, ToolStatus.REMOVED, f"Version {tool.version} took its place.")
        return _decide(services, work, actor, tool, ToolStatus.APPROVED, reason)


def reject_tool(services: Services, actor: Actor, tool_id: str, reason: str) -> RuntimeTool:
    require(actor, TeamRole.APPROVER, "reject a tool")
    if not reason.strip():
        raise BadInput("Say in a few words why; the reason stays on record.")
    with services.work(actor) as work:
        return _decide(services, work, actor, _waiting(work, tool_id), ToolStatus.REJECTED, reason)


def remove_tool(services: Services, actor: Actor, tool_id: str, reason: str = "") -> RuntimeTool:
    """It cannot be used any more; its code stays on record."""
    require(actor, TeamRole.ANALYST, "remove a tool")
    with services.work(actor) as work:
        tool = work.tools.get(tool_id)
        if tool.status in (ToolStatus.REMOVED, ToolStatus.REJECTED):
            raise Conflict(f"This tool is {tool.status} already.")
        return _decide(services, work, actor, tool, ToolStatus.REMOVED, reason)


def use_tool(
    services: Services, actor: Actor, project_id: str, name: str, arguments: Mapping[str, Any] | None = None
) -> CodeOutcome:
    """Run the approved version on the newest data, behind the runner's walls.

    Raises
    ------
    NotAllowed
        Where nobody has approved the tool.
    Unavailable
        Where no isolation is to be had.
    """
    require(actor, TeamRole.ANALYST, "use a tool")
    runner = runner_of(services)
    with services.work(actor) as work:
        tool = _usable(work, project_id, name)
        table = newest_table(work, project_id)
    given = read_arguments(tool, arguments or {})
    outcome = runner.run(Program(CALL, {"data": table}, {"source": tool.source, "given": given}))
    with services.work(actor) as work:
        ended = {"status": outcome.status.value, "seconds": round(outcome.seconds, 2), "error": outcome.error}
        work.audit.record("tool.used", tool.id, {**_about(tool), **ended})
    return outcome


def read_arguments(tool: RuntimeTool, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as the tool's parameters say; BadInput with one sentence where they do not fit."""
    strange = sorted(set(arguments) - {p.name for p in tool.parameters})
    if strange:
        raise BadInput(f"{tool.name} has no parameter called {strange[0]}.")
    given = {}
    for parameter in tool.parameters:
        value = arguments.get(parameter.name, parameter.default)
        if value is None:
            raise BadInput(f"{tool.name} needs {parameter.name}.")
        given[parameter.name] = _value(parameter, value)
    return given


def runner_of(services: Services) -> CodeRunner:
    if services.code is None:
        raise Unavailable(NO_RUNNER)
    return services.code


def newest_table(work: Work, project_id: str) -> bytes:
    version = work.datasets.latest(project_id)
    if version is None:
        raise NotFound("The project has no data yet; add some on the Data page.")
    return read.to_parquet(working_table(work, version))


def _value(parameter: Parameter, value: Any) -> Any:
    wrong = BadInput(f"{parameter.name} has to be a {parameter.kind}.")
    if parameter.kind is ParameterKind.TEXT and isinstance(value, str):
        return value[:2000]
    if parameter.kind is ParameterKind.YES_NO and isinstance(value, bool):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise wrong
    if parameter.kind is ParameterKind.WHOLE and float(value).is_integer():
        return int(value)
    if parameter.kind is ParameterKind.NUMBER:
        return float(value)
    raise wrong


def _usable(work: Work, project_id: str, name: str) -> RuntimeTool:
    found = [t for t in work.tools.list(project_id) if t.name == name]
    approved = next((t for t in found if t.status is ToolStatus.APPROVED), None)
    if approved is not None:
        return approved
    if any(t.status is ToolStatus.PROPOSED for t in found):
        raise NotAllowed(f"Nobody has approved {name} yet; an approver reads its code first.")
    raise NotFound(f"There is no tool called {name} here; it may have been removed.")


def _waiting(work: Work, tool_id: str) -> RuntimeTool:
    tool = work.tools.get(tool_id)
    if tool.status is not ToolStatus.PROPOSED:
        raise Conflict(f"This version is {tool.status} already.")
    return tool


def _decide(
    services: Services, work: Work, actor: Actor, tool: RuntimeTool, status: ToolStatus, reason: str
) -> RuntimeTool:
    decided = replace(
        tool, status=status, decided_by=actor.name, decided_at=services.now(), reason=reason.strip()[:500]
    )
    work.tools.update(decided)
    _to_graph(work, decided)
    work.audit.record(f"tool.{status}", tool.id, {**_about(tool), "reason": decided.reason})
    return decided


def _to_graph(work: Work, tool: RuntimeTool) -> None:
    facts = {"by": tool.written_by, "does": tool.description, "decided_by": tool.decided_by or ""}
    work.graph.put_node("tool", tool.id, f"Tool {tool.name} {tool.version} ({tool.status})", facts, tool.project_id)
    work.graph.put_edge(("tool", tool.id), "part_of", ("project", tool.project_id))


def _about(tool: RuntimeTool) -> dict[str, Any]:
    """The code's digest makes sure which code it was."""
    return {"name": tool.name, "version": tool.version, "sha256": hashlib.sha256(tool.source.encode()).hexdigest()}
