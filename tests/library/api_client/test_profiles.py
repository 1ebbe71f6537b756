"""Paging through profiles."""

from __future__ import annotations

import json
import threading

import pytest

from mixpanel_data._internal.api_client.engage import PARALLEL
from mixpanel_data.exceptions import APIError, IncompleteExportError, InvalidArgumentError
from mixpanel_data.queries import Profiles
from tests.loopback import Reply, Server, reply_json
from tests.waiting import HANG, until


class Engage:
    """A script that pages like Mixpanel; the total is told on page 0 only, and may be wrong."""

    def __init__(self, rows: int, *, size: int = 10, total: int | None = None) -> None:
        self.rows, self.size = rows, size
        self.total = rows if total is None else total
        self.expire_at: set[int] = set()
        self.rendezvous: threading.Barrier | None = None
        self.now = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, request) -> Reply:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        if self.rendezvous and "page" in request.form:
            self.rendezvous.wait(HANG)
        with self.lock:
            self.now -= 1
            return self.page(request)

    def page(self, request) -> Reply:
        page = int(request.form.get("page", 0))
        if page in self.expire_at:
            self.expire_at.remove(page)
            return reply_json({"error": "session has expired"}, 400)
        if (page > 0) != ("session_id" in request.form):
            return reply_json({"error": "page without session"}, 400)
        ids = range(page * self.size, min((page + 1) * self.size, self.rows))
        answer = {
            "page": page,
            "page_size": self.size,
            "session_id": "1234567890-EXAMPL",
            "status": "ok",
            "results": [{"$distinct_id": n, "$properties": {"n": n}} for n in ids],
        }
        return reply_json(answer | ({"total": self.total} if page == 0 else {}))


def rows(pages) -> list[tuple[int, int]]:
    return [(page.page, page.rows) for page in pages]


def test_case_47_pages_repeat_the_filters_with_the_session_that_page_0_gave(connect):
    with Server(Engage(25)) as server:
        query = Profiles(where='properties["plan"] == "pro"', output_properties=("$email", "a"))
        list(connect(server).profile_pages(query))
    first, *later = (request.form for request in server.requests)
    assert first == {"where": query.where, "output_properties": '["$email", "a"]'}
    assert sorted(later, key=lambda form: form["page"]) == [
        {**first, "session_id": "1234567890-EXAMPL", "page": str(page)} for page in (1, 2)
    ]
    assert all(r.path == "/api/query/engage" and r.method == "POST" for r in server.requests)


@pytest.mark.parametrize(
    ("engage", "pages", "requests"),
    [
        (Engage(0), [(0, 0)], 1),
        (Engage(7), [(0, 7)], 1),
        (Engage(10), [(0, 10)], 2),
        (Engage(25), [(0, 10), (1, 10), (2, 5)], 3),
        (Engage(30), [(0, 10), (1, 10), (2, 10)], 4),
        (Engage(25, total=12), [(0, 10), (1, 10), (2, 5)], 3),
        (Engage(30, total=0), [(0, 10), (1, 10), (2, 10)], 4),
    ],
)
def test_case_48_the_last_page_is_the_one_that_is_not_full(connect, engage, pages, requests):
    with Server(engage) as server:
        assert rows(connect(server).profile_pages(Profiles())) == pages
        assert len(server.requests) == requests


def test_case_48_the_total_may_be_missing(connect):
    engage = Engage(25)
    engage.total = None
    with Server(engage) as server:
        assert rows(connect(server).profile_pages(Profiles())) == [(0, 10), (1, 10), (2, 5)]


def test_case_49_at_most_five_pages_at_once_in_order(connect):
    engage = Engage(205)
    engage.rendezvous = threading.Barrier(PARALLEL)  # passes when five are there at once
    with Server(engage) as server:
        found = list(connect(server).profile_pages(Profiles()))
        assert len(server.requests) == 21
    assert [page.page for page in found] == list(range(21))
    assert engage.most == PARALLEL
    assert {page.total for page in found} == {205}
    ids = [r["$distinct_id"] for page in found for r in json.loads(page.content)["results"]]
    assert ids == list(range(205))


def test_case_49_no_more_pages_are_asked_than_are_read(connect):
    with Server(Engage(1000)) as server:
        pages = connect(server).profile_pages(Profiles())
        for _ in range(4):
            next(pages)
        until(lambda: len(server.requests) >= 3 + PARALLEL)
        pages.close()
        assert len(server.requests) == 3 + PARALLEL


def test_case_49_ids_come_once_and_the_last_copy_counts(connect):
    copies = [
        {"$distinct_id": 1, "$properties": {"n": "old"}},
        {"$distinct_id": "2", "$properties": {"n": "other"}},
        {"$distinct_id": "1", "$properties": {"n": "new"}},
    ]
    batches = []
    with Server(reply_json({"results": copies, "page_size": 1000})) as server:
        found = list(connect(server).export_profiles(on_batch=batches.append))
    assert found == [
        {"$distinct_id": "1", "$properties": {"n": "new"}},
        {"$distinct_id": "2", "$properties": {"n": "other"}},
    ]
    assert batches == [found]


