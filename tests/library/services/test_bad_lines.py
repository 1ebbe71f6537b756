"""Lines of an export that are no events: what is lost to them, and what is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from mixpanel_data import IncompleteExportError, InvalidArgumentError, MixpanelDataWarning
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


STRAY = b'{"event":"a","properties":{"time":%s,"n":1%s}}\n'
N = "SELECT list_sort(list(properties->>'$.n')) FROM events WHERE properties->>'$.n' <> ''"


@pytest.mark.filterwarnings("ignore:events without a time")
@pytest.mark.parametrize(
    "insert_id", [b"", b',"$insert_id":"x"'], ids=["no insert_id", "insert_id"]
)
@pytest.mark.parametrize("time", [b"1e300", b'"soon"', b"1", b"1704700000000"])
@pytest.mark.parametrize("flat", [True, False])
def test_an_append_stores_an_event_outside_its_day_only_once(
    storage: StorageEngine, fetcher: FetcherService, days: Days, time, insert_id, flat
) -> None:
    """Deleting the day by its time would not delete the event."""
    line = STRAY % (time, insert_id)
    days.inserted = {"2024-01-02": line * 2, "2024-01-05": line.replace(b'"n":1', b'"n":2')}
    options = {"dedupe": False, "flat": flat}
    assert fetcher.fetch_events(EventsFetch("events", *WEEK, **options)).rows == 17
    again = EventsFetch("events", "2024-01-02", "2024-01-04", append=True, **options)
    assert fetcher.fetch_events(again).replaced == 8
    for copies in (2, 3):
        days.inserted["2024-01-02"] = line * copies
        fetcher.fetch_events(again)
        assert storage.execute_scalar(N) == ["1"] * copies + ["2"]
        for table in ["events", "events_flat"] if flat else ["events"]:
            assert storage.execute_scalar(f"SELECT count(*) FROM {table}") == 15 + copies


@pytest.mark.filterwarnings("ignore:events without a time")
def test_an_append_replaces_an_event_without_a_time_by_its_key(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    line = STRAY % (b'"soon"', b',"$insert_id":"x"')
    days.inserted = {"2024-01-02": line}
    fetcher.fetch_events(EventsFetch("events", *WEEK))
    days.inserted = {"2024-01-02": line.replace(b'"n":1', b'"n":2')}
    fetcher.fetch_events(EventsFetch("events", "2024-01-02", "2024-01-02", append=True))
    assert storage.execute_scalar(N) == ["2"]


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


LONG = b'{"event":"a","properties":{"x":"%s"}}\n' % (b"x" * 17_000_000)


@pytest.mark.parametrize(
    ("inserted", "lines"),
    [(BROKEN, 1), (BROKEN + b"oops\n[]\n", 3), (b"\xff\n" + BREAK, 1), (LONG, 1)],
    ids=["one", "several", "beside a joined record", "too long"],
)
def test_lines_that_can_t_be_read_are_skipped_when_told_and_counted_by_day(
    storage: StorageEngine, fetcher: FetcherService, days: Days, inserted: bytes, lines: int
) -> None:
    days.inserted = {"2024-01-03": inserted}
    events = 14 + (BREAK in inserted)
    with pytest.warns(MixpanelDataWarning, match=f"could not be read .*: {lines} of 2024-01-03$"):
        result = fetcher.fetch_events(EventsFetch("events", *WEEK, bad_lines="skip"))
    assert (result.rows, result.left_out) == (events, {"2024-01-03": lines})
    assert result.to_dict()["left_out"] == {"2024-01-03": lines}
    assert len(days.asked) <= 8
    assert storage.get_metadata("events").left_out == {"2024-01-03": lines}
    (table,) = storage.list_tables()
    assert (table.rows, table.left_out) == (events, {"2024-01-03": lines})


def test_a_last_line_that_can_t_be_read_is_skipped_too(fetcher: FetcherService, days: Days) -> None:
    days.events = lambda day: Days().events(day) + b"oops\n"  # type: ignore[method-assign]
    with pytest.warns(MixpanelDataWarning, match="1 of 2024-01-02, 1 of 2024-01-03"):
        result = fetcher.fetch_events(
            EventsFetch("events", "2024-01-02", "2024-01-03", bad_lines="skip")
        )
    assert (result.rows, result.left_out) == (4, {"2024-01-02": 1, "2024-01-03": 1})


@pytest.mark.parametrize(
    "body",
    [
        b"terminated early\n",
        b"upstream connect error\n",
        b'{"error":"no"}\n',
        b"<html>\nLog in\n</html>\n",
        b'{"event":"a","properties":{"time":1}}\n{"event":"a"',
    ],
)
def test_what_is_no_export_or_is_cut_is_never_skipped(
    storage: StorageEngine, fetcher: FetcherService, days: Days, body: bytes
) -> None:
    days.events = lambda _: body  # type: ignore[method-assign]
    with pytest.raises(IncompleteExportError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-01", bad_lines="skip"))
    assert storage.list_tables() == []


def test_an_append_leaves_out_a_day_when_told(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    days.inserted = {"2024-01-03": BROKEN}
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-02"))
    days.asked.clear()
    with pytest.warns(MixpanelDataWarning, match="lacks days .*: 2024-01-03$"):
        result = fetcher.fetch_events(
            EventsFetch("events", "2024-01-04", "2024-01-05", append=True, allow_gap=["2024-01-03"])
        )
    assert days.asked == [("2024-01-04", "2024-01-05")]
    assert (result.rows, result.left_out) == (4, {"2024-01-03": None})
    facts = storage.get_metadata("events")
    assert (facts.from_date, facts.to_date) == ("2024-01-01", "2024-01-05")
    assert facts.left_out == {"2024-01-03": None}

    # What comes later keeps the record, and the day itself ends it.
    fetcher.fetch_events(EventsFetch("events", "2024-01-06", "2024-01-06", append=True))
    assert storage.get_metadata("events").left_out == {"2024-01-03": None}
    days.inserted.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-03", "2024-01-03", append=True))
    assert storage.get_metadata("events").left_out == {}
    assert storage.execute_scalar("SELECT count(*) FROM events") == 12


def test_days_before_the_table_are_left_out_when_told(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-05", "2024-01-05"))
    with pytest.warns(MixpanelDataWarning, match="2024-01-03, 2024-01-04$"):
        fetcher.fetch_events(
            EventsFetch(
                "events",
                "2024-01-01",
                "2024-01-02",
                append=True,
                allow_gap=["2024-01-04", date(2024, 1, 3)],
            )
        )
    facts = storage.get_metadata("events")
    assert (facts.from_date, facts.left_out) == (
        "2024-01-01",
        {"2024-01-03": None, "2024-01-04": None},
    )


def test_a_new_table_leaves_out_a_day_when_told_and_keeps_what_is_spooled(
    storage: StorageEngine, fetcher: FetcherService, days: Days
) -> None:
    days.inserted = {"2024-01-03": BROKEN}
    with pytest.raises(IncompleteExportError):
        fetcher.fetch_events(EventsFetch("events", *WEEK))
    days.asked.clear()
    fetch = EventsFetch("events", *WEEK, allow_gap=["2024-01-03"])
    assert fetcher.plan_events(fetch).requests == 0
    with pytest.warns(MixpanelDataWarning, match="lacks days"):
        assert fetcher.fetch_events(fetch).rows == 12
    assert days.asked == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"allow_gap": ["2024-01-02"], "append": True, "from_date": "2024-01-02"},
            "has 2024-01-02",
        ),
        ({"allow_gap": ["2024-02-01"], "name": "other"}, "2024-02-01 is not among the days"),
        ({"allow_gap": ["2024-01-04"], "name": "other", "limit": 5}, "sample"),
        ({"allow_gap": ["2024-01-03"], "append": True, "from_date": "2024-01-05"}, "would leave"),
        ({"bad_lines": "ignore", "name": "other"}, "bad_lines"),
    ],
)
def test_what_can_t_be_left_out_is_refused(
    fetcher: FetcherService, days: Days, options: dict[str, Any], message: str
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-02"))
    days.asked.clear()
    asked = {"name": "events", "from_date": "2024-01-04", "to_date": "2024-01-06", **options}
    with pytest.raises(InvalidArgumentError, match=message):
        fetcher.fetch_events(EventsFetch(**asked))
    assert days.asked == []
