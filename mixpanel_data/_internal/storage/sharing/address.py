"""`<database>.lock`: which process owns a database file, and its address.

The lock on this file is the election: whoever holds it is the owner, and the operating system
takes it back however it dies. Its content is for the others: a socket, and the token that opens it.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mixpanel_data._internal import locking
from mixpanel_data._internal.locking import Locked
from mixpanel_data._internal.storage.sharing import protocol
from mixpanel_data.types import Process


def here() -> Process:
    """This process. Its arguments stay out: there may be a secret among them."""
    if "ipykernel" in sys.modules:
        return Process(os.getpid(), "Jupyter kernel")
    name = Path(sys.argv[0]).name if sys.argv else ""
    return Process(os.getpid(), "python" if name in {"", "-", "-c"} else name)


_MAX_HOME_BYTES = 70
_PREFIX = "mixpanel-data-"
_MAX_ADDRESS_BYTES = 1 << 14
"""Bytes of a lock file; ours have some 200."""


@dataclass(frozen=True)
class Address:
    """Where an owner listens, and the secret that lets in."""

    owner: Process
    socket: str
    token: bytes = field(repr=False)

    @classmethod
    def new(cls, before: Address | None) -> Address:
        """A fresh one for the owner, which holds the lock: the one `before` it is gone."""
        if before is not None:
            before.remove()
        token = secrets.token_bytes(32)
        if sys.platform == "win32":
            return cls(here(), rf"\\.\pipe\mixpanel-data-{secrets.token_hex(8)}", token)
        # The path of a socket has 100 bytes at most.
        home = tempfile.gettempdir()
        home = home if len(os.fsencode(home)) <= _MAX_HOME_BYTES else "/tmp"  # noqa: S108
        return cls(here(), str(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home), "socket")), token)

    def remove(self) -> None:
        """Remove the socket and its folder, if both are this user's alone."""
        socket = Path(self.socket)
        if not socket.parent.name.startswith(_PREFIX):
            return
        with suppress(OSError):
            locking.check_folder(socket.parent)
            status = socket.lstat()
            if stat.S_ISSOCK(status.st_mode) and not locking.foreign(status):
                socket.unlink()
        with suppress(OSError):
            locking.check_folder(socket.parent)
            socket.parent.rmdir()

    @classmethod
    def parse(cls, content: bytes) -> Address | None:
        """What a lock file says; None where that is nothing, or nothing of ours."""
        try:
            facts = protocol.decoded(content)
            owner, socket = protocol.process(facts["owner"]), facts["socket"]
            token = bytes.fromhex(facts["token"])
        except (ValueError, KeyError, TypeError):
            return None
        is_path = isinstance(socket, str) and "\0" not in socket
        return cls(owner, socket, token) if is_path else None

    def write(self, lock: int) -> None:
        """Make it known in the lock file."""
        facts = {"owner": asdict(self.owner), "socket": self.socket, "token": self.token.hex()}
        if hasattr(os, "fchmod"):
            os.fchmod(lock, 0o600)
        os.ftruncate(lock, 0)
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, json.dumps(facts).encode())


class Election:
    """The lock file beside a database."""

    def __init__(self, database: Path) -> None:
        self.file = database.with_name(database.name + ".lock")

    def stand(self) -> int | None:
        """Become the owner: the lock's descriptor; None when another one is.

        Raises OSError where no file can be written, Untrusted where it is another user's.
        """
        try:
            return locking.acquire(self.file)
        except Locked:
            return None

    def owner(self) -> Address | None:
        """Where the owner is; None while nobody says so, or nobody of this user's."""
        try:
            return Address.parse(locking.read(self.file, _MAX_ADDRESS_BYTES))
        except OSError:
            return None

    def inherit(self, lock: int) -> None:
        """Check a lock that another process gave; raises OSError when it is not this user's file."""
        locking.check_file(self.file, os.fstat(lock))

    @staticmethod
    def last(lock: int) -> Address | None:
        """The owner before, as the lock file says that we hold."""
        os.lseek(lock, 0, os.SEEK_SET)
        return Address.parse(os.read(lock, _MAX_ADDRESS_BYTES))

    @staticmethod
    def resign(lock: int) -> None:
        """Let others become the owner."""
        with suppress(OSError):
            os.ftruncate(lock, 0)
        os.close(lock)
