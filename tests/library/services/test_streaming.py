from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from mixpanel_data import IncompleteExportError, InvalidArgumentError, PlanError
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.streaming import StreamingService
from mixpanel_data.queries import Export, Profiles
from tests.loopback import Reply, Request, Server, reply_gzip, reply_json

Make = Callable[[Server], StreamingService]
MONTH = Export("2024-01-01", "2024-01-21")


def events_of(request: Request) -> bytes:
    day = request.query["from_date"]
    text = '{"event":"\u2028","properties":{"n":123456789012345678901234567890,"day":"%s"}}'
    return (text % day).encode() + b"\n"


class Script:
    """What the window of the second week gets, time after time; then a whole body."""

    def __init__(self, *second_week: Reply) -> None:
        self.replies = list(second_week)

    def __call__(self, request: Request) -> Reply:
        if request.query["from_date"] == "2024-01-08" and self.replies:
            return self.replies.pop(0)
        return reply_gzip(events_of(request))


@pytest.fixture
def streaming() -> Iterator[Callable[[Server], StreamingService]]:
    with ExitStack() as stack:

        def make(server: Server) -> StreamingService:
            settings = Settings(exports_per_second=1000)
            who = Credentials("u", "s", "1", "us", base_url=server.url)
            client = stack.enter_context(MixpanelAPIClient(who, settings=settings))
            return StreamingService(client, settings=settings, sleep=lambda _: None)

        yield make


def test_events_come_in_the_order_of_their_days_and_exact(streaming: Make) -> None:
    with Server(Script()) as server:
        found = list(streaming(server).events(MONTH))
    assert [event["properties"]["day"] for event in found] == [
        "2024-01-01",
        "2024-01-08",
        "2024-01-15",
    ]
    assert found[0]["properties"]["n"] == 123456789012345678901234567890


def test_a_window_that_breaks_off_goes_out_once(streaming: Make) -> None:
    half = Reply(chunks=(b'{"event":"a","properties":{}}\n',), end="cut")
    early = Reply(body=b'{"event":"a","properties":{}}\nterminated early\n')
    middle = Reply(body=b'{"event":"a","properties":{}}\n{"eve\n{"event":"b","properties":{}}\n')
    file = io.BytesIO()
    with Server(Script(half, early, middle)) as server:
        assert streaming(server).write_events(MONTH, file) == 3
    days = [
        json.loads(line)["properties"]["day"] for line in file.getvalue().splitlines()[::1] if line
    ]
    assert days == ["2024-01-01", "2024-01-08", "2024-01-15"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(body=b'{"event":"a","properties":{}}\nterminated early\n'), IncompleteExportError),
        (reply_json({"error": "no"}, 402), PlanError),
    ],
)
def test_a_window_that_never_comes_ends_it_after_whole_windows(
    streaming: Make, reply: Reply, error: type[Exception]
) -> None:
    file = io.BytesIO()
    with Server(Script(*[reply] * 9)) as server, pytest.raises(error) as caught:
        streaming(server).write_events(MONTH, file)
    assert "missing: 2024-01-08..2024-01-21" in str(caught.value)
    assert caught.value.hint.endswith("--from 2024-01-08")
    assert file.getvalue().count(b"\n") == 1


def test_profiles_come_page_by_page(streaming: Make) -> None:
    def engage(request: Request) -> Reply:
        page = int(request.form.get("page", 0))
        found = [{"$distinct_id": str(page), "$properties": {}}] * (page < 2)
        return reply_json({"page": page, "page_size": 1, "session_id": "s", "results": found})

    with Server(engage) as server:
        found = list(streaming(server).profiles(Profiles()))
    assert [profile["$distinct_id"] for profile in found] == ["0", "1"]


def test_a_last_line_without_an_end_gets_one(streaming: Make) -> None:
    line = b'{"event":"a","properties":{}}'
    file = io.BytesIO()
    with Server(Reply(body=line)) as server:
        assert streaming(server).write_events(Export("2024-01-01", "2024-01-14"), file) == 2
    assert file.getvalue() == (line + b"\n") * 2


def test_days_that_have_not_begun_are_refused_before_mixpanel_is_asked(streaming: Make) -> None:
    future = Export("2024-01-01", "2999-01-01")
    with Server(Script()) as server:
        for read in (
            lambda it: list(it.events(future)),
            lambda it: it.write_events(future, io.BytesIO()),
            lambda it: list(it._api.export_events("2024-01-01", "2999-01-01")),
        ):
            with pytest.raises(InvalidArgumentError, match="2999-01-01 is in the future"):
                read(streaming(server))
        assert server.requests == []
