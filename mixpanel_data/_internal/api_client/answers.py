"""What Mixpanel's answers mean: error bodies to text, statuses to exceptions."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from mixpanel_data._internal.api_client import advice
from mixpanel_data._internal.api_client.limits import come_again
from mixpanel_data._internal.api_client.retiring import instead, is_retired
from mixpanel_data._internal.api_client.secrecy import covered
from mixpanel_data._internal.config import Credentials
from mixpanel_data.exceptions import (
    APIError,
    AuthenticationError,
    DateRangeError,
    EndpointRetiredError,
    MixpanelDataError,
    PermissionDeniedError,
    PlanError,
    RateLimitError,
    ResourceNotFoundError,
)

MESSAGE_LENGTH = 300
_REFUSED = re.compile(r"\bauthenticate\b", re.IGNORECASE)
RETRIED = frozenset({408, 429, 500, 502, 503, 504, *range(520, 525)})
"""What passes by itself; 520 to 524 say that a proxy before the server could not reach it."""


@dataclass(frozen=True)
class Asked:
    """What a message needs to know of the question: no secret in it, save to cover it up."""

    credentials: Credentials
    path: str
    to_date: str | None = None


@dataclass(frozen=True)
class Failure:
    """An answer, or the lack of one: the error, and whether asking again may help."""

    error: MixpanelDataError
    retry: bool
    after: float | None = None


def failure(
    status: int, headers: Mapping[str, str], body: bytes, asked: Asked, now: datetime
) -> Failure:
    """Judge an answer that is not what was asked for: no 2xx, or of an export no 200."""
    text = quoted(error_text(body), asked.credentials)
    after = retry_after(headers, now)
    error = _error(status, headers, text, asked, after, now)
    retry = (
        status < 300 or status in RETRIED or (status == 400 and text.lower().startswith("timeout"))
    )
    return Failure(error, retry=retry, after=after)


def parse(body: bytes, asked: Asked) -> Any:
    """The JSON of a 200; integers of any size stay exact."""
    if not body.strip():
        raise APIError(
            f"Mixpanel answered nothing to {asked.path}", status=200, endpoint=asked.path
        )
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise APIError(
            f"Mixpanel's answer to {asked.path} is no JSON:"
            f" {quoted(error_text(body), asked.credentials)}",
            status=200,
            endpoint=asked.path,
            hint="a proxy or a login page may have answered instead",
        ) from error
    found = value.get("error") if isinstance(value, dict) else None
    if _is_error(found):
        raise error_in_200(found, asked)
    return value


def error_in_200(found: Any, asked: Asked) -> MixpanelDataError:
    """The exception for an `error` inside a 200."""
    text = quoted(one_line(as_text(found)), asked.credentials)
    if _REFUSED.search(text):
        return AuthenticationError(
            f"Mixpanel refused the credentials: {text}", hint=advice.credentials(asked.credentials)
        )
    return APIError(
        f"Mixpanel answered {asked.path} with an error: {text}", status=200, endpoint=asked.path
    )


def _is_error(found: Any) -> bool:
    # properties/top is keyed by property name: one named "error" holds {"count": 12} or {}.
    return bool(found) and not (isinstance(found, dict) and set(found) <= {"count"})


def error_text(body: bytes) -> str:
    """The message inside an error body of any shape, on one line."""
    text = body.decode("utf-8", "replace").strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        for name in ("error", "message", "status"):
            if said := one_line(as_text(value.get(name) or "")):
                return said
    if is_html(text):
        text = _shown(text)
    return one_line(text) or "an empty body"


def is_html(text: str) -> bool:
    """Whether a text begins as a page of HTML does."""
    start = text[:1000].lstrip()
    tags = r"<(!doctype|html|head|body)\b"
    return start.startswith("<") and re.search(tags, start, re.IGNORECASE) is not None


def _shown(page: str) -> str:
    """What a page of HTML shows, or else its title: the rest of it may be a script."""
    tags = r"<!--.*?-->|<[^>]*>"
    body = re.sub(rf"(?is)<(script|style|head)\b.*?</\1\s*>|{tags}", " ", page)
    title = re.search(r"(?is)<title\b[^>]*>(.*?)</title", page)
    return html.unescape(body if body.strip() or not title else title[1])


def error_at_the_end(end: bytes) -> bytes | None:
    """The error object, of one line or several, that ends an export; `end` is the end of its body."""
    at = len(end)
    while (at := end.rfind(b"{", 0, at)) >= 0:
        if at and end[at - 1] != ord("\n"):
            continue
        try:
            value = json.loads(end[at:])
        except (ValueError, RecursionError):
            continue
        return end[at:] if isinstance(value, dict) and value.get("error") else None
    return None


def as_text(value: Any) -> str:
    """Text as it is, anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def one_line(text: str) -> str:
    """A printable line; a JQL stack trace is of no use to its author."""
    text = " ".join(text.partition("Stack trace:")[0].split())
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text
    )


