"""SQL of strangers: a query is run, and whatever else SQL can do is refused before it runs."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pandas as pd
import pytest

from mixpanel_data import InvalidArgumentError, QueryError, TableNotFoundError
from mixpanel_data._internal.storage import StorageEngine

HARMLESS = """
SELECT 1
FROM events
FROM main.events
FROM shop.main.events AS e
SELECT a, count(*) AS c FROM events GROUP BY ALL HAVING c > 0 ORDER BY 2 DESC NULLS LAST LIMIT 3 OFFSET 0
SELECT e.a, p.b FROM events e JOIN profiles p USING (a) WHERE e.b LIKE '%x%' OR e.b ILIKE 'X_' OR e.b ~ 'x'
FROM events ASOF JOIN profiles ON events.a >= profiles.a
FROM events NATURAL JOIN profiles
FROM events SEMI JOIN profiles USING (a)
FROM events POSITIONAL JOIN profiles
WITH x AS (FROM events), y AS MATERIALIZED (SELECT count(*) AS n FROM x) SELECT n FROM y, x
WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) FROM t
WITH events AS (SELECT 7 AS a) FROM events
SELECT row_number() OVER (PARTITION BY a ORDER BY b), lag(a, 1) OVER w FROM events WINDOW w AS (ORDER BY a) QUALIFY true
SELECT sum(a) FILTER (WHERE b = 'x'), list(a ORDER BY b), string_agg(DISTINCT b, ','), approx_quantile(a, 0.5), mode(b) FROM events
SELECT list_transform([1, 2], lambda x: x + 1), [x * 2 FOR x IN [1, 2] IF x > 1], COLUMNS(lambda c: c LIKE 'a%') FROM events
SELECT (SELECT max(a) FROM events), EXISTS (FROM events), a IN (SELECT a FROM profiles), a > ALL (SELECT 0) FROM events
SELECT TRY_CAST('1' AS DECIMAL(10, 2)), [1]::INT[], {'a': 1}::STRUCT(a INT), MAP {'k': 1}, b::MOOD FROM events WHERE a = 1
SELECT date_trunc('week', TIMESTAMP '2026-01-01'), INTERVAL 3 DAYS, now() - to_days(3), extract(hour FROM now()), now() AT TIME ZONE 'Europe/Berlin', today()
SELECT j->>'$.x', j->'x', json_extract_string(j, '$.x'), json_keys(j), j.x FROM (SELECT '{"x": 1}'::JSON AS j)
SELECT NOT true, -a, a IS NULL, a BETWEEN 1 AND 2, CASE WHEN a = 1 THEN 'x' ELSE 'y' END, coalesce(a, 1), nullif(a, 1), if(a = 1, 1, 2), TRY(1 / 0) FROM events
SELECT 'x' || b, substring(b, 1, 1), b[1:1], regexp_replace(b, 'x', 'y'), format('{}', b), strftime(now(), '%Y'), position('x' IN b), trim(b), b COLLATE NOCASE FROM events
SELECT a, b, count(*), grouping(a) FROM events GROUP BY GROUPING SETS ((a), (b)), ROLLUP (a, b)
SELECT 1 UNION SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4
SELECT * EXCLUDE (b) REPLACE (a + 1 AS a) FROM events UNION ALL BY NAME SELECT a FROM profiles
SELECT DISTINCT ON (a) *, random() < 2, uuid() IS NOT NULL FROM events
FROM events USING SAMPLE 10
FROM events TABLESAMPLE 100%
FROM events LIMIT 50%
VALUES (1), (2)
FROM (VALUES (1, 'x')) AS t(a, b)
FROM range(3)
FROM generate_series(DATE '2026-01-01', DATE '2026-01-03', INTERVAL 1 DAY) AS t(day)
SELECT unnest([1, 2]), unnest({'a': 1}) FROM events
FROM events, unnest([1, 2]) AS u(n)
SELECT key, value FROM (SELECT '{"x": 1}'::JSON AS j), json_each(j)
FROM events, LATERAL (SELECT a + 1 AS next)
FROM events PIVOT (count(*) FOR b IN ('x', 'y'))
PIVOT events ON b IN ('x', 'y') USING count(*)
UNPIVOT events ON a INTO NAME n VALUE v
DESCRIBE events
SUMMARIZE events
FROM (DESCRIBE events)
SHOW TABLES
SELECT table_name FROM information_schema.tables
FROM seen
FROM seen_twice
SELECT 1; -- and a comment
""".strip().splitlines()

HOSTILE = """
INSERT INTO events VALUES (2, 'y')
UPDATE events SET a = 2
DELETE FROM events
TRUNCATE events
MERGE INTO events USING profiles USING (a) WHEN MATCHED THEN DELETE
CREATE TABLE t AS SELECT 1
CREATE OR REPLACE TABLE events AS SELECT 1
CREATE TEMP TABLE t AS SELECT 1
CREATE VIEW v AS SELECT 1
CREATE MACRO m() AS 1
CREATE SECRET s (TYPE s3)
DROP TABLE events
ALTER TABLE events ADD COLUMN c INT
COMMENT ON TABLE events IS 'x'
WITH x AS (INSERT INTO events VALUES (3, 'z') RETURNING *) SELECT * FROM x
WITH x AS (DELETE FROM events RETURNING *) SELECT * FROM x
WITH x AS (UPDATE events SET a = 3 RETURNING *) SELECT * FROM x
SELECT (WITH x AS (INSERT INTO events VALUES (3, 'z') RETURNING a) SELECT a FROM x)
SELECT 1; SELECT 2
SELECT 1; DROP TABLE events
COPY events TO '{folder}/out.csv'
COPY (SELECT 1) TO '{folder}/out.csv'
COPY events FROM '{folder}/secret.csv'
EXPORT DATABASE '{folder}/out'
IMPORT DATABASE '{folder}/out'
ATTACH '{folder}/other.duckdb' AS other
ATTACH ':memory:' AS other
DETACH shop
USE shop
INSTALL httpfs
LOAD httpfs
SET threads = 1
SET GLOBAL enable_external_access = false
RESET threads
SET VARIABLE x = 1
PRAGMA threads = 1
PRAGMA database_size
PRAGMA json_execute_serialized_sql('x')
CALL pragma_version()
CALL enable_logging()
BEGIN
COMMIT
ROLLBACK
CHECKPOINT
VACUUM
ANALYZE
EXPLAIN ANALYZE SELECT 1
EXPLAIN COPY events TO '{folder}/out.csv'
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
SELECT * FROM read_csv('{folder}/secret.csv')
SELECT * FROM read_text('{folder}/secret.csv')
SELECT * FROM read_blob('{folder}/*')
SELECT * FROM glob('{folder}/*')
SELECT * FROM sniff_csv('{folder}/secret.csv')
SELECT * FROM parquet_metadata('{folder}/x.parquet')
SELECT * FROM read_duckdb('{folder}/other.duckdb')
SELECT * FROM '{folder}/secret.csv'
SELECT * FROM "{folder}/secret.csv"
DESCRIBE '{folder}/secret.csv'
SUMMARIZE '{folder}/secret.csv'
DESCRIBE SELECT * FROM read_csv('{folder}/secret.csv')
FROM 's3://bucket/x.parquet'
SELECT (SELECT content FROM read_text('{folder}/secret.csv'))
SELECT 1 WHERE EXISTS (FROM '{folder}/secret.csv')
SELECT 1 ORDER BY (SELECT count(*) FROM '{folder}/secret.csv')
SELECT 1 LIMIT (SELECT count(*) FROM '{folder}/secret.csv')
SELECT sum(a) OVER (ORDER BY (SELECT count(*) FROM '{folder}/secret.csv')) FROM events
FROM events JOIN '{folder}/secret.csv' ON true
FROM events, LATERAL (FROM read_text('{folder}/secret.csv'))
SELECT 1 UNION ALL (SELECT 1 FROM '{folder}/secret.csv')
PIVOT '{folder}/secret.csv' ON a IN (1) USING count(*)
WITH "{folder}/secret.csv" AS (SELECT 1) FROM "{folder}/secret.csv"
WITH x AS (FROM '{folder}/secret.csv') FROM x
WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n FROM t, '{folder}/secret.csv') FROM t
FROM query('SELECT 1')
FROM query_table('events')
FROM json_execute_serialized_sql('x')
FROM checkpoint()
FROM force_checkpoint()
FROM duckdb_settings()
FROM duckdb_secrets()
FROM duckdb_logs
FROM duckdb_settings
FROM pg_catalog.pg_settings
FROM enable_logging()
SELECT nextval('counter')
SELECT setval('counter', 7)
SELECT write_log('x')
SELECT setseed(0.5)
SELECT sleep_ms(1)
SELECT current_setting('http_proxy_password')
SELECT sneaky(a) FROM events
SELECT lower(b) FROM events
FROM sneaky_table()
FROM of_a_file
FROM of_a_macro
FROM outer_view
FROM other_shop.main.events
FROM memory.main.events
FROM nowhere
FROM nowhere.events
SHOW DATABASES
SHOW VARIABLES
SELECT '127.0.0.1'::INET
SELECT no_such_function(1)
PIVOT events ON b USING count(*)
""".strip().splitlines()

MADE = """
CREATE TYPE mood AS ENUM ('x', 'y');
CREATE TABLE events AS SELECT 1 AS a, 'x' AS b;
CREATE TABLE profiles AS SELECT 1 AS a, 'x' AS b;
CREATE SEQUENCE counter;
CREATE VIEW seen AS SELECT a, upper(b) AS b FROM events;
CREATE VIEW "as (seen) as"(a) AS SELECT a FROM seen;
CREATE VIEW seen_twice AS FROM seen JOIN "as (seen) as" USING (a);
CREATE MACRO sneaky(x) AS (SELECT content FROM read_text('{folder}/secret.csv'));
CREATE MACRO lower(x) AS (SELECT content FROM read_text('{folder}/secret.csv'));
CREATE MACRO sneaky_table() AS TABLE FROM read_text('{folder}/secret.csv');
CREATE VIEW of_a_file AS FROM read_text('{folder}/secret.csv');
CREATE VIEW of_a_macro AS SELECT sneaky(a) FROM events;
CREATE VIEW outer_view AS SELECT * FROM events, of_a_file;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("machine")
    (folder / "secret.csv").write_text("a\nTOPSECRET\n")
    return folder


