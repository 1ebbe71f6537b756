"""The text of the SQL, to be reviewed: what it means is held by the oracles."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from inline_snapshot import snapshot

from mixpanel_data import queries
from mixpanel_data._internal.reports import (
    flows,
    frequency,
    funnel,
    numbers,
    retention,
    segmentation,
)
from mixpanel_data._internal.reports.calendar import Calendar
from mixpanel_data._internal.reports.events import Events, Table
from mixpanel_data.types import PropertyInfo

DAYS: dict[str, Any] = {"from_date": date(2024, 1, 1), "to_date": date(2024, 1, 31)}
BERLIN = Calendar("Europe/Berlin", first=DAYS["from_date"], last=DAYS["to_date"])
KNOWN = {
    "country": PropertyInfo("country", "country", "VARCHAR", 9, {"string": 9}, {}),
    "amount": PropertyInfo("amount", "amount", "DOUBLE", 9, {"number": 9}, {}),
}
FLAT = Events([Table("events", "events_flat", KNOWN)], zone="Europe/Berlin")


def test_segmentation():
    query = queries.LocalSegmentation(event="Sign Up", **DAYS)
    assert segmentation.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS (
    SELECT
        e.event_time,
        e.distinct_id
    FROM main."events_flat" AS e
    WHERE e.event_name = 'Sign Up'
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
)
SELECT
    date_trunc('day', event_time + INTERVAL 1 HOUR) AS bucket,
    '' AS segment,
    count(*) AS value
FROM events
GROUP BY ALL
ORDER BY ALL\
""")


def test_segmentation_by_a_property():
    query = queries.LocalSegmentation(
        event="it's", on="country", where='properties["amount"] > 9', type="unique", **DAYS
    )
    assert segmentation.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS (
    SELECT
        e.event_time,
        e.distinct_id,
        [coalesce("e"."country", 'undefined')] AS labels
    FROM main."events_flat" AS e
    WHERE e.event_name = 'it''s'
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
    AND ("e"."amount" > 9)
),
segmented AS (
    SELECT
        date_trunc('day', event_time + INTERVAL 1 HOUR) AS bucket,
        unnest(labels) AS segment,
        distinct_id
    FROM events
),
figures AS (
    SELECT
        bucket,
        segment,
        count(DISTINCT nullif(distinct_id, '')) AS value,
        count(*) AS events
    FROM segmented
    GROUP BY ALL
),
largest AS (
    SELECT
        segment,
        sum(value) AS total
    FROM figures
    GROUP BY ALL
    ORDER BY total DESC, segment
    LIMIT 60
)
SELECT
    bucket,
    segment,
    value
FROM figures
JOIN largest USING (segment)
ORDER BY total DESC, segment, bucket\
""")


def test_sum_of_two_tables_with_copies():
    events = Events([Table("jan", "jan_flat", KNOWN), Table("feb")], deduplicate=True)
    query = queries.LocalSegmentationSum(event="A", on="amount", **DAYS)
    assert numbers.series_sql(query, events, BERLIN) == snapshot("""\
WITH events AS (
    SELECT
        event_time,
        number
    FROM (
        SELECT
            *,
            insert_id <> '' AND row_number() OVER (
                PARTITION BY event_name, distinct_id, event_time, insert_id
                ORDER BY processed DESC NULLS LAST, row_id DESC
            ) > 1 AS is_copy
        FROM (
            SELECT
                e.event_name,
                e.event_time,
                e.distinct_id,
                e.rowid AS row_id,
                e.insert_id,
                "e"."amount" AS number,
                CAST(NULL AS DOUBLE) AS processed
            FROM main."jan_flat" AS e
            WHERE e.event_name = 'A'
            AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
            AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
            UNION ALL
            SELECT
                e.event_name,
                e.event_time,
                e.distinct_id,
                e.rowid + 1099511627776 AS row_id,
                e.insert_id,
                TRY_CAST(CAST(json_extract(e.properties, '/amount') AS VARCHAR) AS DOUBLE) AS number,
                TRY_CAST(CAST(json_extract(e.properties, '/mp_processing_time_ms') AS VARCHAR) AS DOUBLE) AS processed
            FROM main."feb" AS e
            WHERE e.event_name = 'A'
            AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
            AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
        )
    )
    WHERE is_copy IS NOT TRUE
)
SELECT
    date_trunc('day', event_time + INTERVAL 1 HOUR) AS bucket,
    fsum(coalesce(number, 0)) AS value
