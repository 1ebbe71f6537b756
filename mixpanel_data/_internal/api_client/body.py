"""Bodies as they come: gunzipped piece by piece, and checked to be whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from isal import igzip_lib, isal_zlib

PIECE = 1 << 20
"""The most bytes handed on at once, however well a chunk was compressed."""

GZIP = 31  # window bits of zlib that mean: a gzip header, a 32 KB window


class DamagedBodyError(ValueError):
    """A gzip body that is cut, or no gzip at all."""


class OverLimitError(ValueError):
    """A body of more bytes than are taken."""


def bounded(chunks: Iterable[bytes], limit: float) -> Iterator[bytes]:
    """The chunks, up to so many bytes: the one that goes past them raises."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise OverLimitError
        yield chunk


def gunzip(chunks: Iterable[bytes], piece: int = PIECE) -> Iterator[bytes]:
    """Decompress members one after the other; zero bytes between and after them are padding.

    A body that ends inside a member, and bytes that start no member, raise.
    """
    member = None
    for received in chunks:
        chunk = received
        while chunk or member:
            if member is None:
                chunk = chunk.lstrip(b"\0")
                if not chunk:
                    break
                member = isal_zlib.decompressobj(GZIP)
            try:
                out = member.decompress(chunk, piece)
            except igzip_lib.IsalError as error:  # type: ignore[misc]  # typed as a value
                raise DamagedBodyError(f"damaged gzip: {error}") from error
            if out:
                yield out
            if member.eof:
                chunk = member.unused_data
                member = None
                continue
            chunk = member.unconsumed_tail
            if not chunk and len(out) < piece:
                break
    if member is not None:
        raise DamagedBodyError("the gzip stream has no end")
