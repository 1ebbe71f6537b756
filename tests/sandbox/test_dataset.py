from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data.sandbox import Sandbox
from mixpanel_data.sandbox.dataset import Dataset
from mixpanel_data.sandbox.days import bounds, shift_sql

NOW = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)


@pytest.fixture(scope="module")
def full():
    """The data as everybody gets it."""
    data = Dataset(events=100_000, profiles=5_000, seed=1, now=NOW)
    yield data
    data.close()


def test_the_default_shop_has_the_figures_that_the_docs_quote(full):
    """A change here changes the documentation: README, tutorial, notebooks."""
    assert full.rows("SELECT event, count(*) FROM events GROUP BY event ORDER BY 2 DESC") == [
        ("View Item", 47_950),
        ("App Open", 23_950),
        ("Search", 9_666),
        ("Add To Cart", 6_966),
        ("Start Checkout", 4_438),
        ("Purchase", 2_993),
        ("Sign Up", 2_085),
        ("Remove From Cart", 620),
        ("Support Ticket", 483),
        ("Subscribe", 222),
    ]
    assert full.rows("SELECT count(*), count(DISTINCT distinct_id) FROM events") == [
        (99_373, 4_653)
    ]
    sales = """
SELECT count(*), sum(amount) FROM (  -- each sale once, however often it was sent
    SELECT DISTINCT ON (distinct_id, time_ms) ('{' || rest ->> '/amount')::DECIMAL(12, 2) AS amount
    FROM events WHERE event = 'Purchase'
)"""
    assert full.rows(sales) == [(2_992, Decimal("100901.10"))]
    assert full.rows("SELECT count(*) FROM profiles WHERE data_group_id = ''") == [(5_000,)]


def test_every_row_is_json_and_nothing_is_later_than_now(full):
    (facts,) = full.rows("""
SELECT bool_and(json_valid('{' || rest)), bool_and(rest IS NOT NULL), max(time_ms), min(time_ms),
    max(('{' || rest ->> '/mp_processing_time_ms')::BIGINT)
FROM events
""")
    valid, there, last, first, processed = facts
    assert valid
    assert there
    start, end = bounds(datetime(2026, 1, 1).date(), datetime(2026, 3, 1).date(), "UTC")
    assert start <= first < last < end
    assert processed <= NOW.timestamp() * 1000


def test_the_funnel_narrows_step_by_step(full):
    users = dict(full.rows("SELECT event, count(DISTINCT distinct_id) FROM events GROUP BY event"))
    steps = [users[n] for n in ("View Item", "Add To Cart", "Start Checkout", "Purchase")]
    assert all(after < before * 0.85 for before, after in pairwise(steps))


def test_people_come_back_less_and_less(full):
    rows = full.rows("""
WITH born AS (
    SELECT distinct_id, min(time_ms) // 86400000 AS day FROM events
    WHERE event = 'Sign Up' AND time_ms < epoch_ms(DATE '2026-01-20') GROUP BY distinct_id
)
SELECT e.time_ms // 86400000 - b.day AS age, count(DISTINCT distinct_id)
FROM events AS e JOIN born AS b USING (distinct_id) GROUP BY age
""")
    returning = dict(rows)
    weeks = [sum(returning[7 * w + d] for d in range(1, 8)) for w in range(5)]
    assert weeks == sorted(weeks, reverse=True)
    assert weeks[4] < weeks[0] / 2


def test_a_broken_payment_can_be_discovered(full):
    (rates,) = full.rows("""
WITH sold AS (
    SELECT event, time_ms // 86400000 - epoch_ms(DATE '2026-01-01') // 86400000 BETWEEN 40 AND 43 AS broken
    FROM events WHERE ('{' || rest ->> '/platform') = 'Android'
)
SELECT
    count(*) FILTER (event = 'Purchase' AND broken) / count(*) FILTER (event = 'Start Checkout' AND broken),
    count(*) FILTER (event = 'Purchase' AND NOT broken) / count(*) FILTER (event = 'Start Checkout' AND NOT broken)
FROM sold
""")
    broken, usual = rates
    assert broken < usual / 2


