"""Lines of an export that are no events: what is lost to them, and what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from mixpanel_data import IncompleteExportError, MixpanelDataWarning
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.services.unfinished import UnfinishedFetches
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import EventsFetch
from tests.loopback import Reply, Request, Server

WEEK = ("2024-01-01", "2024-01-07")
BROKEN = b'{"event":"a","properties":{"time":1704200000000,"text":"cut\n'
BREAK = b'{"event":"a","properties":{"time":1704200000000,"text":"one\ntwo"}}\n'


class Days:
    """An export of two events a day; what a day has in `inserted` comes between them."""

    def __init__(self) -> None:
        self.inserted: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Reply:
        first, last = request.query["from_date"], request.query["to_date"]
        self.asked.append((first, last))
        start, end = date.fromisoformat(first), date.fromisoformat(last)
        days = [start + timedelta(days=n) for n in range((end - start).days + 1)]
        return Reply(body=b"".join(map(self.events, days)))

    def events(self, day: date) -> bytes:
        first = (day - date(1970, 1, 1)).days * 86_400_000
        early, late = (
            json.dumps(
                {"event": "a", "properties": {"time": first + n, "$insert_id": f"{day}-{n}"}}
            )
            for n in range(2)
        )
        return f"{early}\n".encode() + self.inserted.get(str(day), b"") + f"{late}\n".encode()


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageEngine]:
    engine = StorageEngine(tmp_path / "ws.duckdb")
    yield engine
    engine.close()


@pytest.fixture
def days() -> Days:
    return Days()


@pytest.fixture
def fetcher(storage: StorageEngine, days: Days) -> Iterator[FetcherService]:
    settings = Settings(exports_per_second=1000, exports_per_hour=1000)
    with Server(days) as server:
        who = Credentials("u", "s", "1", "us", base_url=server.url)
        with MixpanelAPIClient(who, settings=settings) as client:
            yield FetcherService(client, storage, settings=settings, backoff=lambda _: 0)


@pytest.mark.parametrize("day", ["2024-01-01", "2024-01-03", "2024-01-07"])
def test_a_broken_record_costs_its_day_alone(
    storage: StorageEngine, fetcher: FetcherService, days: Days, day: str
) -> None:
    days.inserted = {day: BROKEN}
    with pytest.raises(IncompleteExportError) as caught:
        fetcher.fetch_events(EventsFetch("events", *WEEK))
    error = caught.value
    assert (error.days, error.line, error.rows) == (day, 2, 1)
    assert error.message == (
        f"incomplete export of {day} after 1 rows: a line is not JSON at line 2:"
        f" {BROKEN.decode().strip()} (missing: {day}..{day})"
    )
    assert len(days.asked) <= 8
    (status,) = UnfinishedFetches(storage).list()
    assert (status.missing, status.rows) == ((f"{day}..{day}",), 12)
    assert storage.list_tables() == []

    days.inserted.clear()
    days.asked.clear()
    assert fetcher.fetch_events(EventsFetch("events", *WEEK)).rows == 14
    assert days.asked == [(day, day)]


def test_every_day_with_a_broken_record_is_found_by_the_same_command(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    days.inserted = {"2024-01-02": BROKEN, "2024-01-06": BROKEN}
    for day in list(days.inserted):
        with pytest.raises(IncompleteExportError) as caught:
            fetcher.fetch_events(EventsFetch("events", *WEEK))
        assert caught.value.days == day
        del days.inserted[day]
    assert fetcher.fetch_events(EventsFetch("events", *WEEK)).rows == 14


def test_a_sample_is_not_split(fetcher: FetcherService, days: Days) -> None:
    days.inserted = {"2024-01-03": BROKEN}
    with pytest.raises(IncompleteExportError, match=r"export of 2024-01-01\.\.2024-01-07 after 5"):
        fetcher.fetch_events(EventsFetch("events", *WEEK, limit=100))
    assert set(days.asked) == {WEEK}


def test_what_an_earlier_version_kept_and_nobody_can_read_is_asked_for_again(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    days.inserted = {"2024-01-03": BROKEN}
    with pytest.raises(IncompleteExportError):
        fetcher.fetch_events(EventsFetch("events", *WEEK))
    bodies = list(storage.path.parent.glob("*.spool/job-*/*.ndjson"))
    for body in bodies:
        content = body.read_bytes()
        body.write_bytes(b"[" * len(content))
    days.inserted.clear()
    assert fetcher.fetch_events(EventsFetch("events", *WEEK)).rows == 14


@pytest.mark.parametrize("record", [BREAK, BREAK.replace(b"\n", b"\r\n", 1)])
@pytest.mark.parametrize("is_last", [False, True])
def test_a_record_with_a_raw_line_break_is_stored_with_it(
    storage: StorageEngine, fetcher: FetcherService, days: Days, record: bytes, is_last: bool
) -> None:
    days.inserted = {"2024-01-02": record}
    if is_last:
        days.events = lambda day: record if str(day) == "2024-01-02" else Days().events(day)
    result = fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-02"))
    assert result.rows == (3 if is_last else 5)
    text = storage.execute_scalar(
        "SELECT properties->>'$.text' FROM events WHERE insert_id IS NULL"
    )
    assert text == record.split(b'"text":"')[1].split(b'"')[0].decode()
    assert len(days.asked) == 1


@pytest.mark.parametrize("time", ["1e300", "NaN", '"soon"', "null", "-9e18"])
def test_a_time_that_none_is_becomes_null_and_is_counted(
    storage: StorageEngine, fetcher: FetcherService, days: Days, time: str
) -> None:
    days.inserted = {"2024-01-02": b'{"event":"a","properties":{"time":%s}}\n' % time.encode()}
    with pytest.warns(
        MixpanelDataWarning, match="events without a time that can be read: 1; their event"
    ):
        result = fetcher.fetch_events(EventsFetch("events", *WEEK))
    assert (result.rows, result.nulls) == (15, {"event_time": 1})
    assert result.to_dict()["nulls"] == {"event_time": 1}
    assert storage.execute_scalar("SELECT count(*) FROM events WHERE event_time IS NULL") == 1
    fetcher.fetch_events(EventsFetch("events", "2024-01-08", "2024-01-08", append=True))
    assert (
        fetcher.fetch_events(EventsFetch("events", "2024-01-09", "2024-01-09", append=True)).nulls
        == {}
    )


def test_a_line_that_is_too_long_is_asked_for_once(fetcher: FetcherService, days: Days) -> None:
    days.inserted = {
        "2024-01-03": b'{"event":"a","properties":{"time":1,"x":"%s"}}\n' % (b"x" * 17_000_000)
    }
    with pytest.raises(IncompleteExportError, match="a line is longer than 16 MB") as caught:
        fetcher.fetch_events(EventsFetch("events", "2024-01-03", "2024-01-03"))
    assert "line_limit_mb" in (caught.value.hint or "")
    assert (caught.value.days, len(days.asked)) == ("2024-01-03", 1)


@pytest.mark.parametrize("size", [15_900_000, 40_000_000])
def test_the_limit_of_a_line_is_a_setting(storage: StorageEngine, days: Days, size: int) -> None:
    days.inserted = {
        "2024-01-03": b'{"event":"a","properties":{"time":1,"x":"%s"}}\n' % (b"x" * size)
    }
    settings = Settings(line_limit_mb=16 if size < 16_000_000 else 41)
    who = Credentials("u", "s", "1", "us")
    with Server(days) as server:
        who = replace(who, base_url=server.url)
        with MixpanelAPIClient(who, settings=settings) as client:
            fetcher = FetcherService(client, storage, settings=settings)
            fetcher.fetch_events(EventsFetch("events", "2024-01-03", "2024-01-03"))
    query = "SELECT max(length(properties->>'$.x')) FROM events"
    assert storage.execute_scalar(query) == size
