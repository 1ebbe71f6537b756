"""Asking again: when, how often, after how long."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest

from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.config import Settings
from mixpanel_data.exceptions import (
    APIError,
    ConnectionFailedError,
    MixpanelDataError,
    RateLimitError,
)
from mixpanel_data.queries import Export, Profiles
from tests.library.api_client.conftest import START
from tests.loopback import Reply, Server, reply_gzip, reply_json
from tests.waiting import HANG

OK = reply_json(["a"])
LIMITED = {"error": "Query rate limit exceeded"}


def test_case_16_retry_after_in_seconds_is_waited_for(connect, hourglass):
    with Server(reply_json(LIMITED, 429, Retry_After="2"), OK) as server:
        assert connect(server).get_events() == ["a"]
    assert hourglass.slept == [2]


def test_case_16_retry_after_as_a_date_is_waited_for(connect, hourglass):
    date = format_datetime(START + timedelta(seconds=30), usegmt=True)
    with Server(reply_json(LIMITED, 429, Retry_After=date), OK) as server:
        assert connect(server).get_events() == ["a"]
    assert hourglass.slept == [30]


def test_case_16_without_a_header_the_wait_doubles_up_to_the_most(connect, hourglass):
    with Server(Reply(429)) as server, pytest.raises(RateLimitError) as caught:
        connect(server, attempts=8).get("events/names")
    assert hourglass.slept == [1.5, 3, 6, 12, 24, 48, 60]
    assert caught.value.retry_after is None
    assert len(server.requests) == 8


def test_case_16_the_wait_is_a_random_share_of_that():
    shares = [Clock().spread(60) for _ in range(200)]
    assert 0 <= min(shares) < 10
    assert 50 < max(shares) <= 60


@pytest.mark.parametrize("given", ["soon", "-5", "", "nan", "1e3"])
def test_a_retry_after_that_means_nothing_is_no_retry_after(connect, hourglass, given):
    with Server(reply_json(LIMITED, 429, Retry_After=given), OK) as server:
        connect(server).get_events()
    assert hourglass.slept == [1.5]


def test_case_17_an_hour_is_not_slept_and_the_error_says_when_to_come_again(connect, hourglass):
    window = '"project";r=0;t=3600, "project-concurrency";r=3'
    said = reply_json(LIMITED, 429, Retry_After="3600", RateLimit=window)
    with Server(said) as server, pytest.raises(RateLimitError) as caught:
        connect(server).get("events/names")
    assert hourglass.slept == []
    assert len(server.requests) == 1
    assert caught.value.retry_after == 3600
    assert caught.value.limits == {"project": {"r": 0, "t": 3600}, "project-concurrency": {"r": 3}}
    assert caught.value.hint == "come again at 13:00 UTC, in 60 min"


def test_an_exhausted_window_tells_the_wait_where_retry_after_is_missing(connect, hourglass):
    window = '"project";r=12, "project-concurrency";r=0;t=10'
    with Server(reply_json(LIMITED, 429, RateLimit=window), OK) as server:
        connect(server).get_events()
    assert hourglass.slept == [10]


def test_a_face_is_told_of_every_wait(connect):
    told = []
    with Server(reply_json(LIMITED, 429, Retry_After="7"), Reply(500, b"oops"), OK) as server:
        connect(server, on_wait=lambda *wait: told.append(wait)).get_events()
    assert [seconds for seconds, _ in told] == [7, 6, 5, 4, 3, 2, 1, 3, 2, 1]
    assert "Query rate limit exceeded" in told[0][1]
    assert "oops" in told[-1][1]


BROKEN = {
    **{str(it): Reply(it) for it in (408, 500, 502, 503, 504, 520, 521, 522, 523, 524)},
    "timeout": reply_json({"error": "Timeout Error."}, 400),
    "reset": Reply(raw=b"", end="reset"),
    "no answer": Reply(raw=b"", end="cut"),
    "cut": Reply(body=b'["a', end="cut"),
    "cut chunks": Reply(chunks=(b'["a"]',), end="cut"),
    "cut gzip": reply_gzip(b'["a"]', cut=3),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_case_18_reads_by_get_and_by_post_are_repeated(connect, broken, hourglass):
    page = {"results": [], "page": 0, "page_size": 1000, "session_id": "s", "total": 0}
    with Server(BROKEN[broken], OK, BROKEN[broken], reply_json(page)) as server:
        client = connect(server)
        assert client.get_events() == ["a"]
        assert [p.rows for p in client.profile_pages(Profiles())] == [0]
    assert hourglass.slept == [1.5, 1.5]


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 412, 413, 422, 501, 525])
def test_case_18_refusals_are_not_repeated(connect, status, hourglass):
    with Server(Reply(status)) as server, pytest.raises(MixpanelDataError):
        connect(server).get("segmentation")
    assert len(server.requests) == 1
    assert hourglass.slept == []


@pytest.mark.parametrize("broken", [Reply(503), Reply(raw=b"", end="reset")])
def test_case_18_writes_are_not_repeated(connect, broken):
    with Server(broken) as server, pytest.raises(APIError):
        connect(server).post("/import", {"data": [1]})
    assert len(server.requests) == 1


def test_an_export_that_was_not_begun_is_repeated(connect, hourglass):
    with Server(Reply(503), Reply(429, headers={"Retry-After": "1"}), Reply()) as server:
        assert list(connect(server).export_events("2024-01-01", "2024-01-01")) == []
    assert hourglass.slept == [1.5, 1]


def test_a_host_that_is_not_there_is_tried_a_few_times(connect, hourglass):
    with Server(Reply()) as server:
        pass
    with pytest.raises(ConnectionFailedError, match="can't be reached") as caught:
        connect(server).get("x")
    assert len(hourglass.slept) == 4
    assert "network" in caught.value.hint


def test_case_24_queries_outlast_mixpanels_own_deadline_and_exports_ten_quiet_minutes():
    assert Settings().query_timeout >= 488
    assert Settings().export_timeout >= 600


def test_case_24_the_export_timeout_counts_from_the_last_read(connect):
    line = b'{"event":"a","properties":{}}\n'

    with Server(Reply(chunks=(line,), end="stall")) as server:
        client = connect(server, export_timeout=0.1)
        with pytest.raises(ConnectionFailedError, match=r"sent nothing for 0.1 s, after 1 rows"):
            list(client.export_events("2024-01-01", "2024-01-01"))


def test_case_24_the_export_timeout_is_for_each_read_and_not_for_all(connect):
    line = b'{"event":"a","properties":{}}\n'
    patience = 0.4
    while True:
        # All pauses together are longer than the timeout; each is not, unless the machine is busy.
        with Server(Reply(chunks=(line,) * 8, pause=patience / 4)) as server:
            client = connect(server, export_timeout=patience)
            try:
                assert len(list(client.export_events("2024-01-01", "2024-01-01"))) == 8
                break
            except ConnectionFailedError:
                patience *= 4
                assert patience < HANG


def test_a_query_that_takes_too_long_says_so(connect):
    with (
        Server(Reply(raw=b"", end="stall")) as server,
        pytest.raises(ConnectionFailedError, match=r"sent nothing for 0.05 s"),
    ):
        connect(server, query_timeout=0.05, attempts=1).get("x")


def test_an_application_that_breaks_in_this_process_is_a_broken_connection(connect):
    def app(environ, start):
        start("200 OK", [])
        yield b'{"event":"a","properties":{}}\n'
        raise ConnectionResetError("cut on request")

    client = connect(app=app)
    with (
        client.open_export(Export("2024-01-01", "2024-01-01")) as stream,
        pytest.raises(ConnectionFailedError, match="broke: cut on request, after 1 rows"),
    ):
        list(stream)
    with pytest.raises(ConnectionFailedError, match="cut on request"):
        client.get("x")


def test_an_application_in_this_process_that_stops_short_of_its_length_is_noticed(connect):
    def app(environ, start):
        start("200 OK", [("Content-Length", "9")])
        return [b"[]"]

    with pytest.raises(ConnectionFailedError, match="after 2 of 9 bytes"):
        connect(app=app, attempts=1).get("x")