FROM events
GROUP BY ALL
ORDER BY ALL\
""")


def test_ranges():
    query = queries.LocalNumericSegmentation(event="A", on="amount", **DAYS)
    assert numbers.ranges_sql(query, FLAT, BERLIN) == snapshot("""\
WITH numbered AS (
    SELECT
        e.event_time,
        e.distinct_id,
        "e"."amount" AS number
    FROM main."events_flat" AS e
    WHERE e.event_name = 'A'
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
),
events AS MATERIALIZED (
    SELECT * FROM numbered WHERE number IS NOT NULL
),
width AS MATERIALIZED (
    SELECT
        digit,
        power,
        CAST(digit || 'e' || power AS DOUBLE) AS width,
        CAST('1e' || abs(power) AS DOUBLE) AS scale
    FROM (SELECT max(number) - min(number) AS span FROM events)
    CROSS JOIN unnest([1, 2, 5]) AS digits(digit)
    CROSS JOIN unnest([-2, -1, 0, 1]) AS steps(step)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN span > 0 THEN CAST(floor(log10(span)) AS INTEGER) + step ELSE 0 END AS power
    )
    WHERE width * 10 >= span
    ORDER BY width
    LIMIT 1
),
placed AS (
    SELECT events.*, digit, power, CASE
        WHEN number < CASE WHEN power < 0 THEN (guess) * digit / scale ELSE (guess) * digit * scale END THEN guess - 1
        WHEN number >= CASE WHEN power < 0 THEN (guess + 1) * digit / scale ELSE (guess + 1) * digit * scale END THEN guess + 1
        ELSE guess
    END AS place
    FROM (SELECT *, floor(number / width) AS guess FROM events CROSS JOIN width) AS events
)
SELECT
    date_trunc('day', event_time + INTERVAL 1 HOUR) AS bucket,
    place,
    count(*) AS value,
    digit,
    power
FROM placed
GROUP BY ALL
HAVING value > 0
ORDER BY place, bucket\
""")


def test_funnel():
    steps = (queries.Step("A"), queries.Step("B", 'properties["amount"] > 9'))
    query = queries.LocalFunnel(steps=steps, **DAYS)
    assert funnel.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id,
        CASE WHEN e.event_name = 'B' THEN "e"."amount" > 9 END AS passes_step_2
    FROM main."events_flat" AS e
    WHERE e.event_name IN ('A', 'B')
    AND e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 22:59:58'
    AND e.event_time < TIMESTAMP '2024-02-07 23:00:00'
),
stage_1 AS MATERIALIZED (
    SELECT
        entry.row AS entry_row,
        distinct_id,
        bucket,
        entry.at AS entry_time,
        entry.at AS last_time,
        entry.at AS step_time
    FROM (
        SELECT
            distinct_id,
            TIMESTAMP '2024-01-01' AS bucket,
            min({'at': event_time, 'row': row_id}) AS entry
        FROM events
        WHERE event_name = 'A'
        AND event_time >= TIMESTAMP '2023-12-31 23:00:00'
        AND event_time < TIMESTAMP '2024-01-31 23:00:00'
        GROUP BY ALL
    )
),
found_2 AS (
    SELECT
        entry_row,
        min({'at': event_time, 'row': row_id}) AS found
    FROM stage_1 AS tried
    JOIN events
    ON events.distinct_id = tried.distinct_id
    AND event_time >= step_time - INTERVAL 2 SECOND
    AND event_time <= entry_time + INTERVAL 7 DAY
    WHERE event_name = 'B'
    AND passes_step_2
    GROUP BY entry_row
),
stage_2 AS MATERIALIZED (
    SELECT
        entry_row,
        distinct_id,
        bucket,
        entry_time,
        step_time AS last_time,
        found.at AS step_time
    FROM stage_1
    JOIN found_2 USING (entry_row)
),
reached AS (
    SELECT
        bucket,
        entry_row,
        entry_time,
        last_time,
        step_time,
        1 AS step
    FROM stage_1
    UNION ALL
    SELECT
        bucket,
        entry_row,
        entry_time,
        last_time,
        step_time,
        2 AS step
    FROM stage_2
)
SELECT
    bucket,
    NULL AS segment,
    step,
    count(*) AS reached,
    avg(greatest(epoch_us(step_time) - epoch_us(last_time), 0)) FILTER (step > 1) / 1e6 AS since_last,
    avg(greatest(epoch_us(step_time) - epoch_us(entry_time), 0)) FILTER (step > 1) / 1e6 AS since_first
FROM reached
GROUP BY ALL
ORDER BY bucket, step\
""")


