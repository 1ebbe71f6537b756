"""Everything that a shell gets when the extension is loaded, and loses with it."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.util import find_spec
from typing import cast

from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics
from traitlets.config.configurable import Configurable

from mixpanel_data.exceptions import MissingExtraError
from mixpanel_magics.browsing import BrowsingMagics
from mixpanel_magics.completion import Completion
from mixpanel_magics.errors import shown_short
from mixpanel_magics.fetch import FetchMagics
from mixpanel_magics.jupysql import JupySQL
from mixpanel_magics.session import MixpanelSession, SessionMagics
from mixpanel_magics.sql import SqlMagics
from mixpanel_magics.terminal import TerminalMagics

MAGICS = (SessionMagics, SqlMagics, FetchMagics, TerminalMagics, BrowsingMagics)


def load(shell: InteractiveShell) -> None:
    """Add the magics, unless they are there."""
    if MixpanelSession.of(shell) is not None:
        return
    with shown_short():
        if find_spec("ipywidgets") is None:  # else the first progress bar would end a query
            raise MissingExtraError("jupyter", "%load_ext mixpanel_magics")
    session = MixpanelSession(shell)
    with ExitStack() as stack:
        stack.callback(session.close)
        _configurables(shell).append(session)
        stack.callback(_configurables(shell).remove, session)
        for kind in MAGICS:
            _register(shell, kind(shell, session), stack)
        shell.events.register("pre_run_cell", session.offer)
        stack.callback(shell.events.unregister, "pre_run_cell", session.offer)
        stack.callback(JupySQL(shell, session).close)
        if shell.Completer is not None:
            matcher = Completion(session).complete
            shell.Completer.custom_matchers.append(matcher)
            stack.callback(shell.Completer.custom_matchers.remove, matcher)
        session.loaded = stack.pop_all()


def unload(shell: InteractiveShell) -> None:
    """Put back what was there before, and close what the session opened."""
    session = MixpanelSession.of(shell)
    if session is not None:
        session.loaded.close()


def _configurables(shell: InteractiveShell) -> list[Configurable]:
    return cast("list[Configurable]", shell.configurables)


def _register(shell: InteractiveShell, magics: Magics, stack: ExitStack) -> None:
    manager = shell.magics_manager
    stack.callback(manager.registry.pop, type(magics).__name__)
    stack.callback(_configurables(shell).remove, magics)  # magics add themselves
    for kind, names in magics.magics.items():
        for name in names:
            stack.callback(_restore, manager.magics[kind], name, manager.magics[kind].get(name))
    manager.register(magics)


def _restore(table: dict[str, object], name: str, former: object) -> None:
    if former is None:
        del table[name]
    else:
        table[name] = former
