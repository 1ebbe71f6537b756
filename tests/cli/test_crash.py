"""A real `mp fetch` is killed at random moments; what is in the database is whole."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest

from mixpanel_data import TableMetadata
from mixpanel_data._internal.storage import StorageEngine
from tests.loopback import Reply, Request, Server, reply_gzip
from tests.waiting import HANG, Changes, until

DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"
FIRST = date(2024, 1, 1)
PER_DAY = 2_000
BEFORE = [{"event": f"e{n}", "properties": {"time": n}} for n in range(3)]


class Mixpanel:
    """Some thousand events a day, of a version that can be told."""

    version = 0

    def __call__(self, request: Request) -> Reply:
        day, last = (date.fromisoformat(request.query[key]) for key in ("from_date", "to_date"))
        assert day == last
        return a_day(day, self.version)


@lru_cache(maxsize=64)
def a_day(day: date, version: int) -> Reply:
    """The events of a day in several chunks."""
    start = (day - date(1970, 1, 1)).days * 86_400_000
    lines = []
    for n in range(PER_DAY):
        properties = {"time": start + n, "$insert_id": f"{day}-{n}", "v": version}
        lines.append(json.dumps({"event": "a", "properties": properties}) + "\n")
    return reply_gzip("".join(lines).encode())


class Fetch:
    """`mp fetch events` into one database, as a process group of its own."""

    def __init__(self, server: Server, db: Path) -> None:
        self.db = db
        self.env = {
            **os.environ,
            "MP_BASE_URL": server.url,
            "MP_USERNAME": "u",
            "MP_SECRET": "s",
            "MP_PROJECT_ID": "1",
        }

    def start(self, *options: str, within: Sequence[str] = ()) -> subprocess.Popen[str]:
        code = "from mixpanel_data.cli.main import run; run()"
        words = ["--db", str(self.db), "fetch", "events", "events", "--window", "1", *options]
        return subprocess.Popen(
            [*within, sys.executable, "-c", code, *words],
            env=self.env,
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def whole(self, *options: str) -> int:
        """Fetch undisturbed; how often the files change by that."""
        process, changes = self.start(*options), Changes(self.files)
        until(lambda: changes.count() < 0 or process.poll() is not None)
        _, err = process.communicate()
        assert process.returncode == 0, err
        return changes.count()

    def kill(self, moment: int, how: int, *options: str) -> int:
        """Fetch until the files have changed so often, if they ever do."""
        process, changes = self.start(*options), Changes(self.files)
        until(lambda: changes.count() >= moment or process.poll() is not None)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        process.communicate()
        return process.returncode

    def files(self) -> dict[Path, int]:
        """What lies around the database, with sizes."""
        found = {}
        for path in self.db.parent.rglob("*"):
            with suppress(FileNotFoundError):
                found[path] = path.stat().st_size
        return found

    def versions(self) -> dict[str, int]:
        """Rows by version, after checking that everything in the database fits together."""
        engine = StorageEngine.open_existing(self.db)
        try:
            tables = {table.name: table.rows for table in engine.list_tables()}
            assert tables.pop("before") == 3
            before = engine.execute_rows("SELECT properties FROM before ORDER BY event_name")
            assert [json.loads(text) for (text,) in before] == [e["properties"] for e in BEFORE]
            facts = dict(engine.execute_rows("SELECT table_name, row_count FROM _metadata"))
            assert facts.pop("before") == 3
            assert facts == tables
            if not tables:
                return {}
            return dict(
                engine.execute_rows("SELECT properties->>'$.v', count(*) FROM events GROUP BY 1")
            )
        finally:
            engine.close()


@pytest.fixture
def mixpanel(home: Path) -> Mixpanel:
    (home / ".mp").mkdir()
    (home / ".mp" / "config.toml").write_text(
        "[settings]\nexports_per_hour = 100000\nexports_per_second = 1000\n"
    )
    return Mixpanel()


@pytest.fixture
def fetch(mixpanel: Mixpanel, tmp_path: Path) -> Iterator[Fetch]:
    db = tmp_path / "ws.duckdb"
    engine = StorageEngine(db)
    facts = TableMetadata(type="events", fetched_at=datetime(2024, 1, 1))
    engine.create_events_table("before", iter(BEFORE), facts)
    engine.close()
    with Server(mixpanel) as server:
        yield Fetch(server, db)


def days(number: int, start: int = 0) -> tuple[str, ...]:
    first = FIRST + timedelta(days=start)
    return ("--from", str(first), "--to", str(first + timedelta(days=number - 1)))


@pytest.mark.parametrize(
    ("how", "kills"), [(signal.SIGKILL, 100 if DEEP else 6), (signal.SIGTERM, 20 if DEEP else 2)]
)
def test_a_killed_fetch_leaves_all_or_nothing_and_goes_on(
    fetch: Fetch, how: int, kills: int
) -> None:
    dice = random.Random(int(how))
    usual = fetch.whole(*days(8))
    for _ in range(kills):
        if fetch.versions():
            engine = StorageEngine.open_existing(fetch.db)
            engine.drop_table("events")
            engine.close()
        assert fetch.kill(dice.randint(1, usual + 1), how, *days(8)) in {0, -how}
        assert fetch.versions() in ({}, {"0": 8 * PER_DAY})
    if not fetch.versions():
        fetch.whole(*days(8))
    assert fetch.versions() == {"0": 8 * PER_DAY}


@pytest.mark.parametrize(
    ("options", "stays"),
    [(("--append", *days(8, start=4)), {"0": 4 * PER_DAY}), (("--replace", *days(8)), {})],
    ids=["append", "replace"],
)
def test_a_killed_change_leaves_the_old_table_or_the_new_one(
    fetch: Fetch, mixpanel: Mixpanel, options: tuple[str, ...], stays: dict[str, int]
) -> None:
    dice = random.Random(1)
    old = {"0": 8 * PER_DAY}
    usual = fetch.whole(*days(8))
    new = dict(old)
    for _ in range(50 if DEEP else 3):
        if fetch.versions() == new:
            old = new
            mixpanel.version += 1
            new = {**stays, str(mixpanel.version): 8 * PER_DAY}
        fetch.kill(dice.randint(1, usual + 1), signal.SIGKILL, *options)
        assert fetch.versions() in (old, new)
    if fetch.versions() == old:
        fetch.whole(*options)
    assert fetch.versions() == new


def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(
    fetch: Fetch, mixpanel: Mixpanel
) -> None:
    process = fetch.start("--concurrency", "1", *days(30))
    spool = fetch.db.with_name(fetch.db.name + ".spool")
    until(lambda: len(list(spool.glob("*/*.ndjson"))) >= 3, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=HANG)
    assert process.returncode == 130
    assert "windows; run the same command to resume" in err
    assert fetch.versions() == {}
    process = fetch.start(*days(30))
    _, err = process.communicate(timeout=HANG)
    assert "windows are here from an earlier run" in err
    assert fetch.versions() == {"0": 30 * PER_DAY}


@pytest.mark.parametrize(("most", "fails"), [(50, "Errno"), (1200, "ws.duckdb")])
def test_a_disk_that_is_full_changes_nothing(fetch: Fetch, most: int, fails: str) -> None:
    """No file may grow past so many KiB: the body of a day, or the database."""
    limited = ("bash", "-c", f'ulimit -f {most}; exec "$@"', "bash")
    process = fetch.start(*days(60), within=limited)
    _, err = process.communicate(timeout=HANG)
    assert process.returncode == 1
    assert re.search(f"error: the disk is full: .*{fails}", err)
    assert "nothing was changed" in err
    assert fetch.versions() == {}
    fetch.whole(*days(60))
    assert fetch.versions() == {"0": 60 * PER_DAY}
