"""One TOML file that belongs to its user: read whole, changed in place, replaced at once."""

from __future__ import annotations

import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mixpanel_data.exceptions import ConfigError, warn

if TYPE_CHECKING:
    from tomlkit import TOMLDocument


def read(path: Path) -> dict[str, Any]:
    """The file's content; nothing where there is no file."""
    text = _text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        reason, _, place = str(error).rstrip(")").rpartition(" (at ")
        if place == "end of document":
            place = f"line {text.count(chr(10)) + 1}, column {len(text) - text.rfind(chr(10))}"
        raise ConfigError(
            f"{path}, {place}: {reason}", hint="correct that line; nothing was changed"
        ) from None
    except (RecursionError, ValueError) as error:  # an integer of thousands of digits
        deep = isinstance(error, RecursionError)
        what = "is nested too deeply" if deep else f"can't be read: {error}"
        raise ConfigError(f"{path} {what}", hint="correct it; nothing was changed") from None


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{path} is not UTF-8 text (byte {error.start})", hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigError(
            f"can't read {path}: {error.strerror}", hint="MP_CONFIG_PATH names another file"
        ) from error


def warn_if_shared(path: Path) -> None:
    """Warn when others on this machine may read the secrets in `path`."""
    if os.name != "posix":
        return
    with suppress(OSError):
        if path.stat().st_mode & 0o077:
            warn(f"{path} holds secrets and others can read it: chmod 600 {path}")


@contextmanager
def changed(path: Path) -> Iterator[TOMLDocument]:
    """Read, let the caller change, then replace the file; after an exception it is as before.

    One process at a time: two that add an account at once both succeed.
    """
    target = path.resolve()  # a symlink stays one, and what it points to changes
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = _lock(target.parent)
        try:
            read(target)  # a damaged file is refused with its line, before anything else
            content = _document(target)
            yield content
            _replace(target, content)
        finally:
            if lock is not None:
                os.close(lock)
    except OSError as error:
        raise ConfigError(
            f"can't write {path}: {error.strerror}",
            hint="make its folder writable, or set MP_CONFIG_PATH to another file",
        ) from error


def _document(path: Path) -> TOMLDocument:
    from tomlkit import exceptions, parse

    try:
        return parse(_text(path))
    except exceptions.TOMLKitError as error:  # it reads less than tomllib does
        raise ConfigError(f"can't change {path}: {error}", hint="edit it by hand") from error


def _replace(target: Path, content: TOMLDocument) -> None:
    text = content.as_string()
    if tomllib.loads(text) != content.unwrap():
        # tomlkit has written other content than it holds, on unusual layouts: lose nothing
        raise ConfigError(f"can't change {target} without loss", hint="edit it by hand")
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _lock(folder: Path) -> int | None:
    if os.name != "posix":
        return None
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor
