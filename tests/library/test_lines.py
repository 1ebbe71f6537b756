"""One rule of what an event is: what the rule takes, DuckDB loads, and what DuckDB loads, it takes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import IncompleteExportError
from mixpanel_data._internal import lines
from mixpanel_data._internal.storage import StorageEngine
from tests.library.storage.loading import EVENTS

EVENT = b'{"event":"E","properties":{"time":1704067200,"a":%s}}'
DEEP = b"[" * 5000 + b"]" * 5000

TAKEN = [
    lines.BOM + EVENT % b"1",
    b" \t\x0b\x0c" + EVENT % b"1" + b" \r",
    EVENT % b"NaN",
    EVENT % b"nan",
    EVENT % b"-inf",
    EVENT % b"Infinity",
    EVENT % b"[1,2,]",
    EVENT % b'"a\tb\x00c"',
    EVENT % b'"\\ud83d cut"',
    EVENT % b'"\xff"',
    EVENT % b"1e999",
    EVENT % (b"9" * 5000),
    EVENT % DEEP,
    b'{"event":"E","properties":{"time":1e300}}',
    b'{"event":"E","properties":{"time":NaN}}',
    b'{"event":"E","properties":{"time":"-Infinity"}}',
    b'{"event":"E","properties":{"time":-9223372036854.775807}}',
    b'{"event":1,"properties":{}}',
    b'{"event":"E","event":null,"properties":{},"properties":1}',
]
REFUSED = [
    lines.BOM,
    b'{"event":null,"event":"E","properties":{}}',
    b'{"\\u0065vent":null,"event":"E","properties":{}}',
    b'{"event":"E","properties":1,"properties":{}}',
    b'{"event":"E","properties":"{}"}',
    b'{"event":"E","properties":{}',
    b'{"event":"E","properties":{}}{"event":"E","properties":{}}',
    b'{"Event":"E","Properties":{}}',
    b"{'event':'E','properties':{}}",
    EVENT % b"+1",
    EVENT % b"01",
    EVENT % b'"\\q"',
    EVENT % DEEP[:-1],
    EVENT % (b"[" * 5000 + b"}" * 5000),
    "\N{NO-BREAK SPACE}".encode() + EVENT % b"1",
    b"\x00",
]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> StorageEngine:
    """One database for all bodies: each is a table, which goes again."""
    return StorageEngine()


def loaded(engine: StorageEngine, body: bytes) -> list[tuple[str, str]] | int:
    """The names and properties that a load of `body` gives, or the line that it blames."""
    blamed = None
    try:
        with engine.temporary() as folder, engine.new_table("t", EVENTS, flat=True) as table:
            path = Path(folder, "body")
            path.write_bytes(body)
            table.add(path)
    except IncompleteExportError as error:
        blamed = error.line or 0
    if blamed is not None:
        return blamed
    rows = engine.execute_rows("SELECT event_name, properties FROM t ORDER BY rowid")
    engine.drop_table("t")
    return rows


def is_taken(line: bytes) -> bool:
    try:
        lines.check(line)
    except lines.NotAnEventError:
        return False
    return True


@pytest.mark.parametrize("line", TAKEN)
def test_what_is_an_event_is_loaded_whatever_stands_around_it(
    engine: StorageEngine, line: bytes
) -> None:
    assert is_taken(line)
    ((_, alone),) = loaded(engine, line + b"\n")
    assert is_taken(lines.repaired(line))
    assert is_taken(lines.strict(line))
    assert not re.search(rb":-?(nan|inf)", lines.strict(line), re.IGNORECASE)
    # A line that DuckDB refuses has every line of its body read by the rule.
    rows = loaded(engine, line + b"\n" + lines.BOM + EVENT % b"1" + b"\n")
    assert len(rows) == 2
    assert lines.repaired(rows[0][1].encode()) == lines.repaired(alone.encode())


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_no_event_is_refused_wherever_it_stands(engine: StorageEngine, line: bytes) -> None:
    assert not is_taken(line)
    assert loaded(engine, line + b"\n") == 1
    assert loaded(engine, EVENT % b"1" + b"\n\n" + line + b"\n" + EVENT % b"1") == 3


_ODD = st.sampled_from(
    [lines.BOM, *rb"""NaN -inf , [ ] { } : " // \ \ud83d 0 - 1e400 null""".split()]
) | st.sampled_from([b"\x00", b"\t", b"\xff", b"\xc2\xa0", b"\r", b"\x0c", b"\n"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=4,
)
_NAMES = st.sampled_from(["event", "properties", "Event", "e"])


@st.composite
def almost_events(draw: st.DrawFn) -> bytes:
    """An event, or nearly, with some bytes put in, taken out or put in the place of others."""
    properties = draw(st.dictionaries(st.sampled_from(["time", "distinct_id", "a"]), _VALUES))
    pairs = [("event", draw(_VALUES | st.just("E"))), ("properties", properties)]
    pairs += draw(st.lists(st.tuples(_NAMES, _VALUES), max_size=1))
    text = ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in pairs)
    line = f"{{{text}}}".encode()
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(line)))
        end = start + draw(st.integers(0, 2))
        line = line[:start] + draw(_ODD | st.binary(max_size=2) | st.just(b"")) + line[end:]
    return line


