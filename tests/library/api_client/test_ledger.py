"""One budget for all processes of a machine."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
import textwrap
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.ledger import Ledger, QuotaWindow, ledger_path
from mixpanel_data._internal.api_client.limits import QuotaState
from mixpanel_data._internal.config import Credentials, Settings
from mixpanel_data._internal.locking import lock
from mixpanel_data.exceptions import MixpanelDataError, MixpanelDataWarning, RateLimitError
from tests.library.api_client.conftest import START, Hourglass
from tests.loopback import Reply, Server, reply_json
from tests.waiting import HANG, Changes, until

NOW = START.timestamp()
WHO = {"username": "u", "secret": "s", "project_id": "1", "region": "us"}

STARTS = textwrap.dedent("""
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from mixpanel_data._internal.api_client import ledger
    from mixpanel_data._internal.api_client.clock import Clock
    from mixpanel_data._internal.api_client.limits import Gate, Limit, WindowFullError
    ledger._PATIENCE = 600  # eight of them on a busy machine
    gate, got = Gate("export", Path(sys.argv[1])), 0
    limit = Limit(in_flight=100, per_hour=int(sys.argv[3]))
    clock = Clock(now=lambda: datetime.fromtimestamp(1000, UTC))
    for n in range(int(sys.argv[2])):
        try:
            start = gate.enter(limit, clock, 1, lambda: None)
        except WindowFullError:
            continue
        gate.leave(start, clock, refund=limit.per_hour == 1)
        got += 1
    print(got)
""")


def starting(path: Path, times: int, per_hour: int = 60) -> subprocess.Popen[str]:
    """A process that takes places of a budget; with one of 1 it gives them back each time."""
    asked = [sys.executable, "-c", STARTS, str(path), str(times), str(per_hour)]
    return subprocess.Popen(asked, stdout=subprocess.PIPE, text=True)


def client(server: Server, folder: Path, clock: Clock, **settings: object) -> MixpanelAPIClient:
    who = Credentials(**WHO, base_url=server.url)
    return MixpanelAPIClient(who, settings=Settings(**settings), ledger=folder, _clock=clock)


def test_processes_that_count_at_once_never_exceed_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    crowd = [starting(path, 20) for _ in range(8)]
    assert sum(int(process.communicate()[0]) for process in crowd) == 60
    with Ledger(path).open(1000.0) as window:
        assert len(window.starts) == 60


WAITS = textwrap.dedent("""
    import sys
    from pathlib import Path
    from mixpanel_data._internal.api_client import MixpanelAPIClient
    from mixpanel_data._internal.config import Credentials, Settings
    who = Credentials("u", "s", "1", "us", base_url=sys.argv[1])
    settings = Settings(exports_per_hour=1, max_wait=4000)
    client = MixpanelAPIClient(who, settings=settings, ledger=Path(sys.argv[2]))
    client.on_wait = lambda seconds, why: print(round(seconds, -2), why, flush=True)
    try:
        list(client.export_events("2024-01-01", "2024-01-01"))
    except KeyboardInterrupt:
        print("interrupted")
