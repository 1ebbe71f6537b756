"""Gunzip, piece by piece."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixpanel_data._internal.api_client.body import DamagedBodyError, gunzip


def cut_up(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(c for c in cuts if c < len(data)), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


BODIES = st.lists(
    st.binary(max_size=300) | st.integers(0, 5000).map(lambda n: b"ab" * n), min_size=1, max_size=3
)


@given(BODIES, st.lists(st.integers(0, 600)), st.integers(1, 64))
@settings(max_examples=25, deadline=None)
def test_members_cut_anywhere_come_out_whole_in_small_pieces(bodies, cuts, piece):
    packed = b"".join(gzip.compress(body) for body in bodies)
    pieces = list(gunzip(cut_up(packed, cuts), piece))
    assert b"".join(pieces) == b"".join(bodies)
    assert all(0 < len(out) <= piece for out in pieces)


@given(BODIES, st.data())
@settings(max_examples=25, deadline=None)
def test_a_stream_cut_inside_a_member_raises(bodies, data):
    members = [gzip.compress(body) for body in bodies]
    packed = b"".join(members)
    ends = set(itertools.accumulate(map(len, members)))
    cut = data.draw(st.integers(1, len(packed)).filter(lambda n: n not in ends))
    with pytest.raises(DamagedBodyError):
        list(gunzip([packed[:cut]]))


def test_a_bomb_comes_in_pieces():
    bomb = gzip.compress(b"\0" * 5_000_000)
    assert len(bomb) < 10_000
    assert max(map(len, gunzip([bomb], 1000))) == 1000
