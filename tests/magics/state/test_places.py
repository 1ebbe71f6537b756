"""Where a file is, as widgets tell it."""

from pathlib import Path

import pytest

from mixpanel_magics.state.places import shown


def test_a_file_in_ones_home_does_not_name_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    assert shown(Path("/home/ada/.mp/config.toml")) == "~/.mp/config.toml"
    assert shown(Path("/home/adam/x.duckdb")) == "/home/adam/x.duckdb"