@pytest.fixture(scope="module")
def shop(folder):
    with_all = StorageEngine(folder / "shop.duckdb")
    for statement in filter(str.strip, MADE.format(folder=folder).split(";\n")):
        with_all.execute_rows(statement)
    yield with_all
    with_all.close()


def written(engine: StorageEngine, sql: str) -> bytes:
    file = BytesIO()
    engine.write(sql, file, format="csv", accelerate=True, read_only=True)
    return file.getvalue()


@pytest.mark.parametrize("sql", HARMLESS)
def test_what_only_reads_tables_is_run(shop, sql):
    expected = BytesIO()
    shop.write(sql, expected, format="csv")
    found = written(shop, sql)
    assert found.partition(b"\n")[0] == expected.getvalue().partition(b"\n")[0]


@pytest.mark.parametrize("sql", HOSTILE)
def test_what_does_anything_else_is_refused_and_not_run(shop, folder, sql):
    before = sorted(folder.rglob("*.*"))
    settings = shop.execute_rows("FROM duckdb_settings()")
    with pytest.raises((InvalidArgumentError, TableNotFoundError)) as refused:
        written(shop, sql.format(folder=folder))
    assert "TOPSECRET" not in str(refused.value)
    assert shop.execute_rows("FROM events") == [(1, "x")]
    assert shop.execute_rows("FROM duckdb_settings()") == settings
    assert [path for path in sorted(folder.rglob("*.*")) if path not in before] == []


