"""Tab in SQL."""

from __future__ import annotations

import pytest
from IPython.core.completer import provisionalcompleter


@pytest.fixture
def tab(shell):
    """What Tab offers at `|`, as whole texts of the replaced words."""

    def press(code: str) -> list[str]:
        at = code.index("|")
        text = code.replace("|", "")
        with provisionalcompleter():
            return [found.text for found in shell.Completer.completions(text, at)]

    return press


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("%%mpsql\nSELECT * FROM ev|", ["events", "events_flat"]),
        ("%%mpsql\nSELECT * FROM |", ["events", "events_flat", "profiles", "profiles_flat"]),
        ("%%mpsql df\nSELECT\n  dist|\nFROM events", ["distinct_id"]),
        ("%%mpsql\nSELECT dist|", ["distinct_id"]),
        ("%%mpsql\nSELECT e.platf| FROM events_flat e", ["platform"]),
        ("%%mpsql\nSELECT brow| FROM events_flat", []),
        ('%%mpsql\nSELECT "$brow| FROM events_flat', ['"$browser"', '"$browser_version"']),
        ("%%mpsql\nSELECT properties->>'platf| FROM events", ["platform"]),
        ("%%mpsql\nSELECT properties ->> '$.platf|' FROM events", ["$.platform"]),
        (
            "%%mpsql\nSELECT properties->>'$.\"$brow|' FROM events",
            ['$."$browser"', '$."$browser_version"'],
        ),
        ("x = %mpsql FROM ev|", ["events", "events_flat"]),
        ("%mpsql SELECT properties->>'platf| FROM events", ["platform"]),
    ],
)
def test_what_fits_is_offered(cell, tab, filled, code, first):
    cell(f"%mp_use {filled}")
    assert tab(code) == first


def test_properties_that_are_no_keys_are_offered_as_paths(cell, tab, filled):
    cell(f"%mp_use {filled}")
    offered = tab("%mpsql SELECT properties->>'|' FROM events")
    assert {"platform", '$."$browser"'} <= set(offered)
    for name in offered:
        assert cell(f"%mpsql SELECT count(properties->>'{name}') AS n FROM events").value.n[0] > 0


def test_python_completes_as_ever(cell, tab, filled):
    cell(f"%mp_use {filled}")
    cell("evidence = 1")
    assert "evidence" in tab("evid|")
    assert tab("evid|ence  # %mpsql FROM ev") == tab("evid|ence")


def test_nothing_is_made_or_raised_by_a_tab(cell, tab, shell, home):
    assert tab("%mpsql FROM ev|") == []
    assert not list(home.rglob("*.duckdb"))
    cell("ws = 5")
    assert tab("%mpsql FROM ev|") == []
    cell("ws.close()")
    cell("del ws")
    cell("%mp_use sandbox")
    cell("ws.close()")
    assert tab("%mpsql FROM ev|") == []


def test_without_an_account_a_tab_offers_nothing(tab, monkeypatch):
    monkeypatch.delenv("MP_ACCOUNT")
    assert tab("%mpsql FROM ev|") == []
