"""HTTP: authentication, retries, redirects, and foreign errors translated once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from mixpanel_data._internal.api_client.answers import Failure, failure, rate_limits, rate_policies
from mixpanel_data._internal.api_client.body import DamagedBodyError, OverLimitError
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.connections import Connections
from mixpanel_data._internal.api_client.exchange import Call, OpenAnswer, bare, unreachable
from mixpanel_data._internal.api_client.limits import Gate, Quota, enter, shared_gates
from mixpanel_data._internal.api_client.retiring import announce
from mixpanel_data._internal.api_client.secrecy import authorization
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.utils import is_loopback
from mixpanel_data.exceptions import APIError, ConfigError, ConnectionFailedError

BACKOFF_BASE = 1.5
BACKOFF_CAP = 60.0
MAX_REDIRECTS = 5
ERROR_BODY = 64 * 1024
UNCOUNTED = frozenset({401, 402, 429})
"""Statuses of calls that Mixpanel takes off no quota (contract 1.4)."""

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
Wait = Callable[[float, str], None]
T = TypeVar("T")


class _FailedError(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self.failure = failure


class _Basic(httpx.Auth):
    """Shows the header only while it is sent: httpx's own class, answers and errors keep it."""

    def __init__(self, credentials: Credentials) -> None:
        self._header = authorization(credentials)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = self._header.get_secret_value()
        try:
            yield request
        finally:
            del request.headers["Authorization"]


class Transport:
    """Sends calls of one account; safe to use from several threads."""

    def __init__(
        self,
        credentials: Credentials,
        settings: Settings,
        *,
        app: Callable[..., Any] | None = None,
        on_wait: Wait | None = None,
        clock: Clock | None = None,
        ledgers: Path | None = None,
    ) -> None:
        self.source = "mixpanel"
        self.clock = clock or Clock()
        self.settings = settings
        self.on_wait = on_wait
        self._credentials = credentials
        self._auth = _Basic(credentials)
        self._app = app
        self._ledgers = ledgers
        self._connections = Connections(partial(_new_client, app=app))

    def fetch(self, call: Call) -> bytes:
        """The whole body, decompressed."""
        return self.read(call, bytes)

    def read(self, call: Call, reader: Callable[[bytes], T]) -> T:
        """What `reader` makes of a whole body; where it raises APIError the call is retried."""
        return self._retrying(call, partial(self._read_once, reader))

    @contextmanager
    def stream(self, call: Call) -> Iterator[OpenAnswer]:
        """An answer to read as it comes; only its beginning is retried."""
        answer = self._retrying(call, self._open_once)
        try:
            yield answer
        finally:
            answer.close()

    def gates(self, quotas: tuple[Quota, ...], project_id: str, origin: str) -> list[Gate]:
        """What a call of these quotas has to pass."""
        return shared_gates(quotas, project_id, origin, app=self._app, folder=self._ledgers)

    def close(self) -> None:
        """Close the connections, for good; calls that are under way end with an error."""
        self._connections.close()

    def _retrying(self, call: Call, attempt: Callable[[Call], T]) -> T:
        for number in itertools.count(1):
            try:
                return attempt(call)
            except _FailedError as failed:
                fault, cause = failed.failure, failed.__cause__
            wait = self._wait_after(fault, number) if call.retry else None
            if wait is None:
                raise fault.error from cause
            self._pause(call, wait, fault.error.message)
        raise AssertionError("unreachable")

    def _wait_after(self, fault: Failure, number: int) -> float | None:
        if not fault.retry or number >= self.settings.attempts:
            return None
        if fault.after is not None:
            return fault.after if fault.after <= self.settings.max_wait else None
        ceiling = min(BACKOFF_CAP, self.settings.max_wait, BACKOFF_BASE * 2 ** (number - 1))
        return self.clock.spread(ceiling)

    def _pause(self, call: Call, seconds: float, why: str) -> None:
        left = seconds
        while left > 0:
            told = self.on_wait
            if told is not None:
                told(left, why)
            # Once a second, for a countdown and for a fetch that ends meanwhile.
            step = left if told is None and call.check is None else min(1.0, left)
            self.clock.wait(self._connections.closed, step)
            left -= step
            self._check(call)

    def _check(self, call: Call) -> None:
        """Raise when nobody wants the answer any more."""
        if self._connections.closed.is_set():
            raise RuntimeError("this client is closed")
        if call.check is not None:
            call.check()

    def _read_once(self, reader: Callable[[bytes], T], call: Call) -> T:
        body = self._fetch_once(call)
        try:
            return reader(body)
        except APIError as error:
            raise _FailedError(Failure(error, retry=call.read_only)) from error.__cause__

    def _fetch_once(self, call: Call) -> bytes:
        answer = self._open_once(call)
        try:
            announce(answer.headers, call.route.path)
            return answer.content(self.settings.answer_limit_mb * 1e6)
        except OverLimitError:
            raise APIError(
                f"the answer to {call.route.path} is larger than"
                f" {self.settings.answer_limit_mb:g} MB",
                status=200,
                endpoint=call.route.path,
                hint="ask for less, or raise answer_limit_mb in the settings",
            ) from None
        except ConnectionFailedError as error:
            raise _FailedError(Failure(error, retry=call.read_only)) from error.__cause__
        except DamagedBodyError as error:
            failed = ConnectionFailedError(
                f"the answer to {call.route.path} is damaged: {error}", endpoint=call.route.path
            )
            raise _FailedError(Failure(failed, retry=call.read_only)) from error
        finally:
            answer.close()

    def _open_once(self, call: Call) -> OpenAnswer:
        with ExitStack() as stack:
            client = self._connections.borrow(call.route.origin)
            stack.callback(self._connections.give_back)
            gates = self.gates(call.quotas, call.project_id, call.route.origin)
            pause, check = partial(self._pause, call), partial(self._check, call)
            ticket = enter(gates, self.settings, self.clock, pause, check)
            stack.callback(ticket.close)
            try:
                response = self._send(client, call)
            except BaseException as error:
                if isinstance(error.__cause__, NOT_CONNECTED):
                    ticket.refund()
                raise
            stack.callback(response.close)
            policies, limits = rate_policies(response.headers), rate_limits(response.headers)
            for gate in gates if policies or limits else ():
                gate.learn(policies, limits, self.clock)
            network = self._app is None
            if call.is_served_by(response.status_code):
                return OpenAnswer(response, call, stack.pop_all(), network=network)
            if response.status_code in UNCOUNTED:
                ticket.refund()
            fault = self._refusal(OpenAnswer(response, call, stack, network=network))
        raise _FailedError(fault)

    def _refusal(self, answer: OpenAnswer) -> Failure:
        call, status = answer.call, answer.status
        body = answer.beginning(ERROR_BODY)
        fault = failure(status, answer.headers, body, call.asked, self.clock.now())
        again = call.read_only or status == 429
        return replace(fault, retry=fault.retry and again)

    def _send(self, client: httpx.Client, call: Call) -> httpx.Response:
        timeout = httpx.Timeout(call.timeout, connect=self.settings.connect_timeout, pool=None)
        try:
            request = client.build_request(
                call.method, call.route.url, params=call.params, data=call.form, timeout=timeout
            )
            for _ in range(MAX_REDIRECTS):
                response = client.send(
                    request, stream=True, auth=self._auth, follow_redirects=False
                )
                if response.headers.get("x-mixpanel-source") == "sandbox":
                    self.source = "sandbox"
                if response.next_request is None:
                    return response
                response.close()
                _check_redirect(request, response.next_request, call)
                request = response.next_request
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise _FailedError(unreachable(error, call)) from bare(error)
        raise APIError(
            f"Mixpanel answered {call.route.path} with too many redirects",
            status=response.status_code,
            endpoint=call.route.path,
        )


