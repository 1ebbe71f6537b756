from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import (
    ConnectionFailedError,
    FetchProgress,
    IncompleteExportError,
    InvalidArgumentError,
    PlanError,
    TableExistsError,
)
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.services.unfinished import UnfinishedFetches
from mixpanel_data._internal.services.windows import cut
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import EventsFetch, ProfilesFetch
from tests.loopback import Reply, Request, Server, reply_gzip, reply_json
from tests.waiting import HANG, until

Fetcher = Callable[..., FetcherService]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageEngine]:
    engine = StorageEngine(tmp_path / "ws.duckdb")
    yield engine
    engine.close()


@pytest.fixture
def fetcher(storage: StorageEngine) -> Iterator[Fetcher]:
    clients = []

    def make(server: Server, **options: object) -> FetcherService:
        settings = Settings(exports_per_second=1000, exports_per_hour=1000)
        who = Credentials("u", "s", "1", "us", base_url=server.url)
        clients.append(MixpanelAPIClient(who, settings=settings))
        return FetcherService(
            clients[-1], storage, settings=settings, backoff=lambda _: 0, **options
        )

    yield make
    for client in clients:
        client.close()


def day_of(request: Request) -> tuple[date, date]:
    return (
        date.fromisoformat(request.query["from_date"]),
        date.fromisoformat(request.query["to_date"]),
    )


def days_between(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def days_of(request: Request) -> list[date]:
    return days_between(request.query["from_date"], request.query["to_date"])


def events_of(request: Request) -> bytes:
    """Three events for each day asked for."""
    body = b""
    for day in days_of(request):
        seconds = (day - date(1970, 1, 1)).days * 86400
        for n in range(3):
            properties = {
                "time": (seconds + n) * 1000,
                "distinct_id": f"u{n}",
                "$insert_id": f"{day}-{n}",
            }
            body += json.dumps({"event": "a", "properties": properties}).encode() + b"\n"
    return body


def export(request: Request) -> Reply:
    return reply_gzip(events_of(request))


def stored(storage: StorageEngine, table: str = "events") -> list[tuple]:
    return storage.execute_rows(f"SELECT insert_id FROM {table} ORDER BY rowid")


def test_a_range_is_asked_for_in_windows_and_stored_in_order(
    storage: StorageEngine, fetcher: Fetcher
) -> None:
    seen: list[FetchProgress] = []
    with Server(export) as server:
        result = fetcher(server).fetch_events(
            EventsFetch(
                "events",
                "2024-02-20",
                date(2024, 3, 15),
                ["a"],
                'properties["x"] == 1',
                seen.append,
            )
        )
        asked = sorted(day_of(request) for request in server.requests)
    assert [str(first) for first, _ in asked] == [
        "2024-02-20",
        "2024-02-27",
        "2024-03-05",
        "2024-03-12",
    ]
    days = [date(2024, 2, 20) + timedelta(days=n) for n in range(25)]
    assert stored(storage) == [(f"{day}-{n}",) for day in days for n in range(3)]
    assert (result.table, result.rows, result.type) == ("events", 75, "events")
    assert result.date_range == ("2024-02-20", "2024-03-15")
    assert result.source == "mixpanel"
    facts = storage.get_metadata("events")
    assert (facts.filter_events, facts.filter_where) == (["a"], 'properties["x"] == 1')
    last = seen[-1]
    assert (last, last.windows_done, last.windows, last.phase) == (75, 4, 4, "store")
    assert last.bytes > 75 * 80


@given(st.dates(date(2023, 1, 1), date(2025, 1, 1)), st.integers(0, 800), st.integers(1, 40))
def test_case_46_windows_cover_a_range_exactly_once(first: date, length: int, size: int) -> None:
    last = first + timedelta(days=length)
    days = [
        window.first + timedelta(days=n)
        for window in cut(first, last, size)
        for n in range(window.days)
    ]
    assert days == [first + timedelta(days=n) for n in range(length + 1)]


def test_a_long_range_stays_within_the_hourly_quota(
    storage: StorageEngine, fetcher: Fetcher
) -> None:
    with Server(Reply()) as server:
        service = fetcher(server)
        service._settings = Settings(exports_per_second=1000)
        service.fetch_events(EventsFetch("events", "2020-01-01", "2024-12-31"))
        assert len(server.requests) <= 60


def test_case_35_a_broken_body_is_asked_for_again_and_leaves_no_duplicates(
    storage: StorageEngine, fetcher: Fetcher
) -> None:
    broken = {
        date(2024, 1, 1): lambda r: reply_gzip(events_of(r), cut=9),
        date(2024, 1, 8): lambda r: Reply(chunks=(events_of(r),), end="cut"),
        date(2024, 1, 15): lambda r: Reply(chunks=(events_of(r)[:-30], b"\nterminated early\n")),
    }

    def script(request: Request) -> Reply:
        return broken.pop(day_of(request)[0], export)(request)

    with Server(script) as server:
        result = fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21"))
        assert len(server.requests) == 6
    assert result.rows == 63
    assert len(set(stored(storage))) == 63


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (lambda r: Reply(chunks=(events_of(r), b"export terminated early")), IncompleteExportError),
        (lambda r: Reply(chunks=(events_of(r),), end="cut"), ConnectionFailedError),
        (lambda r: reply_json({"error": "no"}, 402), PlanError),
        (lambda r: Reply(body=events_of(r) + b"[]\n" + events_of(r)), IncompleteExportError),
    ],
)
def test_a_window_that_never_comes_whole_leaves_no_table_and_is_named(
    storage: StorageEngine, fetcher: Fetcher, reply: Callable[[Request], Reply], error: type
) -> None:
    faulty = True

    def script(request: Request) -> Reply:
        bad = faulty and date(2024, 1, 8) in days_of(request)
        return (reply if bad else export)(request)

    with Server(script) as server:
        fetcher(server).fetch_events(EventsFetch("before", "2024-01-01", "2024-01-01"))
        with pytest.raises(error) as caught:
            fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21"))
        assert "missing: 2024-01-08" in caught.value.message
        assert "the same command continues" in caught.value.hint
        assert [(table.name, table.rows) for table in storage.list_tables()] == [("before", 3)]
        assert storage.execute_rows("SELECT table_name FROM _metadata") == [("before",)]

        (status,) = UnfinishedFetches(storage).list()
        faulty, asked = False, len(server.requests)
        assert (
            fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21")).rows
            == 63
        )
        again = [day for request in server.requests[asked:] for day in days_of(request)]
    missing = [day for text in status.missing for day in days_between(*text.split(".."))]
    assert sorted(again) == missing
    assert len(set(stored(storage))) == 63
    assert not storage.path.with_name("ws.duckdb.spool").exists()


