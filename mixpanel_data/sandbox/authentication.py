"""Who asks: service accounts and the project secret, in every spelling the field sends."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import date

from werkzeug import Request

from mixpanel_data._internal.config import SecretStr
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import Project, ServiceAccount
from mixpanel_data.sandbox.refusals import Family, RefusalError

_REFUSED = "Unauthorized, invalid credentials"
_REFUSED_BY_APP = "Invalid service account credentials"


_REFUSED_BY_IMPORT = "Invalid credentials"
_WRITERS = ("admin", "owner")


def authenticate(
    request: Request, *, params: Params, project: Project, today: date, family: Family
) -> None:
    """Raise unless the Authorization header opens this project.

    The App API knows service accounts alone and takes the project from the path; the others want
    `project_id` with a service account, and refuse it with the project secret (contract, 1.1).
    /track, /engage and /groups know nobody: their records carry the project's token.
    """
    who = _basic(request.headers.get("Authorization"))
    if family == "ingestion":
        if request.path.strip("/") == "import" and request.method != "OPTIONS":
            _admit_import(who, params, project, today)
        return
    _admit(who, params, project, today, family)


def _admit_import(who: tuple[str, str], params: Params, project: Project, today: date) -> None:
    """The project's token or secret, or a service account that may write (contract, 15.1)."""
    user, secret = who
    if not secret and (user == project.token or _same(user, project.project_secret)):
        return
    account = _account(user, secret, project, today)
    if account is None or params.text("project_id") != str(project.id):
        raise RefusalError(401, _REFUSED_BY_IMPORT)
    if account.role not in _WRITERS:
        raise RefusalError(403, f"a service account needs to be one of {', '.join(_WRITERS)}")


def _admit(
    who: tuple[str, str], params: Params, project: Project, today: date, family: Family
) -> None:
    user, secret = who
    asked = params.text("project_id")
    if _account(user, secret, project, today):
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


def _account(user: str, secret: str, project: Project, today: date) -> ServiceAccount | None:
    for account in project.service_accounts:
        valid = account.expires is None or account.expires >= today
        if valid and user == account.username and _same(secret, account.secret):
            return account
    return None


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
