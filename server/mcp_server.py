"""The MCP server: our tools for any client that speaks the Model Context Protocol, over HTTP or standard input."""

import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import structlog

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from server import protocol_tools

log = structlog.get_logger(__name__)

INSTRUCTIONS = (
    "Carryover does marketing-mix modelling. Figures come from its tools alone: quote them as they are given, with "
    "their intervals. Tools that would change something leave a proposal that a person confirms in the app."
)
UNEXPECTED = "Something went wrong on the server's side; it has been logged."


def server_for(services: Callable[[], Services], actor: Callable[[], Actor]) -> Any:
    """A server that acts for one person; who that is, is never an argument of a call."""
    import anyio
    from mcp.server.lowlevel import Server
    from mcp_types import CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

    async def listed(context: Any, params: Any) -> ListToolsResult:
        found = await anyio.to_thread.run_sync(protocol_tools.offered)
        tools = [
            Tool(
                name=t.name, description=t.says, input_schema=t.schema,
                annotations=ToolAnnotations(
                    read_only_hint=not t.leaves, destructive_hint=False, open_world_hint=t.outside
                ),
            )
            for t in found
        ]  # fmt: skip
        return ListToolsResult(tools=tools)

    async def called(context: Any, params: Any) -> CallToolResult:
        said, failed = await anyio.to_thread.run_sync(_answer, services, actor, params.name, params.arguments or {})
        text = json.dumps(said, ensure_ascii=False, default=str)
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=said, is_error=failed)

    return Server(
        "carryover", version=version("carryover"), instructions=INSTRUCTIONS, on_list_tools=listed, on_call_tool=called
    )


def _answer(
    services: Callable[[], Services], actor: Callable[[], Actor], name: str, arguments: dict[str, Any]
) -> tuple[dict[str, Any], bool]:
    try:
        return protocol_tools.call(services(), actor(), name, arguments), False
    except CarryoverError as error:
        return {"error": str(error)}, True
    except Exception:
        log.exception("mcp.failed", tool=name)
        return {"error": UNEXPECTED}, True


async def handle(server: Any, scope: Any, receive: Any, send: Any) -> None:
    """Answer one HTTP request; nothing is remembered between two, so any web process may get the next."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    manager = StreamableHTTPSessionManager(app=server, json_response=True, stateless=True)
    async with manager.run():
        await manager.handle_request(scope, receive, send)


async def over_stdio(server: Any) -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
