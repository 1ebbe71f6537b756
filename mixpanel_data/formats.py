"""The formats of rows: what each is called, and how it behaves."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from mixpanel_data.exceptions import InvalidArgumentError

# The names once more, for signatures: type checkers compare these with text.
TextFormat = Literal["json", "jsonl", "csv"]
PrintedFormat = Literal["json", "jsonl", "csv", "table"]
FileFormat = Literal["parquet", "csv", "jsonl", "arrow"]


class Format(StrEnum):
    """Equal to its name, which is also the suffix of its files."""

    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    TABLE = "table"
    PARQUET = "parquet"
    ARROW = "arrow"

    @property
    def is_json(self) -> bool:
        """Whether programs read it as JSON, one document or one a line."""
        return self in {Format.JSON, Format.JSONL}

    @property
    def is_lines(self) -> bool:
        """Whether a file of it is text with a row a line, which may be compressed as a whole."""
        return self in {Format.JSONL, Format.CSV}

    @property
    def streamed(self) -> Format:
        """The format in which its rows leave the database; a table is drawn from JSON lines."""
        return Format.JSONL if self is Format.TABLE else self

    @classmethod
    def of_text(cls, name: str) -> Format:
        """The format of rows as text; raise InvalidArgumentError where there is no such format."""
        if name not in TEXTS:
            raise InvalidArgumentError(
                f"format {name!r} is unknown", hint=f"one of {', '.join(TEXTS)}"
            )
        return cls(name)

    @classmethod
    def of_suffix(cls, suffix: str) -> Format | None:
        """The format of files with this suffix, such as `.csv`; None where it is not known."""
        name = {"ndjson": "jsonl"}.get(suffix[1:], suffix[1:])
        return cls(name) if name in FILES else None


TEXTS = (Format.JSON, Format.JSONL, Format.CSV)
"""What `write_sql` writes."""
PRINTED = (*TEXTS, Format.TABLE)
"""What `mp --format` prints."""
FILES = (Format.PARQUET, Format.CSV, Format.JSONL, Format.ARROW)
"""What `export` writes."""
