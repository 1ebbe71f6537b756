from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mixpanel_data import (
    ConnectionFailedError,
    InvalidArgumentError,
    MixpanelDataWarning,
    PlanError,
    StorageError,
    TableNotFoundError,
    Workspace,
)
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.services.unfinished import UnfinishedFetches
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import EventsFetch, Export
from mixpanel_data.sandbox import Fault, Faults, Sandbox
from tests.loopback import Reply, Request, Server, reply_gzip

Make = Callable[..., FetcherService]


class Mixpanel:
    """Events by day; `broken` days break off, and every request is noted."""

    def __init__(self) -> None:
        self.copies = 1
        self.version = 0
        self.broken: set[str] = set()
        self.longest = 1000
        self.asked: list[tuple[str, str]] = []

    def __call__(self, request: Request) -> Reply:
        first, last = request.query["from_date"], request.query["to_date"]
        self.asked.append((first, last))
        days = between(first, last)
        body = b"".join(self.events(day) for day in days)
        if len(days) > self.longest or self.broken & {str(day) for day in days}:
            return Reply(chunks=(body[:-20],), end="cut")
        return reply_gzip(body)

    def events(self, day: date) -> bytes:
        start = (day - date(1970, 1, 1)).days * 86_400_000
        lines = []
        for copy in range(self.copies):
            for n in range(2):
                properties = {
                    "time": start + n * 86_399_999,
                    "distinct_id": "u",
                    "$insert_id": f"{day}-{n}",
                    "v": self.version,
                    "mp_processing_time_ms": 100 - copy,
                    "copy": copy,
                }
                lines.append(json.dumps({"event": "a", "properties": properties}) + "\n")
        return "".join(lines).encode()


