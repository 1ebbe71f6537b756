"""The one place where the secret is read: the header made of it, and texts kept free of it."""

from __future__ import annotations

from base64 import b64encode

from mixpanel_data._internal.config import Credentials, SecretStr


def authorization(credentials: Credentials) -> SecretStr:
    """The Authorization header; a project secret goes as a user name without a password."""
    return SecretStr(f"Basic {_pair(credentials)}")


def covered(text: str, credentials: Credentials) -> str:
    """Text without the secret, plain or encoded, should a server echo it."""
    for secret in (_pair(credentials), credentials.secret.get_secret_value()):
        if secret:
            text = text.replace(secret, "***")
    return text


def _pair(credentials: Credentials) -> str:
    first = f"{credentials.username}:{credentials.secret.get_secret_value()}"
    if credentials.auth == "project_secret":
        first = f"{credentials.secret.get_secret_value()}:"
    return b64encode(first.encode()).decode()
