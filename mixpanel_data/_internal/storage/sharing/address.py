"""`<database>.lock`: who owns a database file, and where he is to be found.

The lock on this file is the election: whoever holds it is the owner, and the operating system
takes it back however he dies. Its content is for the others: a socket, and the token that opens it.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from mixpanel_data._internal import locking
from mixpanel_data._internal.locking import Locked
from mixpanel_data.exceptions import StorageError
from mixpanel_data.types import Process


def here() -> Process:
    """This process. Its arguments stay out: there may be a secret among them."""
    if "ipykernel" in sys.modules:
        return Process(os.getpid(), "Jupyter kernel")
    name = Path(sys.argv[0]).name if sys.argv else ""
    return Process(os.getpid(), name if name and name != "-c" else "python")


_LONGEST_HOME = 50
"""The path of a socket has 100 bytes at most."""


@dataclass(frozen=True)
class Address:
    """Where an owner listens, and the secret that lets in."""

    owner: Process
    socket: str
    token: bytes

    @classmethod
    def new(cls, database: Path) -> Address:
        """A fresh one for the owner, who holds the lock: sockets of earlier ones are dead."""
        token = secrets.token_bytes(32)
        if sys.platform == "win32":
            return cls(here(), rf"\\.\pipe\mixpanel-data-{secrets.token_hex(8)}", token)
        folder = _private_folder()
        name = hashlib.sha256(bytes(database)).hexdigest()[:12]
        for dead in folder.glob(f"{name}-*"):
            dead.unlink(missing_ok=True)
        return cls(here(), str(folder / f"{name}-{secrets.token_hex(4)}"), token)

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


def _private_folder() -> Path:
    """A folder for sockets that no one else can reach."""
    for home in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        if home and len(os.fsencode(home)) <= _LONGEST_HOME and os.access(home, os.W_OK | os.X_OK):
            return _made_private(Path(home, f"mixpanel-data-{os.getuid()}"))
    raise StorageError(
        "there is no folder for the socket that shares a database",
        hint="set TMPDIR to a folder with a short name that you can write to",
    )


def _made_private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077 or folder.is_symlink():
        raise StorageError(
            f"{folder} is not private to this user", hint=f"remove it, or chmod 700 {folder}"
        )
    return folder
