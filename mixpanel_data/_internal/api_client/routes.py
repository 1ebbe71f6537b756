"""Where an endpoint lives: API family, region, origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from mixpanel_data._internal.config import Credentials
from mixpanel_data._internal.utils import is_loopback
from mixpanel_data.exceptions import ConfigError, InvalidArgumentError

Family = Literal["query", "app", "export", "ingestion"]

HOSTS = {
    "us": {"query": "mixpanel.com", "export": "data.mixpanel.com", "ingestion": "api.mixpanel.com"},
    "eu": {
        "query": "eu.mixpanel.com",
        "export": "data-eu.mixpanel.com",
        "ingestion": "api-eu.mixpanel.com",
    },
    "in": {
        "query": "in.mixpanel.com",
        "export": "data-in.mixpanel.com",
        "ingestion": "api-in.mixpanel.com",
    },
}
INGESTION_ROOTS = ("import", "track", "engage", "groups")


@dataclass(frozen=True)
class Route:
    """One endpoint of one family; `path` is absolute, `origin` has no slash at its end."""

    family: Family
    origin: str
    path: str

    @property
    def url(self) -> str:
        """The address to ask, without parameters."""
        return self.origin + self.path


def route(credentials: Credentials, endpoint: str) -> Route:
    """Find the origin of an absolute path, or of one relative to `/api/query/`."""
    if "://" in endpoint or endpoint.startswith("//") or set("?#") & set(endpoint):
        raise InvalidArgumentError(
            f"endpoint {endpoint!r} is not a path",
            hint='give a path such as "events/names", and parameters apart',
        )
    family = family_of(endpoint)
    if family == "query" and not endpoint.startswith("/api/"):
        endpoint = "/api/query/" + endpoint.lstrip("/")
    return Route(family, _origin(credentials, family), endpoint)


def family_of(endpoint: str) -> Family:
    """The family of an absolute path; any other path is one of the Query API."""
    if endpoint.rstrip("/") == "/api/2.0/export":
        return "export"
    if endpoint.startswith("/api/app/"):
        return "app"
    if endpoint.startswith("/") and endpoint[1:].partition("/")[0] in INGESTION_ROOTS:
        return "ingestion"
    return "query"


def _origin(credentials: Credentials, family: Family) -> str:
    if credentials.base_url is not None:
        return check_base_url(credentials.base_url)
    hosts = HOSTS.get(credentials.region)
    if hosts is None:
        raise ConfigError(
            f"unknown region {credentials.region!r}", hint=f"one of {', '.join(HOSTS)}"
        )
    return "https://" + hosts["query" if family == "app" else family]


def check_base_url(base_url: str) -> str:
    """The origin in a base URL; plain http leaves the secret readable, so only for loopback."""
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError as error:
        raise ConfigError(f"base_url is not a URL: {error}") from None
    fault = _fault(parts)
    if fault:
        raise ConfigError(f"base_url {fault}", hint='such as "https://mixpanel.example.com"')
    return f"{parts.scheme}://{parts.netloc}"


def _fault(parts: SplitResult) -> str | None:
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "is not an http or https URL"
    if parts.username or parts.password:
        return "must not carry credentials"
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        return "is an origin: scheme, host and port, without a path"
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        return "must be https: plain http is for this machine only"
    return None
