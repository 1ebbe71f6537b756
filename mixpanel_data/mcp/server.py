"""The server itself: tools with small schemas, errors in one line, and stdio."""

from __future__ import annotations

import inspect
import sys
import traceback
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import ValidationError

from mixpanel_data import __version__
from mixpanel_data.exceptions import InvalidArgumentError, MixpanelDataError
from mixpanel_data.mcp import fetching, helping, querying, reporting
from mixpanel_data.mcp.call import Call
from mixpanel_data.mcp.pool import WorkspacePool
from mixpanel_data.serialization import compact
from mixpanel_data.workspace import Workspace

_LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ASKS = ToolAnnotations(read_only_hint=True, open_world_hint=True)
_FETCHES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=True
)


TOOLS: dict[Callable[..., str], ToolAnnotations] = {
    querying.tables: _LOOKS,
    querying.discover: _ASKS,
    fetching.plan_fetch: _LOOKS,
    fetching.fetch: _FETCHES,
    querying.sql: _LOOKS,
    reporting.segmentation: _ASKS,
    reporting.funnel: _ASKS,
    reporting.retention: _ASKS,
    helping.help: _LOOKS,
}
"""Each takes a call first; the others of its parameters are the tool's."""


class Server(MCPServer[Any]):
    """The SDK's server, with errors as the command line has them."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Any, Any] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; what fails is an answer, too."""
        try:
            self._check(name, arguments)
            return await super().call_tool(name, arguments, context)
        except ToolError as error:
            return _failed(error.__cause__ or error)
        except MixpanelDataError as error:
            return _failed(error)

    def _check(self, name: str, arguments: dict[str, Any]) -> None:
        """Refuse what would be overlooked: an argument that the tool does not have."""
        tool = self._tool_manager.get_tool(name)
        known = [] if tool is None else list(tool.parameters["properties"])
        for argument in arguments:
            if tool is not None and argument not in known:
                raise InvalidArgumentError(
                    f"{name} has no argument {argument!r}", hint=f"arguments: {', '.join(known)}"
                )


def build(pool: WorkspacePool, instructions: str) -> Server:
    """The server, whose calls get their workspaces from `pool`."""
    return Server(
        name="mixpanel",
        version=__version__,
        instructions=instructions,
        tools=[_tool(pool, work, hints) for work, hints in TOOLS.items()],
        log_level="ERROR",
        subscriptions=False,
    )


def serve(workspace: Workspace) -> None:
    """Answer on stdin and stdout until the client leaves."""
    workspace.limit_resources()
    pool = WorkspacePool(workspace)
    try:
        anyio.run(build(pool, _instructions(workspace)).run_stdio_async)
    finally:
        pool.close()


def _instructions(workspace: Workspace) -> str:
    who = f"account {workspace.account}" if workspace.account else "the account of the environment"
    is_real = workspace.source != "sandbox"
    invented = "" if is_real else " Its data is invented: never report it as real."
    return (
        f"Mixpanel data of {who}.{invented} Fetch events or profiles once into a local DuckDB"
        " file, then ask it many small questions. Start with tables; help says more."
    )


def _tool(pool: WorkspacePool, work: Callable[..., str], hints: ToolAnnotations) -> Tool:
    """A tool that does `work` in a call of its own."""

    async def run(context: Context[Any, Any], **arguments: Any) -> CallToolResult:
        loop = anyio.lowlevel.current_token()

        def tell(done: float, total: float | None, text: str) -> None:
            # Downloads, which have threads of their own, tell of waiting.
            anyio.from_thread.run(context.report_progress, done, total, text, token=loop)

        call = await pool.do(partial(_do, work, arguments), tell)
        return _said(call.answer, *call.notes)

    signature = inspect.signature(work, eval_str=True)
    _, *own = signature.parameters.values()
    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=Context)
    shown = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]
    vars(run)["__signature__"] = inspect.Signature([context, *shown])
    run.__annotations__ = {it.name: it.annotation for it in (context, *shown)}
    tool = Tool.from_function(
        run,
        name=work.__name__,
        description=_in_lines(inspect.getdoc(work) or ""),
        annotations=hints,
        structured_output=False,
    )
    tool.parameters = _small(tool.parameters)
    return tool


def _in_lines(doc: str) -> str:
    """Each paragraph in a line."""
    return "\n".join(" ".join(part.split()) for part in doc.split("\n\n"))


def _said(answer: str, *notes: str) -> CallToolResult:
    """An answer, and in a text of their own the notes on it."""
    told = [answer.rstrip("\n"), "\n".join(notes)]
    return CallToolResult(
        content=[TextContent(type="text", text=text) for text in told if text or text is told[0]]
    )


def _do(work: Callable[..., str], arguments: dict[str, Any], call: Call) -> str:
    return work(call, **arguments)


def _small(schema: Any) -> Any:
    """A JSON schema without titles, and without saying that what is optional may be null."""
    if isinstance(schema, list):
        return [_small(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if len(either := [it for it in schema.get("anyOf", ()) if it != {"type": "null"}]) == 1:
        schema = {**schema, **either[0]}
        del schema["anyOf"]
    return {
        name: _small(item)
        for name, item in schema.items()
        if not (name == "title" and isinstance(item, str)) and (name, item) != ("default", None)
    }


def _failed(error: BaseException) -> CallToolResult:
    """Type, message and hint in a line of JSON."""
    if isinstance(error, MixpanelDataError):
        facts = error.to_dict()
    elif isinstance(error, ValidationError):
        parts = [f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors()]
        facts = InvalidArgumentError("; ".join(parts)).to_dict()
    elif isinstance(error, ToolError):
        facts = InvalidArgumentError(str(error)).to_dict()
    elif isinstance(error, OSError):
        facts = {"type": "OSError", "message": f"{error.filename}: {error.strerror}"}
    else:
        traceback.print_exception(error, file=sys.stderr)
        facts = {
            "type": type(error).__name__,
            "message": f"this is a bug in mixpanel-data: {error}",
            "hint": "the server's log has the place; please report it",
        }
    text = compact({name: value for name, value in facts.items() if value is not None})
    return CallToolResult(content=[TextContent(type="text", text=text)], is_error=True)
