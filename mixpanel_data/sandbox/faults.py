"""Failures on request: what a client must survive, from a 429 to half a gzip stream."""

from __future__ import annotations

import errno
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, get_args

from werkzeug import Response

from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.sandbox.params import Params
from mixpanel_data.sandbox.quotas import Quotas, export_refusal
from mixpanel_data.sandbox.refusals import Family, RefusalError, json_response, plan_refusal

Kind = Literal[
    "rate-limit",  # 429; `retry_after` is seconds, an HTTP date, or None for none
    "status",  # `status` with `message`
    "retired",  # 410, or `status`: the endpoint is gone
    "deprecated",  # a good answer that says that its endpoint will go, with `message` as Sunset
    "plan",  # 402
    "history",  # 403 beyond `days`
    "error-200",  # 200 with an error in it
    "empty",  # 200 with no body
    "terminated",  # a last line that is no JSON, after `after` lines
    "split",  # line `after` + 1 cut in two
    "separators",  # one more event, whose values hold U+2028 and its like
    "first-page",  # page 0 of the profiles, whichever was asked for
    "short-page",  # a page that lacks its last profile
    "no-page-size",  # a page that does not say how many profiles a page has
    "truncated-gzip",  # a gzip stream without its end
    "stall",  # a pause of `seconds` after `after` bytes
    "cut",  # the connection breaks after `after` bytes
]
ANSWERS = frozenset({"rate-limit", "status", "retired", "plan", "history", "error-200"})
"""The kinds that are answers of their own; the others spoil a good one."""

LASTING = frozenset({"retired", "deprecated"})
"""The kinds that have no end, unless told otherwise."""

UNSAID = 0
"""A number that the kind of a fault decides."""

INGESTION_REFUSAL = (
    "Project exceeded rate limits. Please retry the request with exponential backoff."
)
SEPARATORS = (
    '{"event":"Search","properties":{"time":1767225600000,"distinct_id":"user-00001",'
    '"query":"a\u2028b\u2029c\u0085d\\u001ce\\nf"}}\n'
).encode()


@checked_keywords()
@dataclass(frozen=True, kw_only=True)
class Fault:
    """One failure, for requests whose path contains `path` and whose dates contain `day`.

    It starts with the `nth` such request and ends after `times` of them, None meaning never.
    Left out, `times` is 1, and None for what is retired; `status` is 500, and 410.
    """

    kind: Kind
    path: str = ""
    day: str | None = None
    nth: int = 1
    times: int | None = UNSAID
    status: int = UNSAID
    message: str | None = None
    retry_after: int | str | None = None
    limit: Literal["hour", "concurrency"] | None = None
    days: int = 90
    after: int = 0
    seconds: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InvalidArgumentError(
                f"no fault of kind {self.kind!r}", hint=f"kinds: {', '.join(get_args(Kind))}"
            )
        if self.times == UNSAID:
            object.__setattr__(self, "times", None if self.kind in LASTING else 1)
        if self.status == UNSAID:
            object.__setattr__(self, "status", 410 if self.kind == "retired" else 500)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Fault:
        """A fault from JSON."""
        known = {f.name for f in fields(cls)}
        if "kind" not in values or not known.issuperset(values):
            raise InvalidArgumentError(
                f"a fault has a kind and no {sorted(set(values) - known)}",
                hint=f"fields: {', '.join(sorted(known))}",
            )
        return cls(**values)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """A fault from a header: `cut; after=1000`.

        >>> Fault.parse("rate-limit; retry_after=2").retry_after
        2
        """
        kind, *rest = text.split(";")
        values: dict[str, Any] = {"kind": kind.strip()}
        for part in rest:
            name, _, value = part.strip().partition("=")
            number = re.fullmatch(r"\d+(\.\d+)?", value)
            values[name] = (float(value) if "." in value else int(value)) if number else value
        return cls.of(values)

    def concerns(self, path: str, params: Params) -> bool:
        """Whether a request is one of those that this fault counts."""
        if self.path not in path:
            return False
        if self.day is None:
            return True
        day = date.fromisoformat(self.day)
        first, last = params.day("from_date"), params.day("to_date")
        return first is not None and last is not None and first <= day <= last


class Faults:
    """The failures to come. Any thread may add and ask."""

    def __init__(self, *faults: Fault) -> None:
        self._lock = threading.Lock()
        self._seen: list[tuple[Fault, int]] = [(fault, 0) for fault in faults]

    def add(self, *faults: Fault) -> None:
        """Arm more failures; their counting starts now."""
        with self._lock:
            self._seen += [(fault, 0) for fault in faults]

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._seen.clear()

    def armed(self) -> list[Fault]:
        """All of them, those that are spent included."""
        with self._lock:
            return [fault for fault, _ in self._seen]

    def due(self, path: str, params: Params) -> list[Fault]:
        """Count a request, and give the failures that it must meet."""
        with self._lock:
            met = []
            for n, (fault, seen) in enumerate(self._seen):
                if not fault.concerns(path, params):
                    continue
                self._seen[n] = (fault, seen + 1)
                turn = seen + 1 - fault.nth
                if turn >= 0 and (fault.times is None or turn < fault.times):
                    met.append(fault)
            return met