def test_funnel_of_totals_with_an_exclusion_and_a_breakdown():
    query = queries.LocalFunnel(
        steps=(queries.Step("A"), queries.Step("A")),
        exclusions=(queries.Exclusion("X"),),
        count="total",
        on="country",
        unit="day",
        **DAYS,
    )
    assert funnel.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id,
        [coalesce("e"."country", 'undefined')] AS labels
    FROM main."events_flat" AS e
    WHERE e.event_name IN ('A', 'X')
    AND e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 22:59:58'
    AND e.event_time < TIMESTAMP '2024-02-07 23:00:00'
),
stage_1 AS MATERIALIZED (
    SELECT
        row_id AS entry_row,
        distinct_id,
        date_trunc('day', event_time + INTERVAL 1 HOUR) AS bucket,
        event_time AS entry_time,
        event_time AS last_time,
        event_time AS step_time,
        row_id AS row_1,
        {'at': event_time, 'row': row_id} AS latest,
        false AS looks_back,
        row_id AS step_row
    FROM events
    WHERE event_name = 'A'
    AND event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND event_time < TIMESTAMP '2024-01-31 23:00:00'
),
thrown_2 AS MATERIALIZED (
    SELECT
        entry_row,
        e.event AS out
    FROM stage_1 AS tried
    ASOF JOIN (
        SELECT
            distinct_id,
            {'at': event_time, 'row': row_id} AS moment,
            {'at': event_time, 'row': row_id} AS event
        FROM events
        WHERE (event_name = 'X')
    ) AS e
    ON e.distinct_id = tried.distinct_id
    AND e.moment >= {'at': step_time - INTERVAL 2 SECOND, 'row': -1}
    WHERE (e.event).at <= entry_time + INTERVAL 7 DAY
),
found_2 AS (
    SELECT
        entry_row,
        list_filter(e.event, lambda it: it.row NOT IN (row_1))[1] AS found
    FROM stage_1 AS tried
    ASOF JOIN (
        SELECT
            distinct_id,
            {'at': event_time, 'row': row_id} AS moment,
            list({'at': event_time, 'row': row_id}) OVER (PARTITION BY distinct_id ORDER BY event_time, row_id ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS event
        FROM events
        WHERE event_name = 'A'
    ) AS e
    ON e.distinct_id = tried.distinct_id
    AND e.moment >= {'at': step_time - INTERVAL 2 SECOND, 'row': -1}
    WHERE (list_filter(e.event, lambda it: it.row NOT IN (row_1))[1]).at <= entry_time + INTERVAL 7 DAY
),
stage_2 AS MATERIALIZED (
    SELECT
        entry_row,
        distinct_id,
        bucket,
        entry_time,
        step_time AS last_time,
        found.at AS step_time,
        row_1,
        greatest(latest, found) AS latest,
        looks_back OR found.at < entry_time OR (found.at = entry_time AND found.row < entry_row) AS looks_back,
        found.row AS step_row
    FROM stage_1
    JOIN found_2 USING (entry_row)
    LEFT JOIN thrown_2 USING (entry_row)
    WHERE out IS NULL OR out.at > found.at + INTERVAL 2 SECOND
),
ended AS MATERIALIZED (
    SELECT
        distinct_id,
        bucket,
        {'at': entry_time, 'row': entry_row} AS entry,
        CASE WHEN out IS NULL THEN {'at': entry_time + INTERVAL 7 DAY, 'row': 9223372036854775807} ELSE greatest(latest, out) END AS exit,
        looks_back OR coalesce(out < entry, false) AS looks_back
    FROM stage_1
    LEFT JOIN thrown_2 USING (entry_row)
    ANTI JOIN stage_2 USING (entry_row)
    UNION ALL
    SELECT
        distinct_id,
        bucket,
        {'at': entry_time, 'row': entry_row} AS entry,
        latest AS exit,
        looks_back
    FROM stage_2
),
busy AS (
    SELECT distinct_id, bucket
    FROM ended
    GROUP BY ALL
    HAVING count(*) > 512
),
entries AS MATERIALIZED (
    SELECT *, NULL AS block
    FROM ended
    ANTI JOIN busy USING (distinct_id, bucket)
    UNION ALL
    SELECT *, (row_number() OVER (PARTITION BY distinct_id, bucket ORDER BY entry.at, entry.row) - 1) // 512 AS block
    FROM ended
    SEMI JOIN busy USING (distinct_id, bucket)
),
places AS MATERIALIZED (
    SELECT
        distinct_id,
        {'at': event_time, 'row': row_id} AS moment,
        row_number() OVER in_order AS place,
        count(*) OVER (by_time RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 7 DAY FOLLOWING) AS within,
        event_name = 'A' AS is_step_2,
        1 + count(*) FILTER (is_step_2) OVER (by_time RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 2000001 MICROSECOND PRECEDING) AS first_step_2,
        (event_name = 'X') AS is_out_2,
        1 + count(*) FILTER (is_out_2) OVER (by_time RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 2000001 MICROSECOND PRECEDING) AS first_out_2,
        count(*) OVER (by_time RANGE BETWEEN UNBOUNDED PRECEDING AND INTERVAL 2 SECOND FOLLOWING) AS near
    FROM events
    WHERE distinct_id IN (
        SELECT distinct_id
        FROM ended
        WHERE looks_back
    )
    WINDOW by_time AS (PARTITION BY distinct_id ORDER BY event_time), in_order AS (PARTITION BY distinct_id ORDER BY event_time, row_id)
),
people AS MATERIALIZED (
    SELECT
        distinct_id,
        list(moment ORDER BY place) AS moment,
        list(within ORDER BY place) AS within,
        list(near ORDER BY place) AS near,
        list(first_step_2 ORDER BY place) AS first_step_2,
        list(place ORDER BY place) FILTER (is_step_2) AS step_2,
        list(first_out_2 ORDER BY place) AS first_out_2,
        list(place ORDER BY place) FILTER (is_out_2) AS out_2
    FROM places
    GROUP BY distinct_id
),
picked AS (
    SELECT
        distinct_id,
        bucket,
        list_reduce(blocks, lambda now, block:
            list_transform([list_reduce(block, lambda now, it:
                CASE WHEN now.exit >= it.entry THEN now ELSE {'exit': it.exit, 'done': list_append(now.done, it.entry.row)} END,
            {'exit': now.exit, 'done': []::BIGINT[]})], lambda b: {'exit': b.exit, 'done': list_concat(now.done, b.done)})[1],
        {'exit': NULL::STRUCT("at" TIMESTAMP, "row" BIGINT), 'done': []::BIGINT[]}).done AS done
    FROM (
        SELECT
            distinct_id,
            bucket,
            [list_sort(list({'entry': entry, 'exit': exit}))] AS blocks
        FROM entries
        ANTI JOIN people USING (distinct_id)
        WHERE block IS NULL
        GROUP BY ALL
        UNION ALL
        SELECT
            distinct_id,
            bucket,
            list(items ORDER BY block) AS blocks
        FROM (
            SELECT
                distinct_id,
                bucket,
                block,
                list_sort(list({'entry': entry, 'exit': exit})) AS items
            FROM entries
            ANTI JOIN people USING (distinct_id)
            WHERE block IS NOT NULL
            GROUP BY ALL
        )
        GROUP BY ALL
    )
),
kept AS MATERIALIZED (
    SELECT unnest(done) AS entry_row
    FROM picked
),
computed AS (
    SELECT
        distinct_id,
        bucket,
        list_reduce(blocks, lambda now, block:
            list_transform([list_reduce(block, lambda now, it:
                CASE
                WHEN it.operation = 1 THEN {'exit': now.exit, 'used': list_filter(now.used, lambda event: event.at >= it.entry.at - INTERVAL 2 SECOND), 'places': CASE WHEN now.exit >= it.entry THEN [] ELSE [it.place] END, 'next': now.next, 'out': now.out, 'over': NULL, 'done': now.done}
                WHEN len(now.places) = 0 THEN now
                WHEN it.operation = 6 THEN {'exit': coalesce(now.over, list_max(list_transform(now.places, lambda place: moment[place]))), 'used': list_concat(now.used, CASE WHEN now.out IS NULL THEN list_transform(now.places, lambda place: moment[place]) ELSE list_transform(list_append(now.places, now.out), lambda place: moment[place]) END), 'places': now.places, 'next': now.next, 'out': now.out, 'over': now.over, 'done': list_append(now.done, list_transform(now.places, lambda place: moment[place]))}
                WHEN now.over IS NOT NULL THEN now
                WHEN it.operation = 4 THEN {'exit': now.exit, 'used': now.used, 'places': now.places, 'next': list_filter(step_2[first_step_2[now.places[-1]]:first_step_2[now.places[-1]] + len(now.used) + 2], lambda place: NOT list_contains(now.used, moment[place]) AND NOT list_contains(now.places, place))[1], 'out': list_filter(out_2[first_out_2[now.places[-1]]:first_out_2[now.places[-1]] + len(now.used) + 2], lambda place: NOT list_contains(now.used, moment[place]) AND NOT list_contains(now.places, place))[1], 'over': now.over, 'done': now.done}
                WHEN now.out <= within[it.place] AND now.out <= coalesce(near[now.next], within[it.place]) THEN {'exit': now.exit, 'used': now.used, 'places': now.places, 'next': now.next, 'out': now.out, 'over': list_max(list_transform(list_append(now.places, now.out), lambda place: moment[place])), 'done': now.done}
                WHEN now.next <= within[it.place] THEN {'exit': now.exit, 'used': now.used, 'places': list_append(now.places, now.next), 'next': now.next, 'out': NULL, 'over': now.over, 'done': now.done}
                ELSE {'exit': now.exit, 'used': now.used, 'places': now.places, 'next': now.next, 'out': NULL, 'over': {'at': it.entry.at + INTERVAL 7 DAY, 'row': 9223372036854775807}, 'done': now.done}
                END,
            {'exit': now.exit, 'used': now.used, 'places': now.places, 'next': now.next, 'out': now.out, 'over': now.over, 'done': []::STRUCT("at" TIMESTAMP, "row" BIGINT)[][]})], lambda b: {'exit': b.exit, 'used': b.used, 'places': b.places, 'next': b.next, 'out': b.out, 'over': b.over, 'done': list_concat(now.done, b.done)})[1],
        {'exit': NULL::STRUCT("at" TIMESTAMP, "row" BIGINT), 'used': []::STRUCT("at" TIMESTAMP, "row" BIGINT)[], 'places': []::BIGINT[], 'next': NULL::BIGINT, 'out': NULL::BIGINT, 'over': NULL::STRUCT("at" TIMESTAMP, "row" BIGINT), 'done': []::STRUCT("at" TIMESTAMP, "row" BIGINT)[][]}).done AS done
    FROM (
        SELECT
            distinct_id,
            bucket,
            [list_sort(list({'entry': entry, 'operation': operation, 'place': place}))] AS blocks
        FROM (
            SELECT *, unnest([1, 4, 5, 6]) AS operation
            FROM entries
            JOIN (SELECT moment AS entry, place FROM places) USING (entry)
        )
        WHERE block IS NULL
        GROUP BY ALL
        UNION ALL
        SELECT
            distinct_id,
            bucket,
            list(items ORDER BY block) AS blocks
        FROM (
            SELECT
                distinct_id,
                bucket,
                block,
                list_sort(list({'entry': entry, 'operation': operation, 'place': place})) AS items
            FROM (
                SELECT *, unnest([1, 4, 5, 6]) AS operation
                FROM entries
                JOIN (SELECT moment AS entry, place FROM places) USING (entry)
            )
            WHERE block IS NOT NULL
            GROUP BY ALL
        )
        GROUP BY ALL
    )
    JOIN people USING (distinct_id)
),
reached AS MATERIALIZED (
    SELECT *
    FROM (
        SELECT
            distinct_id,
            step_row,
            bucket,
            entry_row,
            entry_time,
            last_time,
            step_time,
            1 AS step
        FROM stage_1
        JOIN kept USING (entry_row)
        UNION ALL
        SELECT
            distinct_id,
            step_row,
            bucket,
            entry_row,
            entry_time,
            last_time,
            step_time,
            2 AS step
        FROM stage_2
        JOIN kept USING (entry_row)
        UNION ALL
        SELECT
            distinct_id,
            steps[step].row,
            bucket,
            steps[1].row,
            steps[1].at,
            steps[step - 1].at,
            steps[step].at,
            step
        FROM (
            SELECT *, unnest(range(1, len(steps) + 1)) AS step
            FROM (
                SELECT distinct_id, bucket, unnest(done) AS steps
                FROM computed
            )
        )
    )
    JOIN (SELECT row_id AS step_row, labels FROM events) USING (step_row)
),
called AS (
    SELECT
        entry_row,
        coalesce(arg_min(labels, step) FILTER (labels NOT IN (['undefined'], ['null'])), arg_min(labels, step)) AS labels
    FROM reached
    GROUP BY entry_row
),
counted AS MATERIALIZED (
    SELECT entry_row, NULL AS segment
    FROM reached
    WHERE step = 1
    UNION ALL
    SELECT entry_row, segment
    FROM (
        SELECT entry_row, unnest(labels) AS segment
        FROM called
    )
    JOIN (FROM reached WHERE step = 1) USING (entry_row)
),
figures AS MATERIALIZED (
    SELECT
        bucket,
        segment,
        step,
        count(*) AS reached,
        avg(greatest(epoch_us(step_time) - epoch_us(last_time), 0)) FILTER (step > 1) / 1e6 AS since_last,
        avg(greatest(epoch_us(step_time) - epoch_us(entry_time), 0)) FILTER (step > 1) / 1e6 AS since_first
    FROM reached
    JOIN counted USING (entry_row)
    GROUP BY ALL
),
largest AS (
    SELECT segment, sum(reached) AS total
    FROM figures
    WHERE step = 1 AND segment IS NOT NULL
    GROUP BY ALL
    ORDER BY total DESC, segment
    LIMIT 255
)
SELECT figures.*
FROM figures
LEFT JOIN largest USING (segment)
WHERE figures.segment IS NULL OR total IS NOT NULL
ORDER BY total DESC NULLS FIRST, segment, bucket, step\
""")


def test_retention():
    query = queries.LocalRetention(
        born_event="A", return_event="B", as_of=datetime(2024, 3, 1), **DAYS
    )
    assert retention.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id
    FROM main."events_flat" AS e
    WHERE e.event_name IN ('A', 'B')
    AND e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-02-08 23:00:00'
    AND e.event_time <= TIMESTAMP '2024-03-01 00:00:00'
),
members AS MATERIALIZED (
    SELECT *, date_trunc('day', anchor.at + INTERVAL 1 HOUR) AS bucket
    FROM (
        SELECT
            distinct_id,
            min({'at': event_time, 'row': row_id}) AS anchor
        FROM events
        WHERE event_name = 'A'
        AND event_time >= TIMESTAMP '2023-12-31 23:00:00'
        AND event_time < TIMESTAMP '2024-01-31 23:00:00'
        GROUP BY ALL
    )
),
returns AS (
    SELECT
        bucket,
        distinct_id,
        NULL AS segment,
        (epoch_us(event_time) - epoch_us(anchor.at)) // 86400000000 AS number
    FROM members
    JOIN events USING (distinct_id)
    WHERE event_name = 'B'
    AND event_time >= anchor.at
    AND row_id <> anchor.row
    AND event_time < anchor.at + INTERVAL 8 DAY
),
came AS (
    SELECT DISTINCT bucket, distinct_id, segment, number
    FROM returns
),
cohorts AS (
    SELECT
        bucket,
        count(*) AS size,
        min(anchor.at) AS first_born,
        max(anchor.at) AS last_born
    FROM members
    GROUP BY bucket
),
counts AS (
    SELECT bucket, segment, number, count(*) AS users
    FROM came
    GROUP BY ALL
)
SELECT bucket, size, first_born, last_born, segment, number, users
FROM cohorts
LEFT JOIN counts USING (bucket)
ORDER BY bucket, number\
""")


