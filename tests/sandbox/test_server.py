from __future__ import annotations

import base64
import gzip
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest
from werkzeug import Response

from mixpanel_data.exceptions import InvalidArgumentError, MixpanelDataError
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve
from tests.sandbox.conftest import DAYS
from tests.waiting import HANG


@pytest.fixture(scope="module")
def server(shop):
    with serve(shop) as server:
        yield server


def address(server, shop, path="/api/2.0/export", **params):
    query = {"project_id": str(shop.project.id)} | DAYS | params
    return f"{server.url}{path}?" + "&".join(f"{k}={v}" for k, v in query.items())


def account(shop):
    credentials = shop.credentials()
    return credentials.username, credentials.secret.get_secret_value()


def test_plain_urllib_gets_an_export(server, shop):
    user, secret = account(shop)
    token = base64.b64encode(f"{user}:{secret}".encode()).decode()
    request = urllib.request.Request(
        address(server, shop),
        headers={"Authorization": f"Basic {token}", "Accept-Encoding": "gzip"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.headers["X-Mixpanel-Source"] == "sandbox"
        lines = gzip.decompress(answer.read()).split(b"\n")
    assert len(lines) > 2500
    assert json.loads(lines[0])["event"]


def test_plain_urllib_is_refused_with_a_json_body(server, shop):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(address(server, shop))
    with caught.value as answer:
        assert answer.code == 401
        assert json.loads(answer.read())["status"] == "error"


def ask_as(server, host):
    """The status and body of a request with this Host, or without one."""
    address, port = server.url.removeprefix("http://").rsplit(":", 1)
    version, line = ("1.0", "") if host is None else ("1.1", f"Host: {host}\r\n")
    with socket.create_connection((address.strip("[]"), int(port))) as connection:
        request = f"GET /nothing HTTP/{version}\r\n{line}Connection: close\r\n\r\n"
        connection.sendall(request.encode("latin-1"))
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


@pytest.mark.parametrize(
    "host",
    [
        "example.com", "example.com:8000", "127.0.0.1.example.com", "localhost.example.com:80",
        "192.168.0.1", "0.0.0.0", "[2001:db8::1]:80", "[::1", "", " ", "localhost@example.com",
        "127.0.0.1, example.com", "caf\xe9", "169.254.169.254", "2130706433",
    ],
)  # fmt: skip
def test_a_name_that_is_not_this_machine_is_not_answered(server, host):
    """DNS rebinding: a page's own name may lead here, but it stays in the request."""
    status, body = ask_as(server, host)
    assert status in {400, 421}  # 400 is the server's own, to what is no Host at all
    if status == 421:
        said = json.loads(body)["error"]
        assert said.startswith("the sandbox answers to loopback addresses, not to Host: ")


@pytest.mark.parametrize(
    "host", [None, "127.0.0.1", "localhost", "LOCALHOST:1", "127.0.0.7:99", "[::1]", "[::1]:8000"]
)
def test_every_name_of_this_machine_is_answered(server, host):
    assert ask_as(server, host)[0] == 404


def test_plain_requests_authenticates_in_every_form(server, shop):
    requests = pytest.importorskip("requests")
    secret = shop.project.project_secret.get_secret_value()
    where = server.url + "/api/query/cohorts/list"
    project = {"project_id": shop.project.id}
    assert len(requests.post(where, data=project, auth=account(shop)).json()) == 3
    assert len(requests.post(where, auth=(secret, "")).json()) == 3
    assert requests.post(where, auth=account(shop)).status_code == 401
    engage = requests.post(
        server.url + "/api/query/engage",
        params=project,
        json={"page_size": 100},
        auth=account(shop),
    )
    assert len(engage.json()["results"]) == 100


@pytest.mark.parametrize("path", ["/api/2.0/export", "/api/query/engage"])
def test_a_cut_really_cuts_the_connection(server, shop, path, capfd):
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    token = base64.b64encode(":".join(account(shop)).encode()).decode()
    where = address(server, shop, path).removeprefix(server.url)
    headers = {"Authorization": f"Basic {token}", "X-Sandbox-Fault": "cut; after=1000"}
    connection.request("GET", where, headers=headers)
    answer = connection.getresponse()
    assert answer.status == 200
    with pytest.raises(http.client.IncompleteRead) as caught:
        answer.read()
    assert len(caught.value.partial) == 1000
    connection.close()
    assert capfd.readouterr().err == ""


def test_many_are_served_at_once():
    everyone = threading.Barrier(100, timeout=HANG)

    def app(environ, start_response):
        everyone.wait()  # no answer before the hundredth question
        return Response("here")(environ, start_response)

    answers = []
    with serve(app) as server:

        def ask():
            with urllib.request.urlopen(server.url) as answer:
                answers.append(answer.read())

        threads = [threading.Thread(target=ask) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [b"here"] * 100


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.com", ""])
def test_only_loopback_addresses_are_served(shop, host):
    with pytest.raises(InvalidArgumentError, match="not a loopback address"):
        serve(shop, host)


def test_a_port_in_use_is_one_clear_error(server, shop):
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(MixpanelDataError, match=f"can't serve on 127.0.0.1:{port}") as caught:
        serve(shop, port=port)
    assert "another port" in caught.value.hint


def test_closing_twice_is_fine_and_frees_the_port(shop):
    server = serve(shop)
    server.close()
    server.close()
    with serve(shop, port=int(server.url.rpartition(":")[2])) as again:
        assert again.url == server.url


SCRIPT = """
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve

with serve(Sandbox(events=300, profiles=60)) as server:
    try:
        print(server.url, flush=True)  # from here on the signal may come
        server.wait()
    except KeyboardInterrupt:
        print("bye", flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_server_without_a_word():
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    url = process.stdout.readline().strip()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url + "/api/query/events/names")
    caught.value.close()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out, err) == (0, "bye\n", "")


FORGETFUL = """
import urllib.request
from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.server import serve

app = Sandbox(events=300, profiles=60)
who = app.credentials()
server = serve(app)
path = f"{server.url}/api/2.0/export?project_id={who.project_id}&from_date=2026-01-01&to_date=2026-03-01"
header = {"Authorization": f"Basic {who.username}:{who.secret.get_secret_value()}"}
with urllib.request.urlopen(urllib.request.Request(path, headers=header)) as answer:
    print(answer.status)
"""


def test_a_server_that_nobody_closes_does_not_outlive_its_process():
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORGETFUL],
        capture_output=True,
        text=True,
        timeout=HANG,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "200\n", "")


def test_threads_ask_one_dataset_at_once():
    sandbox = Sandbox(events=2000, profiles=100, limits=None)
    with serve(sandbox) as server:
        bodies = []
        token = base64.b64encode(":".join(account(sandbox)).encode()).decode()

        def ask():
            request = urllib.request.Request(
                address(server, sandbox), headers={"Authorization": f"Basic {token}"}
            )
            with urllib.request.urlopen(request) as answer:
                bodies.append(answer.read())

        threads = [threading.Thread(target=ask) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    sandbox.close()
    assert len(bodies) == 12
    assert len(set(bodies)) == 1
