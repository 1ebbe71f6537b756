"""`--jq`: what a jq program makes of JSON, a line for each result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError


class Program:
    """A jq program. A mistake in it is found here, before anything is done."""

    def __init__(self, expression: str) -> None:
        import jq

        with _one_line_errors():
            jq.compile(expression)
            # `tojson` keeps every digit of a number; the line break ends a comment.
            self._program: Any = jq.compile(f"({expression}\n) | tojson")

    def results(self, text: str) -> Iterator[str]:
        """JSON in one line each, as soon as it is there; `text` may hold several values."""
        with _one_line_errors():
            yield from self._program.input_text(text)


@contextmanager
def _one_line_errors() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        first = (str(error).splitlines() or ["the program failed"])[0]
        what = first.removeprefix("jq: error: ").replace(" <top-level>,", "").rstrip(":")
        raise InvalidArgumentError(f"--jq: {what}") from error
