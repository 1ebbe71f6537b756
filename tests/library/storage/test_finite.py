"""JSON that is written has null where events carry NaN and infinity, and nothing else changes."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import Workspace
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data.serialization import compact
from mixpanel_magics.state.rows import pretty
from tests.library.storage.loading import EVENTS

ODD = '{"a":NaN,"b":[1,-inf,{"c":nAn}],"t":"NaN, :inf [nan","n":null,"e":-1e-5}'
FINITE = {"a": None, "b": [1, None, {"c": None}], "t": "NaN, :inf [nan", "n": None, "e": -1e-5}


@pytest.fixture(scope="module")
def engine() -> StorageEngine:
    return StorageEngine()


def read(text: str) -> object:
    return json.loads(text, parse_constant=pytest.fail)


_CONSTANTS = st.sampled_from(["NaN", "nan", "-Infinity", "Infinity", "-inf", "InF", "-NaN"])
_TEXTS = st.text(st.sampled_from('nNaiIf:,[-"\\ \u2028'), max_size=8).map(json.dumps)
_JSON = st.recursive(
    st.integers().map(str) | st.sampled_from(["null", "true", "-0.5e-3"]) | _CONSTANTS | _TEXTS,
    lambda inner: (
        st.lists(inner).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(_TEXTS, inner).map(
            lambda items: f"{{{','.join(f'{name}:{value}' for name, value in items.items())}}}"
        )
    ),
    max_leaves=8,
)


@given(text=_JSON)
def test_any_json_is_written_with_null_for_what_is_not_finite(
    engine: StorageEngine, text: str
) -> None:
    file = BytesIO()
    engine.write("SELECT $1::JSON AS a, [$1::JSON] AS b", file, format="jsonl", params=[text])
    expected = json.loads(_lenient(text), parse_constant=lambda _: None)
    assert read(file.getvalue().decode()) == {"a": expected, "b": [expected]}


def _lenient(text: str) -> str:
    """With the constants as Python spells them, by a decoder of the text's own tokens."""
    out, at = "", 0
    while at < len(text):
        if text[at] == '"':
            _, end = json.JSONDecoder().raw_decode(text, at)
            out, at = out + text[at:end], end
            continue
        word = next((w for w in ("infinity", "inf", "nan") if text[at:].lower().startswith(w)), "")
        spelled = "NaN" if word == "nan" else "Infinity" if word else text[at]
        if word == "nan":
            out = out.removesuffix("-")
        out, at = out + spelled, at + max(len(word), 1)
    return out


def test_every_way_out_has_null_and_the_table_keeps_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "ws.duckdb"
    engine = StorageEngine(path)
    with engine.temporary() as folder, engine.new_table("t", EVENTS, flat=True) as table:
        body = folder / "body"
        body.write_text(f'{{"event":"E","properties":{ODD}}}\n')
        table.add(body)
    engine.close()
    with Workspace.open(path) as ws:
        assert ws.sql_scalar("SELECT properties ->> '$.a' FROM t") == "NaN"
        assert read(pretty(ws.row("t", 0)))["properties"] == FINITE
        ws.export("t", tmp_path / "t.jsonl")
        assert read((tmp_path / "t.jsonl").read_text())["properties"] == FINITE
        ws.export("t", tmp_path / "t.csv")
        assert ws.sql_scalar(f"SELECT properties FROM '{tmp_path}/t.csv'").count("null") == 4
        assert ws.sql_scalar("SELECT b FROM t_flat") == '[1,-inf,{"c":nAn}]'
        assert read(compact(ws.property_stats("t", "b").to_dict()))["rows"] == 1
        (row,) = ws.sample_rows("t")
        assert read(compact(row))["properties"] == FINITE
        file = BytesIO()
        ws.write_sql("SELECT b FROM t_flat", file, format="json", read_only=True)
        assert read(file.getvalue().decode()) == [{"b": [1, None, {"c": None}]}]
