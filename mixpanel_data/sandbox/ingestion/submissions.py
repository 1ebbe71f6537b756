"""The body of a request, and the sender that it comes from."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from werkzeug import Request
from werkzeug.exceptions import RequestEntityTooLarge

from mixpanel_data._internal.lines import whole_characters
from mixpanel_data.sandbox.ingestion import rules
from mixpanel_data.sandbox.ingestion.answers import Skipped
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import RefusalError, bad_request
from mixpanel_data.sandbox.tables import Event

# -- The body of an ingestion request, in every form that is sent: records and switches -----------

MAX_RECORDS = 2000
MAX_BYTES = 10 * 1024 * 1024
"""The most that a body may be, uncompressed."""

_MAX_FORM = 3 * MAX_BYTES  # percent-encoding triples what it encodes
_GZIP = 31  # zlib's wbits for a gzip header


@dataclass(frozen=True)
class Submission:
    """`text` is JSON, or should be; `params` are of the URL and of the form, if it is one.

    `address` is the client's, where a user without an id shall be known by it.
    """

    text: str
    params: Params
    address: str | None

    @classmethod
    def of(cls, request: Request, *, gzip: bool = False) -> Submission:
        """Read a request whose body may be gzipped or not."""
        body = _body(request, gzip=gzip)
        is_form = body.lstrip()[:1] not in {"[", "{"}
        form = dict(parse_qsl(body)) if is_form else {}
        params = Params({**request.args, **form})
        text = params.text("data") or "" if is_form else body
        if len(text.encode()) > MAX_BYTES:
            raise _too_large()
        by_address = params.flag("ip", default=False)
        return cls(text, params, request.remote_addr if by_address else None)

    def records(self, *, repaired: bool = True) -> list[Any]:
        """What was sent, in order; a refusal if it can't be read.

        Mended, halves of characters are U+FFFD.
        """
        text = _unwrapped(self.text)
        records = _records(whole_characters(text.encode()).decode() if repaired else text)
        if len(records) > MAX_RECORDS:
            raise RefusalError(413, f"request exceeds max limit of {MAX_RECORDS} records")
        return records


def _body(request: Request, *, gzip: bool) -> str:
    request.max_content_length = _MAX_FORM
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        raise _too_large() from None
    match request.headers.get("Content-Encoding", "identity"):
        case "identity":
            pass
        case "gzip" if gzip:
            body = _unpacked(body)
        case encoding:
            raise bad_request(f"a body with Content-Encoding {encoding} can not be read here")
    return body.decode(errors="replace")


def _unpacked(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP)
    try:
        text = unpacker.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise bad_request(f"the body is not gzip: {error}") from None
    if len(text) > MAX_BYTES:
        raise _too_large()
    if not unpacker.eof:
        raise bad_request("the body is not gzip: it ends early")
    return text


def _too_large() -> RefusalError:
    return RefusalError(413, f"request exceeds max limit of {MAX_BYTES} bytes")


def _unwrapped(data: str) -> str:
    """`data` as it is, or out of the base64 that older SDKs send."""
    text = data.strip()
    if not text:
        raise bad_request("data, missing or empty")
    if text[0] in "[{":
        return text
    try:
        plain = text.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise bad_request("data is neither JSON nor base64 of JSON") from None


def _records(text: str) -> list[Any]:
    """A JSON array, one object, or a JSON value a line."""
    try:
        value = _parsed(text)
    except ValueError as error:
        try:
            return [_parsed(line) for line in text.split("\n") if line.strip()]
        except ValueError:
            raise bad_request(f"the body is not JSON: {error}") from None
    return value if isinstance(value, list) else [value]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_finite, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a number in JSON")
    return number


# -- An event as it was sent → a row, by the rules of the endpoint that it came to ----------------

TRACK_DAYS = 5
"""/track ignores what is older."""

MAX_TEXT = 255
"""Texts are cut after so many bytes."""

_DAY_MS = 86_400_000
_NOT_STORED = frozenset(["time", "token", "ip", "$ignore"])


@dataclass(frozen=True)
class Source:
    """Where events come from. /import knows its project; a `token` must be in other events.

    `address` is the client's, if it stands for a missing distinct_id. `dropped` are the
    properties of events that the Lexicon does not let in; None is the whole event.
    """

    now_ms: int
    token: str | None
    address: str | None
    dropped: Mapping[str, frozenset[str] | None]

    def event(self, record: Any) -> Event | Skipped:
        """What is stored of an event that may be anything."""
        if not isinstance(record, dict):
            return Skipped.refused(("", "an event must be an object"))
        name, properties = record.get("event"), record.get("properties")
        if name in (None, "") or not isinstance(properties, dict):
            return Skipped.refused(("event", "an event must have a name and properties"))
        name = _text(name)
        if skipped := self._unwanted(name, properties):
            return skipped
        time_ms = self._time(properties)
        if time_ms is None:
            return Skipped.refused(("properties.time", "'properties.time' is not a time"))
        if self.token is not None and time_ms < self.now_ms - TRACK_DAYS * _DAY_MS:
            return Skipped(f"it is older than {TRACK_DAYS} days: send it to /import")
        left_out = _NOT_STORED | (self.dropped.get(name) or frozenset())
        kept = {key: _cut(value) for key, value in properties.items() if key not in left_out}
        distinct_id = self._distinct_id(properties, kept)
        size = len(json.dumps(record, ensure_ascii=False).encode(errors="replace"))
        rest = json.dumps({**kept, **self._added(size)}, ensure_ascii=False, separators=(",", ":"))
        return Event(name, time_ms, distinct_id, rest[1:])

    def _unwanted(self, name: str, properties: dict[str, Any]) -> Skipped | None:
        if self.token is not None:
            sent = properties.get("token")
            if not sent:
                return Skipped.refused(("properties.token", "token, missing or empty"))
            if sent != self.token:
                return Skipped(f"the token {sent!r} is not that of the project")
        if name in self.dropped and self.dropped[name] is None:
            return Skipped("the Lexicon says that the event is dropped")
        return Skipped("it says $ignore") if properties.get("$ignore") is True else None

    def _time(self, properties: dict[str, Any]) -> int | None:
        """When it happened; what has no time, or one to come, happens now."""
        sent = properties.get("time")
        if sent is None:
            return self.now_ms
        if isinstance(sent, str):
            try:
                sent = float(sent)
            except ValueError:
                return None
        time_ms = rules.milliseconds(sent)
        return None if time_ms is None else min(time_ms, self.now_ms)

    def _distinct_id(self, properties: dict[str, Any], kept: dict[str, Any]) -> str:
        sent = properties.get("distinct_id")
        if sent is not None:
            return _text(sent)
        address = properties.get("ip") or self.address
        if not address:
            return ""
        digest = hashlib.md5(str(address).encode(), usedforsecurity=False).hexdigest()
        kept["distinct_id"] = digest
        return digest

    def _added(self, size: int) -> dict[str, Any]:
        added = {
            "$mp_api_endpoint": "api.mixpanel.com",
            "$mp_api_timestamp_ms": self.now_ms,
            "mp_processing_time_ms": self.now_ms,
            "$mp_event_size": size,
        }
        return added if self.token is not None else {"$import": True, **added}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(value: Any) -> Any:
    if not isinstance(value, str) or len(value.encode()) <= MAX_TEXT:
        return value
    return value.encode()[:MAX_TEXT].decode(errors="ignore")
