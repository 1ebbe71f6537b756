"""`--jq`: what a jq program makes of JSON, a line for each result."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import IO, cast

from mixpanel_data.cli import jq_child
from mixpanel_data.exceptions import InvalidArgumentError

_SECONDS = 60
_GIGABYTES = 4


class Program:
    """A jq program in a process of its own, which ends with it: it may compute for ever.

    A mistake in it is found here, before anything is done.
    """

    def __init__(self, expression: str, *, by_line: bool = False) -> None:
        self._by_line = by_line
        self._seconds = _seconds()
        self._process = subprocess.Popen(  # noqa: S603 (the words are ours; the program comes by the pipe)
            [
                *(sys.executable, "-I", "-S", jq_child.__file__),
                *(_folder(), str(self._seconds), str(_GIGABYTES)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for `mp`, which ends it
        )
        self._in = cast("IO[bytes]", self._process.stdin)
        self._out = cast("IO[bytes]", self._process.stdout)
        try:
            list(self.results(expression.encode()))
        except BaseException:
            self.close()
            raise

    def results(self, text: bytes) -> Iterator[str]:
        """JSON in one line each, as soon as it is there; `text` may hold several values."""
        try:
            self._in.write(len(text).to_bytes(jq_child.LENGTH, "big"))
            self._in.write(text)
            self._in.flush()
        except BrokenPipeError:
            raise self._ended() from None
        for line in self._out:
            if not line.endswith(b"\n"):
                break
            kind, said = line[:1], line[1:-1].decode()
            if kind == jq_child.DONE:
                return
            if kind == jq_child.FAILED:
                what = said.removeprefix("jq: error: ").replace(" <top-level>,", "").rstrip(":")
                raise InvalidArgumentError(f"--jq: {what}")
            yield said
        raise self._ended()

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for stream in (self._in, self._out):
            with suppress(BrokenPipeError):  # it never read the rest
                stream.close()

    def _ended(self) -> InvalidArgumentError:
        code = self._process.wait()
        if code == -getattr(signal, "SIGXCPU", 0):
            return InvalidArgumentError(
                f"--jq: no end after {self._seconds} seconds of computing",
                hint="MP_JQ_SECONDS allows more",
            )
        if code in {-signal.SIGABRT, jq_child.OUT_OF_MEMORY}:
            return InvalidArgumentError(
                f"--jq: it needs more than {_GIGABYTES} GB of memory",
                hint=None if self._by_line else "--format jsonl gives it row by row",
            )
        return InvalidArgumentError(f"--jq: jq crashed on it (exit code {code})")


def _seconds() -> int:
    value = os.environ.get("MP_JQ_SECONDS")
    if not value:
        return _SECONDS
    if not re.fullmatch("[1-9][0-9]{0,5}", value):
        raise InvalidArgumentError(
            f"MP_JQ_SECONDS: {value!r} is not a whole number of seconds, 1 to 999999",
            hint="unset MP_JQ_SECONDS",
        )
    return int(value)


def _folder() -> str:
    """Where jq is installed, without loading it."""
    found = find_spec("jq")
    return str(Path(str(found and found.origin)).parent)
