"""The SQL of a plausible online shop: the same rows from the same seed, whatever DuckDB's version.

Chance comes from md5 alone: one digest per user, user-week, session and event, cut into draws of
16 bits. The JSON of a user, an item and a basket is written once and then only concatenated.
"""

from __future__ import annotations

import json
from datetime import date

FIRST_DAY = date(2026, 1, 1)
DAYS = 60
DAYS_BEFORE = 120
"""The oldest users signed up this many days before the first event."""

_EVENTS_PER_SESSION = 4.17  # measured; it turns a wish for events into a number of sessions

_MARKETS = [  # weight, country, region, city, time zone, hours from UTC
    (34, "US", "California", "San Francisco", "America/Los_Angeles", -8),
    (8, "US", "New York", "New York", "America/New_York", -5),
    (11, "GB", "England", "London", "Europe/London", 0),
    (10, "DE", "Land Berlin", "Berlin", "Europe/Berlin", 1),
    (8, "FR", "Île-de-France", "Paris", "Europe/Paris", 1),
    (7, "CA", "Ontario", "Toronto", "America/Toronto", -5),
    (6, "BR", "São Paulo", "São Paulo", "America/Sao_Paulo", -3),
    (6, "IN", "Maharashtra", "Mumbai", "Asia/Kolkata", 5),
    (5, "JP", "Tokyo", "東京", "Asia/Tokyo", 9),
    (5, "AU", "New South Wales", "Sydney", "Australia/Sydney", 11),
]

_ITEMS = [  # category, names, cheapest price in cents, step to the next
    (
        "Kitchen",
        ["Chef Knife", "Cast Iron Pan", 'Mug "Best of <b>Bold</b>" ☕', "Tea Kettle"],
        1490,
        830,
    ),
    ("Home", ["Desk Lamp", "Wool Blanket", "Wall Clock", "Candle Set"], 1990, 710),
    ("Sports", ["Yoga Mat", "Running Belt", "Jump Rope", "Water Bottle"], 990, 450),
    ("Books", ["Cook Simply", "Ocean Atlas", "L'Étranger", "Data at Rest"], 890, 340),
    ("Garden", ["Seed Box", "Pruning Shears", "Rain Gauge", "Clay Pot"], 690, 620),
    ("Toys", ["Wooden Train", "Puzzle 1000", "Kite", "Marble Run"], 1290, 560),
]

_SEARCHES = [
    "lamp", "yoga mat", "gift", "kettle", "kite", "blanket", "puzzle", "pan", "candles", "clock",
    "mug", "train", "seeds", "knife", "bottle", "shears",
]  # fmt: skip
_HOSTILE_SEARCHES = [
    'say "cheese"', "O'Reilly", "<b>bold</b><script>alert(1)</script>", "line\u2028separator",
    "back\\slash", "50% off & more +", "🧸 teddy", "tab\tand\nnewline", "Ελλάδα", "'; DROP TABLE events; --",
]  # fmt: skip


def _pick(draw: str, choices: list[tuple[int, str | int]]) -> str:
    """SQL choosing by weight, in per cent."""
    slots = [value for weight, value in choices for _ in range(weight)]
    return f"[{', '.join(map(_value, slots))}][1 + {draw} % {len(slots)}]"


def _value(value: str | int) -> str:
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def _text(value: object = None, **members: object) -> str:
    return json.dumps(members or value, ensure_ascii=False, separators=(",", ":"))


def _json(value: object) -> str:
    """The JSON of a Python value, as an SQL string literal."""
    return _value(_text(value))


def _draws(digest: str) -> str:
    """The eight draws of a digest, 0..65535 each, as columns r1..r8."""
    return ", ".join(
        f"('0x' || {digest}[{4 * n + 1}:{4 * n + 4}])::INTEGER AS r{n + 1}" for n in range(8)
    )


