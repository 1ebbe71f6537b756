"""`<database>.lock`: who owns a database file, and where he is to be found.

The lock on this file is the election: whoever holds it is the owner, and the operating system
takes it back however he dies. Its content is for the others: a socket, and the token that opens it.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mixpanel_data._internal import locking
from mixpanel_data._internal.locking import Locked
from mixpanel_data.types import Process


def here() -> Process:
    """This process. Its arguments stay out: there may be a secret among them."""
    if "ipykernel" in sys.modules:
        return Process(os.getpid(), "Jupyter kernel")
    name = Path(sys.argv[0]).name if sys.argv else ""
    return Process(os.getpid(), "python" if name in {"", "-", "-c"} else name)


_LONGEST_HOME = 70
_PREFIX = "mixpanel-data-"


@dataclass(frozen=True)
class Address:
    """Where an owner listens, and the secret that lets in."""

    owner: Process
    socket: str
    token: bytes = field(repr=False)

    @classmethod
    def new(cls, before: Address | None) -> Address:
        """A fresh one for the owner, who holds the lock: the one `before` him is gone."""
        if before is not None:
            before.remove()
        token = secrets.token_bytes(32)
        if sys.platform == "win32":
            return cls(here(), rf"\\.\pipe\mixpanel-data-{secrets.token_hex(8)}", token)
        # The path of a socket has 100 bytes at most.
        home = tempfile.gettempdir()
        home = home if len(os.fsencode(home)) <= _LONGEST_HOME else "/tmp"  # noqa: S108
        return cls(here(), str(Path(tempfile.mkdtemp(prefix=_PREFIX, dir=home), "socket")), token)

    def remove(self) -> None:
        """Remove the socket and its folder, which is this user's alone."""
        socket = Path(self.socket)
        if socket.parent.name.startswith(_PREFIX):
            socket.unlink(missing_ok=True)
            with suppress(OSError):
                socket.parent.rmdir()

    @classmethod
    def read(cls, lock: Path) -> Address | None:
        """The owner's; None while there is none to read."""
        try:
            facts: Mapping[str, object] = json.loads(lock.read_bytes())
            return cls(
                Process(**facts["owner"]),  # type: ignore[arg-type]
                str(facts["socket"]),
                bytes.fromhex(str(facts["token"])),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

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

        Raises OSError where no file can be written.
        """
        try:
            return locking.acquire(self.file)
        except Locked:
            return None

    @staticmethod
    def resign(lock: int) -> None:
        """Let others become the owner."""
        with suppress(OSError):
            os.ftruncate(lock, 0)
        os.close(lock)
