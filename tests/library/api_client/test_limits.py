"""The quotas that the client keeps by itself."""

from __future__ import annotations

import gc
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.limits import (
    Gate,
    Limit,
    WindowFullError,
    _in_process,
    quotas_of,
)
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data.exceptions import MixpanelDataError, RateLimitError
from mixpanel_data.queries import Export
from tests.loopback import Reply, Server, reply_json
from tests.waiting import HANG, until

ONE_DAY = Export("2024-01-01", "2024-01-01")


class Crowd:
    """A script that answers when `size` requests are there, and remembers the most at once."""

    def __init__(self, size: int) -> None:
        self.rendezvous = threading.Barrier(size)
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, request) -> Reply:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.rendezvous.wait(HANG)
        with self.lock:
            self.now -= 1
        return reply_json(["a"])


def test_case_19_five_queries_at_once_over_all_threads_and_clients(connect):
    crowd = Crowd(5)
    with Server(crowd) as server:
        clients = [connect(server), connect(server)]
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: clients[n % 2].get("funnels/list"), range(30)))
        assert len(server.requests) == 30
    assert crowd.most == 5


def test_case_19_sixty_queries_an_hour_over_all_threads_and_clients(connect, hourglass):
    with Server(reply_json([])) as server:
        clients = [connect(server), connect(server)]

        def ask(number: int) -> bool:
            try:
                clients[number % 2].get("funnels/list")
            except RateLimitError:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            answered = sum(pool.map(ask, range(70)))
        # A call that is tried again on a busy machine takes two places.
        assert answered <= len(server.requests) <= clients[0].quota("query").used == 60
        with pytest.raises(RateLimitError, match="60 query calls in the last hour") as caught:
            clients[0].get("funnels/list")
        assert caught.value.retry_after == 3600
        assert caught.value.hint == (
            "come again at 13:00 UTC, in 60 min, or allow a longer max_wait"
        )

        hourglass.passed = 3590
        clients[0].get("funnels/list")  # ten seconds are worth waiting for
        assert hourglass.slept == [10]


def test_case_19_another_project_has_its_own_quota(connect):
    with Server(reply_json([])) as server:
        connect(server, queries_per_hour=1).get("funnels/list")
        connect(server, queries_per_hour=1, project_id="2").get("funnels/list")
        with pytest.raises(RateLimitError):
            connect(server, queries_per_hour=1).get("funnels/list", {"project_id": 2})


@pytest.mark.parametrize(
    ("path", "quotas"),
    [
        ("/api/query/events/names", ("query",)),
        ("/api/2.0/funnels/list/", ("query",)),
        ("/api/query/cohorts/list", ("query",)),
        ("/api/query/jql", ("query", "jql")),
        ("/api/query/engage", ("query",)),
        ("/api/query/engage/aliases", ()),
        ("/api/query/annotations", ()),
        ("/api/app/projects/1/schemas", ()),
        ("/api/2.0/export", ("export",)),
        ("/track", ()),
        ("/engage", ()),
    ],
)
def test_case_21_what_counts_as_a_query(path, quotas):
    assert quotas_of(path) == quotas


def test_case_21_pages_of_a_session_are_free(connect):
    def engage(request):
        page = int(request.form.get("page", 0))
        rows = [{"$distinct_id": str(page), "$properties": {}}] * (page < 9)
        return reply_json({"results": rows, "page": page, "page_size": 1, "session_id": "s"})

    with Server(engage) as server:
        assert len(list(connect(server, queries_per_hour=1).export_profiles())) == 9


@pytest.mark.parametrize(("status", "counted"), [(401, 0), (402, 0), (429, 0), (400, 1), (500, 1)])
def test_case_21_what_mixpanel_does_not_count_is_not_counted(connect, status, counted):
    with Server(Reply(status)) as server:
        for _ in range(3):
            with pytest.raises(MixpanelDataError):
                connect(server, queries_per_hour=1, attempts=1).get("funnels/list")
        assert len(server.requests) == (1 if counted else 3)


def test_case_22_exports_have_a_quota_of_their_own(connect):
    with Server(Reply()) as server:
        client = connect(server, queries_per_hour=1, exports_per_hour=2, exports_per_second=None)
        for _ in range(2):
            list(client.export_events("2024-01-01", "2024-01-01"))
        with pytest.raises(RateLimitError, match="2 export calls in the last hour"):
            list(client.export_events("2024-01-01", "2024-01-01"))


def test_case_22_three_exports_start_in_one_second(connect, hourglass):
    with Server(Reply()) as server:
        client = connect(server)
        for _ in range(7):
            list(client.export_events("2024-01-01", "2024-01-01"))
    assert hourglass.slept == [1, 1]


def test_an_export_holds_its_place_until_it_is_closed(connect):
    with Server(Reply()) as server:
        client = connect(server, export_concurrency=1)
        hasty = connect(server, export_concurrency=1, export_timeout=0.01)
        with client.open_export(ONE_DAY):
            with pytest.raises(RateLimitError, match="1 export calls are open") as caught:
                list(hasty.export_events("2024-01-01", "2024-01-01"))
            assert "close" in caught.value.hint
        assert list(client.export_events("2024-01-01", "2024-01-01")) == []


def test_all_who_wait_for_a_place_hear_that_the_hour_is_used_up(connect):
    crowd = Crowd(2)
    with Server(crowd) as server:
        client = connect(server, query_concurrency=2, queries_per_hour=2)

        def ask(_: int) -> str:
            try:
                client.get("funnels/list")
            except RateLimitError as error:
                return error.message
            return "answered"

        with ThreadPoolExecutor(8) as pool:
            told = sorted(pool.map(ask, range(8)))
        used_up = "the quota is used up: 2 query calls in the last hour"
        assert told == ["answered"] * 2 + [used_up] * 6


