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


def events(number: int) -> Iterator[str]:
    """Lines in the order of time, evenly over the weeks."""
    dice = random.Random(1)
    step = timedelta(weeks=WEEKS) / number
    for n in range(number):
        at = int((FIRST + n * step).timestamp() * 1000)
        properties = {
            "time": at,
            "distinct_id": f"user-{dice.randrange(number // 10)}",
            "$browser": dice.choice(["Chrome", "Safari", "Firefox"]),
            "$browser_version": dice.randrange(90, 120),
            "$city": "Berlin",
            "$current_url": f"https://shop.example.com/p/{dice.randrange(1000)}?ref={dice.getrandbits(64):x}",
            "$device_id": f"{dice.getrandbits(128):032x}",
            "$initial_referrer": "$direct",
            "$insert_id": f"{dice.getrandbits(128):032x}",
            "$lib_version": "2.45.0",
            "$mp_api_endpoint": "api.mixpanel.com",
            "$mp_api_timestamp_ms": at + 1000,
            "$os": "Mac OS X",
            "$screen_height": 1080,
            "$screen_width": 1920,
            "amount": round(dice.random() * 100, 2),
            "country": dice.choice(COUNTRIES),
            "is_member": dice.random() < 0.5,
            "items": [dice.randrange(99) for _ in range(3)],
            "mp_country_code": dice.choice(COUNTRIES),
            "mp_lib": "web",
            "mp_processing_time_ms": at + 2000,
            "plan": dice.choice(["free", "pro"]),
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