def test_an_expired_session_starts_again_at_page_0(connect):
    engage = Engage(25)
    engage.expire_at = {2}
    with Server(engage) as server:
        client = connect(server)
        assert rows(client.profile_pages(Profiles()))[:3] == [(0, 10), (1, 10), (0, 10)]
        engage.expire_at = {1}
        assert len(list(client.export_profiles())) == 25


def test_a_session_that_expires_every_time_is_given_up(connect):
    def engage(request):
        if "session_id" in request.form:
            return reply_json({"error": "request for page in uncached query for params"}, 400)
        return Engage(25).page(request)

    with Server(engage) as server, pytest.raises(APIError, match="uncached"):
        list(connect(server).profile_pages(Profiles()))
    assert sum("session_id" not in request.form for request in server.requests) == 3


def test_case_51_lists_and_objects_are_json_text(connect):
    behaviors = ({"window": "30d", "name": "b1", "event_selectors": [{"event": "Buy"}]},)
    with Server(Engage(0)) as server:
        client = connect(server)
        list(client.profile_pages(Profiles(distinct_ids=("a", "ü"), group="9")))
        list(client.profile_pages(Profiles(cohort_id=7, include_all_users=False)))
        list(client.profile_pages(Profiles(behaviors=behaviors, as_of_timestamp=1_700_000_000)))
    listed, cohort, behaved = (request.form for request in server.requests)
    assert json.loads(listed["distinct_ids"]) == ["a", "ü"]
    assert listed["data_group_id"] == "9"
    assert json.loads(cohort["filter_by_cohort"]) == {"id": 7}
    assert cohort["include_all_users"] == "false"
    assert json.loads(behaved["behaviors"]) == list(behaviors)
    assert behaved["as_of_timestamp"] == "1700000000"


def test_case_51_behaviors_and_a_cohort_are_refused_here():
    with pytest.raises(InvalidArgumentError, match="can't be combined"):
        Profiles(cohort_id=7, behaviors=({"name": "b"},))


def test_case_55_ids_become_text_and_what_is_missing_stays_missing(connect):
    results = [
        {"$distinct_id": 4, "$properties": {"$last_seen": "2008-06-09T23:08:40"}},
        {"$distinct_id": "5"},
    ]
    with Server(reply_json({"results": results, "page_size": 1000})) as server:
        assert list(connect(server).export_profiles()) == [
            {"$distinct_id": "4", "$properties": {"$last_seen": "2008-06-09T23:08:40"}},
            {"$distinct_id": "5", "$properties": {}},
        ]


def test_profiles_without_an_id_are_not_each_others_copies(connect):
    found = [{"$properties": {"n": 1}}, {"$distinct_id": None, "$properties": {"n": 1}}, {}]
    with Server(reply_json({"results": found, "page_size": 1000})) as server:
        profiles = list(connect(server).export_profiles())
    assert [it["$distinct_id"] for it in profiles] == [None] * 3
    assert [it["$properties"] for it in profiles] == [{"n": 1}, {"n": 1}, {}]


def test_pages_of_profiles_without_ids_that_repeat_are_noticed(connect):
    def engage(request):
        page = int(request.form.get("page", 0))
        found = [{"$properties": {"n": min(page, 3)}}]
        return reply_json({"page": page, "page_size": 1, "session_id": "s", "results": found})

    with (
        Server(engage) as server,
        pytest.raises(IncompleteExportError, match="page 4 is page 3 again"),
    ):
        list(connect(server).profile_pages(Profiles()))


def test_a_page_is_handed_on_as_it_came(connect):
    body = b'{"page_size": 2, "results": [{"$distinct_id": 1, "$properties": {"n": 1.10, "s": "\\ud800"}}]} '
    with Server(Reply(body=body)) as server:
        (page,) = connect(server).profile_pages(Profiles())
    assert page.content == body
    assert page.rows == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"error": "no such cohort"}', "no such cohort"),
        (b'{"error": "no such cohort", "results": []}', "no such cohort"),
        (b'{"page_size": 1, "results": [5]}', r"results\.0: "),
        (b"[]", "unexpected shape"),
        (b'{"results": [', "no JSON"),
    ],
)
def test_a_page_that_is_none_raises(connect, body, said):
    with Server(Reply(body=body)) as server, pytest.raises(APIError, match=said):
        list(connect(server).profile_pages(Profiles()))


def test_a_failing_page_raises_after_the_pages_before_it(connect):
    def engage(request):
        return Reply(404) if request.form.get("page") == "2" else Engage(45).page(request)

    found = []
    with Server(engage) as server, pytest.raises(APIError):
        found.extend(rows(connect(server).profile_pages(Profiles())))
    with Server(engage) as server:
        pages = connect(server).profile_pages(Profiles())
        assert [next(pages).page, next(pages).page] == [0, 1]


def test_full_pages_without_a_session_can_not_be_continued(connect):
    results = [{"$distinct_id": "1"}]
    with (
        Server(reply_json({"results": results, "page_size": 1, "total": 3})) as server,
        pytest.raises(APIError, match="without a session_id"),
    ):
        list(connect(server).profile_pages(Profiles()))