def test_unbounded_compounded_retention_of_any_event_by_a_property():
    query = queries.LocalRetention(
        retention_type="compounded", unbounded=True, on="country", unit="week", **DAYS
    )
    assert retention.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id,
        [coalesce("e"."country", 'undefined')] AS labels
    FROM main."events_flat" AS e
    WHERE e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
),
members AS MATERIALIZED (
    SELECT
        distinct_id,
        date_trunc('week', event_time + INTERVAL 1 HOUR) AS bucket,
        min({'at': event_time, 'row': row_id}) AS anchor
    FROM events
    WHERE event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND event_time < TIMESTAMP '2024-01-31 23:00:00'
    GROUP BY ALL
),
returns AS (
    SELECT
        bucket,
        distinct_id,
        unnest(labels) AS segment,
        (epoch_us(event_time) - epoch_us(anchor.at)) // 604800000000 AS number
    FROM members
    JOIN events USING (distinct_id)
    WHERE event_time >= anchor.at
    AND row_id <> anchor.row
),
came AS (
    SELECT
        bucket,
        distinct_id,
        segment,
        least(max(number), 7) AS number
    FROM returns
    GROUP BY ALL
),
cohorts AS (
    SELECT
        bucket,
        count(*) AS size,
        min(anchor.at) AS first_born,
        max(anchor.at) AS last_born
    FROM members
    GROUP BY bucket
),
counts AS (
    SELECT bucket, segment, number, count(*) AS users
    FROM came
    GROUP BY ALL
),
largest AS (
    SELECT segment, sum(users * (number + 1)) AS total
    FROM counts
    GROUP BY ALL
    ORDER BY total DESC, segment
    LIMIT 255
)
SELECT bucket, size, first_born, last_born, segment, number, users
FROM cohorts
LEFT JOIN (FROM counts JOIN largest USING (segment)) USING (bucket)
ORDER BY total DESC NULLS LAST, segment, bucket, number\
""")


def test_retention_by_a_property_of_the_user():
    query = queries.LocalRetention(
        born_event="A", return_event="B", on='user["plan"]', as_of=datetime(2024, 3, 1), **DAYS
    )
    events = replace(FLAT, profiles=Table("profiles"))
    assert retention.sql(query, events, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id,
        CASE WHEN json_array_length(u.properties, '/plan') > 0 THEN list_distinct(list_transform(json_extract(json_extract(u.properties, '/plan'), '$[*]'), lambda x1: CASE WHEN json_type(x1) = 'NULL' THEN 'null' WHEN json_type(x1) = 'DOUBLE' THEN regexp_replace(CAST(CAST(json_extract_string(x1, '$') AS DOUBLE) AS VARCHAR), '^-(0)\\.0$|\\.0$', '\\1') ELSE json_extract_string(x1, '$') END)) WHEN json_type(u.properties, '/plan') = 'ARRAY' THEN ['undefined'] ELSE [CASE WHEN json_type(u.properties, '/plan') = 'NULL' THEN 'null' WHEN json_type(u.properties, '/plan') = 'DOUBLE' THEN regexp_replace(CAST(CAST(json_extract_string(u.properties, '/plan') AS DOUBLE) AS VARCHAR), '^-(0)\\.0$|\\.0$', '\\1') ELSE coalesce(json_extract_string(u.properties, '/plan'), 'undefined') END] END AS labels
    FROM main."events_flat" AS e
    LEFT JOIN main."profiles" AS u ON u.distinct_id = e.distinct_id
    WHERE e.event_name IN ('A', 'B')
    AND e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-02-08 23:00:00'
    AND e.event_time <= TIMESTAMP '2024-03-01 00:00:00'
),
born AS (
    SELECT *, date_trunc('day', anchor.at + INTERVAL 1 HOUR) AS bucket
    FROM (
        SELECT
            distinct_id,
            min({'at': event_time, 'row': row_id, 'labels': labels}) AS anchor
        FROM events
        WHERE event_name = 'A'
        AND event_time >= TIMESTAMP '2023-12-31 23:00:00'
        AND event_time < TIMESTAMP '2024-01-31 23:00:00'
        GROUP BY ALL
    )
),
members AS MATERIALIZED (
    SELECT
        bucket,
        distinct_id,
        anchor,
        unnest(anchor.labels) AS segment
    FROM born
),
returns AS (
    SELECT
        bucket,
        distinct_id,
        segment,
        (epoch_us(event_time) - epoch_us(anchor.at)) // 86400000000 AS number
    FROM members
    JOIN events USING (distinct_id)
    WHERE event_name = 'B'
    AND event_time >= anchor.at
    AND row_id <> anchor.row
    AND event_time < anchor.at + INTERVAL 8 DAY
),
came AS (
    SELECT DISTINCT bucket, distinct_id, segment, number
    FROM returns
),
cohorts AS (
    SELECT
        bucket, segment,
        count(*) AS size,
        min(anchor.at) AS first_born,
        max(anchor.at) AS last_born
    FROM members
    GROUP BY bucket, segment
),
counts AS (
    SELECT bucket, segment, number, count(*) AS users
    FROM came
    GROUP BY ALL
),
largest AS (
    SELECT segment, sum(size) AS total
    FROM cohorts
    GROUP BY ALL
    ORDER BY total DESC, segment
    LIMIT 255
)
SELECT bucket, size, first_born, last_born, segment, number, users
FROM cohorts
JOIN largest USING (segment)
LEFT JOIN counts USING (bucket, segment)
ORDER BY total DESC, segment, bucket, number\
""")


