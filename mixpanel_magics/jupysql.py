"""JupySQL on our session: `%sql`, `%%sql`, `%sqlplot`, `%sqlcmd`.

This is the one module that imports `sql`, which takes a second or two: so until one of its magics
is used, others stand in for them. What the user has loaded, configured and connected is his:
there, our connection is one more.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, cast

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import needs_local_scope, no_var_expand
from IPython.utils.capture import capture_output

from mixpanel_data.exceptions import MissingExtraError
from mixpanel_data.text import printable
from mixpanel_magics.adapter import Cursor, SharedConnection
from mixpanel_magics.display import first_rows, formatting
from mixpanel_magics.errors import shown_short

if TYPE_CHECKING:
    from IPython.core.formatters import DisplayFormatter

    from mixpanel_magics.session import MixpanelSession

ALIAS = "mixpanel"
"""`%sql mixpanel` comes back to our connection."""

_NAMES = (("line", "sql"), ("cell", "sql"), ("line", "sqlplot"), ("line", "sqlcmd"))
_QUIET = {"PLOOMBER_STATS_ENABLED": "false", "PLOOMBER_VERSION_CHECK_DISABLED": "1"}


class JupySQL:
    """What JupySQL has of us, and we of it, until `close`."""

    def __init__(self, shell: InteractiveShell, session: MixpanelSession) -> None:
        self._shell = shell
        self._session = session
        self._manager: Any = shell.magics_manager
        self._undo = ExitStack()
        self._connected = False
        for kind, name in _NAMES:
            if name not in self._manager.magics[kind]:
                self._stand_in(kind, name)
        shell.events.register("pre_run_cell", self._notice)
        self._undo.callback(shell.events.unregister, "pre_run_cell", self._notice)
        self._notice()

    def close(self) -> None:
        """Leave JupySQL, and the shell's magics, as they were."""
        self._undo.close()

    # -- until it is used -------------------------------------------------------------------------

    def _stand_in(self, kind: str, name: str) -> None:
        @no_var_expand
        @needs_local_scope
        def stand_in(line: str, cell: str | None = None, local_ns: Any = None) -> Any:
            with shown_short():
                self._load(name)
            real = self._shell.find_magic(name, kind)
            body = () if cell is None else (cell,)
            if getattr(real, "needs_local_scope", False):
                return real(line, *body, local_ns=local_ns)
            return real(line, *body)

        stand_in.__doc__ = f"JupySQL's `%{name}` on the workspace; it is loaded at the first use."
        table = self._manager.magics[kind]
        self._manager.register_function(stand_in, kind, name)
        self._undo.callback(table.pop, name, None)

    def _load(self, name: str) -> None:
        """What `%load_ext sql` does, but that can be undone."""
        if find_spec("sql") is None:
            raise MissingExtraError("jupyter", f"%{name}")
        for variable, value in _QUIET.items():
            os.environ.setdefault(variable, value)
        self._undo.push(_remembered(self._shell))
        extensions: Any = self._shell.extension_manager
        with capture_output() as status:
            extensions.load_extension("sql")
        for output in status.outputs:
            if "'toml' package" not in str(output):  # asks for it wherever there is a pyproject
                output.display()
        self._notice()

    # -- once it is there -------------------------------------------------------------------------

    def _notice(self, _: object = None) -> None:
        """Connect as soon as JupySQL is loaded, whoever loads it."""
        # Another package may have a class of that name.
        is_there = "SqlMagic" in self._manager.registry and "sql.connection" in sys.modules
        if is_there and not self._connected:
            self._connect()

    def _connect(self) -> None:
        from sql.connection import ConnectionManager

        self._connected = True
        if ALIAS in ConnectionManager.connections:
            return
        of_user = ConnectionManager.current if ConnectionManager.connections else None
        ours = ConnectionManager.set(SharedConnection(self._session), displaycon=False, alias=ALIAS)
        if of_user is not None:
            ConnectionManager.current = of_user
        self._show_safely()

        def disconnect() -> None:
            if ConnectionManager.connections.get(ALIAS) is ours:
                del ConnectionManager.connections[ALIAS]
            if ConnectionManager.current is ours:
                ConnectionManager.current = None

        # JupySQL says at exit which connections it closes; of ours that is not true.
        atexit.register(disconnect)
        self._undo.callback(atexit.unregister, disconnect)
        self._undo.callback(disconnect)

    def _show_safely(self) -> None:
        """Its results show the values of cells as live HTML; ours are escaped."""
        from sql.run.resultset import ResultSet

        def as_html(result: ResultSet) -> str:
            cursor = result.sqlaproxy
            if not isinstance(cursor, Cursor):
                return str(result._repr_html_())
            return _as_html(cursor, self._manager.registry["SqlMagic"].displaylimit)

        def as_text(result: ResultSet, printer: Any, _cycle: object) -> None:
            text = repr(result)
            printer.text(printable(text) if isinstance(result.sqlaproxy, Cursor) else text)

        formatters = cast("DisplayFormatter", self._shell.display_formatter).formatters
        ways: dict[str, Callable[..., Any]] = {"text/html": as_html, "text/plain": as_text}
        for kind, shown in ways.items():
            self._undo.enter_context(formatting(formatters[kind], ResultSet, shown))


def _as_html(cursor: Cursor, limit: int) -> str:
    result = cursor.result
    return first_rows(result.df(limit or None), len(result), is_all=result.is_complete)


def _remembered(shell: InteractiveShell) -> Callable[..., None]:
    """Puts back the shell's magics as they are now."""
    manager: Any = shell.magics_manager
    extensions: Any = shell.extension_manager
    tables = [*manager.magics.values(), manager.registry]
    former = [dict(table) for table in tables]
    configurables = list(shell.configurables)

    def restore(*_: object) -> None:
        for table, before in zip(tables, former, strict=True):
            for name in [name for name in table if table[name] is not before.get(name)]:
                if getattr(table[name], "__module__", "").split(".")[0] == "sql":
                    _put(table, name, before)
        shell.configurables[:] = [c for c in shell.configurables if _stays(c, configurables)]
        vars(shell).pop("show_usage_error", None)
        extensions.loaded.discard("sql")

    return restore


def _put(table: dict[str, Any], name: str, before: dict[str, Any]) -> None:
    if name in before:
        table[name] = before[name]
    else:
        del table[name]


def _stays(part: object, before: list[Any]) -> bool:
    return part in before or type(part).__module__.split(".")[0] != "sql"
