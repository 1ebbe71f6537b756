"""Testing an account: cheapest proof first, and what a refusal does not prove."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mixpanel_data._internal.api_client.responses import Me
from mixpanel_data._internal.api_client.routes import HOSTS
from mixpanel_data._internal.config import Credentials
from mixpanel_data.exceptions import (
    AuthenticationError,
    PermissionDeniedError,
    PlanError,
    ResourceNotFoundError,
)
from mixpanel_data.types import AccountTest

NO_QUERY_API = "credentials are fine, but the plan has no Query API; raw export still works"
SECRETS_END = "project secrets stop working on 3 March 2027: use a service account"


def check(
    credentials: Credentials, ask_me: Callable[[], Me], ask_names: Callable[[], Any]
) -> AccountTest:
    """Ask /me, then one query where /me is closed: an account may be good and still lack /me."""
    if credentials.auth == "project_secret":
        return _by_query(credentials, ask_names, SECRETS_END)
    try:
        me = ask_me()
    except (AuthenticationError, PermissionDeniedError, ResourceNotFoundError):
        return _by_query(credentials, ask_names, None)
    except PlanError:
        return _result(credentials, NO_QUERY_API)
    project = me.projects.get(credentials.project_id)
    note: str | None = None
    if project is None:
        if me.projects:
            note = f"the account is good, but does not list project {credentials.project_id}"
        return _result(credentials, note)
    lives_in = {hosts["query"]: region for region, hosts in HOSTS.items()}.get(project.domain or "")
    if lives_in not in {None, credentials.region} and credentials.base_url is None:
        note = f"the project lives in region {lives_in}, the account says {credentials.region}"
    return _result(credentials, note, name=project.name, timezone=project.timezone)


def _by_query(
    credentials: Credentials, ask_names: Callable[[], Any], note: str | None
) -> AccountTest:
    try:
        ask_names()
    except PlanError:
        return _result(credentials, "; ".join(filter(None, [NO_QUERY_API, note])))
    return _result(credentials, note)


def _result(
    credentials: Credentials,
    note: str | None,
    *,
    name: str | None = None,
    timezone: str | None = None,
) -> AccountTest:
    return AccountTest(
        account=credentials.account,
        project_id=credentials.project_id,
        region=credentials.region,
        project_name=name,
        timezone=timezone or credentials.timezone,
        note=note,
    )