def test_frequency():
    query = queries.LocalFrequency(event="A", unit="week", addiction_unit="day", **DAYS)
    assert frequency.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS (
    SELECT
        e.event_time,
        e.distinct_id
    FROM main."events_flat" AS e
    WHERE e.event_name = 'A'
    AND e.distinct_id <> ''
    AND e.event_time >= TIMESTAMP '2023-12-31 23:00:00'
    AND e.event_time < TIMESTAMP '2024-01-31 23:00:00'
),
active AS (
    SELECT DISTINCT
        date_trunc('week', event_time + INTERVAL 1 HOUR) AS bucket,
        date_trunc('day', event_time + INTERVAL 1 HOUR) AS slot,
        NULL AS segment,
        distinct_id
    FROM events
),
per_user AS (
    SELECT bucket, segment, distinct_id, count(*) AS slots
    FROM active
    GROUP BY ALL
),
counts AS (
    SELECT bucket, segment, slots, count(*) AS users
    FROM per_user
    GROUP BY ALL
)
SELECT *
FROM counts
ORDER BY bucket, slots\
""")


def test_flows():
    query = queries.Flows(event="A", forward=2, reverse=1, hide=("X",), **DAYS)
    assert flows.sql(query, FLAT, BERLIN) == snapshot("""\
