"""A lock that the operating system lets go of however its holder ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class Locked(Exception):  # noqa: N818 - an answer, not an error
    """Another process, or another thread of this one, holds the lock."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the file's lock within the block; raise Locked when it is taken."""
    with path.open("a") as file:
        try:
            _acquire(file)
        except OSError:
            raise Locked from None
        yield


if sys.platform == "win32":
    import msvcrt

    def _acquire(file: IO[str]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _acquire(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