def test_the_longest_wait_can_be_changed(connect, hourglass):
    with Server(reply_json([])) as server:
        client = connect(server, queries_per_hour=1)
        assert client.max_wait == Settings().max_wait
        client.get("funnels/list")
        client.max_wait = 3600
        client.get("funnels/list")
        assert hourglass.slept == [3600]
        client.max_wait = 10
        with pytest.raises(RateLimitError):
            client.get("funnels/list")


def test_a_face_counts_down_while_the_quota_makes_it_wait(connect):
    told = []
    with Server(reply_json([])) as server:
        client = connect(server, queries_per_hour=1, on_wait=lambda *wait: told.append(wait))
        client.max_wait = 3600
        client.get("funnels/list")
        client.get("funnels/list")
    assert [seconds for seconds, _ in told] == list(range(3600, 0, -1))
    assert {why for _, why in told} == {"1 query calls in the last hour"}


def real_client(server, **settings) -> tuple[MixpanelAPIClient, threading.Event]:
    """On the real clock; the event says that it waits."""
    waits = threading.Event()
    who = Credentials("user", "secret", "1", "us", base_url=server.url)
    client = MixpanelAPIClient(who, settings=Settings(**settings), on_wait=lambda *_: waits.set())
    return client, waits


def test_closing_a_client_ends_the_waits_of_other_threads():
    with Server(reply_json([])) as server, ThreadPoolExecutor(3) as pool:
        client, waits = real_client(server, queries_per_hour=1, max_wait=4000)
        client.get("funnels/list")
        calls = [pool.submit(client.get, "funnels/list") for _ in range(3)]
        assert waits.wait(HANG)
        client.close()
        for call in calls:
            with pytest.raises(RuntimeError, match="closed"):
                call.result(HANG)
        assert len(server.requests) == 1


def test_closing_a_client_ends_the_wait_for_those_in_flight():
    release = threading.Event()

    def slow(request) -> Reply:
        release.wait(HANG)
        return reply_json([])

    with Server(slow) as server, ThreadPoolExecutor(2) as pool:
        client, _ = real_client(server, query_concurrency=1)
        calls = [pool.submit(client.get, "funnels/list") for _ in range(2)]
        until(lambda: server.requests)
        client.close()
        done = wait(calls, HANG, return_when="FIRST_COMPLETED").done
        release.set()
        assert any(isinstance(call.exception(), RuntimeError) for call in done)
        assert len(server.requests) == 1


def test_an_export_that_nobody_wants_any_more_stops_waiting(connect, hourglass):
    class OverError(Exception):
        pass

    def check() -> None:
        if hourglass.passed >= 3:
            raise OverError

    with Server(Reply()) as server:
        client = connect(server, exports_per_hour=1, max_wait=4000)
        with client.open_export(ONE_DAY, check=check) as stream:
            assert list(stream) == []
        with pytest.raises(OverError), client.open_export(ONE_DAY, check=check):
            pass
        assert hourglass.slept == [1, 1, 1]
        assert client.quota("export").used == len(server.requests) == 1


def test_what_was_never_sent_is_not_counted(connect):
    with Server(Reply()) as server:
        pass
    client = connect(server, attempts=1)
    with pytest.raises(MixpanelDataError, match="can't be reached"):
        client.get("funnels/list")
    assert client.quota("query").used == 0
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.get("funnels/list")
    assert client.quota("query").used == 0


def test_a_place_is_given_back_however_the_call_ends(connect):
    with Server(
        Reply(raw=b"", end="reset"), Reply(404), Reply(body=b"x"), reply_json([1])
    ) as server:
        client = connect(server, query_concurrency=1, export_timeout=HANG, attempts=1)
        for _ in range(3):
            with pytest.raises(MixpanelDataError):
                client.get("funnels")
        assert client.get("funnels") == [1]


def test_an_application_in_this_process_has_a_quota_of_its_own_that_goes_with_it(hourglass):
    gc.collect()  # the applications of other tests
    before = len(_in_process)
    for _ in range(3):
        asks_once(hourglass)
        gc.collect()
    assert len(_in_process) == before


def asks_once(hourglass) -> None:
    def app(environ, start):
        start("200 OK", [])
        return [b"[]"]

    who = Credentials("user", "secret", "1", "us")
    once = Settings(queries_per_hour=1)
    with MixpanelAPIClient(who, settings=once, app=app, _clock=hourglass.clock()) as client:
        client.get("funnels/list")
    with (
        MixpanelAPIClient(who, settings=once, app=app, _clock=hourglass.clock()) as client,
        pytest.raises(RateLimitError, match="1 query calls"),
    ):
        client.get("funnels/list")


class Untimed(threading.Condition):
    """Wakes only those that are notified, not by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Semaphore(0)

    def wait(self, timeout=None):
        self.waiting.release()  # the lock is still held: whoever gets it finds this one asleep
        return super().wait(HANG)


def test_the_end_of_a_call_is_told_to_all_that_wait_for_its_place(hourglass):
    gate, limit = Gate("query"), Limit(in_flight=1, per_hour=1)
    gate._changed = changed = Untimed()
    start = gate.enter(limit, hourglass.clock(), 60, lambda: None)

    def enter() -> str:
        with pytest.raises(WindowFullError) as caught:
            gate.enter(limit, hourglass.clock(), 60, lambda: None)
        return caught.value.why

    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(enter) for _ in range(3)]
        assert all(changed.waiting.acquire(timeout=HANG) for _ in calls)
        gate.leave(start, hourglass.clock(), refund=False)
        done = wait(calls, HANG).done
        with changed:
            changed.notify_all()
    assert [call.result() for call in done] == ["1 query calls in the last hour"] * 3
