"""Events such as Mixpanel exports them: about 680 bytes each, four weeks, some hundred thousand."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

FIRST = datetime(2024, 1, 1, tzinfo=UTC)
WEEKS = 4
COUNTRIES = ["US", "DE", "FR", "GB", "IN", "BR", "JP"]

FILL = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], config={"storage_compatibility_version": "v1.4.0"})
connection.execute("SET enable_progress_bar = false")
connection.execute(f'''
    CREATE TABLE events AS
    SELECT ['Page View', 'Sign Up', 'Purchase'][1 + i % 3] AS event_name,
        TIMESTAMP '2026-01-01' + to_milliseconds(i * 2419) AS event_time,
        'user-' || hash(i) % 100_000 AS distinct_id,
        md5(i::VARCHAR) AS insert_id,
        to_json({{'$browser': 'Chrome', '$city': 'Berlin', 'amount': (hash(i) % 10_000) / 100,
            '$current_url': 'https://shop.example.com/p/' || i, '$device_id': md5(i::VARCHAR),
            'country': ['US', 'DE', 'FR'][1 + i % 3], 'is_member': i % 2 = 0,
            'items': [i % 99, i % 7], '$insert_id': md5(i::VARCHAR), 'time': i}}) AS properties
    FROM range({sys.argv[2]}) AS t(i)
''')
connection.close()
"""
"""A program, `FILL DB ROWS`: a database with a table of so many events, without flat tables."""

AT_ONCE = 20
"""Visits that go on at the same time: a visitor's events are near each other, as in real life."""


class Visit:
    """What stays the same from one event of a visit to the next."""

    def __init__(self, dice: random.Random, users: int) -> None:
        user = dice.randrange(users)
        self.left = dice.randrange(1, 16)
        self.properties = {
            "distinct_id": f"user-{user}",
            "$browser": dice.choice(["Chrome", "Safari", "Firefox"]),
            "$browser_version": dice.randrange(90, 120),
            "$city": "Berlin",
            "$device_id": f"{user * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128:032x}",
            "$initial_referrer": "$direct",
            "$lib_version": "2.45.0",
            "$mp_api_endpoint": "api.mixpanel.com",
            "$os": "Mac OS X",
            "$screen_height": 1080,
            "$screen_width": 1920,
            "country": dice.choice(COUNTRIES),
            "is_member": dice.random() < 0.5,
            "mp_country_code": dice.choice(COUNTRIES),
            "mp_lib": "web",
            "plan": dice.choice(["free", "pro"]),
        }


def events(number: int) -> Iterator[str]:
    """Lines in the order of time, evenly over the weeks."""
    dice = random.Random(1)
    step = timedelta(weeks=WEEKS) / number
    visits = [Visit(dice, number // 10) for _ in range(AT_ONCE)]
    for n in range(number):
        at = int((FIRST + n * step).timestamp() * 1000)
        place = dice.randrange(AT_ONCE)
        if not visits[place].left:
            visits[place] = Visit(dice, number // 10)
        visits[place].left -= 1
        properties = {
            "time": at,
            **visits[place].properties,
            "$current_url": f"https://shop.example.com/products/{dice.randrange(1000)}",
            "$insert_id": f"{dice.getrandbits(128):032x}",
            "$mp_api_timestamp_ms": at + 1000,
            "amount": round(dice.random() * 100, 2),
            "items": [dice.randrange(99) for _ in range(3)],
            "mp_processing_time_ms": at + 2000,
        }
        event = dice.choice(["Page View", "Sign Up", "Purchase"])
        yield json.dumps({"event": event, "properties": properties}, separators=(",", ":")) + "\n"


def write(folder: Path, number: int) -> Path:
    """All events in one file, and gzipped by week for the server; the file."""
    whole = folder / "events.ndjson"
    lines = events(number)
    with whole.open("w") as out:
        for week in range(WEEKS):
            day = (FIRST + timedelta(weeks=week)).date()
            with gzip.open(folder / f"{day}.gz", "wt", compresslevel=6) as zipped:
                for line in islice(lines, number // WEEKS):
                    out.write(line)
                    zipped.write(line)
    return whole
