"""`%mp`: any command of the command line, in this process and on the session's workspace.

This is the one module of the notebook face that knows the other face.
"""

from __future__ import annotations

import codecs
import shlex
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from io import BufferedIOBase, TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from IPython.core.error import UsageError
from IPython.core.magic import line_magic, magics_class, no_var_expand

from mixpanel_magics.display import in_notebook
from mixpanel_magics.errors import CommandFailedError, shown_short
from mixpanel_magics.progress import Say, showing
from mixpanel_magics.session import OnSession

if TYPE_CHECKING:
    from mixpanel_data import Workspace


@magics_class
class TerminalMagics(OnSession):
    """`%mp`."""

    @line_magic
    @no_var_expand
    def mp(self, line: str) -> None:
        """Run a command of `mp` on the session's workspace: `%mp tables`; `%mp --help` has all.

        With --account, --project or --db, it opens another workspace, for this command alone.
        """
        from mixpanel_data.cli.main import main

        try:
            words = shlex.split(line)
        except ValueError as error:
            raise UsageError(f"%mp: {error}") from error
        with shown_short(), _bytes_on_stdout(), self._progress() as tell:
            code = main(words, lend=self._workspace, tell=tell)
            if code:
                raise CommandFailedError(code)

    def _progress(self) -> AbstractContextManager[Say | None]:
        """What stderr gets in a notebook is saved; a terminal has the bar of `mp` itself."""
        return showing(self.shell) if in_notebook(self.shell) else nullcontext()

    def _workspace(self) -> Workspace:
        return self._session.workspace


@contextmanager
def _bytes_on_stdout() -> Iterator[None]:
    """Within the block stdout takes bytes, too; that of a notebook takes text alone."""
    if hasattr(sys.stdout, "buffer"):
        yield
        return
    forward = TextIOWrapper(_Forward(sys.stdout), "utf-8", write_through=True)  # type: ignore[type-var]
    with redirect_stdout(forward):
        try:
            yield
        finally:
            forward.flush()
            forward.detach()


class _Forward(BufferedIOBase):
    """Bytes of UTF-8, handed on as text."""

    def __init__(self, to: TextIO) -> None:
        self._to = to
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        """It is for nothing else."""
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        """Hand on; half a character waits for its other half."""
        self._to.write(self._decode(data))
        return len(data)

    def flush(self) -> None:
        """Let everything be seen."""
        self._to.flush()
