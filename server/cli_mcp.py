"""``mmm mcp``: the MCP server on standard input and output, for a client on this machine."""

import sys

from mmm_core.domain.identity import Actor
from server.local import local_services


def run() -> None:
    import anyio

    from server import logs, mcp_server

    # Standard output belongs to the protocol.
    logs.set_up(json=False, quiet=True)
    with local_services() as (services, actor):

        def who() -> Actor:
            return actor

        sys.stderr.write("Carryover answers MCP on standard input; end it with Ctrl-D.\n")
        anyio.run(mcp_server.over_stdio, mcp_server.server_for(lambda: services, who))