def test_everything_awkward_is_in_it(full):
    def parsed(condition):
        return [
            json.loads("{" + rest)
            for (rest,) in full.rows(f"SELECT rest FROM events WHERE {condition}")
        ]

    kinds: dict[str, set[str]] = {}
    for properties in parsed("time_ms % 10 = 0"):
        for name, value in properties.items():
            kinds.setdefault(name, set()).add(type(value).__name__)
    assert kinds["app_build"] == {"int", "str"}
    assert kinds["coupon"] == kinds["$city"] == {"str", "NoneType"}
    assert kinds["shipping"] == {"dict"}
    assert kinds["item_ids"] == {"list"}
    assert kinds["newsletter"] == {"bool"}
    assert {"$browser", "$os", "mp_country_code"} <= kinds.keys()
    searched = "".join(p["query"] for p in parsed("event = 'Search'"))
    for hostile in ("\u2028", '"', "<b>", "🧸", "\\", "\n", "'"):
        assert hostile in searched
    assert parsed("""rest NOT LIKE '%"$insert_id"%'""")
    assert parsed("distinct_id = ''")
    (copies,) = full.rows("""
SELECT count(*), count(DISTINCT rest) FROM events AS e
WHERE (SELECT count(*) FROM events AS f WHERE (f.time_ms, f.distinct_id, f.event) = (e.time_ms, e.distinct_id, e.event)) > 1
""")
    assert 40 < copies[1] < copies[0] < 200, "some copies are exact, some were processed later"


def test_some_events_arrive_days_late(full):
    (late,) = full.rows("""
SELECT count(*) FROM events
WHERE ('{' || rest ->> '/mp_processing_time_ms')::BIGINT > time_ms + 86400000
""")
    assert 50 < late[0] < 300


def test_profiles_agree_with_the_events(full):
    facts = full.rows("""
SELECT sum(p.orders), sum(p.spent), count(*) FILTER (e.sales IS DISTINCT FROM nullif(p.orders, 0))
FROM (
    SELECT distinct_id, (properties ->> 'orders')::INTEGER AS orders,
        (properties ->> 'lifetime_value')::DECIMAL(12, 2) AS spent
    FROM profiles WHERE data_group_id = ''
) AS p
LEFT JOIN (
    SELECT distinct_id, count(DISTINCT time_ms) AS sales FROM events WHERE event = 'Purchase'
    GROUP BY distinct_id
) AS e USING (distinct_id)
""")
    assert facts == [(2_926, Decimal("98731.60"), 0)]


@pytest.mark.parametrize(("seed", "same"), [(1, True), (2, False)])
def test_a_seed_gives_the_same_shop_every_time(seed, same):
    def rows(seed):
        data = Dataset(events=500, profiles=80, seed=seed, now=NOW)
        found = data.rows("SELECT * FROM events"), data.rows("SELECT * FROM profiles")
        data.close()
        return found

    assert (rows(1) == rows(seed)) == same


@pytest.mark.parametrize(("events", "profiles"), [(0, 1), (1, 1), (10, 0), (20_000, 10)])
def test_any_size_can_be_made(events, profiles):
    data = Dataset(events=events, profiles=profiles, seed=1, now=NOW)
    assert data.rows("SELECT count(*) FROM profiles WHERE data_group_id = ''") == [(profiles,)]
    (count,) = data.rows("SELECT count(*) FROM events")[0]
    data.close()
    assert count >= events * 0.7


def test_an_earlier_clock_sees_no_later_events():
    noon = datetime(2026, 1, 10, 12, tzinfo=UTC)
    data = Dataset(events=2000, profiles=100, seed=1, now=noon)
    (last,) = data.rows("SELECT max(time_ms) FROM events")[0]
    data.close()
    assert last <= noon.timestamp() * 1000


def test_a_large_shop_lives_in_a_file_that_goes_away(tmp_path, monkeypatch):
    monkeypatch.setattr("mixpanel_data.sandbox.dataset._IN_MEMORY", 10)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    sandbox = Sandbox(events=300, profiles=30)
    assert sandbox._data.rows("SELECT count(*) FROM profiles")[0][0] > 0
    assert list(tmp_path.glob("mixpanel-data-*"))
    sandbox.close()
    assert not list(tmp_path.glob("mixpanel-data-*"))


ZONES = ["UTC", "US/Pacific", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe"]


@given(st.sampled_from(ZONES), st.dates(datetime(2001, 1, 1).date(), datetime(2035, 1, 1).date()))
def test_days_follow_each_other_without_gap(zone, day):
    following = day.fromordinal(day.toordinal() + 1)
    assert bounds(day, day, zone)[1] == bounds(following, following, zone)[0]
    assert bounds(day, following, zone) == (
        bounds(day, day, zone)[0],
        bounds(following, following, zone)[1],
    )


def test_the_shift_names_the_change_of_the_clocks():
    start, end = bounds(datetime(2026, 3, 7).date(), datetime(2026, 3, 9).date(), "US/Pacific")
    change = int(datetime(2026, 3, 8, 10, tzinfo=UTC).timestamp() * 1000)
    assert shift_sql(start, end, "US/Pacific") == (
        f"CASE WHEN time_ms < {change} THEN -28800000 ELSE -25200000 END"
    )
