"""Answers that are right but unusual: what is read in them, and what an error says of them."""

from __future__ import annotations

import pytest

from mixpanel_data import APIError, IncompleteExportError
from tests.loopback import Reply, Server, reply_json


def test_the_day_before_is_asked_for_where_the_project_is_still_in_it(connect):
    refused = reply_json({"error": "to_date cannot be later than today"}, 400)
    with Server(refused, reply_json(["a"])) as server:
        assert connect(server).get_events() == ["a"]
        first, second = (request.query for request in server.requests)
    assert (first["to_date"], second["to_date"]) == ("2026-03-10", "2026-03-09")
    assert first | {"to_date": ""} == second | {"to_date": ""}


def test_an_error_that_is_only_a_status_is_that_status(connect):
    with (
        Server(reply_json({"status": "quota of the plan"}, 400)) as server,
        pytest.raises(APIError, match="quota of the plan") as caught,
    ):
        connect(server).get("segmentation")
    assert "{" not in caught.value.message


def test_an_empty_answer_is_an_error_with_its_status(connect):
    with Server(Reply()) as server, pytest.raises(APIError, match="nothing") as caught:
        connect(server).get("funnels/list")
    assert caught.value.status == 200


@pytest.mark.parametrize("line", [b"[]", b"5", b'{"event":"a"}', b'{"event":null,"properties":{}}'])
def test_json_that_is_no_event_ends_an_export_and_is_named(connect, line):
    good = b'{"event":"a","properties":{}}\n'
    with (
        Server(Reply(body=good + line + b"\n")) as server,
        pytest.raises(IncompleteExportError, match="a line is no event") as caught,
    ):
        list(connect(server).export_events("2024-01-01", "2024-01-01"))
    assert (caught.value.line, caught.value.text) == (2, line.decode())


def test_an_id_that_comes_as_a_number_is_text(connect):
    cohort = {"id": 1, "name": "all", "data_group_id": 42}
    with Server(reply_json([cohort])) as server:
        assert [it.data_group_id for it in connect(server).list_cohorts()] == ["42"]
