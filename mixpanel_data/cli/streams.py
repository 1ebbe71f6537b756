"""The streams of the process, made fit for work: one may be closed, or have nobody who reads."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def prepare() -> None:
    """Open what is closed to nowhere, and let no note on stderr end what is being done.

    Without this the next file that is opened, a database perhaps, would take the number of the
    closed stream, and whatever is printed there would land in it.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            send_nowhere(number)
            mode = "w" if number else "r"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    if sys.stderr is sys.__stderr__ and isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Notes(sys.stderr)


def send_nowhere(number: int) -> None:
    """Make a stream lead nowhere, for this process and those that it starts."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(nowhere, number)
        os.close(nowhere)


class _Notes(io.TextIOWrapper):
    """stderr, whose reader may leave: then it leads nowhere, and the work goes on."""

    def __init__(self, stderr: TextIO) -> None:
        super().__init__(
            stderr.buffer, stderr.encoding, stderr.errors, line_buffering=True, write_through=True
        )

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            send_nowhere(self.fileno())
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            send_nowhere(self.fileno())