def _markets() -> str:
    rows = ", ".join(
        f"({n}, {hours}, {_value(zone)}, {_value(country)}, {_json(region)}, {_json(city)})"
        for n, (_, country, region, city, zone, hours) in enumerate(_MARKETS)
    )
    return f"(VALUES {rows}) AS m(market, utc_offset, zone, country, region, city)"


def _catalogue() -> list[tuple[str, str, str, int]]:
    return [
        (f"sku-{4 * group + n + 1:03}", name, category, cheapest + n * step)
        for group, (category, names, cheapest, step) in enumerate(_ITEMS)
        for n, name in enumerate(names)
    ]


def _items() -> str:
    """Each item's JSON fragment by its place in the catalogue."""
    rows = ", ".join(
        f"({n}, {_value(',' + _text(item_id=sku, item_name=name, category=kind, price=cents / 100)[1:-1])})"
        for n, (sku, name, kind, cents) in enumerate(_catalogue())
    )
    return f"(VALUES {rows}) AS i(item, item_json)"


def _baskets() -> str:
    """Every basket of one to three neighbouring items: cents, and the list of their ids."""
    goods = _catalogue()
    rows = []
    for first in range(len(goods)):
        for size in (1, 2, 3):
            chosen = [goods[(first + 5 * n) % len(goods)] for n in range(size)]
            cents = sum(good[3] for good in chosen)
            rows.append(f"({first}, {size}, {cents}, {_json([good[0] for good in chosen])})")
    return f"(VALUES {', '.join(rows)}) AS b(first_item, basket_size, cents, item_ids)"


def users(profiles: int, seed: int) -> str:
    """People: `profiles` who have one, and 2 % more who browse without signing up.

    `base` is the JSON that each of their events carries.
    """
    return f"""
CREATE TEMP TABLE users AS
WITH digests AS (
    SELECT n, n <= {profiles} AS known, md5('{seed}:user:' || n) AS h, md5('{seed}:more:' || n) AS g
    FROM range(1, {profiles + max(profiles // 50, 1)} + 1) AS t(n)
), draws AS (
    SELECT n, known, h, {_draws("h")}, ('0x' || g[1:4])::INTEGER AS q1, ('0x' || g[5:8])::INTEGER AS q2,
        ('0x' || g[9:12])::INTEGER AS q3, ('0x' || g[13:16])::INTEGER AS q4
    FROM digests
), chosen AS (
    SELECT *,
        -- a few events belong to nobody: old clients sent an empty distinct_id
        -- and some ids were numbers in the system they came from
        CASE WHEN known AND n % 1000 = 4 THEN n::VARCHAR WHEN known THEN 'user-' || lpad(n::VARCHAR, 5, '0')
             WHEN n = {profiles} + 1 THEN '' ELSE '$device:' || h[1:16] END AS distinct_id,
        {_pick("r1", [(weight, n) for n, (weight, *_) in enumerate(_MARKETS)])} AS market,
        {_pick("r2", [(36, "Web"), (34, "iOS"), (30, "Android")])} AS platform,
        {_pick("r3", [(34, "organic"), (22, "search"), (18, "social"), (10, "email"), (10, "referral"), (6, "affiliate")])} AS channel,
        CASE WHEN known THEN {_pick("r4", [(70, "free"), (20, "plus"), (10, "pro")])} ELSE 'free' END AS plan,
        CASE WHEN known THEN floor({DAYS_BEFORE + DAYS} * pow(r5 / 65536, 0.8))::INTEGER - {DAYS_BEFORE}
             ELSE floor({DAYS} * (r5 / 65536))::INTEGER END AS signup_day,
        0.25 + 3 * pow(r6 / 65536, 3) AS energy,
        {_pick("r7", [(62, "Chrome"), (22, "Safari"), (9, "Firefox"), (7, "Microsoft Edge")])} AS browser,
        {_pick("r8", [(58, "Windows"), (34, "Mac OS X"), (8, "Linux")])} AS desktop
    FROM draws
)
SELECT n, known, distinct_id, platform, channel, plan, signup_day, energy, q1, q2, q3, q4,
    m.utc_offset, m.zone, m.country, m.region, m.city,
    '"distinct_id":' || to_json(distinct_id)
    || ',"$os":"' || CASE platform WHEN 'Web' THEN desktop ELSE platform END || '"'
    || CASE platform
        WHEN 'Web' THEN ',"$browser":"' || browser || '","$browser_version":' || (118 + q1 % 9)
            || ',"$current_url":"https://shop.example/","$screen_width":' || [1440, 1920, 2560][1 + q2 % 3]
            || ',"mp_lib":"web"'
        WHEN 'iOS' THEN ',"$model":"iPhone' || (13 + q1 % 4) || ',2","$wifi":' || (q2 % 3 > 0)
            || ',"$app_version_string":"4.' || (q3 % 6) || '.0","mp_lib":"swift"'
        ELSE ',"$brand":"' || ['Google', 'samsung', 'Xiaomi'][1 + q1 % 3] || '","$wifi":' || (q2 % 3 > 0)
            || ',"$app_version_string":"4.' || (q3 % 6) || '.1","mp_lib":"android"' END
    || ',"mp_country_code":"' || m.country || '","$region":' || m.region
    || ',"$city":' || CASE WHEN q4 % 33 = 0 THEN 'null' ELSE m.city END
    || ',"platform":"' || platform || '","plan":"' || plan || '"'
    || CASE channel WHEN 'organic' THEN '' ELSE ',"utm_source":"' || channel || '"' END AS base
FROM chosen AS c
JOIN {_markets()} ON m.market = c.market
ORDER BY n
"""


