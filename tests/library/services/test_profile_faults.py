"""Every fault that can befall a page of profiles, at every page, once and always.

The table here is the second one of docs/explanation/completeness.md.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import pytest

import mixpanel_data
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import ProfilesFetch
from tests.library.api_client.conftest import Hourglass
from tests.library.services.faults import (
    CONNECTION,
    INCOMPLETE,
    LATER,
    PAGE,
    PASSING,
    Fault,
    is_error,
    refused,
    table,
)
from tests.loopback import Reply, Request, Server, reply_gzip, reply_json
from tests.waiting import HANG

SIZE, TOTAL = 2, 5
PAGES = range(3)
ROWS = "the table, every profile once"
UNCHECKED = "the table, and a warning that it can't be checked"


def number(request: Request) -> int:
    return int(request.form.get("page", 0))


def answer(request: Request) -> dict[str, Any]:
    page = number(request)
    head = {"page": page, "page_size": SIZE, "session_id": "s", "status": "ok"}
    ids = range(page * SIZE, min((page + 1) * SIZE, TOTAL))
    found = [{"$distinct_id": str(n), "$properties": {"n": n, "text": "ü" * 99}} for n in ids]
    return {**head, **({"total": TOTAL} if page == 0 else {}), "results": found}


def body_of(request: Request) -> bytes:
    return json.dumps(answer(request)).encode()


def flipped(request: Request) -> Reply:
    packed = bytearray(gzip.compress(body_of(request)))
    packed[len(packed) // 2] ^= 0xFF
    return Reply(body=bytes(packed), headers={"Content-Encoding": "gzip"})


def bomb(_: Request) -> Reply:
    packed = gzip.compress(b" " * (64 << 20)) * 32
    return Reply(body=packed, headers={"Content-Encoding": "gzip"})


def changed(**values: Any) -> Callable[[Request], Reply]:
    return lambda request: reply_json({**answer(request), **values})


def without(name: str) -> Callable[[Request], Reply]:
    return lambda r: reply_json({key: value for key, value in answer(r).items() if key != name})


def other_page(request: Request) -> Reply:
    """A page that says which one it is, and is not the one that was asked for."""
    page = (number(request) + 1) % len(PAGES)
    return reply_json(answer(replace(request, body=f"page={page}".encode())))


def page_again(request: Request) -> Reply:
    """The profiles of another page, under the number that was asked for."""
    page = (number(request) + 1) % len(PAGES)
    again = answer(replace(request, body=f"page={page}".encode()))["results"]
    return reply_json({**answer(request), "results": again})


def a_profile_less(request: Request) -> Reply:
    found = answer(request)
    return reply_json({**found, "results": found["results"][1:]})


def broken(name: str, reply: Callable[[Request], Reply], error: str) -> Fault:
    return Fault(name, reply, ROWS, error)


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
    Fault("a gzip bomb, or a page of more than `answer_limit_mb`", bomb, "APIError", "APIError"),
    broken("400, a session that expired", refused(400, "session has expired"), "APIError"),
    broken("200 with an error object", lambda _: reply_json({"error": "no"}), "APIError"),
    broken("a page of HTML", lambda _: Reply(body=b"<html>Please log in</html>"), "APIError"),
    broken("an empty body", lambda _: Reply(), "APIError"),
    broken("JSON cut in the middle", lambda r: Reply(body=body_of(r)[:-9]), "APIError"),
    broken("no `page_size`", without("page_size"), "APIError"),
    broken("a `page_size` of 0", changed(page_size=0), "APIError"),
    broken("another `page_size` than before", changed(page_size=SIZE + 1), INCOMPLETE),
    broken("another `page` than was asked for", other_page, INCOMPLETE),
    broken("the profiles of another page", page_again, INCOMPLETE),
    broken("a page that lacks a profile", a_profile_less, INCOMPLETE),
    broken("a page without profiles", changed(results=[]), INCOMPLETE),
    broken("no `results`", without("results"), "APIError"),
    broken("no `session_id`", without("session_id"), "APIError"),
    broken("a connection cut", lambda r: Reply(chunks=(body_of(r)[:99],), end="cut"), CONNECTION),
    broken("a connection reset", lambda r: Reply(body=body_of(r)[:99], end="reset"), CONNECTION),
    broken("a server that stalls", lambda r: Reply(chunks=(body_of(r),), end="stall"), CONNECTION),
    broken("a gzip stream without its end", lambda r: reply_gzip(body_of(r), cut=9), CONNECTION),
    broken("a gzip stream with a wrong byte", flipped, CONNECTION),
    *(
        Fault(name, reply, ROWS, ROWS)
        for name, reply in {
            "a page as gzip": lambda r: reply_gzip(body_of(r)),
            "no `page`": without("page"),
            "a `total` that is too low": changed(total=1),
        }.items()
    ),
    Fault("no `total`", without("total"), UNCHECKED, UNCHECKED),
]
# Page 0 alone has to say which session it began.
CASES = [
    (fault, page)
    for fault in FAULTS
    for page in PAGES
    if page == 0 or "session_id" not in fault.name
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageEngine]:
    """One database for all faults: what went wrong before leaves no trace in it."""
    engine = StorageEngine(tmp_path_factory.mktemp("profiles") / "ws.duckdb")
    yield engine
    engine.close()


@pytest.fixture
def storage(database: StorageEngine) -> Iterator[StorageEngine]:
    yield database
    if database.table_exists("people"):
        database.drop_table("people")


@contextmanager
def fetching(server: Server, storage: StorageEngine, patience: float) -> Iterator[FetcherService]:
    """What fetches from the server, and gives up on silence of so many seconds."""
    settings = Settings(query_timeout=patience)
    who = Credentials("u", "secret", "1", "us", base_url=server.url)
    with MixpanelAPIClient(who, settings=settings, _clock=Hourglass().clock()) as client:
        yield FetcherService(client, storage, settings=settings)


@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize(("fault", "page"), CASES, ids=str)
def test_every_profile_is_stored_once_or_none_at_all(
    storage: StorageEngine, fault: Fault, page: int, often: str
) -> None:
    armed = {"always": 10**6, "once": 1}[often]

    def script(request: Request) -> Reply:
        nonlocal armed
        if number(request) == page and armed:
            armed -= 1
            return fault.reply(request)
        return Reply(body=body_of(request))

    patience = 0.2 if "stalls" in fault.name else HANG  # a busy machine stalls by itself
    with Server(script) as server, fetching(server, storage, patience) as fetcher:
        expected = fault.once if often == "once" else fault.always
        if is_error(expected):
            with pytest.raises(getattr(mixpanel_data, expected)):
                fetcher.fetch_profiles(ProfilesFetch("people"))
            assert storage.list_tables() == []
        else:
            told = "did not say how many" if expected == UNCHECKED and page == 0 else None
            with pytest.warns(match=told) if told else nullcontext():
                assert fetcher.fetch_profiles(ProfilesFetch("people")).rows == TOTAL
        tries = sum(number(request) == page for request in server.requests)
        assert (tries > 1) is (fault.done == "asked again")
        if is_error(expected):
            armed = 0
            with fetching(server, storage, HANG) as patient:
                assert patient.fetch_profiles(ProfilesFetch("people")).rows == TOTAL
    rows = storage.execute_rows("SELECT distinct_id, properties->>'$.n' FROM people ORDER BY 1")
    assert rows == [(str(n), str(n)) for n in range(TOTAL)]
    assert storage.execute_rows("SELECT table_name, row_count FROM _metadata") == [
        ("people", TOTAL)
    ]


def test_the_documentation_has_this_table() -> None:
    assert (found := table(FAULTS, "the page")) in PAGE.read_text(), found


def test_pages_that_repeat_for_ever_end_after_the_first_of_them(storage: StorageEngine) -> None:
    full = {
        "page_size": SIZE,
        "session_id": "s",
        "results": answer(Request("", "", {}, b""))["results"],
    }

    def script(request: Request) -> Reply:
        return reply_json({"page": number(request), **full})

    with Server(script) as server, fetching(server, storage, HANG) as fetcher:
        with pytest.raises(mixpanel_data.IncompleteExportError, match="page 1 is page 0 again"):
            fetcher.fetch_profiles(ProfilesFetch("people"))
        assert [number(request) for request in server.requests] == [0, 1] * 3


def test_profiles_that_come_twice_in_the_place_of_others_are_told(storage: StorageEngine) -> None:
    def script(request: Request) -> Reply:
        found = answer(request)
        if number(request) == 1:
            found["results"][0] = answer(replace(request, body=b"page=0"))["results"][1]
        return reply_json(found)

    with (
        Server(script) as server,
        fetching(server, storage, HANG) as fetcher,
        pytest.warns(mixpanel_data.MixpanelDataWarning, match=r"^1 of 5 profiles may be missing"),
    ):
        result = fetcher.fetch_profiles(ProfilesFetch("people"))
    assert (result.rows, result.duplicates) == (4, 1)


def test_a_name_that_is_taken_costs_no_request(storage: StorageEngine) -> None:
    with (
        Server(lambda r: Reply(body=body_of(r))) as server,
        fetching(server, storage, HANG) as fetcher,
    ):
        fetcher.fetch_profiles(ProfilesFetch("people"))
        asked = len(server.requests)
        with pytest.raises(mixpanel_data.TableExistsError):
            fetcher.fetch_profiles(ProfilesFetch("people"))
        assert len(server.requests) == asked
