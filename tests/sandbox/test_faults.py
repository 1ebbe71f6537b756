from __future__ import annotations

import gzip
import json
import time
import zlib

import pytest

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.sandbox import Fault, Faults
from tests.sandbox.conftest import DAYS

GZIP = {"Accept-Encoding": "gzip"}


def spoilt(ask, fault, **more):
    return ask("2.0/export", **DAYS, headers={"X-Sandbox-Fault": fault} | more)


def test_a_status_can_fail_some_times_and_then_pass(sandbox):
    ask = sandbox(faults=Faults(Fault(kind="status", status=503, nth=2, times=2)))
    codes = [ask("query/funnels/list").status_code for _ in range(4)]
    assert codes == [200, 503, 503, 200]


def test_a_fault_may_never_end_and_concern_one_path(sandbox):
    ask = sandbox(faults=Faults(Fault(kind="status", status=500, path="engage", times=None)))
    assert {ask("query/engage").status_code for _ in range(5)} == {500}
    assert ask("query/funnels/list").status_code == 200


def test_a_fault_may_concern_the_requests_that_hold_a_day(sandbox):
    ask = sandbox(limits=None, faults=Faults(Fault(kind="status", day="2026-01-10", times=None)))

    def status(first, last):
        return ask("2.0/export", from_date=first, to_date=last).status_code

    assert status("2026-01-01", "2026-01-09") == 200
    assert status("2026-01-04", "2026-01-10") == 500
    assert status("2026-01-11", "2026-01-12") == 200


@pytest.mark.parametrize(
    ("fault", "status", "message"),
    [
        ("plan", 402, "Your plan does not allow API calls"),
        ("history; days=365", 403, "Date range exceeds 365 days into the past"),
        ("error-200", 200, "the sandbox failed, as it was told"),
        ("status; status=502; message=Bad gateway", 502, "Bad gateway"),
        ("status; status=404; message=gone", 404, "gone"),
    ],
)
def test_answers_of_any_kind_can_be_had(ask, fault, status, message):
    answer = ask("query/funnels/list", headers={"X-Sandbox-Fault": fault})
    assert answer.status_code == status
    assert answer.json["error"].startswith(message)


@pytest.mark.parametrize("status", [404, 410])
def test_case_73_an_endpoint_can_be_retired_for_good(sandbox, status):
    ask = sandbox(faults=Faults(Fault.parse(f"retired; path=funnels; status={status}")))
    for _ in range(3):
        answer = ask("query/funnels/list")
        assert answer.status_code == status
        assert answer.json["error"] == "this endpoint has been retired"
    assert ask("query/cohorts/list").status_code == 200
    assert Fault(kind="retired").status == 410
    assert Fault(kind="retired", times=2).times == 2


def test_case_73_an_endpoint_can_announce_its_end(sandbox):
    sunset = "Tue, 01 Dec 2026 00:00:00 GMT"
    ask = sandbox(
        faults=Faults(
            Fault(kind="deprecated", path="funnels"),
            Fault(kind="deprecated", path="cohorts", message=sunset),
        )
    )
    for _ in range(2):
        answer = ask("query/funnels/list")
        assert (answer.status_code, answer.headers["Deprecation"]) == (200, "true")
        assert "Sunset" not in answer.headers
    assert ask("query/cohorts/list").headers["Sunset"] == sunset
    assert "Deprecation" not in ask("query/engage").headers


def test_an_export_can_end_early(ask):
    answer = spoilt(ask, "terminated; after=7")
    lines = answer.data.split(b"\n")
    assert lines[7:] == [b"terminated early", b""]
    assert all(json.loads(line) for line in lines[:7])


def test_a_record_can_be_split(ask):
    whole = ask("2.0/export", **DAYS).data.split(b"\n")
    lines = spoilt(ask, "split; after=3").data.split(b"\n")
    assert lines[3] + lines[4] == whole[3]
    assert lines[:3] + lines[5:] == whole[:3] + whole[4:]


def test_a_body_can_be_empty(ask):
    assert spoilt(ask, "empty", **GZIP).data == b""
    assert ask("query/engage", headers={"X-Sandbox-Fault": "empty"}).data == b""


def test_values_can_hold_every_kind_of_line_end(ask):
    *_, last, end = spoilt(ask, "separators").data.split(b"\n")
    assert end == b""
    assert json.loads(last)["properties"]["query"] == "a\u2028b\u2029c\u0085d\u001ce\nf"


@pytest.mark.parametrize("path", ["2.0/export", "query/engage"])
def test_a_connection_can_break(ask, path):
    answer = ask(path, **DAYS, hold=True, headers={"X-Sandbox-Fault": "cut; after=100"})
    chunks = iter(answer.response)
    assert len(next(chunks)) == 100
    with pytest.raises(ConnectionResetError):
        next(chunks)
    answer.close()


def test_a_gzip_stream_can_lack_its_end(ask):
    whole = spoilt(ask, "stall; seconds=0", **GZIP).data
    body = spoilt(ask, "truncated-gzip", **GZIP).data
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(body) == gzip.decompress(whole)
    assert not unpacker.eof


def test_a_stream_can_stall(ask):
    begin = time.monotonic()
    body = spoilt(ask, "stall; after=500; seconds=0.15").data
    assert time.monotonic() - begin >= 0.15
    assert body == ask("2.0/export", **DAYS).data


def test_another_process_arms_and_disarms_faults(sandbox):
    ask = sandbox()
    armed = ask("/_sandbox/faults", method="POST", body='[{"kind": "plan"}, {"kind": "cut"}]')
    assert [fault["kind"] for fault in armed.json] == ["plan", "cut"]
    assert ask("query/funnels/list").status_code == 402
    assert ask("/_sandbox/faults", method="DELETE").json == []
    assert ask("query/funnels/list").status_code == 200


@pytest.mark.parametrize("body", ['{"kind": "odd"}', '{"king": 1}', "[1]", "{", "{}"])
def test_a_fault_that_does_not_exist_is_refused(sandbox, body):
    ask = sandbox()
    answer = ask("/_sandbox/faults", method="POST", body=body)
    assert answer.status_code == 400
    assert ask("query/funnels/list").status_code == 200


def test_a_fault_that_does_not_exist_names_those_that_do(ask):
    with pytest.raises(InvalidArgumentError) as caught:
        Fault(kind="odd")
    assert "truncated-gzip" in caught.value.hint
    assert ask("query/funnels/list", headers={"X-Sandbox-Fault": "odd"}).status_code == 400