def sessions(events: int, seed: int) -> str:
    """Visits: how often falls with the days since signing up, and follows the weekdays.

    `steps` are the events of a visit in order, `basket_size` items are in its basket.
    """
    target = events / _EVENTS_PER_SESSION
    return f"""
CREATE TEMP TABLE sessions AS
WITH weeks AS (
    SELECT u.n, u.signup_day, u.energy, w, md5('{seed}:week:' || u.n || ':' || w) AS h
    FROM users AS u, range(0, {DAYS // 7 + 1}) AS t(w)
    WHERE u.signup_day <= 7 * w + 6
), days AS (
    SELECT n, signup_day, 7 * w + k AS day, ('0x' || h[4 * k + 1:4 * k + 4])::INTEGER / 65536 AS chance,
        -- whole millionths, whose sum is the same in any order
        (1e6 * energy * [0.95, 0.9, 0.92, 1.0, 1.12, 1.3, 1.2][1 + (7 * w + k + 3) % 7]  -- 2026-01-01 is a Thursday
        * (0.10 + 0.55 * exp(-(7 * w + k - signup_day) / 5) + 0.2 * exp(-(7 * w + k - signup_day) / 30)))::BIGINT AS pull
    FROM weeks, range(0, 7) AS t(k)
    WHERE 7 * w + k BETWEEN greatest(signup_day, 0) AND {DAYS - 1}
), total AS (
    SELECT sum(pull) AS pull, greatest({target} - count(*) FILTER (day = signup_day), 0) AS wanted FROM days
), counted AS (
    SELECT n, day, signup_day, floor(d.pull * t.wanted / t.pull + chance)::BIGINT + (day = signup_day)::BIGINT AS times
    FROM days AS d, total AS t
), visits AS (
    SELECT n, day, k, md5('{seed}:visit:' || n || ':' || day || ':' || k) AS h, day = signup_day AND k = 0 AS first_ever
    FROM (SELECT n, day, signup_day, unnest(range(times)) AS k FROM counted WHERE times > 0) AS c
), draws AS (
    SELECT n, day, h, first_ever, {_draws("h")} FROM visits
), walks AS (
    SELECT d.*, u.known, u.distinct_id, u.base, u.plan, u.utc_offset,
        r2 % 5 AS views,
        floor(24 * pow(r3 / 65536, 1.6))::INTEGER AS first_item,
        1 + (r4 % 7 >= 4)::INTEGER + (r4 % 7 = 6)::INTEGER AS basket_size,
        r5 % 100 < CASE u.plan WHEN 'pro' THEN 52 WHEN 'plus' THEN 42 ELSE 33 END AND r2 % 5 > 0 AS carts,
        r6 % 100 < CASE u.platform WHEN 'Web' THEN 68 ELSE 60 END AS checks_out,
        -- from 10 to 13 February payment was broken in the Android app
        r7 % 100 < CASE WHEN u.platform <> 'Android' THEN 72 WHEN day BETWEEN 40 AND 43 THEN 21 ELSE 61 END AS pays,
        {_pick("r8", [(weight, hour) for hour, weight in enumerate(_HOURS)])} AS hour
    FROM draws AS d JOIN users AS u USING (n)
)
SELECT n, day, h, known, distinct_id, base, plan, first_item, basket_size,
    {_at("day")} + (hour - utc_offset + 24) % 24 * 3600000 + r1 * 48 AS started,
    ['App Open']
    || CASE WHEN first_ever AND known THEN ['Sign Up'] ELSE [] END
    || CASE WHEN r3 % 10 < 4 THEN ['Search'] ELSE [] END
    || list_resize([]::VARCHAR[], views, 'View Item')
    || CASE WHEN carts THEN ['Add To Cart'] ELSE [] END
    || CASE WHEN carts AND r4 % 11 = 0 THEN ['Remove From Cart'] ELSE [] END
    || CASE WHEN carts AND checks_out THEN ['Start Checkout'] ELSE [] END
    || CASE WHEN carts AND checks_out AND pays THEN ['Purchase'] ELSE [] END
    || CASE WHEN known AND plan <> 'free' AND r5 % 29 = 0 THEN ['Subscribe'] ELSE [] END
    || CASE WHEN r6 % 47 = 0 THEN ['Support Ticket'] ELSE [] END AS steps
FROM walks
ORDER BY started, h
"""


