"""Raw export: DuckDB writes the lines, and they leave as they come, in flat memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from operator import itemgetter

from isal import isal_zlib
from werkzeug import Response

from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.faults import spoil_lines
from mixpanel_data.sandbox.filters import EventFilter
from mixpanel_data.sandbox.refusals import RefusalError, bad_request

MAX_LIMIT = 100_000
GZIP_OVER = 1400
"""Bodies of more bytes are gzipped, if the client takes that."""

_GZIP = 31  # zlib's wbits for a gzip header


def export(context: RequestContext) -> Response:
    """Every event of some days, copies included, one JSON object a line."""
    body = spoil_lines(_lines(context), context.faults)
    headers = {"Content-Type": "text/plain"}
    size, body = _peek(body)
    if context.request.accept_encodings.quality("gzip") > 0 and size > GZIP_OVER:
        headers["Content-Encoding"] = "gzip"
        body = _gzip(body, ended=all(fault.kind != "truncated-gzip" for fault in context.faults))
    return Response(body, headers=headers)


def _lines(context: RequestContext) -> Iterator[bytes]:
    params = context.params
    legacy = context.project.legacy_time
    zone = context.project.timezone if legacy else "UTC"
    start, end = days.bounds(*context.past_days(zone), zone)
    limit = params.integer("limit")
    if limit is not None and not 0 < limit <= MAX_LIMIT:
        raise bad_request(f"limit cannot be over {MAX_LIMIT}, or below 1")
    events = params.strings("event")
    time = "time_ms" if not legacy else f"(time_ms + {days.shift_sql(start, end, zone)})"
    if not params.flag("time_in_ms", default=False):
        time += " // 1000"
    where = params.text("where")
    keep = None if where is None else EventFilter(where, context)
    sql = f"""
SELECT '{{"event":' || to_json(event) || ',"properties":{{"time":' || {time} || ',' || rest || '}}\n' AS line
FROM events
WHERE time_ms >= ? AND time_ms < ? {"AND list_contains(?, event)" if events else ""}
{f"LIMIT {limit}" if limit is not None and keep is None else ""}
"""
    batches = context.data.stream(sql, [start, end, *([events] if events else [])], context.closing)
    lines: Iterator[Iterable[str]] = (map(itemgetter(0), batch) for batch in batches)
    if keep is not None:
        lines = _some(map(keep.lines, lines), limit)
    return _excused("".join(batch).encode() for batch in lines)


def _some(batches: Iterable[list[str]], limit: int | None) -> Iterator[list[str]]:
    left = limit
    for batch in batches:
        yield batch[:left]
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return


def _excused(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """End as Mixpanel does when a row fails after the 200: with a last line that is no JSON."""
    begun = False
    try:
        for chunk in chunks:
            yield chunk
            begun = True
    except RefusalError:
        if not begun:
            raise
        yield b"export terminated early\n"


def _peek(chunks: Iterator[bytes]) -> tuple[int, Iterator[bytes]]:
    """The size of the body as far as it matters, and the body from its start."""
    seen, size = [], 0
    for chunk in chunks:
        seen.append(chunk)
        size += len(chunk)
        if size > GZIP_OVER:
            break
    return size, chain(seen, chunks)


def _gzip(chunks: Iterator[bytes], *, ended: bool) -> Iterator[bytes]:
    packer = isal_zlib.compressobj(1, wbits=_GZIP)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush() if ended else packer.flush(isal_zlib.Z_SYNC_FLUSH)