def test_nothing_is_asked_when_the_table_exists_or_the_question_is_wrong(
    storage: StorageEngine, fetcher: Fetcher
) -> None:
    with Server(export) as server:
        service = fetcher(server)
        service.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-01"))
        with pytest.raises(TableExistsError):
            service.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-01"))
        for dates in (
            ("2024-01-02", "2024-01-01"),
            ("2024-02-30", "2024-03-01"),
            (None, "2024-01-01"),
        ):
            with pytest.raises(InvalidArgumentError):
                service.fetch_events(EventsFetch("other", *dates))
        with pytest.raises(InvalidArgumentError):
            service.fetch_events(EventsFetch("other", "2024-01-01", "2024-01-01", []))
        assert len(server.requests) == 1


def test_no_events_are_an_empty_table(storage: StorageEngine, fetcher: Fetcher) -> None:
    with Server(Reply()) as server:
        assert (
            fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-01-09")).rows
            == 0
        )
    assert [(table.name, table.rows) for table in storage.list_tables()] == [("events", 0)]


def test_a_limited_fetch_is_one_request(storage: StorageEngine, fetcher: Fetcher) -> None:
    with Server(export) as server:
        fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-03-31", limit=10))
        (request,) = server.requests
    assert request.query["limit"] == "10"
    assert storage.get_metadata("events").filter_limit == 10
    with Server(export) as server, pytest.raises(InvalidArgumentError, match="is a sample of"):
        fetcher(server).fetch_events(EventsFetch("events", "2024-04-01", "2024-04-02", append=True))


def test_what_the_sandbox_fed_is_marked(storage: StorageEngine, fetcher: Fetcher) -> None:
    with Server(Reply(headers={"X-Mixpanel-Source": "sandbox"})) as server:
        assert (
            fetcher(server).fetch_events(EventsFetch("events", "2024-01-01", "2024-01-01")).source
            == "sandbox"
        )
    assert [table.source for table in storage.list_tables()] == ["sandbox"]


def test_legacy_projects_are_stored_in_utc(storage: StorageEngine, fetcher: Fetcher) -> None:
    with Server(export) as server:
        fetcher(server, legacy_zone="US/Pacific").fetch_events(
            EventsFetch("events", "2024-01-01", "2024-01-01")
        )
    assert (
        str(storage.execute_scalar("SELECT min(event_time) FROM events")) == "2024-01-01 08:00:00"
    )


def test_profiles_come_page_by_page_and_once_each(storage: StorageEngine, fetcher: Fetcher) -> None:
    def engage(request: Request) -> Reply:
        page = int(request.form.get("page", 0))
        people = [str(n) for n in range(page * 2, min(page * 2 + 2, 5))] + ["0"] * (page == 2)
        found = [
            {"$distinct_id": who, "$properties": {"page": page, "half": "\ud83d"}} for who in people
        ]
        answer = {"page": page, "page_size": 2, "session_id": "s", "status": "ok", "results": found}
        return reply_json({**answer, "total": 5} if page == 0 else answer)

    seen: list[FetchProgress] = []
    with Server(engage) as server:
        result = fetcher(server).fetch_profiles(
            ProfilesFetch("people", progress=seen.append, where='properties["a"] == 1')
        )
        assert all(r.form["where"] == 'properties["a"] == 1' for r in server.requests)
    assert result.rows == 5
    assert result.date_range is None
    rows = storage.execute_rows("SELECT distinct_id, properties->>'$.page' FROM people ORDER BY 1")
    assert rows == [("0", "2"), ("1", "0"), ("2", "1"), ("3", "1"), ("4", "2")]
    assert storage.get_metadata("people").filter_where == 'properties["a"] == 1'
    assert seen[-1] == 6


