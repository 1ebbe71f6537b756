"""The raw export: what is asked, and that nothing but a whole body passes."""

from __future__ import annotations

import gzip
import itertools
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data._internal.api_client.export import split_lines
from mixpanel_data.exceptions import (
    ConnectionFailedError,
    IncompleteExportError,
    InvalidArgumentError,
    MixpanelDataError,
)
from mixpanel_data.queries import Export
from tests.loopback import Reply, Server, reply_gzip
from tests.waiting import HANG

DAY = ("2024-01-01", "2024-01-01")
QUERY = Export(*DAY)


def event(number: int = 0, **properties) -> dict:
    return {"event": f"e{number}", "properties": {"time": number, **properties}}


def ndjson(*events: dict) -> bytes:
    return b"".join(json.dumps(e, ensure_ascii=False).encode() + b"\n" for e in events)


THREE = [event(1), event(2), event(3)]
BODY = ndjson(*THREE)


def outcome(connect, reply: Reply):
    """The same body by both paths: as bytes and as events; they must agree on its wholeness."""
    with Server(reply) as server:
        client = connect(server)
        try:
            with client.open_export(QUERY) as stream:
                taken = b"".join(stream)
                assert stream.bytes == len(taken)
                rows = stream.rows
        except MixpanelDataError as error:
            with pytest.raises(type(error)) as caught:
                list(client.export_events(*DAY))
            return same(error, caught.value)
        events = list(client.export_events(*DAY))
        assert len(events) == rows
        return events


def same(error: MixpanelDataError, other: MixpanelDataError) -> MixpanelDataError:
    assert getattr(other, "rows", None) == getattr(error, "rows", None)
    return error


@pytest.mark.parametrize("events", [["one"], ["one", "two"]])
def test_case_25_events_go_as_a_json_array(connect, events):
    with Server(Reply()) as server:
        list(connect(server).export_events(*DAY, events=events))
        assert server.requests[0].path == "/api/2.0/export"
        assert json.loads(server.requests[0].query["event"]) == events


def test_case_25_no_events_means_no_parameter_and_an_empty_list_is_refused(connect):
    with Server(Reply()) as server:
        client = connect(server)
        list(client.export_events(*DAY))
        assert set(server.requests[0].query) == {
            "from_date",
            "to_date",
            "time_in_ms",
            "project_id",
        }
        with pytest.raises(InvalidArgumentError, match="events is empty"):
            client.export_events(*DAY, events=[])
        with pytest.raises(InvalidArgumentError, match="not one string"):
            client.export_events(*DAY, events="one")


@pytest.mark.parametrize(
    "name",
    ['say "hi"', "back\\slash", "grüße 你好 🎉", "a&b=c", "1+1", "50%", " blank ", "a/b?c#d;e"],
)
def test_case_26_names_survive_the_url(connect, name):
    with Server(Reply()) as server:
        client = connect(server)
        list(client.export_events(*DAY, events=[name], where=f'properties["{name}"]'))
        sent = server.requests[0].query
        assert json.loads(sent["event"]) == [name]
        assert sent["where"] == f'properties["{name}"]'


def test_case_27_an_empty_body_is_no_events(connect):
    assert outcome(connect, Reply()) == []
    assert outcome(connect, Reply(chunks=())) == []
    assert outcome(connect, Reply(headers={"Content-Encoding": "gzip"})) == []


@pytest.mark.parametrize("count", [3, 400])
def test_case_28_plain_and_gzipped_bodies_give_the_same_events(connect, count):
    events = [event(n) for n in range(count)]
    body = ndjson(*events)
    for reply in (Reply(body=body), Reply(chunks=(body[:7], body[7:])), reply_gzip(body)):
        assert outcome(connect, reply) == events
    with Server(Reply()) as server:
        list(connect(server).export_events(*DAY))
        assert server.requests[0].headers["accept-encoding"] == "gzip"


def test_case_29_only_a_line_feed_ends_a_line(connect):
    odd = [event(1, text=f"a{mark}b") for mark in "\u2028\u2029\x85\x0b\x0c\x1c\x1d\x1e\n\r"]
    assert outcome(connect, Reply(body=ndjson(*odd))) == odd


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_case_30_chunk_boundaries_change_nothing(data):
    body = ndjson(event(1, text="é\u2028 🎉"), event(2, text='"\\\n')).replace(b"\n", b"\r\n")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    edges = [0, *cuts, len(body)]
    chunks = [body[a:b] for a, b in itertools.pairwise(edges)]
    assert list(split_lines(chunks)) == body.split(b"\n")[:-1]


def test_case_30_a_body_in_chunks_of_one_byte_is_the_same(connect):
    events = [event(1, text="é\u2028 🎉"), event(2, text='"\\\n')]
    body = ndjson(*events).replace(b"}\n", b"}\r\n")
    for whole in (body, gzip.compress(body)):
        packed = {"Content-Encoding": "gzip"} if whole != body else {}
        chunks = tuple(whole[n : n + 1] for n in range(len(whole)))
        assert outcome(connect, Reply(chunks=chunks, headers=packed)) == events


