"""Answers that are larger than anybody wants: refused in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mixpanel_data.exceptions import APIError
from mixpanel_data.queries import Profiles
from tests.loopback import Reply, Server

MB = 1_000_000
GZIP = {"Content-Encoding": "gzip"}
TWO_GB = gzip.compress(b" " * (64 << 20)) * 32
"""Two gigabytes of blanks, which JSON may begin with, in two megabytes."""

ASKED = {
    "a query": lambda client: client.get("events/names"),
    "profiles": lambda client: list(client.profile_pages(Profiles())),
    "the app": lambda client: client.me(),
}


@contextmanager
def at_most(size: float) -> Iterator[None]:
    """Within the block, no more memory than this is taken."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("asked", ASKED)
def test_a_gzip_bomb_is_refused_at_once_and_in_bounded_memory(connect, asked):
    with (
        Server(Reply(body=TWO_GB, headers=GZIP)) as server,
        at_most(150 * MB),
        pytest.raises(APIError, match="is larger than 100 MB") as caught,
    ):
        ASKED[asked](connect(server))
    assert len(server.requests) == 1
    assert "answer_limit_mb" in caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        TWO_GB,
        gzip.compress(b" " * (64 << 20)),
        gzip.compress(b"[]") + bytes(4 * MB),
        gzip.compress(b"") * (4 * MB // 20),
    ],
    ids=["many members", "one member", "padding", "empty members"],
)
def test_the_limit_is_a_setting_and_counts_what_is_sent_too(connect, body):
    with (
        Server(Reply(body=body, headers=GZIP)) as server,
        at_most(12 * MB),
        pytest.raises(APIError, match="is larger than 3 MB"),
    ):
        connect(server, answer_limit_mb=3).get("events/names")


@pytest.mark.parametrize(
    "reply",
    [lambda body: Reply(body=body), lambda body: Reply(body=gzip.compress(body), headers=GZIP)],
    ids=["plain", "gzip"],
)
def test_an_answer_as_large_as_the_limit_is_taken(connect, reply: Callable[[bytes], Reply]):
    body = b"[]".ljust(MB)
    with Server(reply(body)) as server:
        assert connect(server, answer_limit_mb=1).get("events/names") == []
    with Server(reply(body + b" ")) as server, pytest.raises(APIError, match="larger than 1 MB"):
        connect(server, answer_limit_mb=1).get("events/names")


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (gzip.compress(b"over its limit " * (4 << 20)), GZIP, "over its limit over"),
        (gzip.compress(b"oops") + bytes(4 * MB), GZIP, "oops"),
        (gzip.compress(b"oops")[:-4], GZIP, "oops"),
        (b"plain text, not gzip", GZIP, "damaged gzip"),
        (b"oops", {"Content-Encoding": "br"}, "unknown content encoding 'br'"),
    ],
    ids=["bomb", "padding", "cut", "no gzip", "another encoding"],
)
def test_the_body_of_an_error_is_read_in_bounded_memory(connect, body, headers, said):
    with (
        Server(Reply(400, body, headers=headers)) as server,
        at_most(12 * MB),
        pytest.raises(APIError, match=said),
    ):
        connect(server).get("events/names")
