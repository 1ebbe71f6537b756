"""A script that works on a database until its input ends, and keeps a diary of what it wrote.

    python script.py DATABASE NAME keep|reopen

`reopen` opens and closes the database for each thing it does, as commands in a terminal do.
After each thing it writes a byte to the file NAME beside the database.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import threading
from pathlib import Path

if __name__ == "__main__":  # a test that imports this must not hand it on to all its children
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until there is something to interrupt

from mixpanel_data import SessionLostError
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.sharing import retry_on_conflict

ROWS = 100_000


class Script:
    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.engine = StorageEngine(path)
        self.done: list[int] = []
        self.unsure: list[int] = []
        self.failed: list[str] = []
        self.acting = False
        self.ends = threading.Event()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        sys.stdin.read()
        self.ends.set()

    def run(self, *, reopen: bool) -> None:
        actions = [self.count, self.write, self.make_and_drop, self.read_all, self.print_all]
        chance = random.Random(self.name)
        number = 0
        while not self.ends.is_set():
            number += 1
            action = chance.choice(actions)
            try:
                self.acting = True
                action(number)
                self.acting = False
            except KeyboardInterrupt:
                self.unsure.append(number)
            except Exception as error:  # noqa: BLE001 - whatever it is, it goes into the diary
                self.acting = False
                self.failed.append(f"{action.__name__}: {type(error).__name__}: {error}")
            with self.path.with_name(self.name).open("a") as file:
                file.write(".")
            if reopen:
                self.engine.close()
                self.engine = StorageEngine(self.path)
        self.engine.close()

    def interrupt(self, *_: object) -> None:
        """Ctrl-C in the middle of something."""
        if self.acting:
            self.acting = False
            raise KeyboardInterrupt

    def count(self, _: int) -> None:
        found = self.engine.execute_rows("SELECT count(*), sum(i) FROM base")
        assert found == [(ROWS, ROWS * (ROWS - 1) // 2)]

    def write(self, number: int) -> None:
        sql = "INSERT INTO diary VALUES (?, ?)"
        try:
            retry_on_conflict(lambda: self.engine.execute_rows(sql, [self.name, number]))
        except SessionLostError:
            self.unsure.append(number)
        else:
            self.done.append(number)

    def make_and_drop(self, number: int) -> None:
        table = f"made_{self.name}"
        try:
            self.engine.execute_rows(
                f"CREATE OR REPLACE TABLE {table} AS SELECT {number} AS n FROM range(1000)"
            )
            assert self.engine.execute_scalar(f"SELECT sum(n) FROM {table}") == 1000 * number
            self.engine.drop_table(table)
        except SessionLostError as lost:
            if lost.undone:
                raise

    def read_all(self, _: int) -> None:
        assert len(self.engine.execute_df("SELECT i, 'name ' || i AS s FROM base")) == ROWS

    def print_all(self, _: int) -> None:
        class Sink:
            size = 0

            def write(self, data: bytes) -> None:
                self.size += len(data)

        # So few bytes are held back until all are there: what has been passed on can't be taken back.
        sink = Sink()
        result = self.engine.write("SELECT i FROM base ORDER BY i LIMIT 10000", sink, format="csv")
        assert (result.rows, result.bytes) == (10_000, sink.size)


if __name__ == "__main__":
    path, name, how = sys.argv[1:]
    script = Script(Path(path), name)
    signal.signal(signal.SIGINT, script.interrupt)
    script.run(reopen=how == "reopen")
    diary = {key: getattr(script, key) for key in ("name", "done", "unsure", "failed")}
    sys.stdout.write(json.dumps(diary))
