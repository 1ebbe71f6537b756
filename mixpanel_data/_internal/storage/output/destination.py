"""A file that appears as a whole or not at all, in the format that its name says."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mixpanel_data._internal.storage.errors import file_failed
from mixpanel_data.exceptions import ExportExistsError, InvalidArgumentError
from mixpanel_data.formats import Format

_COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_KNOWN = "parquet, csv, jsonl (both also with .gz or .zst) or arrow"


@dataclass(frozen=True)
class Destination:
    """Where an export goes; a link leads to the file that is written."""

    path: Path
    format: Format
    compression: str | None = None

    @classmethod
    def of(cls, path: str | Path, file_format: str | None) -> Destination:
        """By the name of the file, unless the format is given."""
        named = Path(path).expanduser()
        suffix = named.suffix.lower()
        compression = _COMPRESSIONS.get(suffix)
        if compression:
            suffix = Path(named.stem).suffix.lower()
        found = Format.of_suffix(f".{file_format}" if file_format else suffix)
        if found is None:
            what = f"format {file_format!r}" if file_format else f"the format of {named.name!r}"
            raise InvalidArgumentError(f"{what} is unknown", hint=f"export to {_KNOWN}")
        if compression and not found.is_lines:
            raise InvalidArgumentError(
                f"{found} is compressed already, or not at all: no {named.suffix}",
                hint=f"name it {named.stem}",
            )
        return cls(named.resolve(), found, compression)

    @contextmanager
    def replaced(self, *, overwrite: bool) -> Iterator[Path]:
        """A name to write under; what is there after the block gets the right one."""
        self._check(overwrite=overwrite)
        part = self.path.with_name(f".mp-{secrets.token_hex(8)}.part")
        try:
            yield part
            self._keep(part, overwrite=overwrite)
        except OSError as error:
            raise file_failed(error) from error
        finally:
            part.unlink(missing_ok=True)

    def _check(self, *, overwrite: bool) -> None:
        if not self.path.parent.is_dir():
            raise InvalidArgumentError(f"there is no folder {self.path.parent}")
        if self.path.exists() and not self.path.is_file():
            raise InvalidArgumentError(f"{self.path} is not a file")
        if self.path.exists() and not overwrite:
            raise ExportExistsError(self.path)

    def _keep(self, part: Path, *, overwrite: bool) -> None:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        self._check(overwrite=overwrite)  # another program may have been faster
        part.replace(self.path)
        if os.name == "posix":
            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
