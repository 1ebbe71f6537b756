"""Who asks: service accounts and the project secret, in every spelling the field sends."""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import date

from werkzeug import Request

from mixpanel_data._internal.config import SecretStr
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.project import WRITERS, Project, Role, ServiceAccount
from mixpanel_data.sandbox.refusals import Family, RefusalError, forbidden

_REFUSED = "Unauthorized, invalid credentials"
_REFUSED_BY_APP = "Invalid service account credentials"
_REFUSED_BY_IMPORT = "Invalid credentials"


def authenticate(
    request: Request, *, params: Params, project: Project, today: date, family: Family
) -> Role | None:
    """The role of whom the Authorization header names; raises unless it opens this project.

    The App API knows service accounts alone and takes the project from the path; the others want
    `project_id` with a service account, and refuse it with the project secret (contract, 1.1).
    /track, /engage and /groups know nobody: their records carry the project's token.
    """
    user, secret = _basic(request.headers.get("Authorization"))
    account = _account(user, secret, project, today)
    has_secret = not secret and _same(user, project.project_secret)
    asked = params.text("project_id")
    match family:
        case "app":
            if account is None:
                raise RefusalError(401, _REFUSED_BY_APP)
        case "ingestion":
            by_token = not secret and user == project.token
            if request.path.strip("/") == "import" and not by_token and not has_secret:
                _admit_import(account, asked, project)
        case _ if account is not None:
            if asked is None:
                raise RefusalError(401, _REFUSED)
            if asked != str(project.id):
                raise forbidden()
        case _ if has_secret:
            if asked is not None:
                raise RefusalError(400, "project_id can not be combined with a project secret")
        case _:
            raise RefusalError(401, _REFUSED)
    return account.role if account else None


def _admit_import(account: ServiceAccount | None, asked: str | None, project: Project) -> None:
    """A service account that may write (contract, 15.1)."""
    if account is None or asked != str(project.id):
        raise RefusalError(401, _REFUSED_BY_IMPORT)
    if account.role not in WRITERS:
        raise RefusalError(403, f"a service account must be one of {', '.join(WRITERS)}")


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
