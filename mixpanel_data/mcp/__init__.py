"""The face for agents: a server of the Model Context Protocol, started by `mp mcp`.

Few tools, small answers. What is called `mcp` in these modules is the official SDK.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from mixpanel_data.exceptions import MissingExtraError

if TYPE_CHECKING:
    from mixpanel_data.workspace import Workspace


def need_sdk() -> None:
    """Say that the extra `mcp` is missing, before an account is looked for."""
    if find_spec("mcp") is None:
        raise MissingExtraError("mcp", "the MCP server")


def serve(workspace: Workspace) -> None:
    """Answer a client on stdin and stdout until it leaves (extra `mcp`)."""
    need_sdk()
    from mixpanel_data.mcp import server

    server.serve(workspace)
