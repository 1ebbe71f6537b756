from __future__ import annotations

import json

import duckdb
from hypothesis import example, given
from hypothesis import strategies as st

from mixpanel_data._internal.storage.acceleration.syntax import property_of

letters = st.sampled_from(list("abA é.[]*#\"\\/~$?0-\n\t'@"))
keys = st.text(letters, max_size=3)
paths = st.builds(
    "".join, st.tuples(st.sampled_from(["", "$", "$.", '$."', "/"]), keys, st.sampled_from(["", '"']))
)  # fmt: skip


@given(paths, st.dictionaries(keys, st.integers()))
@example("/0", {"0": 1})
@example("$.a*", {"a*": 1, "ab": 2})
@example('$."a\\"b"', {'a"b': 1})
def test_a_path_that_is_understood_means_that_property_to_duckdb_too(
    path: str, document: dict[str, int]
) -> None:
    name = property_of(path)
    if name is None:
        return
    for one in (document, {**document, name: 5}, {name: None}, {name + "x": 1}):
        text = json.dumps(one)
        with duckdb.connect() as connection:
            for sql in ("SELECT $1::JSON ->> {}", "SELECT json_extract_string($1::JSON, {})"):
                literal = "'" + path.replace("'", "''") + "'"
                (found,) = connection.execute(sql.format(literal), [text]).fetchone()
                value = one.get(name)
                assert found == (None if value is None else str(value))
