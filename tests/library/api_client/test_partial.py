"""200 is the only success of an export: 206 is a part of it."""

from __future__ import annotations

import pytest

from mixpanel_data import APIError
from tests.loopback import Reply, Server

EVENT = b'{"event":"a","properties":{"time":1704067200}}\n'


def test_a_part_of_an_export_is_asked_for_again(connect) -> None:
    with Server(Reply(206, EVENT), Reply(200, EVENT * 2)) as server:
        assert len(list(connect(server).export_events("2024-01-01", "2024-01-01"))) == 2
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_an_export_that_is_never_a_200_fails_with_its_status(connect, status: int) -> None:
    body = b"" if status == 204 else EVENT  # HTTP gives a 204 no body
    with Server(Reply(status, body)) as server:
        with pytest.raises(APIError, match=f"answered {status} .*no whole export") as caught:
            list(connect(server).export_events("2024-01-01", "2024-01-01"))
        assert caught.value.status == status
        assert len(server.requests) > 1
