"""`mp` as a process of its own: pipes, signals, terminals, and the sandbox's server."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from mixpanel_data import auth
from tests.loopback import Reply, Server
from tests.waiting import HANG, until

MP = (sys.executable, "-c", "from mixpanel_data.cli.main import run; run()")
SECRET = "Secret"
"""What asks for it unseen."""
ENDLESS = "SELECT i, md5(i::VARCHAR) AS h FROM range(1000000000) AS t(i)"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and terminals are POSIX")


def start(*args: object, stdin: int = subprocess.DEVNULL, **env: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*MP, *map(str, args)],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize("output", ["csv", "json"])
def test_a_reader_that_leaves_early_ends_a_query_quietly(db, output):
    with start("--db", db, "sql", ENDLESS, "--format", output) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("args", ["--help", "--version", "auth list", "sandbox --help"])
def test_a_reader_that_reads_nothing_is_no_error_either(args):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = subprocess.run(
            [*MP, *args.split()], stdout=writing, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writing)
    assert process.returncode == 0
    assert b"rror" not in process.stderr


def test_ctrl_c_ends_a_query_at_once_with_130(db):
    with start("--db", db, "sql", ENDLESS, "--format", "csv") as process:
        assert process.stdout
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG)
    assert (process.returncode, err) == (130, b"interrupted\n")


@pytest.mark.parametrize("output", ["parquet", "csv", "arrow"])
def test_ctrl_c_ends_an_export_without_a_trace(db, tmp_path, output):
    folder = tmp_path / "exports"
    folder.mkdir()
    with start("--db", db, "export", ENDLESS, folder / f"x.{output}") as process:
        until(lambda: any(folder.iterdir()), process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG)
    assert (process.returncode, err) == (130, b"interrupted\n")
    assert list(folder.iterdir()) == []


def test_ctrl_c_ends_a_fetch_whose_server_is_silent(home):
    with Server(Reply(chunks=(b'{"event":',), end="stall")) as server:
        env = {
            "MP_BASE_URL": server.url,
            "MP_USERNAME": "u",
            "MP_SECRET": "s",
            "MP_PROJECT_ID": "1",
        }
        with start(
            "fetch", "events", "--from", "2026-01-01", "--to", "2026-01-02", **env
        ) as process:
            until(lambda: server.requests, process)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=HANG)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert not list(home.rglob("*.ndjson"))


def test_a_million_rows_pass_in_flat_memory(db):
    code = (
        "import resource, sys; from mixpanel_data.cli.main import main;"
        "main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    query = "SELECT i, repeat('x', 100) AS x FROM range(1000000) AS t(i)"
    # Linux counts a process's peak from that of its parent: this one's may be large, a shell's is not.
    small = ["sh", "-c", '"$@"; exit $?', "sh"]
    with subprocess.Popen(
        [*small, sys.executable, "-c", code, "--db", str(db), "sql", query, "-f", "jsonl"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        lines = sum(block.count(b"\n") for block in iter(lambda: process.stdout.read(1 << 20), b""))
        kilobytes = int(process.stderr.read())
    assert lines == 1_000_000
    assert kilobytes < 400_000  # the output alone is 120 MB


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line(db, monkeypatch, unbuffered):
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    with full.open("wb") as nowhere:
        process = subprocess.run(
            [*MP, "--db", str(db), "sql", "SELECT 1"],
            stdout=nowhere, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert process.returncode == 1
    assert process.stderr == b"error: can't write the output: No space left on device\n"


def test_what_an_empty_sandbox_says_on_stderr_is_shell(tmp_path):
    said = tmp_path / "sandbox.env"
    with (
        said.open("wb") as err,
        subprocess.Popen(
            [*MP, "sandbox", "--empty"], stdout=subprocess.PIPE, stderr=err
        ) as process,
    ):
        assert process.stdout
        url = process.stdout.readline().decode().strip()
        until(lambda: "# the project is empty" in said.read_text(), process)
        track = "curl -s $MP_BASE_URL/track -d"
        event = '\'[{"event": "A", "properties": {"token": "\'$MIXPANEL_TOKEN\'"}}]\''
        script = f"set -eu; . {said}; {track} {event}; echo; echo $MP_BASE_URL"
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
        process.send_signal(signal.SIGINT)
    assert done.stdout.split() == ["1", url]


def test_the_sandbox_serves_until_ctrl_c_and_says_how_to_reach_it():
    with start("sandbox", "--events", 200, "--profiles", 10) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().decode().strip()
        exports = {}
        for line in iter(process.stderr.readline, b""):
            if line.startswith(b"# the project is"):
                break
            if line.startswith(b"export "):
                name, _, value = line.decode().removeprefix("export ").strip().partition("=")
                exports[name] = value
        assert exports["MP_BASE_URL"] == url
        with start("events", **exports) as asked:
            out, err = asked.communicate(timeout=HANG)
        assert "Purchase" in json.loads(out)
        assert b"invented" in err
        process.send_signal(signal.SIGINT)
        rest, last = process.communicate(timeout=HANG)
    assert (process.returncode, rest, last) == (130, b"", b"interrupted\n")


def talk(args: list[str], answers: dict[str, str]) -> tuple[int, str, str]:
    """Run `mp` on a terminal and answer its questions; the exit code, stdout and the screen."""
    terminal, device = os.openpty()
    process = subprocess.Popen(
        [*MP, *args], stdin=device, stdout=subprocess.PIPE, stderr=device, start_new_session=True
    )
    os.close(device)
    screen, waiting = "", dict(answers)
    while select.select([terminal], [], [], HANG)[0]:
        try:
            text = os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
        screen += text
        for question in [question for question in waiting if question in screen]:
            if question == SECRET:  # echo is turned off after the question is printed
                until(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO, process)
            os.write(terminal, (waiting.pop(question) + "\n").encode())
    out, _ = process.communicate(timeout=HANG)
    os.close(terminal)
    return process.returncode, out.decode(), screen


def test_a_terminal_is_asked_for_the_secret_unseen():
    code, out, screen = talk(
        ["auth", "add", "a", "--username", "u", "--project", "1"], {SECRET: "hush-hush"}
    )
    assert code == 0
    assert json.loads(out)["name"] == "a"
    assert "hush" not in screen
    assert 'secret = "hush-hush"' in auth.config_path().read_text()


def test_a_terminal_is_asked_before_something_is_lost():
    auth.add_account("a", "u", "x", "1")
    code, _, screen = talk(["auth", "remove", "a"], {"[y/N]": "n"})
    assert code == 130
    assert "Remove the account 'a' and its secret?" in screen
    assert len(auth.list_accounts()) == 1
    code, _, _ = talk(["auth", "remove", "a"], {"[y/N]": "y"})
    assert code == 0
    assert auth.list_accounts() == []


def test_a_terminal_is_offered_to_store_the_time_zone(project, server):
    who = project.credentials()
    secret = who.secret.get_secret_value()
    auth.add_account("shop", who.username, secret, who.project_id, base_url=server.url)
    code, _, screen = talk(["auth", "test", "shop"], {"[y/N]": "y"})
    assert code == 0
    assert "Store the time zone Europe/Berlin in account 'shop'?" in screen
    assert auth.get_account("shop").timezone == "Europe/Berlin"


@pytest.mark.usefixtures("online")
def test_a_terminal_sees_a_bar_and_the_data_stays_clean(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    code, out, screen = talk(["fetch", "events", "--from", "2026-01-01", "--to", "2026-01-31"], {})
    assert code == 0
    assert json.loads(out)["table"] == "events"
    assert " rows, " in screen
    assert "\x1b[3" not in screen  # NO_COLOR
