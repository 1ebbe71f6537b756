"""What an owner answers to a statement, as it comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mixpanel_data._internal.storage.sharing import protocol, rows
from mixpanel_data._internal.storage.sharing.protocol import Frame


class Answer:
    """Columns, then rows in pieces; `receive` gives the next frame, or raises how it ended."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self.names: list[str] = []
        self.types: list[str] = []
        self.is_complete = False
        self.failure: Exception | None = None
        """What ended it: Arrow, which reads it, hands on but the text of that."""
        self._receive = receive
        self._piece = memoryview(b"")

    def begin(self) -> None:
        """Wait for the columns and the first rows: most answers are complete then."""
        self.names, self.types = protocol.columns(self._next())
        self._piece = self._next()
        if len(self._piece) < rows.Pieces.SIZE:
            self._next()  # it was the last one

    def skip(self) -> None:
        """Hear it to its end."""
        while not self.is_complete:
            self._next()

    def stream(self) -> rows.Stream:
        """The rows, to be read once."""
        return rows.Stream.read(self)

    def readinto(self, buffer: Any, /) -> int:
        """Fill what is asked for; 0 at the end."""
        if not self._piece:
            self._piece = self._next()
        room = memoryview(buffer).cast("B")
        size = min(len(room), len(self._piece))
        room[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def _next(self) -> memoryview:
        if self.is_complete:
            return memoryview(b"")
        try:
            frame = self._receive()
        except Exception as error:
            self.is_complete = True
            self.failure = error
            raise
        self.is_complete = frame[0] == Frame.END
        return memoryview(frame)[1:]
