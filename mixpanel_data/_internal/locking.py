"""Locks that the operating system lets go of however their holder ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Locked(Exception):  # noqa: N818 - an answer, not an error
    """Another process, or another thread of this one, holds the lock."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the file's lock within the block; raise Locked when it is taken."""
    held = acquire(path)
    try:
        yield
    finally:
        os.close(held)


def acquire(path: Path) -> int:
    """Take the file's lock, which closing this descriptor releases; raise Locked when it is taken."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        raise Locked from None
    return descriptor


if sys.platform == "win32":
    import msvcrt

    # Past any content: others may not read what is locked.
    _PLACE = 1 << 30

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
