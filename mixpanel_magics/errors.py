"""Errors of the library in a notebook: what is wrong and what to do, without a traceback."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from mixpanel_data.exceptions import MixpanelDataError, MixpanelDataWarning
from mixpanel_data.text import printable
from mixpanel_magics.state.status import as_typed


class CommandFailedError(MixpanelDataError):
    """`%mp` ended with another exit code than 0; the command has said why."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(f"exit code {exit_code}")
        self.exit_code = exit_code


@contextmanager
def shown_short() -> Iterator[None]:
    """Within the block, errors and warnings of the library are shown as its words alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", MixpanelDataWarning)
        warnings.showwarning = _print_warning
        try:
            yield
        except MixpanelDataError as error:
            shorten(error, *lines(error))
            raise
        except KeyboardInterrupt as error:
            shorten(error, "interrupted")
            raise


def shorten(error: BaseException, *told: str) -> None:
    """Have IPython show these lines for an error, unless it knows others already."""
    vars(error).setdefault("_render_traceback_", lambda: list(told))


def lines(error: MixpanelDataError) -> list[str]:
    """What is wrong, and what to do."""
    name = "" if isinstance(error, CommandFailedError) else f"{type(error).__name__}: "
    told = printable(f"{name}{error.message}").splitlines()
    hint = as_typed(error.hint)
    return [*told, f"hint: {printable(hint)}"] if hint else told


def _print_warning(message: Warning | str, *_: object, **__: object) -> None:
    sys.stderr.write(f"warning: {printable(str(message))}\n")
