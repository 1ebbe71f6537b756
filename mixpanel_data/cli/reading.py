"""Texts that commands read: of a file, or of standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import whole


def text_of(file: Path) -> str:
    """What a file holds."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_utf8(str(file), error) from error
    except OSError as error:
        raise InvalidArgumentError(f"can't read {file}: {error.strerror}") from error


def standard_input() -> str:
    """All that is piped in."""
    try:
        return whole(sys.stdin.read(), "stdin")
    except UnicodeDecodeError as error:
        raise _not_utf8("stdin", error) from error


def _not_utf8(name: str, error: UnicodeDecodeError) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"{name} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
    )