def quoted(line: str, credentials: Credentials, length: int = MESSAGE_LENGTH) -> str:
    """A line from a server as messages show it: without the secret, and bounded."""
    line = covered(line, credentials)
    return line if len(line) <= length else line[: length - 1] + "…"


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait by Retry-After, a number or a date; else by an exhausted RateLimit window."""
    given = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", given):
        return float(given)
    try:
        then = parsedate_to_datetime(given)
    except (TypeError, ValueError):
        windows = rate_limits(headers).values()
        waits = [t for w in windows if w.get("r") == 0 and isinstance(t := w.get("t"), int)]
        return float(max(waits)) if waits else None
    if then.tzinfo is None:
        then = then.replace(tzinfo=UTC)
    return max(0.0, (then - now).total_seconds())


def rate_limits(headers: Mapping[str, str]) -> dict[str, dict[str, int | str]]:
    """The RateLimit header by policy.

    >>> rate_limits({"ratelimit": '"project";r=0;t=3600, "project-concurrency";r=3'})
    {'project': {'r': 0, 't': 3600}, 'project-concurrency': {'r': 3}}
    """
    return _policies(headers.get("ratelimit", ""))


def rate_policies(headers: Mapping[str, str]) -> dict[str, dict[str, int | str]]:
    """The RateLimit-Policy header by policy: `q` calls in a window of `w` seconds."""
    return _policies(headers.get("ratelimit-policy", ""))


def _policies(text: str) -> dict[str, dict[str, int | str]]:
    found: dict[str, dict[str, int | str]] = {}
    for item in text.split(","):
        name, *fields = (part.strip() for part in item.split(";"))
        if name:
            pairs = (field.partition("=") for field in fields)
            found[name.strip('"')] = {
                key: int(value) if value.isdecimal() else value.strip('"')
                for key, _, value in pairs
            }
    return found


def _error(
    status: int,
    headers: Mapping[str, str],
    text: str,
    asked: Asked,
    after: float | None,
    now: datetime,
) -> MixpanelDataError:
    said = f"Mixpanel answered {status} to {asked.path}: {text}"
    if status == 401 or (status == 400 and _REFUSED.search(text)):
        return AuthenticationError(
            f"Mixpanel refused the credentials ({status}): {text}",
            hint=advice.credentials(asked.credentials),
        )
    if status == 429:
        return RateLimitError(
            said,
            retry_after=after,
            limits=rate_limits(headers),
            endpoint=asked.path,
            hint="come again in a few minutes" if after is None else come_again(after, now),
        )
    if status == 402:
        return PlanError(
            said,
            status=status,
            endpoint=asked.path,
            hint=advice.plan(asked.path),
        )
    history = re.search(r"exceeds\s+(\d+)\s+days", text)
    if status == 403 and history:
        days = int(history[1])
        first = now.date() - timedelta(days=min(days, 36500))
        narrow = DateRangeError(
            said,
            status=status,
            endpoint=asked.path,
            hint=f"the plan keeps {days} days: start at {first}",
        )
        narrow.max_days = days
        return narrow
    if status < 300:
        said = f"Mixpanel answered {status} to {asked.path}, which is no whole export"
    kind, hint = _kind(status, text, asked)
    if kind is EndpointRetiredError:
        gone = f"Mixpanel has retired {asked.path}, or closed it to this project"
        said = f"{gone} ({status}: {text})"
    return kind(said, status=status, endpoint=asked.path, hint=hint)


def _kind(status: int, text: str, asked: Asked) -> tuple[type[APIError], str | None]:
    who = asked.credentials
    if is_retired(status, asked.path):
        return EndpointRetiredError, instead(asked.path) or advice.region(who)
    if status == 404:
        return ResourceNotFoundError, advice.nothing_there(who, asked.path)
    if status == 403:
        return PermissionDeniedError, advice.role(who, asked.path)
    if status == 400 and asked.to_date and "later than today" in text:
        return APIError, f"for this project it is not yet {asked.to_date}: end on an earlier day"
    return APIError, advice.server(who) if status >= 500 or status == 408 else None
