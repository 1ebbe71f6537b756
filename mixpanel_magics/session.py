"""The one workspace that the magics of a shell act on, and `%mp_use`, which changes it."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeGuard, TypeVar, cast

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from traitlets import Unicode
from traitlets.config.configurable import Configurable

from mixpanel_data.exceptions import InvalidArgumentError, MixpanelDataError
from mixpanel_magics import arguments
from mixpanel_magics.errors import lines, shown_short

if TYPE_CHECKING:
    import pandas as pd
    from IPython.core.interactiveshell import ExecutionInfo

    from mixpanel_data import Workspace

_PATH = re.compile(r"[/\\]|\.(duckdb|db)$")


class Closeable(Protocol):
    """A widget, as far as the session cares."""

    def close(self) -> None:
        """Let go of what it holds; closing twice is fine."""


W = TypeVar("W", bound=Closeable)


class MixpanelSession(Configurable):
    """The workspace of a shell: the notebook's variable, or made when it is first needed."""

    name = Unicode("ws", help="The notebook's variable that is the Workspace.").tag(config=True)

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(parent=shell)
        self.shell = shell
        self.loaded = ExitStack()
        self._made: Workspace | None = None
        self._shown: dict[type, Closeable] = {}

    @classmethod
    def of(cls, shell: InteractiveShell | None) -> Self | None:
        """The session of a shell that has the extension."""
        parts = [] if shell is None else cast("list[Configurable]", shell.configurables)
        return next((part for part in parts if isinstance(part, cls)), None)

    @property
    def workspace(self) -> Workspace:
        """The notebook's own where it has one; else by the library's usual resolution."""
        found = self._found()
        if found is not None:
            return found
        if self._made is not None:
            return self._put(self._made)
        return self.switch(_usual)

    @property
    def account(self) -> str | None:
        """The account of the present workspace; None where there is no workspace, or no account."""
        found = self.shell.user_ns.get(self.name)
        present = found if _is_workspace(found) else self._made
        return None if present is None else present.account

    def switch(self, make: Callable[[], Workspace]) -> Workspace:
        """Put another one in the place of the present one, which is closed if it was made here."""
        self._found()
        new = make()
        self._close_shown()
        if self._made is not None:
            self._made.close()
        self._made = new
        return self._put(new)

    def frames(self) -> dict[str, pd.DataFrame]:
        """The notebook's DataFrames."""
        return frames_of(self.shell.user_ns)

    def offer(self, info: ExecutionInfo) -> None:
        """Make the workspace before a cell that names it, unless the cell sets the name itself.

        Not when the extension is loaded: what chooses the account may come after that.
        """
        cell = info.raw_cell or ""
        if not self._is_wanted(cell):
            return
        reads, sets = _uses(self.shell.transform_cell(cell), self.name)
        if sets:
            return
        try:
            _ = self.workspace
        except MixpanelDataError as error:
            if reads:
                sys.stderr.write("\n".join([f"there is no {self.name!r}:", *lines(error), ""]))

    def offer_to_complete(self, cell: str) -> None:
        """The same for a Tab after `ws.`, where there is an account."""
        if self._is_wanted(cell, then=r"\."):
            with suppress(MixpanelDataError):
                _ = self.workspace

    def _is_wanted(self, cell: str, then: str = "") -> bool:
        is_named = re.search(rf"(?<!\w){re.escape(self.name)}(?!\w){then}", cell)
        return is_named is not None and self.name not in self.shell.user_ns

    def use(self, account: str) -> Workspace:
        """Switch to the workspace of an account."""
        from mixpanel_data import Workspace

        return self.switch(lambda: Workspace(account))

    def close(self) -> None:
        """Close the workspace that was made here, and take it out of the notebook."""
        self._close_shown()
        if self._made is not None:
            self._made.close()
            if self.shell.user_ns.get(self.name) is self._made:
                del self.shell.user_ns[self.name]
            self._made = None

    def show(self, widget: W) -> W:
        """A widget that goes with the workspace, and that takes the place of one of its kind."""
        if (former := self._shown.get(type(widget))) is not None:
            former.close()
        self._shown[type(widget)] = widget
        return widget

    def _close_shown(self) -> None:
        for widget in self._shown.values():
            widget.close()
        self._shown.clear()

    def _put(self, workspace: Workspace) -> Workspace:
        self.shell.user_ns[self.name] = workspace
        return workspace

    def _found(self) -> Workspace | None:
        if self.name not in self.shell.user_ns:
            return None
        found = self.shell.user_ns[self.name]
        if not _is_workspace(found):
            raise InvalidArgumentError(
                f"{self.name!r} is no Workspace in this notebook, but of type {type(found).__name__}",
                hint=f"del {self.name}, or: %config MixpanelSession.name = 'another_name'",
            )
        return found


def frames_of(variables: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """DataFrames among variables, which SQL reads by their names."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return {}
    return {
        name: value
        for name, value in variables.items()
        if isinstance(value, pandas.DataFrame) and not name.startswith("_")
    }


def _uses(code: str, name: str) -> tuple[bool, bool]:
    """Whether code reads a variable, and whether it sets it."""
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return False, False
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == name]
    is_load = [isinstance(node.ctx, ast.Load) for node in nodes]
    return any(is_load), not all(is_load)


class OnSession(Magics):
    """Magics that act on the workspace of a session."""

    shell: InteractiveShell

    def __init__(self, shell: InteractiveShell, session: MixpanelSession) -> None:
        super().__init__(shell)
        self._session = session


@magics_class
class SessionMagics(OnSession):
    """`%mp_use`."""

    @line_magic
    @no_var_expand
    @magic_arguments()
    @argument("target", nargs="?", help="A stored account, 'sandbox', or a database file to query.")
    @argument("--db", metavar="FILE", help="This database file instead of the account's own.")
    def mp_use(self, line: str) -> Workspace:
        """Switch to another workspace, or show the present one.

        Without arguments nothing changes: the workspace is returned, and made if there is none.
        The one that the magics had made before is closed.

        Examples::

          %mp_use sandbox
          %mp_use production
          %mp_use data/shop.duckdb
          %mp_use sandbox --db trial.duckdb
        """
        with shown_short():
            asked = arguments.parse(self.mp_use, line)
            if asked.target is None and asked.db is None:
                return self._session.workspace
            return self._session.switch(_maker(asked.target, asked.db))


def _is_workspace(value: object) -> TypeGuard[Workspace]:
    from mixpanel_data import Workspace

    return isinstance(value, Workspace)


def _usual() -> Workspace:
    from mixpanel_data import Workspace

    return Workspace()


def _maker(target: str | None, db: str | None) -> Callable[[], Workspace]:
    from mixpanel_data import Workspace

    path = None if db is None else Path(db).expanduser()
    if target is None or not _PATH.search(target):
        return lambda: Workspace(target, path=path)
    if path is not None:
        raise InvalidArgumentError("two files", hint="%mp_use ACCOUNT --db FILE")
    return lambda: Workspace.open(Path(target).expanduser())
