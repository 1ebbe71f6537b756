"""Events and profiles as they come, without storing them; checked all the same."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mixpanel_data._internal import lines
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Settings
from mixpanel_data._internal.services.events import Backoff
from mixpanel_data._internal.services.windows import Window, cut
from mixpanel_data.exceptions import APIError, ConnectionFailedError, IncompleteExportError
from mixpanel_data.queries import Export, Profiles
from mixpanel_data.types import Writable

Event = dict[str, Any]


class StreamingService:
    """One window after the other, each downloaded as a whole before any of it goes out.

    So what goes out is whole windows, in the order of their days, and nothing twice. Copies of an
    event are not looked for: that takes a table.
    """

    def __init__(
        self,
        api_client: MixpanelAPIClient,
        *,
        settings: Settings | None = None,
        backoff: Backoff = lambda attempt: min(2.0**attempt, 30),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._api = api_client
        self._settings = settings or Settings()
        self._backoff = backoff
        self._sleep = sleep

    def events(self, query: Export) -> Iterator[Event]:
        """The events as dicts; integers of any size stay exact."""
        for body, _ in self._bodies(query):
            with body.open("rb") as file:
                for _, event in lines.records(file, lines.parse):
                    yield event

    def write_events(self, query: Export, file: Writable) -> int:
        """Write the events as Mixpanel sent them, NDJSON, and say how many.

        What is no strict JSON (NaN, half a character, a raw line break) is put right.
        """
        rows = 0
        for body, is_strict in self._bodies(query):
            for line in _filled(body) if is_strict else _strict(body):
                file.write(line if line.endswith(b"\n") else line + b"\n")
                rows += 1
        return rows

    def profiles(self, query: Profiles) -> Iterator[dict[str, Any]]:
        """Profiles as `$distinct_id` and `$properties`; one that changes meanwhile may come twice."""
        for page in self._api.profile_pages(query):
            yield from json.loads(page.content)["results"]

    def _bodies(self, query: Export) -> Iterator[tuple[Path, bool]]:
        """Windows as files, and whether each is strict JSON as it is."""
        self._api.check_days(query)
        whole = Window(query.from_date, query.to_date)
        size = whole.days if query.limit is not None else self._settings.window_days
        with tempfile.TemporaryDirectory(prefix="mixpanel-data-") as folder:
            body = Path(folder, "window.ndjson")
            for window in cut(whole.first, whole.last, size):
                try:
                    is_strict = self._download(
                        replace(query, from_date=window.first, to_date=window.last), body
                    )
                except APIError as error:
                    rest = Window(window.first, whole.last)
                    error.args = (f"{error.message} (missing: {rest})",)
                    error.hint = f"what came before is whole; go on with --from {window.first}"
                    raise
                yield body, is_strict

    def _download(self, query: Export, body: Path) -> bool:
        attempt = 1
        while True:
            try:
                return self._receive(query, body)
            except IncompleteExportError as error:
                if error.repeats or attempt == self._settings.attempts:
                    raise
            except ConnectionFailedError:
                # What never began was tried often enough by the client itself.
                if attempt == self._settings.attempts or not body.exists():
                    raise
            self._sleep(self._backoff(attempt))
            attempt += 1

    def _receive(self, query: Export, body: Path) -> bool:
        body.unlink(missing_ok=True)
        with self._api.open_export(query) as stream, body.open("wb") as file:
            for chunk in stream:
                file.write(chunk)
        return _check(body)


def _filled(body: Path) -> Iterator[bytes]:
    """The lines that are not blank."""
    with body.open("rb") as file:
        yield from filter(bytes.strip, file)


def _strict(body: Path) -> Iterator[bytes]:
    """The events as lines of strict JSON."""
    with body.open("rb") as file:
        for line, _ in lines.records(file, lines.check):
            yield lines.strict(line)


def _check(body: Path) -> bool:
    """Whether all of it is strict JSON, a line an event; raise unless it is nothing but events."""
    is_strict = True
    with body.open("rb") as file:
        try:
            for _, strict in lines.records(file, lines.check):
                is_strict &= strict
        except lines.NotAnEventError as error:
            raise lines.incomplete(error) from None
    return is_strict