@pytest.mark.parametrize(
    "end", [b"terminated early", b"export terminated early\n", b"terminated early\r\n\n"]
)
def test_case_31_an_export_that_mixpanel_ended_early_is_incomplete(connect, end):
    for reply in (
        Reply(body=BODY + end),
        Reply(chunks=(BODY, end)),
        reply_gzip(BODY + end, size=5),
    ):
        error = outcome(connect, reply)
        assert isinstance(error, IncompleteExportError)
        assert "Mixpanel ended it early" in error.message
        assert (error.rows, error.line) == (3, 4)
        assert "terminated early" in error.text


def test_case_31_an_error_object_at_the_end_is_told(connect):
    error = outcome(connect, Reply(body=BODY + b'{"error": "internal trouble"}\n'))
    assert isinstance(error, IncompleteExportError)
    assert "internal trouble" in error.message


CUT = {
    "chunks": Reply(chunks=(BODY,), end="cut"),
    "inside a line": Reply(chunks=(BODY[:-9],), end="cut"),
    "length": Reply(body=BODY, end="cut"),
    "reset": Reply(chunks=(BODY,), end="reset"),
    "nothing at all": Reply(chunks=(), end="cut"),
    "inside a chunk": Reply(
        raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n" + BODY, end="cut"
    ),
}
SHORT_GZIP = {
    "end marker": reply_gzip(BODY, cut=8),
    "one byte": reply_gzip(BODY, cut=1),
    "half": reply_gzip(BODY * 50, cut=60),
    "header": Reply(chunks=(b"\x1f",), headers={"Content-Encoding": "gzip"}),
    "garbage behind": Reply(
        body=gzip.compress(BODY) + b"garbage", headers={"Content-Encoding": "gzip"}
    ),
    "second member cut": Reply(
        body=gzip.compress(BODY) + gzip.compress(BODY)[:-5], headers={"Content-Encoding": "gzip"}
    ),
    "no gzip": Reply(body=BODY, headers={"Content-Encoding": "gzip"}),
    "wrong checksum": Reply(
        body=gzip.compress(BODY)[:-8] + b"\0" * 8, headers={"Content-Encoding": "gzip"}
    ),
    "another encoding": Reply(body=BODY, headers={"Content-Encoding": "br"}),
    "no frame": Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + BODY),
}


@pytest.mark.parametrize("how", CUT)
def test_case_32_a_cut_connection_raises(connect, how):
    error = outcome(connect, CUT[how])
    assert isinstance(error, ConnectionFailedError)
    assert "rows" in error.message


@pytest.mark.parametrize("how", SHORT_GZIP)
def test_case_32_a_body_that_can_not_be_known_whole_raises(connect, how):
    assert isinstance(outcome(connect, SHORT_GZIP[how]), IncompleteExportError)


def test_a_gzip_body_needs_no_frame_since_its_end_shows(connect):
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    assert outcome(connect, Reply(raw=head + gzip.compress(BODY))) == THREE
    cut = Reply(raw=head + gzip.compress(BODY)[:-1])
    assert isinstance(outcome(connect, cut), IncompleteExportError)


def test_several_gzip_members_are_one_body_and_zero_bytes_padding(connect):
    two = gzip.compress(BODY) + b"\0\0" + gzip.compress(BODY) + b"\0" * 9
    for size in (1, 5, 4096):
        chunks = tuple(two[n : n + size] for n in range(0, len(two), size))
        reply = Reply(chunks=chunks, headers={"Content-Encoding": "gzip"})
        assert outcome(connect, reply) == THREE * 2


def test_case_33_a_last_line_without_its_end_counts_when_it_is_whole(connect):
    assert outcome(connect, Reply(body=BODY[:-1])) == THREE
    assert outcome(connect, Reply(body=BODY[:-1] + b"\r\n\n\n")) == THREE


@pytest.mark.parametrize("cut", range(1, len(ndjson(THREE[-1])) - 1, 4))
def test_case_33_a_last_line_cut_anywhere_raises(connect, cut):
    body = BODY[: -1 - cut]
    error = outcome(connect, Reply(body=body))
    assert isinstance(error, IncompleteExportError)
    assert "the last line has no end" in error.message
    assert (error.rows, error.line) == (2, 3)
    assert error.text == body.rpartition(b"\n")[2].decode().strip()