@pytest.mark.parametrize(
    "sql", ["", "-- nothing", "SELECT", "SELECT 1)) TO 'x'; --", "FROM events)"]
)
def test_what_is_no_statement_is_refused_too(shop, sql):
    with pytest.raises((InvalidArgumentError, QueryError)):
        written(shop, sql)


def test_a_missing_table_is_answered_with_a_near_one(shop):
    with pytest.raises(TableNotFoundError) as missing:
        written(shop, "FROM evnts")
    assert missing.value.hint == "did you mean 'events'?"


def test_another_sessions_settings_and_temporary_tables_do_not_help(shop, folder):
    other = shop.sibling()
    other.execute_rows(f"CREATE TEMP VIEW hidden AS FROM read_text('{folder}/secret.csv')")
    with pytest.raises(TableNotFoundError):
        written(shop, "FROM hidden")
    other.close()


SHADOWS = """
CREATE TEMP VIEW events AS FROM read_text('{folder}/secret.csv')
CREATE TEMP VIEW EVENTS AS FROM sneaky_table()
CREATE TEMP VIEW events AS FROM of_a_file
CREATE TEMP VIEW events AS SELECT getvariable('x') AS a, 'x' AS b
CREATE SCHEMA dark; CREATE VIEW dark.events AS FROM read_text('{folder}/secret.csv'); SET search_path = 'dark,main'
CREATE SCHEMA dark; CREATE VIEW dark.events AS FROM read_text('{folder}/secret.csv'); USE dark
CREATE SCHEMA dark; CREATE VIEW dark.events AS FROM read_text('{folder}/secret.csv'); SET schema = 'dark'
""".strip().splitlines()


