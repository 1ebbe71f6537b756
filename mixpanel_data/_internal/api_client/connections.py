"""The connections of a client, which end with it: also those that are in use, or just made."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from weakref import WeakSet

import httpx

_MADE = (".connect_tcp.complete", ".start_tls.complete")


class Connections:
    """One httpx client for all calls, made when first needed.

    `httpx.Client.close` forgets a connection that another thread is making, and frees the file
    descriptor of one that another thread reads. So the last call that ends closes the client, and
    `close` shuts the sockets down, which ends the reads.
    """

    def __init__(self, make: Callable[[str], httpx.Client]) -> None:
        self._make = make
        self._client: httpx.Client | None = None
        self._calls = 0
        self._made: WeakSet[Any] = WeakSet()
        self._lock = threading.Lock()
        self.closed = threading.Event()

    def borrow(self, origin: str) -> httpx.Client:
        """The client, for one call, which must give it back."""
        with self._lock:
            if self.closed.is_set():
                raise RuntimeError("this client is closed")
            if self._client is None:
                self._client = self._make(origin)
                self._client.event_hooks = {"request": [self._watch]}
            self._calls += 1
            return self._client

    def give_back(self) -> None:
        """The call is over."""
        with self._lock:
            self._calls -= 1
        self._end()

    def close(self) -> None:
        """End everything that is sent or received, for good."""
        self.closed.set()
        with self._lock:
            made = list(self._made)
        for stream in made:
            _shut_down(stream)
        self._end()

    def _end(self) -> None:
        with self._lock:
            if not self.closed.is_set() or self._calls:
                return
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _watch(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._follow

    def _follow(self, event: str, info: Mapping[str, Any]) -> None:
        if event.endswith(_MADE):
            stream = info["return_value"]
            with self._lock:
                self._made.add(stream)
            if self.closed.is_set():
                _shut_down(stream)


def _shut_down(stream: Any) -> None:
    with suppress(OSError):  # it has ended meanwhile
        stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
