"""Locks that the operating system lets go of however their holder ends, in files of this user alone.

In a folder that others can write, they may have put anything under the name of a lock: a file of
theirs, a link to one of ours that we would empty, a pipe that never answers.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


class Locked(Exception):  # noqa: N818 - an answer, not an error
    """Another process, or another thread of this one, holds the lock."""


class Untrusted(OSError):  # noqa: N818 - like PermissionError, but its text says all
    """Another user may have put this file or folder where it is."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the file's lock within the block; raise Locked when it is taken."""
    held = acquire(path)
    try:
        yield
    finally:
        os.close(held)


def acquire(path: Path) -> int:
    """Take the file's lock, which closing this descriptor releases.

    Raises Locked when it is taken, Untrusted when the file is not this user's.
    """
    descriptor = _open(path, os.O_RDWR | os.O_CREAT)
    try:
        _lock(descriptor)
    except OSError:
        os.close(descriptor)
        raise Locked from None
    return descriptor


def read(path: Path, most: int) -> bytes:
    """The first bytes of a file of this user's; raises Untrusted and other kinds of OSError."""
    descriptor = _open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)


def folder(path: Path) -> None:
    """Make a folder for this user alone, unless it is there; raise Untrusted when it is another's."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700, parents=True)
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raise Untrusted when a folder is not this user's."""
    status = path.lstat()
    if why := foreign(status) or ("" if stat.S_ISDIR(status.st_mode) else "is not a folder"):
        raise Untrusted(f"{path} {why}")


def check_file(path: Path, status: os.stat_result) -> None:
    """Raise Untrusted when a file is not this user's, or is one that has another name, too."""
    why = foreign(status)
    if not why and not stat.S_ISREG(status.st_mode):
        why = "is not a regular file"
    if not why and status.st_nlink > 1:
        why = "is a hard link to another file"
    if why:
        raise Untrusted(f"{path} {why}")


def _open(path: Path, flags: int) -> int:
    # Neither follow a link nor wait for the other end of a pipe. Windows has no such flags.
    safe = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags | safe, 0o600)
    except OSError:
        with suppress(FileNotFoundError):
            check_file(path, path.lstat())  # why it can't be opened, if that is why
        raise
    try:
        check_file(path, os.fstat(descriptor))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


if sys.platform == "win32":
    import msvcrt

    # Past any content: others may not read what is locked.
    _PLACE = 1 << 30

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def foreign(status: os.stat_result) -> str:  # noqa: ARG001 - users are no numbers there
        """Nothing: the folders of users are theirs alone."""
        return ""

else:
    import fcntl
    import pwd

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def foreign(status: os.stat_result) -> str:
        """Whose a file is, when it is not this user's."""
        if status.st_uid == os.geteuid():
            return ""
        try:
            name = pwd.getpwuid(status.st_uid).pw_name
        except KeyError:
            name = f"UID {status.st_uid}"
        return f"belongs to another user ({name})"