_HOURS = [1, 1, 0, 0, 0, 1, 2, 4, 5, 5, 5, 6, 7, 6, 5, 5, 5, 6, 7, 9, 9, 7, 3, 1]


def _at(day: str) -> str:
    start = (FIRST_DAY - date(1970, 1, 1)).days
    return f"({start} + {day}) * 86400000::BIGINT"


def events(now_ms: int) -> str:
    """Every event of every visit up to now, in order of time.

    `rest` is the JSON of its properties after `{{"time":…,`, closing brace included.
    """
    searches = ", ".join(map(_json, _SEARCHES))
    hostile = ", ".join(map(_json, _HOSTILE_SEARCHES))
    return f"""
CREATE TABLE events AS
WITH steps AS (
    SELECT s.*, unnest(steps) AS event, generate_subscripts(steps, 1) AS pos FROM sessions AS s
), digests AS (
    SELECT *, md5(h || pos) AS d FROM steps
), draws AS (
    SELECT * EXCLUDE (h, steps, started), ('0x' || d[1:4])::INTEGER AS r1, ('0x' || d[5:8])::INTEGER AS r2,
        ('0x' || d[9:12])::INTEGER AS r3,
        started + (pos - 1) * 41000 + ('0x' || d[13:16])::INTEGER % 37000 AS time_ms
    FROM digests
), written AS (
    SELECT event, time_ms, distinct_id, d, r2, r3,
        -- one in 800 comes late: the phone was offline for some days
        least({now_ms}, time_ms + 900 + r1 % 4000 + CASE WHEN r2 % 800 = 1 THEN 86400000 * (1 + r1 % 4) ELSE 0 END) AS processed,
        base || CASE event
            WHEN 'App Open' THEN ',"app_build":' || CASE WHEN r1 % 12 = 0 THEN '"' || (400 + r2 % 40) || '-beta"' ELSE (400 + r2 % 40)::VARCHAR END
            WHEN 'Sign Up' THEN ',"method":"' || ['email', 'google', 'apple'][1 + r1 % 3] || '","newsletter":' || (r2 % 5 < 2)
            WHEN 'Search' THEN ',"query":' || CASE WHEN r2 % 60 = 0 THEN [{hostile}][1 + r1 % {len(_HOSTILE_SEARCHES)}] ELSE [{searches}][1 + r1 % {len(_SEARCHES)}] END
                || ',"results":' || (r3 % 40)
            WHEN 'View Item' THEN item_json
            WHEN 'Add To Cart' THEN item_json || ',"quantity":' || (1 + (r1 % 9 = 0)::INTEGER)
            WHEN 'Remove From Cart' THEN item_json
            WHEN 'Start Checkout' THEN money
            WHEN 'Purchase' THEN money || ',"order_id":"' || upper(d[21:28]) || '","payment":"' || ['card', 'card', 'paypal', 'voucher'][1 + r1 % 4]
                || '","shipping":{{"method":"' || ['standard', 'express'][1 + (r2 % 4 = 0)::INTEGER] || '","gift":' || (r3 % 13 = 0) || ',"days":' || (1 + r3 % 5) || '}}'
            WHEN 'Subscribe' THEN ',"tier":"' || plan || '","amount":' || CASE plan WHEN 'pro' THEN '19.99' ELSE '9.99' END || ',"currency":"USD"'
            WHEN 'Support Ticket' THEN ',"topic":"' || ['delivery', 'refund', 'login', 'other'][1 + r1 % 4] || '","first_reply_min":' || CASE WHEN r2 % 6 = 0 THEN 'null' ELSE (3 + r3 % 240)::VARCHAR END
        END AS body
    FROM (
        SELECT x.*, i.item_json,
            ',"amount":' || (b.cents / 100)::DECIMAL(10, 2) || ',"currency":"USD","item_ids":' || b.item_ids || ',"items":' || x.basket_size
            || CASE WHEN r3 % 10 < 2 THEN ',"coupon":"WELCOME10"' WHEN r3 % 10 < 5 THEN ',"coupon":null' ELSE '' END AS money
        FROM draws AS x
        JOIN {_items()} ON i.item = (x.first_item + CASE x.event WHEN 'View Item' THEN 5 * (x.pos % 4) ELSE 0 END) % 24
        JOIN {_baskets()} ON b.first_item = x.first_item AND b.basket_size = x.basket_size
    ) AS priced
    WHERE time_ms <= {now_ms}
), copies AS (  -- export delivers what was sent twice; every second copy was processed later
    SELECT *, processed AS seen, r2 % 2000 = 7 AS superseded FROM written
    UNION ALL
    SELECT *, processed + r3 % 2 * 60000 AS seen, false AS superseded FROM written WHERE r2 % 2000 = 7
)
SELECT event, time_ms, distinct_id,
    body || CASE WHEN r2 % 2500 = 3 THEN '' ELSE ',"$insert_id":"' || d[1:20] || '"' END
    || ',"mp_processing_time_ms":' || least(seen, {now_ms}) || '}}' AS rest,
    superseded
FROM copies
ORDER BY time_ms, rest
"""


