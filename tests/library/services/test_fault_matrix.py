"""Every fault that can befall an export, in every window, once and always.

The table here is the one of docs/explanation/completeness.md.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest

import mixpanel_data
from mixpanel_data import TableMetadata
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.services.unfinished import UnfinishedFetches
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import EventsFetch
from tests.library.api_client.conftest import Hourglass
from tests.library.services.faults import (
    CONNECTION,
    INCOMPLETE,
    LATER,
    PAGE,
    PASSING,
    Fault,
    refused,
    table,
)
from tests.loopback import Reply, Request, Server, reply_gzip, reply_json
from tests.waiting import HANG

WEEKS = ("2024-01-01", "2024-01-08", "2024-01-15")
ROWS = "the table, every event once"
EMPTY = "the table: those days have no events"


def body_of(request: Request, *, milliseconds: bool = True, text: str = "x") -> bytes:
    first, last = (date.fromisoformat(request.query[key]) for key in ("from_date", "to_date"))
    lines = []
    for n in range((last - first).days + 1):
        day = first + timedelta(days=n)
        seconds = (day - date(1970, 1, 1)).days * 86400
        time = seconds * 1000 if milliseconds else seconds
        properties = {"time": time, "$insert_id": str(day), "text": text, "distinct_id": "u"}
        event = {"event": "a", "properties": properties}
        lines.append(json.dumps(event, ensure_ascii=False).encode())
    return b"\n".join(lines) + b"\n"


def flipped(request: Request) -> Reply:
    packed = bytearray(gzip.compress(body_of(request)))
    packed[len(packed) // 2] ^= 0xFF
    return Reply(body=bytes(packed), headers={"Content-Encoding": "gzip"})


def sized(request: Request, size: int) -> bytes:
    body = body_of(request)
    head, _, tail = body.rpartition(b'"x"')
    return head + b'"' + b"x" * (1 + size - len(body)) + b'"' + tail


def split(request: Request) -> Reply:
    lines = body_of(request).splitlines(keepends=True)
    return Reply(body=lines[0][:20] + b"\n" + lines[0][20:] + b"".join(lines[1:]))


def between(line: bytes) -> Callable[[Request], Reply]:
    """A line put between the events of the first day and those of the others."""

    def reply(request: Request) -> Reply:
        first, *rest = body_of(request).splitlines(keepends=True)
        return Reply(body=b"".join([first, line, *rest]))

    return reply


def over_lines(_: Request) -> Reply:
    return Reply(body=b'{\n  "error": "no",\n  "status": "error"\n}\n')


def broken(name: str, reply: Callable[[Request], Reply], error: str) -> Fault:
    return Fault(name, reply, ROWS, error)


HISTORY = "Date range exceeds 90 days into the past"
FAULTS = [
    broken(
        "429 with Retry-After in seconds", refused(429, "wait", Retry_After="2"), "RateLimitError"
    ),
    broken(
        "429 with Retry-After as a date", refused(429, "wait", Retry_After=LATER), "RateLimitError"
    ),
    broken("429 without headers", refused(429, "wait"), "RateLimitError"),
    *(broken(str(status), refused(status, "oops"), "APIError") for status in PASSING),
    Fault("401", refused(401, "no"), "AuthenticationError", "AuthenticationError"),
    Fault("402, the plan", refused(402, "no"), "PlanError", "PlanError"),
    Fault("403, the role", refused(403, "no"), "PermissionDeniedError", "PermissionDeniedError"),
    Fault("403, the plan's history", refused(403, HISTORY), "DateRangeError", "DateRangeError"),
    broken("200 with an error object", lambda _: reply_json({"error": "no"}), INCOMPLETE),
    broken("200 with an error object over several lines", over_lines, INCOMPLETE),
    broken(
        "`terminated early` as the last line",
        lambda r: Reply(body=body_of(r) + b"terminated early\n"),
        INCOMPLETE,
    ),
    broken(
        "`export terminated early` as the last line",
        lambda r: reply_gzip(body_of(r) + b"export terminated early"),
        INCOMPLETE,
    ),
    broken("a page of HTML", lambda _: Reply(body=b"<html>Please log in</html>"), INCOMPLETE),
    broken("a last line cut in the middle", lambda r: Reply(body=body_of(r)[:-9]), INCOMPLETE),
    broken("a record split over two lines", split, INCOMPLETE),
    broken("a line in the middle that is no event", between(b'{"event":"a",\n'), INCOMPLETE),
    broken("a connection cut", lambda r: Reply(chunks=(body_of(r)[:99],), end="cut"), CONNECTION),
    broken(
        "a connection cut between two lines",
        lambda r: Reply(chunks=(body_of(r),), end="cut"),
        CONNECTION,
    ),
    broken("a connection reset", lambda r: Reply(body=body_of(r)[:99], end="reset"), CONNECTION),
    broken("a server that stalls", lambda r: Reply(chunks=(body_of(r),), end="stall"), CONNECTION),
    broken("a gzip stream without its end", lambda r: reply_gzip(body_of(r), cut=9), INCOMPLETE),
    broken("a gzip stream with a wrong byte", flipped, INCOMPLETE),
    *(
        Fault(name, reply, ROWS, ROWS)
        for name, reply in {
            "1400 bytes, which Mixpanel sends plain": lambda r: Reply(body=sized(r, 1400)),
            "1401 bytes, which it sends as gzip": lambda r: reply_gzip(sized(r, 1401)),
            "times in seconds": lambda r: Reply(body=body_of(r, milliseconds=False)),
            "U+2028 and U+0085 in values": lambda r: Reply(body=body_of(r, text="\u2028\x85")),
            "a raw line break in a value": lambda r: Reply(
                body=body_of(r, text="x\n\n").replace(rb"\n", b"\n")
            ),
            "every event twice": lambda r: Reply(body=body_of(r) + body_of(r)),
            "a last line without its end": lambda r: Reply(body=body_of(r)[:-1]),
        }.items()
    ),
    Fault("an empty body", lambda _: Reply(), EMPTY, EMPTY),
]


_BEFORE = "SELECT properties FROM before ORDER BY event_name"
BEFORE = [{"event": f"e{n}", "properties": {"time": n}} for n in range(3)]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageEngine]:
    """One database for all faults: what went wrong before leaves no trace in it."""
    engine = StorageEngine(tmp_path_factory.mktemp("matrix") / "ws.duckdb")
    facts = TableMetadata(type="events", fetched_at=datetime(2024, 1, 1))
    engine.create_events_table("before", iter(BEFORE), facts)
    yield engine
    engine.close()


@pytest.fixture
def storage(database: StorageEngine) -> Iterator[StorageEngine]:
    yield database
    UnfinishedFetches(database).clean()
    if database.table_exists("events"):
        database.drop_table("events")


def covers(request: Request, day: str) -> bool:
    return request.query["from_date"] <= day <= request.query["to_date"]


@contextmanager
def fetching(server: Server, storage: StorageEngine, patience: float) -> Iterator[FetcherService]:
    """What fetches from the server, and gives up on silence of so many seconds."""
    settings = Settings(exports_per_second=1000, exports_per_hour=10**6, export_timeout=patience)
    who = Credentials("u", "secret", "1", "us", base_url=server.url)
    with MixpanelAPIClient(who, settings=settings, _clock=Hourglass().clock()) as client:
        yield FetcherService(client, storage, settings=settings, backoff=lambda _: 0)


def wait_for_stragglers() -> None:
    """Until the requests that were on their way when a fetch failed are over."""
    for thread in threading.enumerate():
        if thread.name.startswith("download-"):
            thread.join(HANG)


@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize("week", WEEKS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_the_table_is_whole_or_the_missing_days_are_named(
    storage: StorageEngine, fault: Fault, week: str, often: str
) -> None:
    armed = {"always": 10**6, "once": 1}[often]

    def script(request: Request) -> Reply:
        nonlocal armed
        if covers(request, week) and armed:
            armed -= 1
            return fault.reply(request)
        return Reply(body=body_of(request))

    patience = 0.2 if "stalls" in fault.name else HANG  # a busy machine stalls by itself
    with Server(script) as server, fetching(server, storage, patience) as fetcher:
        expected = fault.once if often == "once" else fault.always
        if expected not in {ROWS, EMPTY}:
            with pytest.raises(getattr(mixpanel_data, expected), match="missing: ") as caught:
                fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21"))
            assert week in caught.value.message
            wait_for_stragglers()
            tries = sum(covers(request, week) for request in server.requests)
            assert (tries > 1) is (fault.done == "asked again")
            assert [table.name for table in storage.list_tables()] == ["before"]
            (left,) = UnfinishedFetches(storage).list()
            armed, asked = 0, len(server.requests)
            with fetching(server, storage, HANG) as patient:
                patient.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21"))
            again = sum(
                (date.fromisoformat(q["to_date"]) - date.fromisoformat(q["from_date"])).days + 1
                for q in (request.query for request in server.requests[asked:])
            )
            assert again == 21 - left.rows
        else:
            fetcher.fetch_events(EventsFetch("events", "2024-01-01", "2024-01-21"))
            tries = sum(covers(request, week) for request in server.requests)
            assert (tries > 1) is (fault.done == "asked again")
    days = [date(2024, 1, 1) + timedelta(days=n) for n in range(21)]
    if expected == EMPTY:
        days = [day for day in days if not 0 <= (day - date.fromisoformat(week)).days < 7]
    rows = storage.execute_rows("SELECT event_time::VARCHAR, insert_id FROM events ORDER BY 1")
    assert rows == [(f"{day} 00:00:00", str(day)) for day in days]
    assert sorted(storage.execute_rows("SELECT table_name, row_count FROM _metadata")) == [
        ("before", 3),
        ("events", len(days)),
    ]
    assert [json.loads(text) for (text,) in storage.execute_rows(_BEFORE)] == [
        event["properties"] for event in BEFORE
    ]


def test_the_documentation_has_this_table() -> None:
    assert (found := table(FAULTS, "the window")) in PAGE.read_text(), found