@pytest.mark.parametrize(
    "line",
    [
        b'{"event":"a"}',
        b'{"properties":{}}',
        b'{"event":null,"properties":{}}',
        b'{"event":"a","properties":[]}',
        b"[1]",
        b"null",
        b"oops",
        b'{"event":"a","properties":{}} {"event":"b","properties":{}}',
        b"[" * 100_000,
    ],
)
def test_case_34_a_line_that_is_no_event_raises_with_its_number(connect, line):
    with Server(Reply(body=BODY + line + b"\n" + BODY)) as server:
        taken = []
        with pytest.raises(IncompleteExportError) as caught:
            taken.extend(connect(server).export_events(*DAY))
    assert (caught.value.rows, caught.value.line) == (3, 4)
    assert caught.value.text == line[:200].decode("utf-8", "replace")
    with Server(Reply(body=BODY + line + b"\n")) as server, pytest.raises(IncompleteExportError):
        list(connect(server).export_events(*DAY))


def test_case_36_memory_stays_flat_over_a_quarter_of_a_gigabyte(connect):
    line = ndjson(event(1, text="x" * 1000))
    member = gzip.compress(line * 8192, 1)
    rows = 30 * 8192
    reply = Reply(chunks=(member,) * 30, headers={"Content-Encoding": "gzip"})
    with Server(reply) as server, connect(server).open_export(QUERY) as stream:
        tracemalloc.start()
        try:
            size = sum(map(len, stream))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert size == len(line) * rows > 250_000_000
        assert stream.rows == rows
    assert peak < 8_000_000


def test_case_37_a_limit_beyond_mixpanels_is_refused_here_and_a_good_one_is_sent(connect):
    with Server(Reply()) as server:
        client = connect(server)
        with pytest.raises(InvalidArgumentError, match="100001"):
            client.export_events(*DAY, limit=100_001)
        list(client.export_events(*DAY, limit=10))
        assert [r.query["limit"] for r in server.requests] == ["10"]


def test_case_38_reversed_dates_are_refused_here_and_one_day_is_asked_as_one(connect):
    with Server(Reply()) as server:
        client = connect(server)
        with pytest.raises(InvalidArgumentError, match="after to_date"):
            client.export_events("2024-01-02", "2024-01-01")
        list(client.export_events("2024-02-29", "2024-02-29"))
        sent = server.requests[0].query
        assert (sent["from_date"], sent["to_date"]) == ("2024-02-29", "2024-02-29")


def test_case_40_milliseconds_are_asked_for(connect):
    with Server(Reply()) as server:
        list(connect(server).export_events(*DAY))
        assert server.requests[0].query["time_in_ms"] == "true"


def test_integers_of_any_size_stay_exact(connect):
    big = event(1, n=2**53 + 1, huge=10**29 + 7)
    assert outcome(connect, Reply(body=ndjson(big))) == [big]


def test_batches_hold_at_most_a_thousand_events_each_once(connect):
    events = [event(n) for n in range(2500)]
    batches = []
    with Server(reply_gzip(ndjson(*events))) as server:
        assert list(connect(server).export_events(*DAY, on_batch=batches.append)) == events
    assert [len(batch) for batch in batches] == [1000, 1000, 500]
    assert list(itertools.chain(*batches)) == events


def test_an_export_left_early_frees_its_connection(connect):
    with Server(reply_gzip(BODY * 5000)) as server:
        client = connect(server, export_concurrency=1, export_timeout=HANG)
        for _ in range(3):
            events = client.export_events(*DAY)
            assert next(events) == THREE[0]
            events.close()


GOOD = b'{"event":"a","properties":{}}\n'


@pytest.mark.parametrize("before", [0, 1, 3000])
@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n\r\n"])
@pytest.mark.parametrize("by", ["bytes", "events"])
def test_an_error_at_the_end_is_told_over_how_many_lines_ever(connect, before, indent, end, by):
    error = json.dumps({"error": "over its limit", "more": {"error": [1]}}, indent=indent).encode()
    with (
        Server(Reply(body=GOOD * before + error + end)) as server,
        pytest.raises(IncompleteExportError, match=r"an error: over its limit$") as caught,
    ):
        read(connect(server), by)
    assert caught.value.rows == before


@pytest.mark.parametrize("by", ["bytes", "events"])
def test_a_login_page_is_told(connect, by):
    page = (
        b"\n <!DOCTYPE html>\n<html>\n<head><title>Sign in</title></head>\n<body>Corp VPN</body>\n"
    )
    with (
        Server(Reply(body=page)) as server,
        pytest.raises(IncompleteExportError, match=r"such as a login page: Corp VPN$") as caught,
    ):
        read(connect(server), by)
    assert caught.value.rows == 0


def test_an_event_that_speaks_of_an_error_is_none(connect):
    event = b'{"event":"a","error":"x","properties":{"html":"<html>"}}\n'
    with (
        Server(Reply(body=event + b"{\n")) as server,
        pytest.raises(IncompleteExportError, match=r"a line is not JSON at line 2: \{$"),
    ):
        read(connect(server), "events")


def read(client, by):
    if by == "events":
        return list(client.export_events("2024-01-01", "2024-01-01"))
    with client.open_export(Export("2024-01-01", "2024-01-01")) as stream:
        return list(stream)
