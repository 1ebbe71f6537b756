"""Any events, however they are cut into bytes and days, are stored as the oracle says."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.services.fetcher import FetcherService
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.queries import EventsFetch
from tests import oracles
from tests.loopback import Reply, Request, Server

FIRST = date(2024, 2, 26)
DAYS = 9


@st.composite
def histories(draw: st.DrawFn) -> list[oracles.Event]:
    """Few names, users, ids and times, so that copies and near copies abound."""
    start = (FIRST - date(1970, 1, 1)).days * 86_400_000
    times = st.integers(0, DAYS * 3 - 1).map(lambda n: start + n * 28_800_000)
    event = st.builds(
        lambda name, time, more: {"event": name, "properties": {"time": time, **more}},
        st.sampled_from(["a", "b", "ü\u2028"]),
        times,
        st.fixed_dictionaries(
            {},
            optional={
                "distinct_id": st.sampled_from(["u", "v", "", 1, "1"]),
                "$insert_id": st.sampled_from(["x", "y", "", "z"]),
                "mp_processing_time_ms": st.integers(0, 2),
                "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=3),
            },
        ),
    )
    return draw(st.lists(event, max_size=25))


@given(
    history=histories(),
    size=st.integers(1, 40),
    window=st.integers(1, DAYS + 1),
    at_once=st.integers(1, 3),
    packed=st.booleans(),
    dedupe=st.booleans(),
)
def test_what_is_stored_is_what_the_oracle_says(
    history: list[oracles.Event], size: int, window: int, at_once: int, packed: bool, dedupe: bool
) -> None:
    def export(request: Request) -> Reply:
        first, last = (date.fromisoformat(request.query[key]) for key in ("from_date", "to_date"))
        found = oracles.export(history, first, last)
        body = "".join(json.dumps(event, ensure_ascii=False) + "\n" for event in found).encode()
        body = gzip.compress(body) if packed else body
        chunks = tuple(body[at : at + size] for at in range(0, len(body), size))
        return Reply(chunks=chunks, headers={"Content-Encoding": "gzip"} if packed else {})

    storage = StorageEngine()
    settings = Settings(exports_per_second=1000, exports_per_hour=1000)
    with Server(export) as server:
        who = Credentials("u", "secret", "1", "us", base_url=server.url)
        with MixpanelAPIClient(who, settings=settings) as client:
            result = FetcherService(client, storage, settings=settings).fetch_events(
                EventsFetch(
                    "events",
                    FIRST,
                    FIRST + timedelta(days=DAYS - 1),
                    dedupe=dedupe,
                    window_days=window,
                    concurrency=at_once,
                )
            )
    rows = storage.execute_rows("SELECT event_name, properties FROM events")
    storage.close()
    expected = oracles.deduplicated(history) if dedupe else history
    assert Counter((name, _canonical(json.loads(text))) for name, text in rows) == Counter(
        (event["event"], _canonical(event["properties"])) for event in expected
    )
    assert (result.rows, result.duplicates) == (len(expected), len(history) - len(expected))


def _canonical(properties: dict) -> str:
    return json.dumps(properties, sort_keys=True)
