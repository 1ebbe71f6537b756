"""What may help after a refusal: true of the endpoint that refused, and of who asked it."""

from __future__ import annotations

from mixpanel_data._internal.api_client.routes import HOSTS, family_of
from mixpanel_data._internal.config import Credentials

_NAMED = {
    "/api/query/funnels": "check the funnel's id",
    "/api/query/insights": "check the report's id",
}


def credentials(who: Credentials) -> str:
    """After a 401."""
    is_account = who.auth == "service_account"
    what = "username, secret and project id" if is_account else "the project's secret"
    return f"check {what}; {region(who)}"


def plan(path: str) -> str:
    """After a 402: plans without a Query API have raw export."""
    if family_of(path) in {"query", "app"}:
        return "the credentials are fine; raw export still works: mp fetch events"
    return "the credentials are fine; an owner of the project sees in Mixpanel what its plan allows"


def role(who: Credentials, path: str) -> str:
    """After a 403."""
    what = "write" if family_of(path) == "ingestion" else "read"
    return f"the account may lack a role in project {who.project_id} that may {what}; {region(who)}"


def nothing_there(who: Credentials, path: str) -> str:
    """After a 404."""
    if named := _NAMED.get(path.rstrip("/").replace("/api/2.0/", "/api/query/")):
        return f"{named}; {region(who)}"
    if family_of(path) == "app":
        return f"check the names in the path; {region(who)}"
    return f"check the path and project {who.project_id}; {region(who)}"


def region(who: Credentials) -> str:
    """Where this account asks, and where else the project may live."""
    if who.base_url:
        return f"asked at {who.base_url}"
    others = ", ".join(region for region in HOSTS if region != who.region)
    return f"this account asks region {who.region}; the project may live in {others}"


def server(who: Credentials) -> str:
    """After a 5xx, or a 408."""
    side = f"on the side of {who.base_url}" if who.base_url else "on Mixpanel's side"
    return f"the trouble is {side}: try again later"