def _new_client(origin: str, *, app: Callable[..., Any] | None) -> httpx.Client:
    headers = {"User-Agent": "mixpanel_data", "Accept-Encoding": "gzip"}
    if app is not None:
        return httpx.Client(headers=headers, transport=httpx.WSGITransport(app=_spelled(app)))
    # trust_env reads the proxies; what runs on this machine is behind none. A loopback origin
    # comes from base_url, which serves every family, so it is the only origin of this client.
    parts = urlsplit(origin)
    try:
        return httpx.Client(
            headers=headers,
            verify=parts.scheme == "https",
            trust_env=not is_loopback(parts.hostname or ""),
        )
    except (ValueError, ImportError, OSError) as error:
        raise ConfigError(
            f"the proxy or certificate settings can't be used: {error}",
            hint="look at HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE",
        ) from error


def _spelled(app: Callable[..., Any]) -> Callable[..., Any]:
    """The app, with paths as WSGI wants them: httpx 0.28 gives text in the place of bytes."""

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"].encode().decode("latin-1")
        return app({**environ, "PATH_INFO": path}, start_response)

    return call


def _check_redirect(request: httpx.Request, following: httpx.Request, call: Call) -> None:
    url = following.url
    same = (url.scheme, url.host, url.port) == (
        request.url.scheme,
        request.url.host,
        request.url.port,
    )
    if same and request.method == following.method:
        return
    where = f"{url.scheme}://{url.netloc.decode('ascii', 'replace').rpartition('@')[2]}"
    raise APIError(
        f"{call.route.path} is redirected to {where}, which was not followed",
        endpoint=call.route.path,
        hint="credentials stay with the host they are meant for: check region and base_url",
    )
