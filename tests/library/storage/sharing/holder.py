"""Another process that has a database open, and does as it is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.waiting import HANG

PROGRAM = """
import json, sys
from pathlib import Path
from mixpanel_data import MixpanelDataError
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.sharing import client_session

engine = StorageEngine(Path(sys.argv[1]))
print("open", flush=True)
for line in sys.stdin:
    told = json.loads(line)
    if isinstance(told, float):
        client_session.GRACE_SECONDS = client_session.END_SECONDS = told
        continue
    try:
        answer = engine.execute_rows(told)
    except MixpanelDataError as error:
        answer = [type(error).__name__, error.message]
    print(json.dumps(answer, default=str), flush=True)
engine.close()
"""


class Holder:
    """Runs SQL when told to; ends when its input ends."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=path.parent.parent,
        )
        assert self.process.stdout.readline() == "open\n"

    @property
    def pid(self) -> int:
        return self.process.pid

    def sql(self, text: str) -> Any:
        self.begin(text)
        return self.answer()

    def begin(self, text: str) -> None:
        self._tell(text)

    def wait_at_the_end(self, seconds: float) -> None:
        """When it leaves, it lets the others end their transactions for so long."""
        self._tell(float(seconds))

    def _tell(self, what: str | float) -> None:
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        return json.loads(self.process.stdout.readline())

    def leave(self) -> None:
        """Begin to end in an orderly way."""
        self.process.stdin.close()

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.process.wait(HANG)

    def end(self) -> None:
        self.leave()
        assert self.process.wait(HANG) == 0

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@contextmanager
def holding(path: Path) -> Iterator[Holder]:
    """A process that has the database open for the length of the block, unless it ends before."""
    holder = Holder(path)
    try:
        yield holder
    finally:
        holder.close()