def answer_of(fault: Fault, family: Family, quotas: Quotas) -> Response | None:
    """The answer that a fault is, if it is one; raises those that are refusals."""
    if fault.kind == "rate-limit":
        raise _rate_limit(fault, family, quotas)
    if fault.kind == "status":
        raise RefusalError(fault.status, fault.message or "the sandbox failed, as it was told")
    if fault.kind == "retired":
        raise RefusalError(fault.status, fault.message or "this endpoint has been retired")
    if fault.kind == "plan":
        raise plan_refusal()
    if fault.kind == "history":
        raise RefusalError(403, f"Date range exceeds {fault.days} days into the past")
    if fault.kind == "error-200":
        return json_response({"error": fault.message or "the sandbox failed, as it was told"})
    return None


def headers_of(faults: Iterable[Fault]) -> dict[str, str]:
    """The headers that faults add to a good answer."""
    headers = {}
    for fault in faults:
        if fault.kind == "deprecated":
            headers["Deprecation"] = "true"
            if fault.message:
                headers["Sunset"] = fault.message
    return headers


def _rate_limit(fault: Fault, family: Family, quotas: Quotas) -> RefusalError:
    """A 429 with the headers that the fault asks for, or with none, as under heavy load."""
    wait = fault.retry_after if isinstance(fault.retry_after, (int, float)) else 10
    if fault.limit == "hour":
        return quotas.hour_refusal(wait)
    if fault.limit == "concurrency":
        return quotas.concurrency_refusal()
    if family == "export":
        refusal = export_refusal(wait)
    elif family == "ingestion":
        refusal = RefusalError(429, INGESTION_REFUSAL)
    else:
        refusal = quotas.hour_refusal(wait)
    refusal.headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return refusal


def spoil_lines(chunks: Iterable[bytes], faults: Iterable[Fault]) -> Iterator[bytes]:
    """The faults of the text itself, before it is gzipped."""
    lines = iter(chunks)
    for fault in faults:
        if fault.kind == "empty":
            return iter(())
        if fault.kind == "terminated":
            lines = _terminated(lines, fault)
        elif fault.kind == "split":
            lines = _split(lines, fault)
        elif fault.kind == "separators":
            lines = _appended(lines, SEPARATORS)
    return lines


def spoil_bytes(
    chunks: Iterable[bytes], faults: Iterable[Fault], closing: threading.Event
) -> Iterator[bytes]:
    """The faults of the connection, after gzip; a stall ends when `closing` is set."""
    body = iter(chunks)
    for fault in faults:
        if fault.kind == "cut":
            body = _cut(body, fault)
        elif fault.kind == "stall":
            body = _stalled(body, fault, closing)
    return body


def _each_line(chunks: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        yield from re.findall(rb"[^\n]*\n|[^\n]+", chunk)


def _terminated(chunks: Iterator[bytes], fault: Fault) -> Iterator[bytes]:
    for n, line in enumerate(_each_line(chunks)):
        if n == fault.after:
            break
        yield line
    yield (fault.message or "terminated early").encode() + b"\n"


def _split(chunks: Iterator[bytes], fault: Fault) -> Iterator[bytes]:
    for n, line in enumerate(_each_line(chunks)):
        if n == fault.after:
            yield line[: len(line) // 2] + b"\n" + line[len(line) // 2 :]
        else:
            yield line


def _appended(chunks: Iterator[bytes], line: bytes) -> Iterator[bytes]:
    yield from chunks
    yield line


def _cut(chunks: Iterator[bytes], fault: Fault) -> Iterator[bytes]:
    left = fault.after
    for chunk in chunks:
        if len(chunk) > left:
            yield chunk[:left]
            break
        yield chunk
        left -= len(chunk)
    raise ConnectionResetError(errno.ECONNRESET, "the sandbox cut the connection, as it was told")


def _stalled(chunks: Iterator[bytes], fault: Fault, closing: threading.Event) -> Iterator[bytes]:
    left: int | None = fault.after
    for chunk in chunks:
        if left is not None and len(chunk) > left:
            yield chunk[:left]
            closing.wait(fault.seconds)
            yield chunk[left:]
            left = None
        else:
            yield chunk
            left = None if left is None else left - len(chunk)
