"""The face for agents: a server of the Model Context Protocol, started by `mp mcp`.

Few tools, small answers. What is called `mcp` in these modules is the official SDK.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mixpanel_data.exceptions import MissingExtraError

if TYPE_CHECKING:
    from mixpanel_data.workspace import Workspace


def serve(workspace: Workspace) -> None:
    """Answer a client on stdin and stdout until it leaves (extra `mcp`)."""
    try:
        from mixpanel_data.mcp import server
    except ModuleNotFoundError as error:
        raise MissingExtraError("mcp", "the MCP server") from error
    server.serve(workspace)
