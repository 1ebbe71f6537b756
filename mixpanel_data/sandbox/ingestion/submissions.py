"""The body of an ingestion request, in every form that is sent: records and switches."""

from __future__ import annotations

import base64
import binascii
import json
import math
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from werkzeug import Request
from werkzeug.exceptions import RequestEntityTooLarge

from mixpanel_data._internal.lines import whole_characters
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.refusals import RefusalError, bad_request

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