# A file of a single byte is empty to DuckDB; the download has refused it by its last line.
@given(body=st.lists(almost_events(), max_size=3).map(b"\n".join) | st.binary(min_size=2))
def test_any_bytes_are_loaded_as_the_rule_says_or_blamed_on_the_same_line(
    engine: StorageEngine, body: bytes
) -> None:
    taken: list[bytes] = []
    blamed = None
    try:
        taken.extend(line for line, _ in lines.records(io.BytesIO(body), lines.check))
    except lines.NotAnEventError as error:
        blamed = error.number
    found = loaded(engine, body)
    if blamed is None:
        assert isinstance(found, list)
        assert len(found) == len(taken)
    else:
        assert found == blamed


JOINED = [
    b'{"event":"E","properties":{"time":1704067200,"a":"one\ntwo"}}',
    b'{"event":"E","properties":{"time":1704067200,"a":"one\r\n\r\n{two}\n\xff"}}',
    b'{"event":"E","properties":{"time":1704067200,"a":"%s"}}' % (b"frame\n" * 98),
    b'{"event":"E",\n"properties":{"time":1704067200,"a":NaN}}',
    b'{"event":"E","properties":\n{"time":1704067200,"a":"\n"}}',
    lines.BOM + b'{\n"event": "E",\n"properties": {\n"time": 1704067200\n}\n}',
]
NOT_JOINED = [
    b'{"event":"E","properties":{"a":"%s"}}' % (b"frame\n" * 100),
    b'{"event":"E","properties":{"a":"cut\n' + EVENT % b"1",
    b'{"event":"E","properties":{"a":"cut\nterminated early',
    b'{"event":"E","properties":{"a":"one\n\x00"}',
]


@pytest.mark.parametrize("record", JOINED)
def test_a_record_that_spans_lines_is_joined(engine: StorageEngine, record: bytes) -> None:
    ((_, alone),) = loaded(engine, record + b"\n")
    # DuckDB's reader makes one line of it as well, where the rule reads all of a body.
    rows = loaded(engine, EVENT % b"1" + b"\n" + record + b"\n" + EVENT % b"2" + b"\n")
    assert [json.loads(text).get("a", "none") for _, text in rows[::2]] == [1, 2]
    assert rows[1] == ("E", alone)
    whole = lines.parse(record)["properties"].get("a")
    assert lines.value(alone).get("a") == pytest.approx(whole, nan_ok=True)


@pytest.mark.parametrize("record", NOT_JOINED)
def test_what_is_no_record_together_is_blamed_on_its_first_line(
    engine: StorageEngine, record: bytes
) -> None:
    assert loaded(engine, EVENT % b"1" + b"\n" + record + b"\n") == 2
