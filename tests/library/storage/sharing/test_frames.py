"""DataFrames as tables, and results that are kept: at home, and in another process's database."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data import InvalidArgumentError, QueryError, SessionLostError
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.sharing.frames import mentioned
from tests.library.storage.sharing.holder import holding

FRAME = pd.DataFrame(
    {
        "number": [1.5, None, -2.0],
        "text": ["x", None, "a 'b' \"c\""],
        "at": pd.to_datetime(["2026-01-01 00:00:00.123456789", None, "1999-12-31"], format="ISO8601"),
        "kind": pd.Categorical(["u", "v", "u"]),
        "list": [[1], [2, 3], None],
        "big": pd.Series([2**62, 1, 0], dtype="int64"),
        "took": pd.to_timedelta(["1 days", "3us", None]),
    }
)  # fmt: skip


@pytest.fixture(params=["home", "borrowed"])
def database(request: pytest.FixtureRequest) -> Iterator[StorageEngine]:
    """One of our own, and one of another process."""
    if request.param == "borrowed":
        yield request.getfixturevalue("borrower")
        return
    engine = StorageEngine.ephemeral()
    yield engine
    engine.cleanup()


def test_a_frame_is_a_table_of_its_name_for_one_statement(database):
    frames = {"mine": FRAME, "unused": 5}
    got = database.execute_df("FROM Mine", frames=frames)
    at_home = StorageEngine.ephemeral()
    pd.testing.assert_frame_equal(got, at_home.execute_df("FROM mine", frames=frames))
    at_home.cleanup()
    assert database.execute_scalar("SELECT sum(big) FROM mine", frames=frames) == 2**62 + 1
    with pytest.raises(QueryError, match="mine does not exist"):
        database.execute_df("FROM mine")


def test_it_goes_with_parameters_several_statements_and_names_that_need_quotes(database):
    frames = {"my frame": FRAME}
    sql = 'CREATE TABLE kept AS FROM "my frame"; SELECT count(*) + $n FROM kept, "My Frame"'
    assert database.execute_scalar(sql, {"n": 5}, frames=frames) == 14
    assert database.execute_scalar("SELECT count(*) FROM kept") == 3


def test_more_rows_than_one_piece(database):
    many = pd.DataFrame({"i": range(250_001)})
    rows = database.execute_rows("SELECT count(*), sum(i) FROM many", frames={"many": many})
    assert rows == [(250_001, 250_000 * 250_001 // 2)]


def test_a_table_of_the_database_comes_first(database):
    database.execute_df("CREATE TABLE mine AS SELECT 7 AS x")
    database.execute_df("CREATE TEMP TABLE yours AS SELECT 8 AS x")
    frames = {"mine": FRAME, "YOURS": FRAME}
    assert database.execute_rows("SELECT * FROM mine, yours", frames=frames) == [(7, 8)]


def test_it_is_gone_after_an_error_and_can_not_be_written_to(database):
    frames = {"mine": FRAME}
    with pytest.raises(QueryError, match="Could not convert"):
        database.execute_df("SELECT CAST(kind AS INT) FROM mine", frames=frames)
    with pytest.raises(QueryError):
        database.execute_df("INSERT INTO mine (number) VALUES (1)", frames=frames)
    names = "SELECT table_name FROM duckdb_tables() UNION SELECT view_name FROM duckdb_views() WHERE NOT internal"
    assert database.execute_rows(names) == []


def test_a_rollback_does_not_bring_it_back_for_later_statements(database):
    frames = {"mine": FRAME}
    database.execute_df("BEGIN; FROM mine", frames=frames)
    database.execute_df("ROLLBACK")
    assert database.execute_scalar("SELECT count(*) FROM mine", frames={"mine": FRAME[:1]}) == 1
    with pytest.raises(QueryError, match="mine does not exist"):
        database.execute_df("FROM mine")


def test_what_is_no_table_is_named(database):
    for wrong, said in {"e": pd.DataFrame(), "o": object()}.items():
        with pytest.raises(InvalidArgumentError, match=f"{wrong} can't be used as a table: "):
            database.execute_df(f"FROM {wrong}", frames={wrong: said})
    assert database.execute_scalar("SELECT 1") == 1


@given(
    st.dictionaries(st.sampled_from(["a", "A", "b c", "größe"]), st.integers(), max_size=4),
    st.lists(
        st.sampled_from(["a", "A", '"b c"', "größe", "x", "--a\n", "'a'", "/* a */"]), max_size=5
    ),
)
@settings(deadline=None)
def test_names_are_told_from_texts_and_comments(frames, words):
    named = {word.strip('"').lower() for word in words if word[0] not in "-'/"}
    found = mentioned(" ".join(["SELECT", *words]), frames)
    assert set(found) == named & {name.lower() for name in frames}
    assert all(found[name] in {v for k, v in frames.items() if k.lower() == name} for name in found)


# -- results that are kept ------------------------------------------------------------------------

VALUES = """
SELECT '{"a": 1}'::JSON AS j, 170141183460469231731687303715884105727::HUGEINT AS h,
    'a'::ENUM('a', 'b') AS e, {'x': 1} AS s, DATE '2026-01-01' AS d, 1.50::DECIMAL(5, 2) AS m, 2 AS j
