"""What programs of others may do here, over MCP or A2A: the inventory of tools, always for one project of one person.

A tool that would change something leaves a proposal, as in the chat; a person confirms it on the Approvals page.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Project
from mmm_core.reports import wording
from mmm_core.use_cases import projects, remote_tasks

LIST = "list_projects"
MCP = "mcp"
TALK = ("ask_user", "ask_user_to_choose", "list_all_tools")
"""Parts of a conversation; a program that connects has one of its own with its person."""
REFERENCE = re.compile(r"\[\[([^\[\]|]*)\|[^\[\]|]*\]\]")
PROJECT = {"type": "string", "description": "Name or id of the project; list_projects gives them."}
NAMED = 10
"""Projects that a refusal names."""
HERE = {
    "propose_changes": "Use for every 'what if' and every wish to change spend: reads the sentence by rules and says "
    "what it would bring. Pass the person's own words.",
}
"""What a tool does for a program, where on a page it does more."""
ON_A_PAGE = ("waits",)
"""Parts of an answer that speak of what stands beside it on a page."""


@dataclass(frozen=True)
class Offered:
    name: str
    says: str
    schema: dict[str, Any]
    leaves: bool
    """Whether a call leaves something behind: a proposal, variables, a line of its own on the audit trail."""
    outside: bool = False
    """Whether it may lead outside this machine, once a person agreed."""


def offered() -> list[Offered]:
    from mmm_core.agents.tools import registry

    listing = Offered(LIST, "The projects that the token's owner can see.", _schema({}, ()), False)
    tools = [t for t in registry.inventory() if t.name not in TALK]
    return [listing, *(_of(t) for t in tools)]


def call(services: Services, actor: Actor, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a tool says, as plain values; CarryoverError with one sentence where it cannot be."""
    from mmm_core.agents.tools import registry
    from mmm_core.agents.tools.kinds import Context

    if name == LIST:
        remote_tasks.note_call(services, actor, MCP, name)
        return {"projects": [_brief(p) for p in projects.list_projects(services, actor)]}
    if name in TALK or name not in registry.TOOLS:
        raise NotFound("There is no tool of that name here; tools/list gives them.")
    given = dict(arguments)
    project = find_project(services, actor, given.pop("project", None))
    remote_tasks.note_call(services, actor, MCP, name, project.id)
    found = registry.call(Context(services, actor, project.id), name, given)
    out: dict[str, Any] = {"project": project.name, "answer": _off_the_page(plain(found.said))}
    if found.facts:
        out["figures"] = [{"key": f.key, "value": f.value, "unit": f.unit} for f in found.facts]
    if found.changes:
        out["changes"] = [{"change": type(c).__name__.lower(), **_values(c)} for c in found.changes]
    if found.question:
        out["question"], out["choices"] = found.question, list(found.options)
    if found.proposal:
        out["proposal"] = found.proposal
        out["next"] = "Nothing has been changed. A person confirms or declines this on the Approvals page."
    return out


def find_project(services: Services, actor: Actor, wanted: Any) -> Project:
    known = projects.list_projects(services, actor)
    if wanted is None and len(known) == 1:
        return known[0]
    if not isinstance(wanted, str) or not wanted.strip():
        raise BadInput(f"Say which project. {_theirs(known)}")
    exact = [p for p in known if wanted == p.id] or [p for p in known if wanted.casefold() == p.name.casefold()]
    if not exact:
        raise NotFound(f"There is no project of that name. {_theirs(known)}")
    return exact[0]


def _theirs(known: Sequence[Project]) -> str:
    if not known:
        return "You have none yet; make one in the app."
    more = f" and {len(known) - NAMED} more" if len(known) > NAMED else ""
    return f"Yours: {', '.join(p.name for p in known[:NAMED])}{more}."


def plain(said: Any) -> Any:
    """Without the marks by which our own texts tie a figure to its metric."""
    if isinstance(said, str):
        return REFERENCE.sub(r"\1", said)
    if isinstance(said, Mapping):
        return {str(k): plain(v) for k, v in said.items()}
    if isinstance(said, list | tuple):
        return [plain(v) for v in said]
    return said


def words(text: str) -> str:
    """A text of a page without the marks that keep names in it from acting as Markdown."""
    return wording.unsafe(text)


def _off_the_page(said: Any) -> Any:
    return {k: v for k, v in said.items() if k not in ON_A_PAGE} if isinstance(said, dict) else said


def _of(tool: Any) -> Offered:
    schema = tool.arguments.model_json_schema()
    says = HERE.get(tool.name, tool.says)
    says = f"{says} Proposes; a person confirms." if tool.writes else says
    required = ("project", *schema.get("required", ()))
    taken = _schema({"project": PROJECT, **schema.get("properties", {})}, required, schema.get("$defs"))
    return Offered(tool.name, says, taken, tool.writes or tool.keeps, tool.outside)


def _schema(properties: dict[str, Any], required: tuple[str, ...], parts: Any = None) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    if required:
        made["required"] = list(required)
    return {**made, "$defs": parts} if parts else made


def _brief(project: Project) -> dict[str, Any]:
    return {"id": project.id, "name": project.name, "question": project.question, "kpi": project.kpi_name}


def _values(change: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {k: getattr(v, "value", v) for k, v in asdict(change).items()}
