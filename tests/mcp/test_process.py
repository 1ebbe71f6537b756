"""`mp mcp` as a process: its streams, its end, its account, and others on the same file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mixpanel_data import Workspace
from mixpanel_data.sandbox import Fault, Faults, Sandbox
from mixpanel_data.sandbox.server import serve
from tests.mcp.conftest import LOG, MP, environment, serving
from tests.waiting import HANG

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")

HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "older", "version": "1"},
    },
}
CALLS = [
    HELLO,
    {"jsonrpc": "2.0", "method": "notifications/initialized"},
    {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {"name": "tables"}},
    {"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "sql", "arguments": {}}},
]


def mp(
    home: Path, *args: str, stdin: str = "", code: str = MP[1]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        input=stdin, capture_output=True, text=True, check=False, timeout=HANG,
        env=environment(home),
    )  # fmt: skip


def test_stdout_carries_the_protocol_alone_and_the_server_ends_with_its_client(tmp_path):
    text = "".join(f"{json.dumps(call)}\n" for call in CALLS)
    done = mp(tmp_path, "mcp", "--account", "sandbox", stdin=text)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert {answer["jsonrpc"] for answer in answers} == {"2.0"}
    assert answers[0]["result"]["protocolVersion"] == "2025-06-18"
    assert answers[0]["result"]["serverInfo"]["name"] == "mixpanel"
    assert done.returncode == 0
    assert done.stderr == "note: this is the sandbox, its data is invented\n"


def test_ctrl_c_ends_it_at_once(tmp_path):
    with subprocess.Popen(
        [sys.executable, *MP, "mcp", "--account", "sandbox"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(tmp_path),
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{json.dumps(HELLO)}\n".encode())
        process.stdin.flush()
        assert b"mixpanel" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(HANG) == 130
        assert process.stderr
        assert process.stderr.read() == b"interrupted\n"


def test_without_an_account_it_says_what_to_type_and_ends(tmp_path):
    done = mp(tmp_path, "mcp")
    assert done.returncode == 2
    assert "mp auth add" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("account", [[], ["--account", "sandbox"]])
def test_without_the_extra_it_says_what_to_type(tmp_path, account):
    missing = f"import sys; sys.modules['mcp'] = None; {MP[1]}"
    done = mp(tmp_path, "mcp", *account, code=missing)
    assert done.returncode == 1
    assert "hint: pip install 'mixpanel-data[mcp]'\n" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_notebook_refuses_to_be_a_server():
    from mixpanel_data.cli.main import main

    with Workspace.ephemeral("sandbox") as workspace:
        assert main(["mcp"], lend=lambda: workspace) == 3


def test_the_command_line_and_a_notebook_work_on_the_same_file_meanwhile(tmp_path):
    db = tmp_path / "shared.duckdb"
    with serving(tmp_path, "--account", "sandbox", "--db", str(db)) as agent:
        agent("fetch", from_date="2026-01-01", to_date="2026-01-02")
        there = mp(tmp_path, "sql", "--db", str(db), "--scalar", "SELECT count(*) FROM events")
        assert there.returncode == 0, there.stderr
        with Workspace.open(db) as notebook:
            notebook.sql_rows("CREATE TABLE mine AS SELECT 7 AS n")
            assert agent("sql", query="FROM mine").text == "n\n7"
            count = agent("sql", query="SELECT count(*) AS n FROM events").text
            assert count == f"n\n{there.stdout.strip()}"
    # Without an account, the agent borrows what a notebook has open.
    with Workspace.open(db) as notebook, serving(tmp_path, "--db", str(db)) as agent:
        assert notebook.sql_scalar("SELECT n FROM mine") == 7
        assert agent("sql", query="FROM mine").text == "n\n7"
        refused = agent("sql", query="COPY mine TO 'out.csv'").error
        assert refused["type"] == "InvalidArgumentError"
        assert agent("discover").error["type"] == "AuthenticationError"


def test_waiting_for_the_quota_is_told_as_progress(tmp_path):
    faults = Faults(Fault.parse("rate-limit; path=export; retry_after=1"))
    heard: list[str] = []

    async def hear(_done, _total, text) -> None:
        heard.append(text)

    with Sandbox(events=100, profiles=5, faults=faults) as project, serve(project) as server:
        who = project.credentials()
        account = {
            "MP_BASE_URL": server.url,
            "MP_USERNAME": who.username,
            "MP_SECRET": who.secret.get_secret_value(),
            "MP_PROJECT_ID": who.project_id,
        }
        with serving(tmp_path, **account) as agent:
            days = {"from_date": "2026-01-01", "to_date": "2026-01-02"}
            assert agent("fetch", **days, progress=hear).data["source"] == "sandbox"
    assert any(text.startswith("waiting ") for text in heard)


def test_a_secret_is_in_no_answer_and_in_no_log(tmp_path):
    with Sandbox(events=100, profiles=5) as project, serve(project) as server:
        account = {
            "MP_BASE_URL": server.url,
            "MP_USERNAME": "someone",
            "MP_SECRET": "Tr0ub4dor",
            "MP_PROJECT_ID": project.credentials().project_id,
        }
        with serving(tmp_path, **account) as agent:
            said = [agent("discover"), agent("tables"), agent("plan_fetch", what="profiles")]
    assert said[0].error["type"] == "AuthenticationError"
    assert "Tr0ub4dor" not in f"{said}{(tmp_path / LOG).read_text()}"


def test_a_query_of_an_agent_takes_only_so_much_of_the_machine(tmp_path):
    with serving(tmp_path, "--account", "sandbox", MP_MEMORY_LIMIT_GB="0.2") as agent:
        said = agent("sql", query="SELECT len(list(i)) FROM range(50_000_000) AS t(i)")
        assert said.error["message"].startswith("the query needs more memory than it may take")
        assert agent("sql", query="SELECT 1 AS a").text == "a\n1"
