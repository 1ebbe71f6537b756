"""What results are written to, how, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from mixpanel_data.types.answers import Answer

Format = Literal["json", "jsonl", "csv"]
FileFormat = Literal["parquet", "csv", "jsonl", "arrow"]


class Writable(Protocol):
    """Anything that takes bytes: an open file, a pipe, `sys.stdout.buffer`."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""


@dataclass(frozen=True)
class WriteResult(Answer):
    """What was written; not `complete` where `max_bytes` left rows out."""

    rows: int
    bytes: int
    complete: bool


@dataclass(frozen=True)
class ExportResult(Answer):
    """A file that was written."""

    path: Path
    format: FileFormat
    rows: int
    bytes: int
    duration_seconds: float
