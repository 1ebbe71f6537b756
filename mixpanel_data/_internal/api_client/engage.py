"""Profiles, page by page: one session, up to five pages at a time, in order."""

from __future__ import annotations

import json
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from mixpanel_data._internal.api_client.answers import Asked, error_in_200, parse
from mixpanel_data._internal.api_client.responses import EngagePage, as_id
from mixpanel_data.exceptions import APIError, IncompleteExportError

PARALLEL = 5
RESTARTS = 2
BATCH = 1000

Profile = dict[str, Any]


@dataclass(frozen=True)
class ProfilePage:
    """One page as received: JSON with the profiles in its `results`.

    Page 0 begins a session: all pages before it, if there are any, are of one that failed.
    `fingerprint` is the same for pages with the same profiles.
    """

    content: bytes
    page: int
    rows: int
    total: int | None
    size: int
    session: str | None
    fingerprint: int


FetchPage = Callable[[int, str | None], ProfilePage]
"""A page by number and session id (None on page 0)."""


def pages(fetch: FetchPage, asked: Asked) -> Iterator[ProfilePage]:
    """All pages in order; a session that expires or loses profiles starts again at page 0.

    A page is the last one when it is not full, wherever the total ends: profiles are added while
    they are read.
    """
    for restarts_left in reversed(range(RESTARTS + 1)):
        try:
            yield from _one_session(fetch, asked)
        except APIError as error:
            expired = error.status == 400 and re.search("session|uncached", error.message)
            failed = isinstance(error, _SessionFailedError)
            if not (expired or failed) or not restarts_left:
                raise
        else:
            return


def profiles(
    found: Iterator[ProfilePage],
    asked: Asked,
    on_batch: Callable[[list[Profile]], None] | None,
) -> Iterator[Profile]:
    """The profiles in pages, each id once, as text: the last copy counts, so all are held.

    The id of a profile that came without one is None.
    """
    found_by: dict[str | int, Profile] = {}
    for page in found:
        if page.page == 0:
            found_by.clear()
        for profile in parse(page.content, asked)["results"]:
            name = as_id(profile.get("$distinct_id"))
            properties = profile.get("$properties") or {}
            # Profiles without an id are not each other's copies.
            key = len(found_by) if name is None else name
            found_by[key] = {**profile, "$distinct_id": name, "$properties": properties}
    everyone = list(found_by.values())
    for start in range(0, len(everyone), BATCH):
        batch = everyone[start : start + BATCH]
        yield from batch
        if on_batch is not None:
            on_batch(batch)


class _SessionFailedError(IncompleteExportError):
    """The pages of a session, each whole by itself, are not all profiles."""


def _one_session(fetch: FetchPage, asked: Asked) -> Iterator[ProfilePage]:
    first = last = fetch(0, None)
    total, size, session = first.total, first.size, first.session
    planned = -(-(total or 0) // size)
    rows = first.rows
    yield first
    seen = {first.fingerprint: 0}
    coming: deque[Future[ProfilePage]] = deque()
    asked_for = 0
    while coming or last.page + 1 < planned or last.rows >= size:
        # Past the plan one page at a time: each full one says that there is another.
        while len(coming) < PARALLEL and (asked_for + 1 < planned or not coming):
            asked_for += 1
            coming.append(_start(fetch, asked_for, session))
        last = coming.popleft().result()
        if last.size != size:
            raise _failed(
                f"pages had {size:,} profiles, and page {last.page} has {last.size:,}", rows, asked
            )
        if last.rows:
            before = seen.setdefault(last.fingerprint, last.page)
            if before != last.page:
                raise _failed(f"page {last.page} is page {before} again", rows, asked)
            rows += last.rows
            yield replace(last, total=total)
    if total is not None and rows < total:
        raise _failed(f"Mixpanel counted {total:,} profiles, and sent {rows:,}", rows, asked)


def _failed(reason: str, rows: int, asked: Asked) -> _SessionFailedError:
    error = _SessionFailedError(reason, rows=rows)
    error.endpoint = asked.path
    return error


def _start(fetch: FetchPage, page: int, session: str | None) -> Future[ProfilePage]:
    # Not a ThreadPoolExecutor: at exit it waits for its threads, and a page may take minutes.
    future: Future[ProfilePage] = Future()

    def run() -> None:
        try:
            future.set_result(fetch(page, session))
        except BaseException as error:  # noqa: BLE001 - raised again where the page is awaited
            future.set_exception(error)

    threading.Thread(target=run, name=f"engage page {page}", daemon=True).start()
    return future


def read_page(content: bytes, page: int, asked: Asked) -> ProfilePage:
    """The page that was asked for, handed on as it came; APIError where the answer is none."""
    envelope = _envelope(content, asked)
    if envelope.page not in {page, None}:
        error = IncompleteExportError(
            f"page {page} of profiles was asked for, and page {envelope.page} came", rows=0
        )
        error.endpoint = asked.path
        raise error
    ids = [profile.distinct_id for profile in envelope.results]
    more = len(ids) >= envelope.page_size or len(ids) < (envelope.total or 0)
    if page == 0 and more and envelope.session_id is None:
        raise APIError(
            f"Mixpanel answered {asked.path} without a session_id, so that page 1 can't be asked",
            status=200,
            endpoint=asked.path,
        )
    return ProfilePage(
        content,
        page,
        len(ids),
        envelope.total,
        envelope.page_size,
        envelope.session_id,
        hash(frozenset(ids) if None not in ids else json.dumps(parse(content, asked)["results"])),
    )


def _envelope(content: bytes, asked: Asked) -> EngagePage:
    """What a page says of itself, and ids alone."""
    try:
        page = EngagePage.model_validate_json(content)
    except ValidationError:  # an error in a 200, or JSON that only Python's lenient reader takes
        value = parse(content, asked)
        try:
            page = EngagePage.model_validate(value)
        except ValidationError as error:
            raise unexpected(asked, error) from None
    if page.error:
        raise error_in_200(page.error, asked)
    return page


def unexpected(asked: Asked, error: ValidationError) -> APIError:
    """An answer of another shape than documented; the first difference is named, no value shown."""
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(map(str, first["loc"])) or "the answer"
    return APIError(
        f"Mixpanel's answer to {asked.path} has an unexpected shape: {where}: {first['msg']}",
        status=200,
        endpoint=asked.path,
    )
