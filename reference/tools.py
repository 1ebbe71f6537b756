"""The tools of `mp mcp`, as an agent reads them."""

from __future__ import annotations

import json
from typing import Any

import anyio
from mcp import Client

from mixpanel_data import Workspace
from mixpanel_data.mcp.pool import WorkspacePool
from mixpanel_data.mcp.server import build


def tools() -> str:
    """A table of all tools, and how many bytes their list has."""
    lines = ["| tool | arguments | does |", "|---|---|---|"]
    listed = anyio.run(_listed)
    for tool in listed:
        schema = tool["inputSchema"]
        needed = schema.get("required", ())
        names = [f"**{it}**" if it in needed else it for it in schema["properties"]]
        text = tool["description"].replace("\n", " ").replace("|", "\\|")
        lines.append(f"| `{tool['name']}` | {', '.join(names)} | {text} |")
    size = len(json.dumps(listed, ensure_ascii=False, separators=(",", ":")).encode())
    return "\n".join([*lines, "", f"The list that an agent reads has {size:,} bytes."])


async def _listed() -> list[dict[str, Any]]:
    with Workspace.ephemeral("sandbox") as workspace:
        async with Client(build(WorkspacePool(workspace), "")) as client:
            found = await client.list_tools()
    return [it.model_dump(mode="json", by_alias=True, exclude_none=True) for it in found.tools]
