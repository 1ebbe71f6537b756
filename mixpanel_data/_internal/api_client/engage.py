"""Profiles, page by page: one session, up to five pages at a time, in order."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from mixpanel_data._internal.api_client.answers import Asked, error_in_200, parse
from mixpanel_data._internal.api_client.responses import EngagePage
from mixpanel_data.exceptions import APIError

PARALLEL = 5
RESTARTS = 2
BATCH = 1000

Profile = dict[str, Any]
FetchPage = Callable[[int, str | None], bytes]
"""A page by number and session id (None on page 0)."""


@dataclass(frozen=True)
class ProfilePage:
    """One page as received: JSON with the profiles in its `results`."""

    content: bytes
    page: int
    rows: int
    total: int | None


def pages(fetch: FetchPage, asked: Asked) -> Iterator[ProfilePage]:
    """All pages in order; an expired session starts again at page 0, so that ids may repeat.

    A page is the last one when it is not full: the total is only a guess, profiles change while
    they are read.
    """
    for restarts_left in reversed(range(RESTARTS + 1)):
        try:
            yield from _one_session(fetch, asked)
        except APIError as error:
            expired = error.status == 400 and re.search("session|uncached", error.message)
            if not expired or not restarts_left:
                raise
        else:
            return


def profiles(
    found: Iterator[ProfilePage],
    asked: Asked,
    on_batch: Callable[[list[Profile]], None] | None,
) -> Iterator[Profile]:
    """The profiles in pages, each id once, as text: the last copy counts, so all are held."""
    by_id: dict[str, Profile] = {}
    for page in found:
        for profile in parse(page.content, asked)["results"]:
            name = str(profile["$distinct_id"])
            properties = profile.get("$properties") or {}
            by_id[name] = {**profile, "$distinct_id": name, "$properties": properties}
    everyone = list(by_id.values())
    for start in range(0, len(everyone), BATCH):
        batch = everyone[start : start + BATCH]
        yield from batch
        if on_batch is not None:
            on_batch(batch)


def _one_session(fetch: FetchPage, asked: Asked) -> Iterator[ProfilePage]:
    content = fetch(0, None)
    first = read_page(content, asked)
    yield ProfilePage(content, 0, len(first.results), first.total)
    rows, size = len(first.results), max(first.page_size, 1)
    planned = -(-(first.total or 0) // size)
    if rows < size and planned <= 1:
        return
    if first.session_id is None:
        raise APIError(
            f"Mixpanel answered {asked.path} without a session_id, so that page 1 can't be asked",
            status=200,
            endpoint=asked.path,
        )
    session, total = first.session_id, first.total
    coming: deque[Future[bytes]] = deque()
    asked_for = page = 0
    while coming or page + 1 < planned or rows >= size:
        # Past the plan one page at a time: each full one says that there is another.
        while len(coming) < PARALLEL and (asked_for + 1 < planned or not coming):
            asked_for += 1
            coming.append(_start(fetch, asked_for, session))
        content = coming.popleft().result()
        page += 1
        rows = len(read_page(content, asked).results)
        if rows:
            yield ProfilePage(content, page, rows, total)


def _start(fetch: FetchPage, page: int, session: str) -> Future[bytes]:
    # Not a ThreadPoolExecutor: at exit it waits for its threads, and a page may take minutes.
    future: Future[bytes] = Future()

    def run() -> None:
        try:
            future.set_result(fetch(page, session))
        except BaseException as error:  # noqa: BLE001 - raised again where the page is awaited
            future.set_exception(error)

    threading.Thread(target=run, name=f"engage page {page}", daemon=True).start()
    return future


def read_page(content: bytes, asked: Asked) -> EngagePage:
    """The envelope of a page; ids only, since a page is handed on as it came."""
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
