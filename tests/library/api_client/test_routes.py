"""Families, regions and base URLs."""

from __future__ import annotations

import socket
import threading

import pytest

from mixpanel_data._internal.api_client.routes import check_base_url
from mixpanel_data.exceptions import (
    APIError,
    ConfigError,
    ConnectionFailedError,
    InvalidArgumentError,
)
from tests.loopback import Reply, Server, reply_json

FAMILIES = {
    "/api/2.0/export": "export",
    "/api/query/events/names": "query",
    "events/names": "query",
    "/events/names": "query",
    "engage": "query",
    "/api/2.0/funnels/list/": "query",
    "/api/app/me": "app",
    "/import": "ingestion",
    "/track": "ingestion",
    "/engage": "ingestion",
    "/groups": "ingestion",
}
HOSTS = {
    "us": ("mixpanel.com", "data.mixpanel.com", "api.mixpanel.com"),
    "eu": ("eu.mixpanel.com", "data-eu.mixpanel.com", "api-eu.mixpanel.com"),
    "in": ("in.mixpanel.com", "data-in.mixpanel.com", "api-in.mixpanel.com"),
}


@pytest.mark.parametrize("region", HOSTS)
def test_case_01_the_region_picks_the_host_of_every_family(connect, region):
    asked = []

    def app(environ, start):
        asked.append((environ["wsgi.url_scheme"], environ["SERVER_NAME"]))
        start("200 OK", [])
        return [b"1"]

    client = connect(app=app, region=region)
    query, export, ingestion = HOSTS[region]
    host = {"query": query, "app": query, "export": export, "ingestion": ingestion}
    for endpoint, family in FAMILIES.items():
        client.get(endpoint)
        assert asked.pop() == ("https", host[family]), endpoint


def test_case_02_a_base_url_takes_every_family_with_its_own_path(connect):
    with Server(reply_json({})) as server:
        client = connect(server)
        for endpoint in FAMILIES:
            client.get(endpoint)
        assert [r.path for r in server.requests] == [
            path
            if path.startswith(("/api/", "/import", "/track", "/engage", "/groups"))
            else "/api/query/" + path.lstrip("/")
            for path in FAMILIES
        ]


@pytest.mark.parametrize(
    ("base_url", "fault"),
    [
        ("http://mixpanel.example.com", "plain http"),
        ("ftp://127.0.0.1", "not an http or https URL"),
        ("mixpanel.example.com", "not an http or https URL"),
        ("https://user:word@mixpanel.example.com", "credentials"),
        ("https://mixpanel.example.com/api", "origin"),
        ("http://127.0.0.1:port", "not a URL"),
        ("http://127.0.0.1.evil.example", "plain http"),
    ],
)
def test_a_base_url_that_would_give_the_secret_away_or_means_nothing_is_refused(base_url, fault):
    with pytest.raises(ConfigError, match=fault) as caught:
        check_base_url(base_url)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://[::1]:8000/", "http://127.9.9.9"])
def test_plain_http_is_fine_on_this_machine(url):
    assert check_base_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "endpoint", ["https://evil.example/x", "//evil.example/x", "events?a=1", "events#x"]
)
def test_an_endpoint_is_a_path_and_nothing_else(connect, endpoint):
    with pytest.raises(InvalidArgumentError, match="not a path"):
        connect().get(endpoint)


def test_an_unknown_region_is_a_configuration_error(connect):
    with pytest.raises(ConfigError, match="unknown region 'mars'"):
        connect(region="mars").get("events/names")


def test_a_redirect_on_the_same_origin_is_followed(connect):
    moved = Reply(307, headers={"Location": "/api/query/funnels/list/"})
    with Server(moved, reply_json([{"funnel_id": 7, "name": "F"}])) as server:
        assert connect(server).list_funnels()[0].name == "F"
        assert "authorization" in server.requests[1].headers


def test_case_06_a_redirect_to_another_origin_is_an_error_and_carries_no_credentials(connect):
    with Server(reply_json([])) as thief:
        away = Reply(302, headers={"Location": f"{thief.url}/api/query/funnels/list"})
        with Server(away) as server, pytest.raises(APIError, match="redirected") as caught:
            connect(server).list_funnels()
        assert thief.requests == []
        assert "base_url" in caught.value.hint


def test_a_redirect_that_would_lose_the_form_is_an_error(connect):
    with (
        Server(Reply(302, headers={"Location": "/elsewhere"})) as server,
        pytest.raises(APIError, match="not followed"),
    ):
        connect(server).post("engage", {"where": "x"})
    assert len(server.requests) == 1


def test_endless_redirects_end(connect):
    with (
        Server(Reply(307, headers={"Location": "/api/query/x"})) as server,
        pytest.raises(APIError, match="too many redirects"),
    ):
        connect(server).get("x")


def test_loopback_goes_past_a_proxy_of_the_environment(connect, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with Server(reply_json(["a"])) as server:
        assert connect(server).get_events() == ["a"]


def test_a_proxy_of_the_environment_is_asked_for_every_other_host(connect, monkeypatch):
    heads = []
    with socket.create_server(("127.0.0.1", 0)) as proxy:

        def refuse() -> None:
            connection, _ = proxy.accept()
            with connection:
                heads.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=refuse)
        thread.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        with pytest.raises(ConnectionFailedError, match=r"mixpanel\.com can't be reached"):
            connect(attempts=1).get("events/names")
        thread.join()
    assert heads[0].startswith(b"CONNECT mixpanel.com:443 ")
    assert b"uthorization: Basic" not in heads[0]


@pytest.mark.parametrize("proxy", ["gopher://x", "socks5://127.0.0.1:1"])
def test_a_proxy_that_can_not_be_used_is_a_configuration_error(connect, monkeypatch, proxy):
    monkeypatch.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError, match="proxy") as caught:
        connect().get("events/names")
    assert "ALL_PROXY" in caught.value.hint


def test_a_closed_client_stays_closed(connect):
    client = connect()
    client.close()
    with pytest.raises(RuntimeError, match="closed"):
        client.get("events/names")


@pytest.mark.parametrize("value", ["\ud800", ["a", "\udfff"], {"a": ["\udcff"]}])
def test_half_a_character_is_refused_by_its_parameter(connect, value):
    client = connect(app=lambda _environ, _start: pytest.fail("it was asked"))
    for ask in (client.get, client.post):
        with pytest.raises(InvalidArgumentError, match=r"^event is not UTF-8 text: '\\ud"):
            ask("events/properties", {"event": value})
