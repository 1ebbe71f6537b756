"""A scripted HTTP server on 127.0.0.1: real sockets, any bytes, every way to break off."""

from __future__ import annotations

import gzip
import json
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from socket import SO_LINGER, SOL_SOCKET
from typing import Any, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

End = Literal["whole", "cut", "reset", "stall"]


@dataclass(frozen=True)
class Request:
    """What the server was sent."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return _single(urlsplit(self.target).query)

    @property
    def form(self) -> dict[str, str]:
        return _single(self.body.decode())


def _single(text: str) -> dict[str, str]:
    pairs = parse_qs(text, keep_blank_values=True, strict_parsing=bool(text))
    assert all(len(values) == 1 for values in pairs.values()), f"a repeated key in {text}"
    return {name: values[0] for name, values in pairs.items()}


@dataclass(frozen=True)
class Reply:
    """An answer; `end` says how its body stops: a cut one lacks the last chunk, or bytes.

    `chunks` are sent as HTTP chunks; `body` goes with a Content-Length. `raw` is sent as it is.
    `pause` is the time in seconds before each chunk.
    """

    status: int = 200
    body: bytes = b""
    chunks: tuple[bytes, ...] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    end: End = "whole"
    raw: bytes | None = None
    pause: float = 0

    def pieces(self) -> Iterable[bytes]:
        """The head, then the body; of chunks each by itself."""
        if self.raw is not None:
            yield self.raw
            return
        framing = (
            f"Content-Length: {len(self.body) + 7 * (self.end != 'whole')}"
            if self.chunks is None
            else "Transfer-Encoding: chunked"
        )
        lines = [f"HTTP/1.1 {self.status} Scripted", framing]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        yield "\r\n".join([*lines, "", ""]).encode("latin-1")
        if self.chunks is None:
            yield self.body
            return
        for chunk in self.chunks:
            yield b"%x\r\n%b\r\n" % (len(chunk), chunk)
        if self.end == "whole":
            yield b"0\r\n\r\n"


def reply_json(value: Any, status: int = 200, **headers: str) -> Reply:
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(
        status, json.dumps(value).encode(), headers={"Content-Type": "application/json", **names}
    )


def reply_gzip(body: bytes, *, cut: int = 0, size: int = 4096, end: End = "whole") -> Reply:
    """A gzipped body in chunks; `cut` bytes are missing at the end of the gzip stream."""
    packed = gzip.compress(body, 1)
    packed = packed[: len(packed) - cut]
    chunks = tuple(packed[start : start + size] for start in range(0, len(packed), size))
    return Reply(chunks=chunks, headers={"Content-Encoding": "gzip"}, end=end)


Script = Callable[[Request], Reply]


class Server(socketserver.ThreadingTCPServer):
    """Answers by a function, or by a list of replies of which the last one repeats."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 50

    def __init__(self, *script: Reply | Script) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self._script = list(script)
        self._lock = threading.Lock()
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._thread = threading.Thread(target=lambda: self.serve_forever(0.01), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            last = len(self._script) == 1
            entry = self._script[0] if last or callable(self._script[0]) else self._script.pop(0)
        return entry(request) if callable(entry) else entry

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no fault of the server."""


class _Handler(socketserver.StreamRequestHandler):
    server: Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while request := self._read():
            reply = self.server.answer(request)
            for number, piece in enumerate(reply.pieces()):
                if reply.pause and number:
                    self.server.closing.wait(reply.pause)
                self.wfile.write(piece)
            if reply.end == "stall":
                self.server.closing.wait()
            if reply.end == "reset":
                self.request.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            if reply.end != "whole" or reply.raw is not None:
                return

    def _read(self) -> Request | None:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        return Request(first[0], first[1], headers, body)