def engage_of(*found: dict) -> Reply:
    head = {"page": 0, "page_size": 1000, "session_id": "s", "status": "ok", "total": len(found)}
    return reply_json({**head, "results": list(found)})


def test_profiles_without_an_id_are_stored_all_the_same_and_told(
    storage: StorageEngine, fetcher: Fetcher
) -> None:
    reply = engage_of(
        {"$distinct_id": "a", "$properties": {"n": 1}},
        {"$properties": {"n": 2}},
        {"$distinct_id": None, "$properties": {"n": 3}},
        {"$distinct_id": None, "$properties": {"n": 3}},
        {"$distinct_id": 4},
    )
    with (
        Server(reply) as server,
        pytest.warns(match=r"profiles without a \$distinct_id: 3; their distinct_id .* is NULL"),
    ):
        result = fetcher(server).fetch_profiles(ProfilesFetch("people"))
    assert storage.execute_rows(
        "SELECT distinct_id, (properties->>'$.n')::INT, last_seen FROM people ORDER BY ALL"
    ) == [
        ("4", None, None),
        ("a", 1, None),
        (None, 2, None),
        (None, 3, None),
        (None, 3, None),
    ]
    assert (result.rows, result.duplicates, result.nulls) == (5, 0, {"distinct_id": 3})
    assert result.to_dict()["nulls"] == {"distinct_id": 3}


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2024-01-01T10:00:00", "2024-01-01 10:00:00"),
        ("2024-01-01T10:00:00Z", "2024-01-01 10:00:00"),
        ("2024-01-01T10:00:00+02:00", "2024-01-01 08:00:00"),
        ("2024-01-01 10:00:00.25-0530", "2024-01-01 15:30:00.25"),
        ("2024-01-01", "2024-01-01 00:00:00"),
        (1704067200, "2024-01-01 00:00:00"),
        ("1704067200", "2024-01-01 00:00:00"),
        (1704067200.5, "2024-01-01 00:00:00.5"),
        (1704067200000, "2024-01-01 00:00:00"),
        (-86400, "1969-12-31 00:00:00"),
    ],
)
def test_a_last_seen_is_stored_in_utc(
    storage: StorageEngine, fetcher: Fetcher, sent: object, stored: str
) -> None:
    with Server(engage_of({"$distinct_id": "a", "$properties": {"$last_seen": sent}})) as server:
        assert fetcher(server).fetch_profiles(ProfilesFetch("people")).nulls == {}
    assert storage.execute_scalar("SELECT last_seen::VARCHAR FROM people") == stored


@pytest.mark.parametrize(
    "sent",
    [
        "yesterday",
        "",
        "2024-13-01T00:00:00",
        "infinity",
        "-infinity",
        "epoch",
        "nan",
        "1e300",
        1e300,
        True,
        [1],
        {"a": 1},
    ],
)
def test_a_last_seen_that_is_no_time_is_null_and_told(
    storage: StorageEngine, fetcher: Fetcher, sent: object
) -> None:
    people = [{"$distinct_id": str(n), "$properties": {"$last_seen": sent}} for n in range(2)]
    quiet = [{"$distinct_id": "n", "$properties": {"$last_seen": None}}, {"$distinct_id": "m"}]
    with (
        Server(engage_of(*people, *quiet)) as server,
        pytest.warns(match=r"profiles with a \$last_seen that is no time: 2; their last_seen"),
    ):
        result = fetcher(server).fetch_profiles(ProfilesFetch("people"))
    assert (result.rows, result.nulls) == (4, {"last_seen": 2})
    assert storage.execute_scalar("SELECT count(last_seen) FROM people") == 0


STALLED = textwrap.dedent("""
    import sys
    from pathlib import Path
    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.config import Credentials
    from mixpanel_data._internal.services.fetcher import FetcherService
    from mixpanel_data._internal.storage import StorageEngine
    from mixpanel_data.queries import EventsFetch
    storage = StorageEngine(Path(sys.argv[2]))
    client = MixpanelAPIClient(Credentials("u", "s", "1", "us", base_url=sys.argv[1]))
    try:
        FetcherService(client, storage).fetch_events(
            EventsFetch("events", "2024-01-01", "2024-01-31")
        )
    except KeyboardInterrupt:
        print("stopped", storage.list_tables())
    storage.close()
""")


def test_ctrl_c_does_not_wait_for_a_server_that_stalls(tmp_path: Path) -> None:
    path = tmp_path / "stalled.duckdb"
    with Server(lambda r: Reply(chunks=(events_of(r),), end="stall")) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", STALLED, server.url, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(Path.cwd())},
        )
        until(lambda: server.requests, process)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=HANG)
    assert out == "stopped []\n"
    assert list(path.parent.glob("*.spool/*/*.ndjson")) == []
