"""json, jsonl, csv and table."""

from __future__ import annotations

import csv
import json
import math
import sys
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot

from mixpanel_data.cli import formatters
from mixpanel_data.formats import Format
from mixpanel_data.serialization import to_json
from mixpanel_data.types import Answer


@dataclass(frozen=True)
class Thing(Answer):
    """An answer with one of everything."""

    name: str
    count: int | None = None
    good: bool = True
    parts: tuple[str, ...] = ()


THINGS = [Thing('a "quoted", name', 1, parts=("x", "y")), Thing("ü\nz", None, good=False)]


@pytest.fixture
def printed(capsysbinary):
    def show(value: Any, output: str, **more: str) -> str:
        formatters.write(value, Format(output), **more)
        return capsysbinary.readouterr().out.decode()

    return show


def test_json_is_compact_with_one_row_per_line(printed):
    assert printed(THINGS, "json") == snapshot("""\
[{"name":"a \\"quoted\\", name","count":1,"good":true,"parts":["x","y"]},
{"name":"ü\\nz","count":null,"good":false,"parts":[]}]
""")
    assert printed(THINGS[0], "json").count("\n") == 1
    assert printed([], "json") == "[]\n"
    assert printed(["a", "b"], "json") == '["a","b"]\n'


def test_jsonl_is_one_value_per_line(printed):
    lines = printed(THINGS, "jsonl").splitlines()
    assert [json.loads(line)["name"] for line in lines] == [thing.name for thing in THINGS]
    assert printed(["a", "b"], "jsonl") == '"a"\n"b"\n'
    assert printed([], "jsonl") == ""


def test_csv_has_a_header_and_nested_values_as_json(printed):
    assert printed(THINGS, "csv") == snapshot("""\
name,count,good,parts
"a ""quoted"", name",1,true,"[""x"",""y""]"
"ü
z",,false,[]
""")
    assert printed(["a", "b,c"], "csv", column="event") == 'event\na\n"b,c"\n'


def test_a_table_is_for_eyes(printed):
    assert printed(THINGS, "table") == snapshot("""\
name               count   good    parts
────────────────────────────────────────────
a "quoted", name       1   true    ["x","y"]
ü                          false   []
z
""")
    assert printed(THINGS[0], "table") == snapshot("""\
name    a "quoted", name
count   1
good    true
parts   ["x","y"]
""")


def test_a_table_outside_a_terminal_is_as_wide_as_it_needs_to_be(printed):
    names = ["x" * 150, "y" * 500]
    lines = printed(names, "table").splitlines()
    assert lines[2] == "x" * 150
    assert lines[3] == "y" * 199 + "…"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(text=st.text(st.characters(codec="utf-8")))
def test_no_name_reaches_a_terminal_raw_in_a_table(printed, text):
    out = printed([f"{text}\x1b[31m\x9b2J\u202e"], "table")
    assert not any(ord(char) < 32 and char not in "\n\t" for char in out)
    assert not any(0x7F <= ord(char) < 0xA0 for char in out)
    assert "\\x1b[31m\\x9b2J\\u202e" in out.replace("\n", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=st.lists(st.text(), min_size=1))
def test_any_name_survives_json_and_jsonl(printed, names):
    assert json.loads(printed(names, "json")) == names
    assert [json.loads(line) for line in printed(names, "jsonl").splitlines()] == names


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")), min_size=1))
def test_any_name_survives_csv(printed, names):
    rows = list(csv.reader(StringIO(printed(names, "csv"), newline="")))
    assert rows == [["name"], *([name] for name in names)]


def test_an_odd_locale_changes_nothing(monkeypatch):
    from io import BytesIO, TextIOWrapper

    raw = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(raw, encoding="ascii"))
    formatters.write(["東京"], Format.CSV)
    assert raw.getvalue().decode() == "name\n東京\n"


@pytest.mark.parametrize(
    ("value", "as_json", "as_text"),
    [
        (None, "null", ""),
        (1.5, "1.5", "1.5"),
        (float("nan"), "null", "null"),
        (Decimal("12345678901234567890.10"),) + ("12345678901234567890.10",) * 2,
        ("US", '"US"', "US"),
        (True, "true", "true"),
        ([1, None], "[1,null]", "[1,null]"),
        ({"a": Decimal("1.5")}, '{"a":1.5}', '{"a":1.5}'),
    ],
)
def test_a_scalar_is_json_or_bare_text(value, as_json, as_text):
    for output, text in {
        "json": as_json,
        "jsonl": as_json,
        "csv": as_text,
        "table": as_text,
    }.items():
        assert formatters.scalar(value, Format(output)) == f"{text}\n"


def test_parsed_lines_keep_the_digits_of_a_decimal():
    rows = formatters.parsed(b'{"x":1234567890123456789.10}\n')
    assert (
        formatters.render(formatters.rows_table(rows)).splitlines()[-1] == "1234567890123456789.10"
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


def digits(value: Any) -> Any:
    """The value with numbers as the text that must be in JSON."""
    if isinstance(value, list):
        return [digits(item) for item in value]
    if isinstance(value, dict):
        return {name: digits(item) for name, item in value.items()}
    is_number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    return ("number", str(value)) if is_number else value


@given(value=JSON)
def test_json_keeps_every_digit_of_every_number(value):
    def number(text: str) -> Any:
        return "number", text

    text = to_json(value)
    assert json.loads(text, parse_float=number, parse_int=number) == digits(value)


def test_what_json_can_not_spell_is_null_wherever_it_is():
    value = {"a": [math.nan, {"b": -math.inf}], "c": Decimal("NaN")}
    assert to_json(value) == '{"a":[null,{"b":null}],"c":null}\n'
