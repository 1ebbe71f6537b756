"""The formats of rows: one enum, and the Literals that signatures show."""

from __future__ import annotations

import io
from pathlib import Path
from typing import get_args

import pytest

from mixpanel_data import Workspace
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.formats import FILES, PRINTED, TEXTS, FileFormat, PrintedFormat, TextFormat


@pytest.mark.parametrize(
    ("names", "formats"), [(TextFormat, TEXTS), (PrintedFormat, PRINTED), (FileFormat, FILES)]
)
def test_signatures_name_the_formats_of_the_enum(names: object, formats: tuple[str, ...]) -> None:
    assert get_args(names) == formats


@pytest.mark.parametrize("name", ["table", "xml", "JSON", ""])
def test_write_sql_refuses_an_unknown_format_before_it_writes(tmp_path: Path, name: str) -> None:
    file = io.BytesIO()
    with (
        Workspace.sandbox(tmp_path / "a.duckdb") as workspace,
        pytest.raises(InvalidArgumentError, match="is unknown") as caught,
    ):
        workspace.write_sql("SELECT 1 AS a", file, name)  # type: ignore[arg-type]
    assert caught.value.hint == "one of json, jsonl, csv"
    assert file.getvalue() == b""
