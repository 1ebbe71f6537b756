"""A client that is closed while calls are under way leaves no connection and no thread."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data.exceptions import ConnectionFailedError
from mixpanel_data.queries import Export
from tests.loopback import Reply, Request, Server, reply_json
from tests.waiting import HANG, until

_on_connect: list[Callable[[], None]] = []


def _hear(event: str, args: tuple) -> None:
    if event == "socket.connect" and _on_connect:
        _on_connect.pop()()


sys.addaudithook(_hear)


@pytest.fixture
def while_connecting() -> Iterator[Callable[[Callable[[], None]], None]]:
    """Have something done in the moment in which the next connection is made."""
    yield _on_connect.append
    _on_connect.clear()


def client_of(server: Server) -> MixpanelAPIClient:
    patient = Settings(query_timeout=10 * HANG, export_timeout=10 * HANG)
    who = Credentials("user", "secret", "1", "us", base_url=server.url)
    return MixpanelAPIClient(who, settings=patient)


def connections_to(server: Server) -> list:
    port = server.server_address[1]
    return [c for c in psutil.Process().net_connections() if c.raddr and c.raddr.port == port]


def test_a_connection_that_is_made_while_the_client_closes_is_closed(while_connecting):
    with Server(reply_json([])) as server:
        client = client_of(server)
        while_connecting(client.close)
        with pytest.raises(RuntimeError, match="this client is closed"):
            client.get("funnels/list")
        assert connections_to(server) == []


def test_closing_ends_a_call_that_waits_for_its_answer():
    arrived, release = threading.Event(), threading.Event()

    def slow(request: Request) -> Reply:
        arrived.set()
        release.wait()
        return reply_json([])

    with Server(slow) as server, ThreadPoolExecutor(1) as pool:
        client = client_of(server)
        call = pool.submit(client.get, "funnels/list")
        assert arrived.wait(HANG)
        client.close()
        try:
            with pytest.raises(RuntimeError, match="this client is closed"):
                call.result(HANG)
        finally:
            release.set()


@pytest.mark.parametrize("refused", [False, True])
def test_closing_ends_a_body_that_stalls(refused):
    stalls = Reply(400 if refused else 200, chunks=(b"{}\n",), end="stall")
    with Server(stalls) as server, ThreadPoolExecutor(1) as pool:
        client = client_of(server)
        received = threading.Event()

        def read() -> None:
            with client.open_export(Export("2026-01-01", "2026-01-01")) as stream:
                for _ in stream:
                    received.set()

        call = pool.submit(read)
        until(lambda: server.requests and (refused or received.is_set()))
        client.close()
        assert call.exception(HANG) is not None
        assert connections_to(server) == []


def test_an_answer_that_is_still_read_when_the_client_closes_ends_and_keeps_nothing():
    with Server(Reply(chunks=(b"{}\n",), end="stall")) as server:
        client = client_of(server)
        with client.open_export(Export("2026-01-01", "2026-01-01")) as stream:
            pieces = iter(stream)
            next(pieces)
            client.close()
            with pytest.raises(ConnectionFailedError, match="broke"):
                next(pieces)
        assert connections_to(server) == []