@pytest.mark.parametrize("made", SHADOWS)
@pytest.mark.parametrize("sql", ["FROM events", "FROM main.events", "FROM seen", "FROM seen_twice"])
def test_what_hides_a_table_in_the_same_session_is_judged(shop, folder, made, sql):
    session = shop.sibling()
    session.execute_rows("SET VARIABLE x = 'TOPSECRET'")
    session.execute_rows(made.format(folder=folder))
    with pytest.raises(InvalidArgumentError):
        written(session, sql)
    session.execute_rows("USE shop.main; DROP SCHEMA IF EXISTS dark CASCADE")
    session.close()


def test_harmless_views_and_tables_of_the_session_are_read(shop):
    session = shop.sibling()
    session.execute_rows(
        "CREATE TEMP VIEW few AS FROM seen LIMIT 1; CREATE TEMP TABLE t AS SELECT 5"
    )
    assert written(session, "FROM few, t") == b"a,b,5\n1,X,5\n"
    session.execute_rows("CREATE TEMP VIEW events AS FROM read_text('/nowhere')")
    assert written(session, "FROM shop.main.events") == b"a,b\n1,x\n"
    session.close()


def test_a_variable_of_the_session_is_no_parameter(shop):
    session = shop.sibling()
    session.execute_rows("SET VARIABLE x = 'TOPSECRET'")
    with pytest.raises(InvalidArgumentError, match="x is none of the parameters"):
        written(session, "SELECT $x")
    rows = session.execute_rows("SELECT $x, $Y", {"x": 1, "y": 2}, read_only=True)
    assert rows == [(1, 2)]
    assert session.execute_rows("SELECT ?, $1", [1], read_only=True) == [(1, 1)]
    session.close()


def test_a_frame_does_not_vouch_for_a_view_of_its_name(shop):
    frame = pd.DataFrame({"a": [1]})
    assert shop.execute_rows("FROM mine", frames={"mine": frame}, read_only=True) == [(1,)]
    with pytest.raises(InvalidArgumentError, match="read_text"):
        shop.execute_rows("FROM of_a_file", frames={"of_a_file": frame}, read_only=True)
