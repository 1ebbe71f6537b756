"""One request and its answer: what is sent, what is read, how both can break."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx

from mixpanel_data._internal.api_client.answers import Asked, Failure
from mixpanel_data._internal.api_client.body import (
    DamagedBodyError,
    OverLimitError,
    bounded,
    gunzip,
)
from mixpanel_data._internal.api_client.limits import Check, Quota
from mixpanel_data._internal.api_client.routes import Route
from mixpanel_data.exceptions import ConnectionFailedError, InvalidArgumentError


@dataclass(frozen=True)
class Call:
    """One request, ready to be sent as often as needed.

    `check` is called while it waits, and raises when nobody wants the answer any more. Without
    `retry` the first failure is final.
    """

    method: str
    route: Route
    params: tuple[tuple[str, str], ...]
    form: dict[str, str] | None
    timeout: float
    quotas: tuple[Quota, ...]
    project_id: str
    asked: Asked
    check: Check | None = None
    retry: bool = True

    @property
    def read_only(self) -> bool:
        """Whether sending it twice does no harm: queries are read by POST as well."""
        return self.method == "GET" or self.route.family in {"query", "export"}

    def is_served_by(self, status: int) -> bool:
        """Whether an answer of this status is what was asked for; 206 is a part of an export."""
        return status == 200 if self.route.family == "export" else 200 <= status < 300


class OpenAnswer:
    """An answer whose body is still to be read."""

    def __init__(
        self, response: httpx.Response, call: Call, held: ExitStack, *, network: bool
    ) -> None:
        self._response = response
        self._held = held
        self._network = network
        self.call = call
        self.status = response.status_code
        self.headers = response.headers
        encoding = response.headers.get("content-encoding", "identity").lower()
        self.gzipped = encoding in {"gzip", "x-gzip"}
        self.readable = self.gzipped or encoding == "identity"
        self.encoding = encoding

    @property
    def ends_visibly(self) -> bool:
        """Whether a cut would show: by a length, a last chunk or gzip's end marker."""
        framed = "content-length" in self.headers or "transfer-encoding" in self.headers
        return framed or self.gzipped or not self._network

    def received(self) -> Iterator[bytes]:
        """The body as sent, still compressed; anything short of all of it raises."""
        size = 0
        try:
            for chunk in self._response.iter_raw():
                size += len(chunk)
                yield chunk
        except (httpx.HTTPError, OSError) as error:
            raise unreachable(error, self.call).error from bare(error)
        expected = self.headers.get("content-length", "")
        if expected.isdecimal() and size < int(expected):
            raise ConnectionFailedError(
                f"the answer ended after {size:,} of {int(expected):,} bytes",
                endpoint=self.call.route.path,
            )

    def decoded(self) -> Iterator[bytes]:
        """The body, decompressed piece by piece; raises DamagedBodyError."""
        return self._decoded(self.received())

    def content(self, limit: float) -> bytes:
        """The whole body; raises OverLimitError where it has more bytes, as sent or decompressed."""
        body = io.BytesIO()
        for piece in bounded(self._decoded(bounded(self.received(), limit)), limit):
            body.write(piece)
        return body.getvalue()

    def beginning(self, limit: int) -> bytes:
        """As many bytes of the body as can be read, at most so many; else why it can't be."""
        body = bytearray()
        try:
            for piece in self._decoded(bounded(self.received(), limit)):
                body += piece[: limit - len(body)]
                if len(body) == limit:
                    break
        except DamagedBodyError as error:
            return bytes(body) or str(error).encode()
        except (OverLimitError, ConnectionFailedError):
            pass  # the status alone says enough
        return bytes(body)

    def _decoded(self, received: Iterator[bytes]) -> Iterator[bytes]:
        if not self.readable:
            raise DamagedBodyError(f"unknown content encoding {self.encoding!r}")
        if not self.gzipped or self.headers.get("content-length") == "0":
            return received
        return gunzip(received)

    def close(self) -> None:
        """Give the connection and the place in the quota back."""
        self._held.close()


def unreachable(error: Exception, call: Call) -> Failure:
    """Judge a failure of the network, or of an application in this process."""
    if isinstance(error, httpx.InvalidURL):
        long = InvalidArgumentError(
            f"the request URL is too long: {error}", hint="name fewer events"
        )
        return Failure(long, retry=False)
    host = urlsplit(call.route.origin).netloc
    detail = f": {error}" if str(error) else ""
    place = "base_url" if call.asked.credentials.base_url else "the region"
    hint = f"check the network, the proxy settings and {place}"
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        text = f"{host} did not accept a connection in time"
    elif isinstance(error, httpx.TimeoutException):
        text = f"{host} sent nothing for {call.timeout:g} s"
        name = "export_timeout" if call.route.family == "export" else "query_timeout"
        hint = f"try again later; the setting {name} allows more time"
    elif isinstance(error, httpx.ConnectError | httpx.ProxyError):
        text = f"{host} can't be reached{detail}"
    else:
        text = f"the connection to {host} broke{detail}"
        hint = "try again; if it breaks again, check the network and the proxy settings"
    final = isinstance(
        error, httpx.UnsupportedProtocol | httpx.LocalProtocolError
    ) or "CERTIFICATE_VERIFY_FAILED" in str(error)
    failed = ConnectionFailedError(text, endpoint=call.route.path, hint=hint)
    return Failure(failed, retry=call.read_only and not final)


def bare(error: Exception) -> Exception:
    """The error and its causes without tracebacks: their frames hold the Authorization header."""
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