def between(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[StorageEngine]:
    engine = StorageEngine(tmp_path / "ws.duckdb")
    yield engine
    engine.close()


@pytest.fixture
def mixpanel() -> Mixpanel:
    return Mixpanel()


@pytest.fixture
def fetcher(storage: StorageEngine, mixpanel: Mixpanel) -> Iterator[FetcherService]:
    settings = Settings(exports_per_second=1000, exports_per_hour=1000)
    with Server(mixpanel) as server:
        who = Credentials("u", "s", "1", "us", base_url=server.url)
        with MixpanelAPIClient(who, settings=settings) as client:
            yield FetcherService(client, storage, settings=settings, backoff=lambda _: 0)


def days_in(storage: StorageEngine, table: str = "events") -> dict[str, int]:
    rows = storage.execute_rows(
        f"SELECT event_time::DATE::VARCHAR, count(*) FROM {table} GROUP BY 1 ORDER BY 1"
    )
    return dict(rows)


def expected(first: str, last: str) -> dict[str, int]:
    return {str(day): 2 for day in between(first, last)}


def test_only_missing_days_are_asked_for_after_a_failure(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError, match=r"missing: 2024-01-08..2024-01-14"):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-31"))
    (status,) = UnfinishedFetches(storage).list()
    assert status.done == (
        "2024-01-01..2024-01-07",
        "2024-01-15..2024-01-21",
        "2024-01-22..2024-01-28",
        "2024-01-29..2024-01-31",
    )
    assert (status.missing, status.running) == (("2024-01-08..2024-01-14",), False)
    assert status.rows == 48
    mixpanel.broken.clear()
    mixpanel.asked.clear()
    assert fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-31")).rows == 62
    assert mixpanel.asked == [("2024-01-08", "2024-01-14")]
    assert days_in(storage) == expected("2024-01-01", "2024-01-31")
    assert UnfinishedFetches(storage).list() == []


def test_a_longer_range_or_other_windows_use_what_is_there(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    mixpanel.broken.clear()
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", "2023-12-31", "2024-01-20", window_days=5))
    assert sorted(mixpanel.asked) == [
        ("2023-12-31", "2023-12-31"),
        ("2024-01-08", "2024-01-12"),
        ("2024-01-13", "2024-01-17"),
        ("2024-01-18", "2024-01-20"),
    ]
    assert days_in(storage) == expected("2023-12-31", "2024-01-20")


def test_what_is_here_from_the_sandbox_stays_marked_where_nothing_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "shop.duckdb"
    refuses = Faults(Fault(kind="plan", path="export", day="2026-01-10"))
    with (
        Sandbox(events=500, profiles=20, faults=refuses, limits=None) as sandbox,
        Workspace.sandbox(path, app=sandbox) as workspace,
        pytest.raises(PlanError),
    ):
        workspace.fetch_events(from_date="2026-01-01", to_date="2026-01-14", concurrency=1)
    with Sandbox(events=500, limits=None) as sandbox, Workspace.sandbox(path, app=sandbox) as again:
        assert again.plan_events(from_date="2026-01-01", to_date="2026-01-07").requests == 0
        result = again.fetch_events(from_date="2026-01-01", to_date="2026-01-07")
        assert result.source == "sandbox"
        assert [table.source for table in again.tables()] == ["sandbox"]


def test_another_question_shares_nothing(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    mixpanel.broken.clear()
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14", ["a"]))
    assert len(mixpanel.asked) == 2
    assert len(UnfinishedFetches(storage).list()) == 1
    assert UnfinishedFetches(storage).clean("events") == ("events",)
    assert UnfinishedFetches(storage).list() == []
    assert UnfinishedFetches(storage).clean() == ()


def test_a_window_that_keeps_breaking_off_is_split(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.longest = 2
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-07", concurrency=1))
    assert days_in(storage) == expected("2024-01-01", "2024-01-07")
    assert [d for d in mixpanel.asked if between(*d)[1:]] == [
        *[("2024-01-01", "2024-01-07")] * 2,
        *[("2024-01-01", "2024-01-03")] * 2,
        ("2024-01-02", "2024-01-03"),
        *[("2024-01-04", "2024-01-07")] * 2,
        ("2024-01-04", "2024-01-05"),
        ("2024-01-06", "2024-01-07"),
    ]


def test_a_dead_export_costs_few_requests(fetcher: FetcherService, mixpanel: Mixpanel) -> None:
    mixpanel.longest = 0
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-07"))
    assert len(mixpanel.asked) <= 8


def test_a_body_that_lost_bytes_is_asked_for_again(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    (body,) = storage.path.parent.glob("*.spool/job-*/*.ndjson")
    body.write_bytes(body.read_bytes()[:-1])
    mixpanel.broken.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    assert days_in(storage) == expected("2024-01-01", "2024-01-14")


def test_days_that_were_not_over_are_not_taken_from_an_old_spool(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    (body,) = storage.path.parent.glob("*.spool/job-*/*.ndjson")
    noon = datetime(2024, 1, 7, 12, tzinfo=UTC).timestamp()
    os.utime(body, (noon, noon))
    mixpanel.broken.clear()
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    assert len(mixpanel.asked) == 2


@pytest.mark.parametrize(
    ("received", "requests"),
    [(datetime(2024, 1, 8, 7), 2), (datetime(2024, 1, 8, 23), 2), (datetime(2024, 1, 9), 1)],
)
def test_a_day_of_any_zone_is_over_a_day_after_it_ended_in_utc(
    storage: StorageEngine,
    fetcher: FetcherService,
    mixpanel: Mixpanel,
    received: datetime,
    requests: int,
) -> None:
    fetcher._legacy_zone = "US/Pacific"
    mixpanel.broken = {"2024-01-08"}
    with pytest.raises(ConnectionFailedError):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    (body,) = storage.path.parent.glob("*.spool/job-*/*.ndjson")
    at = received.replace(tzinfo=UTC).timestamp()
    os.utime(body, (at, at))
    mixpanel.broken.clear()
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-14"))
    assert len(mixpanel.asked) == requests


def test_an_append_that_does_not_reach_the_end_leaves_when_it_was_fetched(
    storage: StorageEngine, fetcher: FetcherService
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    storage.execute_rows("UPDATE _metadata SET fetched_at = fetched_at - INTERVAL 1 HOUR")
    before = storage.get_metadata("events").fetched_at
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-09", append=True))
    assert storage.get_metadata("events").fetched_at == before
    fetcher.fetch_events(EventsFetch("events", "2024-01-09", "2024-01-10", append=True))
    assert storage.get_metadata("events").fetched_at > before


def test_what_a_fetch_that_died_after_its_commit_left_is_not_used(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-07"))
    job = storage.get_metadata("events").job
    question = {**fetcher._asked("events", _export()), "table": "events"}
    with storage.job(question, from_date="2024-01-01", to_date="2024-01-07") as left:
        left.asked["id"] = job
        (left.folder / "job.json").write_text(json.dumps(left.asked))
        with left.receive(date(2024, 1, 7), date(2024, 1, 7)) as incoming:
            incoming.write(b"stale\n")
            incoming.keep(1, "mixpanel")
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", "2024-01-07", "2024-01-08", append=True))
    assert mixpanel.asked == [("2024-01-07", "2024-01-08")]
    assert days_in(storage) == expected("2024-01-01", "2024-01-08")


def _export() -> Export:
    return Export("2024-01-01", "2024-01-07")


def test_two_fetches_into_one_table_do_not_mix(
    storage: StorageEngine, fetcher: FetcherService
) -> None:
    with (
        storage.job(fetcher._asked("events", _export()), from_date="", to_date=""),
        pytest.raises(StorageError, match="another fetch into table 'events' is running"),
    ):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-07"))


def test_a_download_that_outlives_its_fetch_does_not_touch_that_of_the_next(
    storage: StorageEngine,
) -> None:
    day = date(2024, 1, 1)
    with storage.job({"table": "events"}, from_date="", to_date="") as job:
        with job.receive(day, day) as incoming:
            incoming.write(b"whole ")
            with job.receive(day, day) as straggler:
                straggler.write(b"other")
            incoming.write(b"line\n")
            with job.receive(day, day):
                body = incoming.keep(1, "mixpanel")
        assert body.path.read_bytes() == b"whole line\n"
        assert [found.path for found in job.bodies()] == [body.path]


def test_what_a_killed_download_left_goes_with_the_next_run(storage: StorageEngine) -> None:
    with storage.job({"table": "events"}, from_date="", to_date="") as job:
        (job.folder / "2024-01-01_2024-01-02.0.part").write_bytes(b"half")
    with storage.job({"table": "events"}, from_date="", to_date="") as job:
        assert not list(job.folder.glob("*.part"))


def test_past_its_limit_the_spool_says_so_and_drops_what_is_stored(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher._settings = Settings(spool_limit_gb=1e-6)
    with pytest.warns(MixpanelDataWarning, match="spool has reached its limit"):
        fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21", concurrency=1))
    assert days_in(storage) == expected("2024-01-01", "2024-01-21")


def test_case_83_copies_are_left_out_and_the_last_processed_stays(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    mixpanel.copies = 3
    result = fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    assert (result.rows, result.duplicates) == (20, 40)
    assert storage.execute_rows("SELECT DISTINCT properties->>'$.copy' FROM events") == [("0",)]
    assert (
        fetcher.fetch_events(EventsFetch("all", "2024-01-01", "2024-01-10", dedupe=False)).rows
        == 60
    )


def test_an_append_extends_and_replaces_whole_days(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    mixpanel.version = 1
    result = fetcher.fetch_events(EventsFetch("events", "2024-01-08", "2024-01-12", append=True))
    assert (result.rows, result.replaced) == (10, 6)
    assert result.date_range == ("2024-01-08", "2024-01-12")
    assert days_in(storage) == expected("2024-01-01", "2024-01-12")
    (table,) = storage.list_tables()
    assert (table.rows, table.from_date, table.to_date) == (24, "2024-01-01", "2024-01-12")
    versions = storage.execute_rows(
        "SELECT properties->>'$.v', min(event_time)::DATE::VARCHAR FROM events GROUP BY 1 ORDER BY 1"
    )
    assert versions == [("0", "2024-01-01"), ("1", "2024-01-08")]


def test_an_append_goes_on_after_the_last_day_until_yesterday(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    last = yesterday - timedelta(days=5)
    fetcher.fetch_events(EventsFetch("events", last - timedelta(days=3), last))
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", None, None, append=True))
    assert mixpanel.asked == [(str(last + timedelta(days=1)), str(yesterday))]
    mixpanel.asked.clear()
    nothing = fetcher.fetch_events(EventsFetch("events", None, None, append=True))
    assert (nothing.rows, nothing.date_range, mixpanel.asked) == (0, None, [])
    assert nothing.complete_until == str(yesterday)
    refreshed = fetcher.fetch_events(
        EventsFetch("events", None, None, append=True, lookback_days=2)
    )
    assert (refreshed.rows, refreshed.replaced) == (4, 4)


def test_a_day_that_was_not_over_is_fetched_again(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    today = datetime.now(UTC).date()
    fetcher.fetch_events(EventsFetch("events", today - timedelta(days=2), today))
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", None, today, append=True))
    assert mixpanel.asked == [(str(today), str(today))]
    fetcher.fetch_events(
        EventsFetch("events", today - timedelta(days=2), today - timedelta(days=1), append=True)
    )
    assert storage.get_metadata("events").to_date == str(today)
    mixpanel.asked.clear()
    fetcher.fetch_events(EventsFetch("events", None, today, append=True))
    assert mixpanel.asked == [(str(today), str(today))]


def test_a_day_that_was_not_over_is_not_left_as_it_was(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    today = datetime.now(UTC).date()
    yesterday = today - timedelta(days=1)
    fetcher.fetch_events(EventsFetch("events", yesterday - timedelta(days=1), yesterday))
    storage.execute("UPDATE _metadata SET fetched_at = fetched_at - INTERVAL 1 DAY")
    mixpanel.asked.clear()
    with pytest.raises(InvalidArgumentError, match=f"{yesterday} was not over") as caught:
        fetcher.fetch_events(EventsFetch("events", today, today, append=True))
    assert (caught.value.hint, mixpanel.asked) == (f"start at {yesterday}", [])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"from_date": "2024-01-12", "to_date": "2024-01-13"}, "would leave days out"),
        ({"from_date": "2023-12-01", "to_date": "2023-12-30"}, "would leave days out"),
        ({"events": ["b"]}, "asks for others"),
        ({"where": "x"}, "asks for others"),
        ({"limit": 5}, "sample"),
        ({"from_date": "2024-01-11", "lookback_days": 2}, "from_date can't be set"),
        ({"lookback_days": -1, "from_date": None}, "not within 0"),
        ({"from_date": None, "to_date": "2023-12-31"}, "the table begins at 2024-01-01"),
        ({"from_date": "2999-01-01", "to_date": None}, "is after yesterday"),
        ({"to_date": "2999-01-01"}, "is in the future"),
    ],
)
def test_an_append_that_would_not_fit_is_refused(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel, options: dict, message: str
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    mixpanel.asked.clear()
    asked = {"from_date": "2024-01-11", "to_date": "2024-01-12", **options}
    with pytest.raises(InvalidArgumentError, match=message):
        fetcher.fetch_events(EventsFetch("events", append=True, **asked))
    assert mixpanel.asked == []


def test_an_append_to_nothing_begins_the_table_or_asks_where(
    storage: StorageEngine, fetcher: FetcherService
) -> None:
    with pytest.raises(InvalidArgumentError, match="from_date is required"):
        fetcher.fetch_events(EventsFetch("events", None, None, append=True))
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-02", append=True))
    assert days_in(storage) == expected("2024-01-01", "2024-01-02")


def test_an_append_to_a_table_of_the_user_is_refused(
    storage: StorageEngine, fetcher: FetcherService
) -> None:
    storage.execute("CREATE TABLE mine AS SELECT 1 AS one")
    with pytest.raises(TableNotFoundError):
        fetcher.fetch_events(EventsFetch("mine", "2024-01-01", "2024-01-02", append=True))


def test_a_failed_append_or_replace_changes_nothing(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    mixpanel.broken = {"2024-01-12"}
    for mode in ("append", "replace"):
        with pytest.raises(ConnectionFailedError):
            fetcher.fetch_events(
                EventsFetch(
                    "events",
                    "2024-01-08",
                    "2024-01-14",
                    append=mode == "append",
                    replace=mode == "replace",
                )
            )
    assert days_in(storage) == expected("2024-01-01", "2024-01-10")
    assert storage.get_metadata("events").to_date == "2024-01-10"


def test_a_replacement_swaps_the_table(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    fetcher.fetch_events(EventsFetch("events", "2024-03-01", "2024-03-02", ["a"], replace=True))
    assert days_in(storage) == expected("2024-03-01", "2024-03-02")
    assert storage.get_metadata("events").filter_events == ["a"]
    assert storage.execute_rows("SELECT row_count FROM _metadata") == [(4,)]


def test_data_of_another_source_is_not_mixed_in(
    storage: StorageEngine, fetcher: FetcherService, mixpanel: Mixpanel
) -> None:
    fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-10"))
    storage.execute("UPDATE _metadata SET source = 'sandbox'")
    with pytest.raises(InvalidArgumentError, match="holds data of sandbox"):
        fetcher.fetch_events(EventsFetch("events", "2024-01-11", "2024-01-12", append=True))
    assert days_in(storage) == expected("2024-01-01", "2024-01-10")


def test_legacy_days_are_replaced_in_their_zone(
    storage: StorageEngine, fetcher: FetcherService
) -> None:
    fetcher._legacy_zone = "US/Pacific"
    fetcher.fetch_events(EventsFetch("events", "2024-03-08", "2024-03-11"))
    result = fetcher.fetch_events(EventsFetch("events", "2024-03-10", "2024-03-11", append=True))
    assert (result.rows, result.replaced) == (4, 4)
    assert storage.execute_scalar("SELECT count(*) FROM events") == 8
