"""One budget for all processes of a machine."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from mixpanel_data import RateLimitError
from mixpanel_data._internal.api_client import MixpanelAPIClient
from mixpanel_data._internal.api_client.clock import Clock
from mixpanel_data._internal.api_client.ledger import Account, Ledger, ledger_path
from mixpanel_data._internal.config import Credentials, Settings
from tests.library.api_client.conftest import START, Hourglass
from tests.loopback import Reply, Server, reply_json

NOW = START.timestamp()
WHO = {"username": "u", "secret": "s", "project_id": "1", "region": "us"}

STARTS = textwrap.dedent("""
    import sys
    from pathlib import Path
    from mixpanel_data._internal.api_client.ledger import Ledger
    ledger, got = Ledger(Path(sys.argv[1])), 0
    for n in range(int(sys.argv[2])):
        with ledger.open(1000.0) as account:
            if len(account.starts) < 60:
                account.starts.append(1000.0)
                got += 1
    print(got)
""")


def client(server: Server, folder: Path, clock: Clock, **settings: object) -> MixpanelAPIClient:
    who = Credentials(**WHO, base_url=server.url)
    return MixpanelAPIClient(who, settings=Settings(**settings), ledger=folder, _clock=clock)


def test_processes_that_count_at_once_never_exceed_the_budget(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    crowd = [
        subprocess.Popen(
            [sys.executable, "-c", STARTS, str(path), "20"], stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    assert sum(int(process.communicate()[0]) for process in crowd) == 60
    with Ledger(path).open(1000.0) as account:
        assert len(account.starts) == 60


def test_a_process_killed_while_it_counts_leaves_a_readable_ledger(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    for _ in range(5):
        process = subprocess.Popen([sys.executable, "-c", STARTS, str(path), "1000000"])
        while not path.exists():
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        json.loads(path.read_text())
        path.unlink()


def test_the_ledger_is_private(tmp_path: Path) -> None:
    path = tmp_path / "quota" / "export.json"
    with Ledger(path).open(NOW) as account:
        account.starts.append(NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", ["", "{", "[]", '{"starts": "x"}', '{"starts": [1]}', "\0"])
def test_a_damaged_ledger_begins_anew(tmp_path: Path, content: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(content)
    with Ledger(path).open(NOW) as account:
        assert account == Account()
        account.starts.append(NOW)
    with Ledger(path).open(NOW) as account:
        assert account.starts == [NOW]


def test_a_clock_that_was_set_back_does_not_block_for_ever(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "export.json")
    with ledger.open(NOW + 86400) as account:
        account.starts.append(NOW + 86400)
        account.closed_until = NOW + 86400 + 3600
    with ledger.open(NOW) as account:
        assert account == Account()


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
        with Ledger(path).open(NOW) as account:  # as another process would
            account.starts += [NOW] * 9
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