WITH events AS NOT MATERIALIZED (
    SELECT
        e.event_name,
        e.event_time,
        e.distinct_id,
        e.rowid AS row_id
    FROM main."events_flat" AS e
    WHERE e.distinct_id <> ''
    AND e.event_time < TIMESTAMP '2024-02-07 23:00:00'
    AND NOT e.event_name = 'X'
),
visible AS (
    SELECT
        *,
        coalesce(event_name = 'A' AND event_time >= TIMESTAMP '2023-12-31 23:00:00' AND event_time < TIMESTAMP '2024-01-31 23:00:00', false) AS is_start
    FROM events
    WHERE distinct_id IN (
        SELECT distinct_id
        FROM events
        WHERE event_name = 'A'
        AND event_time >= TIMESTAMP '2023-12-31 23:00:00'
        AND event_time < TIMESTAMP '2024-01-31 23:00:00'
    )
),
stream AS (
    SELECT *
    FROM visible
    WINDOW in_order AS (PARTITION BY distinct_id ORDER BY event_time, row_id)
    QUALIFY lag(event_name) OVER in_order IS DISTINCT FROM event_name
    OR lag(is_start) OVER in_order IS DISTINCT FROM is_start
),
steps AS (
    SELECT
        distinct_id,
        event_time,
        row_id,
        is_start,
        CASE WHEN lag(event_time, 1) OVER in_order >= event_time - INTERVAL 7 DAY THEN lag(event_name, 1) OVER in_order END AS before_1,
        CASE WHEN lead(event_time, 1) OVER in_order <= event_time + INTERVAL 7 DAY THEN lead(event_name, 1) OVER in_order END AS after_1,
        CASE WHEN lead(event_time, 2) OVER in_order <= event_time + INTERVAL 7 DAY THEN lead(event_name, 2) OVER in_order END AS after_2
    FROM stream
    WINDOW in_order AS (PARTITION BY distinct_id ORDER BY event_time, row_id)
),
flows AS (
    SELECT *
    FROM steps
    WHERE is_start
    QUALIFY row_number() OVER (PARTITION BY distinct_id ORDER BY event_time, row_id) = 1
),
paths AS (
    SELECT
        before_1,
        after_1,
        after_2,
        count(*) AS flows
    FROM flows
    GROUP BY ALL
)
SELECT
    -1 AS step,
    before_1 AS source,
    'A' AS target,
    sum(flows) AS flows,
    NULL AS path
FROM paths
GROUP BY ALL
UNION ALL
SELECT
    1 AS step,
    'A' AS source,
    after_1 AS target,
    sum(flows) AS flows,
    NULL AS path
FROM paths
GROUP BY ALL
UNION ALL
SELECT
    2 AS step,
    after_1 AS source,
    after_2 AS target,
    sum(flows) AS flows,
    NULL AS path
FROM paths
WHERE after_1 IS NOT NULL
GROUP BY ALL
UNION ALL
(
    SELECT
        0 AS step,
        NULL AS source,
        NULL AS target,
        sum(flows) AS flows,
        list_filter([before_1, 'A', after_1, after_2], lambda name: name IS NOT NULL) AS path
    FROM paths
    GROUP BY ALL
    ORDER BY flows DESC, path
    LIMIT 100
)\
""")


def test_a_view_is_numbered_once():
    query = queries.LocalFunnel(steps=(queries.Step("A"),), **DAYS)
    text = funnel.sql(query, Events([Table("few", is_view=True)]), BERLIN)
    assert text.startswith("WITH events AS MATERIALIZED (")
    assert 'FROM (SELECT *, row_number() OVER () AS rowid FROM main."few") AS e' in text
