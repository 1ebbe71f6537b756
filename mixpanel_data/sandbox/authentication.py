"""Who asks: service accounts and the project secret, in every spelling the field sends."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import date

from mixpanel_data._internal.config import SecretStr
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import Project
from mixpanel_data.sandbox.refusals import Family, RefusalError

_REFUSED = "Unauthorized, invalid credentials"
_REFUSED_BY_APP = "Invalid service account credentials"


def authenticate(
    header: str | None, *, params: Params, project: Project, today: date, family: Family
) -> None:
    """Raise unless the Authorization header opens this project.

    The App API knows service accounts alone and takes the project from the path; the others want
    `project_id` with a service account, and refuse it with the project secret (contract, 1.1).
    """
    user, secret = _basic(header)
    asked = params.text("project_id")
    if _is_account(user, secret, project, today):
        if family == "app":
            return
        if asked is None:
            raise RefusalError(401, _REFUSED)
        if asked != str(project.id):
            raise RefusalError(403, "You do not have permission to access this project")
    elif family != "app" and not secret and _same(user, project.project_secret):
        if asked is not None:
            raise RefusalError(400, "project_id can not be combined with a project secret")
    else:
        raise RefusalError(401, _REFUSED_BY_APP if family == "app" else _REFUSED)


def _is_account(user: str, secret: str, project: Project, today: date) -> bool:
    return any(
        user == account.username
        and _same(secret, account.secret)
        and (account.expires is None or account.expires >= today)
        for account in project.service_accounts
    )


def _same(text: str, secret: SecretStr) -> bool:
    return hmac.compare_digest(text.encode(), secret.get_secret_value().encode())


def _basic(header: str | None) -> tuple[str, str]:
    """User and secret from `b64(user:secret)`, `b64(secret:)`, `b64(secret)` or `user:secret`."""
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    if ":" not in text:
        try:
            text = base64.b64decode(text, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
    user, _, secret = text.partition(":")
    return user, secret
