"""The sandbox on a loopback address, for other processes: `mp sandbox`."""

from __future__ import annotations

import atexit
import json
import logging
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from traceback import format_exc
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote_to_bytes, urlsplit

from mixpanel_data._internal.utils import is_loopback
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError, MissingExtraError, MixpanelDataError
from mixpanel_data.text import printable

try:
    from cheroot.wsgi import Server as CherootServer
except ModuleNotFoundError as missing:
    raise MissingExtraError("sandbox", "the sandbox's server") from missing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    Application = Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]

_THREADS = 110  # Mixpanel takes 100 exports at once; idle threads cost little


class _Listener(CherootServer):
    expiration_interval = 0.1  # how soon it notices that it shall stop

    def error_log(self, msg: str = "", level: int = logging.INFO, traceback: bool = False) -> None:
        """Print real errors only: clients that leave, and cuts on request, are none."""
        if level >= logging.ERROR:
            sys.stderr.write(f"{msg}\n{format_exc() if traceback else ''}")

    @staticmethod
    def bind_socket(socket_: socket.socket, bind_addr: tuple[str, int]) -> socket.socket:
        """As cheroot's (11.1), which leaves the socket open when the port is taken."""
        try:
            socket_.bind(bind_addr)
        except OSError:
            socket_.close()
            raise
        return socket_


class Server:
    """A running server; leaving its `with` block ends it."""

    def __init__(self, server: _Listener, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread
        host, port = server.bind_addr[:2]
        atexit.register(self.close)  # a thread that holds DuckDB's objects must end before Python
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    @property
    def sdk_urls(self) -> dict[str, str]:
        """Where the official Python SDK shall send: `Consumer(**server.sdk_urls)`."""
        paths = {"events": "track", "people": "engage", "groups": "groups", "import": "import"}
        return {f"{name}_url": f"{self.url}/{path}" for name, path in paths.items()}

    def wait(self) -> None:
        """Serve until Ctrl-C."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        """Stop listening and end what runs; closing twice is fine."""
        atexit.unregister(self.close)
        self._server.stop()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@checked_keywords()
def serve(
    app: Application,
    host: str = "127.0.0.1",
    port: int = 0,
) -> Server:
    """Serve a WSGI application on a loopback address; port 0 takes a free one."""
    if not is_loopback(host):
        raise InvalidArgumentError(
            f"{host!r} is not a loopback address: the sandbox stays on this machine",
            hint="use 127.0.0.1, ::1 or localhost",
        )
    server = _Listener(
        (host, port),
        _for_this_machine(_unquoted(app)),
        numthreads=_THREADS,
        request_queue_size=128,
        shutdown_timeout=1,
    )
    # The workers inherit being daemons: a server that nobody closes must not keep Python alive.
    ready: Future[None] = Future()
    thread = threading.Thread(target=_run, args=(server, ready), name="sandbox", daemon=True)
    thread.start()
    try:
        ready.result()
    except OSError as error:
        raise MixpanelDataError(
            f"can't serve on {host}:{port}: {error.strerror or error}",
            hint="choose another port; 0 takes a free one",
        ) from error
    return Server(server, thread)


def _unquoted(app: Application) -> Application:
    """The app, with paths decoded as a whole: cheroot (11.1) leaves `%2F` in them."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = unquote_to_bytes(urlsplit(environ["REQUEST_URI"]).path).decode("latin-1")
        return app({**environ, "PATH_INFO": path}, start_response)

    return call


def _for_this_machine(app: Application) -> Application:
    """The app, for who asks it by a loopback address.

    The page of another site may let its own name lead here (DNS rebinding); a browser would then
    give it what we answer, but it says that name as Host.
    """

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "localhost")  # HTTP/1.0 has none, browsers always do
        if is_loopback(_name_in(host)):
            return app(environ, start_response)
        said = f"the sandbox answers to loopback addresses, not to Host: {printable(host)}"
        start_response("421 Misdirected Request", [("Content-Type", "application/json")])
        return [json.dumps({"status": "error", "error": said}).encode()]

    return call


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _run(server: _Listener, ready: Future[None]) -> None:
    try:
        server.prepare()
    except OSError as error:
        ready.set_exception(error)
    else:
        ready.set_result(None)
        server.serve()