"""


def test_rows_are_kept_exactly_and_are_read_as_often_as_one_likes(database):
    result = database.result(VALUES)
    assert list(result.columns) == ["j", "h", "e", "s", "d", "m", "j_1"]
    assert result.columns["j"] == "JSON"
    assert list(result) == list(result) == database.execute_rows(VALUES)
    assert result.df().e.tolist() == ["a"]
    assert (len(result), result.is_complete) == (1, True)
    assert repr(result) == "<SqlResult of 1 rows: j, h, e, s, d, m, j_1>"


def test_every_statement_runs_once(database):
    database.execute_df("CREATE SEQUENCE s")
    assert list(database.result("SELECT nextval('s')")) == [(1,)]
    assert list(database.result("CREATE TABLE t (i INT)")) == []
    assert list(database.result("INSERT INTO t VALUES (1), (2) RETURNING i")) == [(1,), (2,)]
    assert list(database.result("SHOW TABLES")) == [("t",)]
    assert len(database.result("DESCRIBE t")) == 1
    assert next(iter(database.result("PIVOT t ON i USING count(*)")))[-2:] == (1, 1)
    assert list(database.result("SELECT nextval('s')")) == [(2,)]


def test_of_endless_rows_only_the_first_are_read(database):
    result = database.result("SELECT i FROM range(1000000000000) t(i)", max_rows=1000)
    assert (len(result), result.is_complete) == (1000, False)
    assert result.df().i.tolist() == [i for (i,) in result] == list(range(1000))
    assert database.result("FROM range(1000)", max_rows=1000).is_complete
    assert database.execute_scalar("SELECT 5") == 5


def test_errors_are_those_of_the_statement(database):
    for sql, said in {
        "SELEC 1": "LINE 1: SELEC 1\n        ^^^^^",
        "FROM nowhere": "Table with name nowhere does not exist",
        "SELECT CAST(i || 'x' AS INT) FROM range(3) t(i)": "Could not convert string '0x' to INT32",
    }.items():
        with pytest.raises(QueryError) as caught:
            database.result(sql)
        assert said in caught.value.message
        assert "Arrow" not in caught.value.message


def test_a_result_outlives_its_database():
    engine = StorageEngine.ephemeral()
    result = engine.result("SELECT 42 AS x")
    engine.cleanup()
    assert list(result) == [(42,)]


def test_arrow_and_polars_have_types_that_they_know(database):
    result = database.result(VALUES.replace("170141183460469231731687303715884105727", "7"))
    table = result.to_arrow()
    assert table.column_names == ["j", "h", "e", "s", "d", "m", "j_1"]
    assert "Decimal128(38, 0)" in str(table.schema.field("h").type)
    assert result.to_polars()["h"].to_list() == [7]
    assert result.to_polars()["j"].to_list() == ['{"a": 1}']
    with pytest.raises(QueryError, match=r"to DECIMAL\(38,0\)"):
        database.result(VALUES).to_arrow()
    with pytest.raises(InvalidArgumentError, match=r"no type for INTERVAL, which column 'i' is"):
        database.result("SELECT INTERVAL 1 MONTH AS i").to_polars()


def test_a_frame_that_was_lost_with_its_owner_says_so(path):
    engine = None
    with holding(path) as owner:
        engine = StorageEngine(path)
        engine.execute_df("SELECT 1")
        with pytest.raises(SessionLostError), Shown(engine, owner):
            engine._session.run(lambda connection: connection.execute("FROM mine"))
    engine.close()


class Shown:
    """A frame is shown, and the owner ends."""

    def __init__(self, engine: StorageEngine, owner) -> None:
        self.engine, self.owner = engine, owner

    def __enter__(self) -> None:
        self.block = self.engine._session.connection.showing({"mine": FRAME}, "FROM mine")
        self.engine._session.run(lambda _: self.block.__enter__())
        self.owner.kill()

    def __exit__(self, *_: object) -> None:
        self.engine._session.run(lambda _: self.block.__exit__(None, None, None))


# -- progress -------------------------------------------------------------------------------------

ENDLESS = "SELECT count(*) FROM range(150000000000000) t(i) WHERE hash(i) % 7 = 3"


class EnoughError(Exception):
    """Whoever is told has heard enough."""


def test_progress_is_told_while_a_query_runs_and_who_is_told_can_end_it(database):
    told: list[float | None] = []

    def tell(done: float | None) -> None:
        told.append(done)
        if len(told) == 4:
            raise EnoughError

    setting = "SELECT current_setting('enable_progress_bar'), current_setting('enable_progress_bar_print')"
    before = database.execute_rows(setting)
    with pytest.raises(EnoughError):
        database.execute_df(ENDLESS, progress=tell)
    assert database.execute_rows(setting) == before
    known = [done for done in told if done is not None]
    is_ours = database.participants()[0].pid == os.getpid()
    assert bool(known) is is_ours
    assert all(0 <= done <= 1 for done in known)
    assert known == sorted(known)


def test_progress_of_a_result_that_is_kept(database):
    told: list[float | None] = []

    def tell(done: float | None) -> None:
        told.append(done)
        raise EnoughError

    with pytest.raises(EnoughError):
        database.result(ENDLESS, progress=tell)
    assert len(told) == 1
    assert list(database.result("SELECT 1", progress=told.append)) == [(1,)]