def profiles() -> str:
    """User profiles (`data_group_id` is empty) and the profiles of companies, as JSON text."""
    return f"""
CREATE TABLE profile_rows AS
WITH seen AS (
    SELECT n, min(started) AS first_ms, max(started) AS last_ms FROM sessions GROUP BY n
), bought AS (
    SELECT distinct_id, count(*) AS orders, sum(amount) AS spent
    FROM (SELECT DISTINCT distinct_id, regexp_extract(rest, '"order_id":"(.*?)"', 1) AS sale,
              regexp_extract(rest, '"amount":([0-9.]+)', 1)::DECIMAL(12, 2) AS amount
          FROM events WHERE event = 'Purchase') AS sales
    GROUP BY distinct_id
), people AS (
    SELECT u.*, md5('name:' || n) AS g, coalesce(orders, 0) AS orders, coalesce(spent, 0) AS spent,
        CASE WHEN signup_day >= 0 THEN first_ms ELSE {_at("signup_day")} + q2 * 1000 END AS created_ms,
        coalesce(last_ms, {_at("signup_day")} + q2 * 1000) AS last_ms
    FROM users AS u LEFT JOIN seen USING (n) LEFT JOIN bought USING (distinct_id)
    WHERE known
), named AS (
    SELECT *, ('0x' || g[1:4])::INTEGER AS r1, ('0x' || g[5:8])::INTEGER AS r2,
        {_names("g", _FIRST_NAMES, 9)} AS first_name, {_names("g", _LAST_NAMES, 13)} AS last_name
    FROM people
), everyone AS (
SELECT '' AS data_group_id, distinct_id,
    CASE WHEN n % 1000 = 4 THEN distinct_id ELSE to_json(distinct_id) END AS id_json,
    '{{"$name":' || to_json(first_name || ' ' || last_name) || ',"$email":"' || distinct_id || '@example.com"'
    || ',"$created":"' || strftime(make_timestamp_ms(created_ms), '%Y-%m-%dT%H:%M:%S') || '"'
    || CASE WHEN n % 250 = 9 THEN '' ELSE ',"$last_seen":"' || strftime(make_timestamp_ms(last_ms), '%Y-%m-%dT%H:%M:%S') || '"' END
    || ',"$country_code":"' || country || '","$region":' || region
    || ',"$city":' || CASE WHEN q4 % 33 = 0 THEN 'null' ELSE city END || ',"$timezone":"' || zone || '"'
    || ',"platform":"' || platform || '","plan":"' || plan || '","channel":"' || channel || '"'
    || CASE WHEN r1 % 5 = 0 THEN '' ELSE ',"age":' || (18 + r1 % 53) END
    || ',"newsletter":' || (r2 % 5 < 2) || ',"orders":' || orders || ',"lifetime_value":' || spent
    || ',"interests":' || [{_interests()}][1 + r2 % {len(_ITEMS)}]
    || CASE WHEN plan = 'pro' THEN ',"company":"company-' || lpad((1 + r1 % 25)::VARCHAR, 2, '0') || '"' ELSE '' END
    || '}}' AS properties
FROM named
UNION ALL
SELECT '{COMPANY_GROUP}', 'company-' || lpad(n::VARCHAR, 2, '0'), '"company-' || lpad(n::VARCHAR, 2, '0') || '"',
    '{{"$name":"Company ' || n || '","employees":' || (7 * n * n) || ',"$last_seen":"2026-02-' || lpad((1 + n)::VARCHAR, 2, '0') || 'T08:00:00"}}'
FROM range(1, 26) AS t(n)
)
SELECT row_number() OVER (ORDER BY data_group_id, distinct_id) AS id, * FROM everyone ORDER BY id
"""


COMPANY_GROUP = "4242"
"""The data_group_id of the group key `company`."""

_FIRST_NAMES = ["Ada", "Björn", "Chloé", "Diego", "Emi", "Farid", "Grace", "Hana", "Ivan", "Jo", "Kim", "Lea", "Miro", "Nia", "Omar", "Priya"]  # fmt: skip
_LAST_NAMES = ["Adams", "Brown", "Costa", "D'Angelo", "Evans", "Fischer", "García", "Haddad", "Ito", "Jones", "Klein", "Leroy", "Meyer", "Novák", "O'Brien", "Patel"]  # fmt: skip


def _names(digest: str, names: list[str], at: int) -> str:
    return f"[{', '.join(map(_value, names))}][1 + ('0x' || {digest}[{at}:{at + 3}])::INTEGER % {len(names)}]"


def _interests() -> str:
    kinds = [kind for kind, *_ in _ITEMS]
    return ", ".join(_json(kinds[n : n + 1 + n % 3]) for n in range(len(kinds)))
