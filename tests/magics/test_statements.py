"""What the magics read in SQL, against DuckDB's own parser."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_magics import statements
from mixpanel_magics.names import RESERVED, quoted

PIECES = [
    "$a", "$b1", "$_c", "$ä", "$A", "'$x'", "'it''s $x'", "e'\\' $x'", "E'\\\\'", '"$x"', '"a""$x"',
    "$$ $x ' $$", "$t$ $x $$ $t$", "-- $x '\n", "/* $x /* ' */ $x */", "/**/", "x", "x$y", "1", "(", ")",
    ",", "+", " ", "\n", "::", "->>", "e", "'", '"', "$$", "/*", "*/", "--", "$", "$t$", ";",
]  # fmt: skip


@pytest.fixture(scope="module")
def parser():
    with duckdb.connect() as connection:
        yield connection


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_parameters_and_statements_are_those_that_duckdb_finds(parser, text):
    sql = f"SELECT 1, {text}"
    try:
        found = parser.extract_statements(sql)
    except duckdb.Error:
        return
    names = {name.lower() for one in found for name in one.named_parameters}
    assert {name.lower() for name in statements.parameters(sql)} == names
    assert statements.can_be_explained(sql) == (len(found) == 1)


@pytest.mark.parametrize(
    ("sql", "one"),
    [
        ("SELECT 1;", True),
        ("SELECT 1; -- done; really", True),
        ("SELECT ';'", True),
        ("SELECT 1; DROP TABLE events", False),
        ("ANALYZE DELETE FROM events", False),
        ("/* x */ (analyse) DELETE FROM events", False),
        ("SELECT analyze FROM events", True),
        (" -- nothing", False),
    ],
)
def test_a_dry_run_is_of_one_statement_that_explain_does_not_run(sql, one):
    assert statements.can_be_explained(sql) is one


def test_names_are_quoted_where_duckdb_needs_it(parser):
    words = parser.execute(
        "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category = 'reserved'"
    )
    assert {word for (word,) in words.fetchall()} == RESERVED
    for name in ["order", "Two Words", 'a"b', "$city", "plain_1", "1st", "ä", "UPPER"]:
        parser.execute(f"SELECT * FROM (SELECT 1 AS {quoted(name)})")
        assert parser.description[0][0] == name
    assert quoted("plain_1") == "plain_1"
