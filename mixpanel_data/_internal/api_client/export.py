"""The raw export as a stream: bytes that are known to be whole, or an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from mixpanel_data._internal import lines
from mixpanel_data._internal.api_client.answers import (
    error_at_the_end,
    error_text,
    is_html,
    one_line,
    quoted,
)
from mixpanel_data._internal.api_client.body import DamagedBodyError
from mixpanel_data._internal.api_client.exchange import OpenAnswer
from mixpanel_data._internal.api_client.secrecy import covered
from mixpanel_data.exceptions import ConnectionFailedError, IncompleteExportError

BATCH = 1000
SHOWN = 200
SEEN = 16 << 10
"""Bytes at the start and the end of a body in which its own error is looked for."""


class ExportStream:
    """Decompressed bytes, cut anywhere; the end of iteration means that they are all there.

    `rows` counts line ends and `bytes` the decompressed size, so far. No line is looked at but
    the last one: there Mixpanel tells of its own failure, and there a cut shows. A line of more
    than `longest` bytes is an error, since whoever reads it has it in memory as a whole.
    """

    def __init__(self, answer: OpenAnswer, longest: float, *, cut: bool = False) -> None:
        self._answer = answer
        self._longest = longest
        self._cut = cut
        self._last: list[bytes] = []  # the last line that is not blank, in pieces
        self._last_size = 0
        self._ended = False
        self._start = self._end = b""
        self._line_ends = 0
        self.rows = 0
        self.bytes = 0

    def __iter__(self) -> Iterator[bytes]:
        if not self._answer.ends_visibly:
            raise self._incomplete("the answer carries no length, so that a cut would not show")
        try:
            chunks = without_bom(self._answer.decoded())
            for chunk in cut_lines(chunks, self._longest) if self._cut else chunks:
                self.rows += chunk.count(b"\n")
                self.bytes += len(chunk)
                if not self._cut:
                    self._refuse_a_long_line(chunk)
                self._keep_ends(chunk)
                self._keep_last_line(chunk)
                yield chunk
        except DamagedBodyError as error:
            raise self._incomplete(str(error)) from error
        except ConnectionFailedError as error:
            raise ConnectionFailedError(
                f"{error.message}, after {self.rows:,} rows",
                endpoint=error.endpoint,
                hint=error.hint,
            ) from error.__cause__
        self._check_last_line()

    def _keep_ends(self, chunk: bytes) -> None:
        if len(self._start) < SEEN:
            self._start += chunk[: SEEN - len(self._start)]
        self._line_ends += chunk.count(b"\n")
        self._end = (self._end + chunk if len(chunk) < SEEN else chunk)[-SEEN:]

    def _refuse_a_long_line(self, chunk: bytes) -> None:
        """Lines that lie within a chunk are shorter than that."""
        size = (0 if self._ended else self._last_size) + (chunk.find(b"\n") + 1 or len(chunk))
        if size > self._longest:
            raise IncompleteExportError(
                f"a line is longer than {self._longest / 1e6:g} MB",
                rows=self.rows - chunk.count(b"\n"),
                hint="raise line_limit_mb in the settings",
            )

    def _keep_last_line(self, chunk: bytes) -> None:
        end = len(chunk)
        while end and chunk[end - 1] in b"\r\n":
            end -= 1
        start = chunk.rfind(b"\n", 0, end) + 1
        if end and (start or self._ended):
            self._last.clear()
            self._last_size = 0
            self._ended = False
        self._ended = self._ended or b"\n" in chunk[end:]
        self._last.append(chunk[start:])
        self._last_size += len(chunk) - start

    def _check_last_line(self) -> None:
        line = b"".join(self._last)
        self.rows -= line.count(b"\n")  # the last line's own, and blank ones behind it
        if not line.strip():
            return
        try:
            lines.check(line)
        except lines.NotAnEventError as error:
            fault = self.fault(error, line, self.rows)
            # One that has its end is judged with all others: a record may span lines.
            if fault.line is None or not self._ended or isinstance(error, lines.EndedEarlyError):
                raise fault from None
        self.rows += 1

    def _incomplete(self, reason: str) -> IncompleteExportError:
        return IncompleteExportError(reason, rows=self.rows)

    def fault(self, error: lines.NotAnEventError, line: bytes, rows: int) -> IncompleteExportError:
        """The error that blames the line after `rows` good ones, or what came instead of events."""
        who = self._answer.call.asked.credentials
        if is_html(self._start.decode("utf-8", "replace")):
            page = quoted(error_text(self._start), who)
            return IncompleteExportError(
                f"a page of HTML came, such as a login page: {page}", rows=0
            )
        if sent := error_at_the_end(self._end):
            said = f"Mixpanel sent an error: {quoted(error_text(sent), who)}"
            return IncompleteExportError(said, rows=self._line_ends - sent.count(b"\n"))
        reason = str(error) if self._ended else f"{error}, and the last line has no end"
        text = covered(one_line(line.decode("utf-8", "replace")), who)[:SHOWN]
        return IncompleteExportError(reason, rows=rows, line=rows + 1, text=text)


def without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""The bytes behind a byte order mark, which stored files and proxies put first.

    >>> list(without_bom([b"\xef", b"\xbb\xbf", b"a", b"\xef\xbb\xbf"]))
    [b'a', b'\xef\xbb\xbf']
    """
    rest = iter(chunks)
    start = b""
    for chunk in rest:
        start += chunk
        if not lines.BOM.startswith(start[: len(lines.BOM)]) or len(start) >= len(lines.BOM):
            break
    if start := start.removeprefix(lines.BOM):
        yield start
    yield from rest


def cut_lines(chunks: Iterable[bytes], longest: float) -> Iterator[bytes]:
    r"""The bytes without what a line has past `longest`, up to a chunk.

    >>> list(cut_lines([b"a", b"bc", b"d", b"e\nf", b"\ng"], 2))
    [b'a', b'bc', b'\nf', b'\ng']
    """
    size = 0
    for chunk in chunks:
        end = chunk.find(b"\n")
        kept = chunk if size <= longest else chunk[end:] if end >= 0 else b""
        if kept:
            yield kept
        size = len(chunk) - chunk.rfind(b"\n") - 1 + (size if end < 0 else 0)


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    r"""Lines without their end; only byte 0x0A ends one.

    >>> list(split_lines([b"a\xe2\x80", b"\xa8b\nc"]))
    [b'a\xe2\x80\xa8b', b'c']
    """
    tail: list[bytes] = []
    for chunk in chunks:
        first, *rest = chunk.split(b"\n")
        tail.append(first)
        if rest:
            yield b"".join(tail)
            yield from rest[:-1]
            tail = [rest[-1]]
    if last := b"".join(tail):
        yield last


def _events(stream: ExportStream) -> Iterator[lines.Event]:
    try:
        # With their ends, so that a record that spans lines keeps its line breaks.
        for _, event in lines.records((line + b"\n" for line in split_lines(stream)), lines.parse):
            yield event
    except lines.NotAnEventError as error:
        raise stream.fault(error, error.line.removesuffix(b"\n"), error.rows) from None


def read_events(
    stream: ExportStream, on_batch: Callable[[list[lines.Event]], None] | None = None
) -> Iterator[lines.Event]:
    """The events one by one, then in lists of at most 1,000 to `on_batch`; blank lines are none."""
    batch: list[lines.Event] = []
    for event in _events(stream):
        yield event
        if on_batch is not None:
            batch.append(event)
            if len(batch) == BATCH:
                on_batch(batch)
                batch = []
    if on_batch is not None and batch:
        on_batch(batch)