""")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_waits_for_the_quota_that_another_used_until_ctrl_c(tmp_path: Path) -> None:
    with Server(Reply()) as server:
        asks = client(server, tmp_path, Clock())
        list(asks.export_events("2024-01-01", "2024-01-01"))
        asks.close()
        process = subprocess.Popen(
            [sys.executable, "-c", WAITS, server.url, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "3600.0 1 export calls in the last hour\n"
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=HANG)
        assert told.splitlines()[-1] == "interrupted"
        assert len(server.requests) == 1


def reached(changes: Changes, number: int) -> bool:
    return changes.count() >= number


def test_a_process_killed_while_it_counts_leaves_a_readable_ledger(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    for number in range(5):
        process = starting(path, 1_000_000, per_hour=1)
        until(path.exists, process)
        writes = Changes(lambda: path.stat().st_mtime_ns)
        until(partial(reached, writes, number), process)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with Ledger(path).open(1000.0) as window:  # a warning would be an error here
            assert window.starts in ([], [1000.0])
        path.unlink()


def test_the_ledger_is_private(tmp_path: Path) -> None:
    path = tmp_path / "quota" / "export.json"
    with Ledger(path).open(NOW) as window:
        window.starts.append(NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


DAMAGE = {
    "empty": "",
    "cut": "{",
    "a list": "[]",
    "text": '{"starts": "x"}',
    "too little": '{"starts": [1]}',
    "a zero byte": "\0",
    "deep": "[" * 100_000,
    "no quota": '{"starts": [], "per_hour": 0, "closed_until": 0}',
    "endless": '{"starts": [], "per_hour": Infinity, "closed_until": 0}',
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_ledger_begins_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    ledger = Ledger(path)
    with ExitStack() as stack:
        with pytest.warns(MixpanelDataWarning, match="damaged"):
            window = stack.enter_context(ledger.open(NOW))
        assert window == QuotaWindow()
        window.starts.append(NOW)
    with Ledger(path).open(NOW) as window:
        assert window.starts == [NOW]


def test_numbers_that_are_no_times_do_not_count(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('{"starts": [NaN, Infinity, -1], "per_hour": 9, "closed_until": NaN}')
    with Ledger(path).open(NOW) as window:
        assert window == QuotaWindow(per_hour=9)


@pytest.mark.parametrize("stuck", ["folder", "file", "new file"])
def test_where_no_ledger_can_be_kept_the_process_counts_by_itself(
    tmp_path: Path, hourglass: Hourglass, stuck: str
) -> None:
    folder = tmp_path / "quota"
    with Server(Reply()) as server:
        path = ledger_path(folder, server.url, "1", "export")
        if stuck == "folder":
            folder.write_text("a file")
        else:
            (path if stuck == "file" else path.with_suffix(".new")).mkdir(parents=True)
        asks = client(server, folder, hourglass.clock(), exports_per_hour=2)
        with pytest.warns(MixpanelDataWarning, match="can't be used"):
            list(asks.export_events("2024-01-01", "2024-01-01"))
        list(asks.export_events("2024-01-01", "2024-01-01"))
        with pytest.raises(RateLimitError, match="2 export calls"):
            list(asks.export_events("2024-01-01", "2024-01-01"))
        asks.close()


def test_a_process_that_stopped_with_the_ledger_in_its_hand_stops_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mixpanel_data._internal.api_client.ledger._PATIENCE", 0.02)
    path = tmp_path / "export.json"
    ledger = Ledger(path)
    with (
        lock(path.with_suffix(".lock")),
        pytest.warns(MixpanelDataWarning, match="another process holds it"),
        ledger.open(NOW) as window,
    ):
        window.starts.append(NOW)
    with ledger.open(NOW) as window:
        assert window.starts == [NOW]


@pytest.mark.parametrize(("status", "used"), [(200, 1), (401, 0), (402, 0), (429, 0), (500, 1)])
def test_refunds_reach_the_file(
    tmp_path: Path, hourglass: Hourglass, status: int, used: int
) -> None:
    with Server(Reply(status)) as server:
        asks = client(server, tmp_path, hourglass.clock(), attempts=1)
        with suppress(MixpanelDataError):
            list(asks.export_events("2024-01-01", "2024-01-01"))
        with Ledger(ledger_path(tmp_path, server.url, "1", "export")).open(NOW) as window:
            assert len(window.starts) == used
        asks.close()


def test_looking_at_the_quota_takes_nothing_of_it(tmp_path: Path, hourglass: Hourglass) -> None:
    with Server(Reply()) as server:
        asks = client(server, tmp_path, hourglass.clock())
        assert asks.quota("export") == asks.quota("export") == QuotaState(60, 0, 60, 0.0)
        assert list(tmp_path.glob("*.json")) == []
        asks.close()


def test_folders_have_counts_of_their_own(tmp_path: Path, hourglass: Hourglass) -> None:
    with Server(Reply()) as server:
        first = client(server, tmp_path / "a", hourglass.clock())
        list(first.export_events("2024-01-01", "2024-01-01"))
        other = client(server, tmp_path / "b", hourglass.clock())
        assert (first.quota("export").used, other.quota("export").used) == (1, 0)
        first.close()
        other.close()


def test_a_clock_that_was_set_back_does_not_block_for_ever(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "export.json")
    with ledger.open(NOW + 86400) as window:
        window.starts.append(NOW + 86400)
        window.closed_until = NOW + 86400 + 3600
    with ledger.open(NOW) as window:
        assert window == QuotaWindow()


def test_projects_and_origins_have_ledgers_of_their_own(tmp_path: Path) -> None:
    asked = [
        ("https://a.com", "1"),
        ("https://a.com", "11"),
        ("https://a.com/", "1"),
        ("x" * 300, "1"),
    ]
    paths = {ledger_path(tmp_path, origin, project, "export") for origin, project in asked}
    assert len(paths) == 4
    assert max(len(path.name) for path in paths) < 120


def test_clients_of_other_processes_leave_less(tmp_path: Path, hourglass: Hourglass) -> None:
    with Server(Reply()) as server:
        clock = hourglass.clock()
        asks = client(server, tmp_path, clock, exports_per_hour=10, exports_per_second=100)
        list(asks.export_events("2024-01-01", "2024-01-01"))
        assert (asks.quota("export").used, asks.quota("export").left) == (1, 9)
        path = ledger_path(tmp_path, server.url, "1", "export")
        with Ledger(path).open(NOW) as window:  # as another process would
            window.starts += [NOW] * 9
        state = asks.quota("export")
        assert (state.per_hour, state.left, state.next_in) == (10, 0, 3600)
        with pytest.raises(RateLimitError) as caught:
            list(asks.export_events("2024-01-01", "2024-01-01"))
        assert caught.value.retry_after == 3600
        with asks.tuned(max_wait=4000):
            list(asks.export_events("2024-01-01", "2024-01-01"))
        assert sum(hourglass.slept) == 3600
        asks.close()


@pytest.mark.parametrize(
    ("configured", "named", "counts"),
    [
        ({}, 400, 400),
        ({}, 30, 30),
        ({"queries_per_hour": 20}, 400, 20),
        ({"queries_per_hour": 500}, 400, 400),
        ({"query_concurrency": 2}, 400, 400),
        ({}, 0, 60),
    ],
)
def test_a_limit_that_mixpanel_names_is_learned(
    tmp_path: Path, hourglass: Hourglass, configured: dict, named: int, counts: int
) -> None:
    policy = f'"project";q={named};w=3600, "project-concurrency";q=5;qu="concurrent-requests"'
    with Server(reply_json([], RateLimit_Policy=policy)) as server:
        asks = client(server, tmp_path, hourglass.clock(), **configured)
        asks.get("funnels/list")
        assert asks.quota("query").per_hour == counts
        asks.close()


def test_a_window_that_mixpanel_calls_used_up_is_not_asked_again(
    tmp_path: Path, hourglass: Hourglass
) -> None:
    used_up = reply_json({"error": "no"}, 429, RateLimit='"project";r=0;t=1200', Retry_After="1200")
    with Server(used_up, reply_json([])) as server:
        asks = client(server, tmp_path, hourglass.clock())
        for _ in range(3):
            with pytest.raises(RateLimitError):
                asks.get("funnels/list")
        assert len(server.requests) == 1
        assert (asks.quota("query").left, asks.quota("query").next_in) == (0, 1200)
        hourglass.passed = 1201
        asks.get("funnels/list")
        asks.close()
