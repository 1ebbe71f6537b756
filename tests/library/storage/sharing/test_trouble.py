"""What can be wrong with a lock file, a folder, an owner, or a fork."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import textwrap
from multiprocessing.connection import Client
from pathlib import Path

import pytest

from mixpanel_data import StorageError
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.sharing import channel, database
from tests.library.storage.sharing.holder import Holder
from tests.waiting import HANG


def lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"owner": 5}', b"\xff\x00"])
def test_a_lock_file_that_was_left_behind_is_in_nobodys_way(path: Path, content: bytes) -> None:
    lock_of(path).write_bytes(content)
    engine = StorageEngine(path)
    assert engine.execute_rows("SELECT 1") == [(1,)]
    engine.close()
    assert lock_of(path).read_bytes() == b""


def test_only_its_user_can_read_the_token_or_reach_the_socket(path: Path, owner: Holder) -> None:
    address = json.loads(lock_of(path).read_bytes())
    socket = Path(address["socket"])
    assert stat.S_IMODE(lock_of(path).stat().st_mode) == 0o600
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert len(os.fsencode(socket)) < 100
    owner.end()
    assert not socket.parent.exists()


def test_who_does_not_know_the_token_is_not_let_in(
    path: Path, owner: Holder, borrower: StorageEngine
) -> None:
    address = json.loads(lock_of(path).read_bytes())
    lock_of(path).chmod(0o600)
    with Client(address["socket"]) as intruder:
        intruder.recv_bytes()
        intruder.send_bytes(b"x" * 32)
        assert intruder.recv_bytes() == b"#FAILURE#"
        with pytest.raises((EOFError, OSError)):
            intruder.recv_bytes()
    assert borrower.execute_rows("SELECT 1") == [(1,)]


def test_an_owner_that_is_stopped_is_told(
    path: Path, owner: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner.process.send_signal(signal.SIGSTOP)
    with monkeypatch.context() as hasty:
        hasty.setattr(channel, "HANDSHAKE_SECONDS", 0.5)
        with pytest.raises(StorageError, match=rf"\(PID {owner.pid}\), which does not answer"):
            StorageEngine(path)
    owner.process.send_signal(signal.SIGCONT)
    StorageEngine(path).close()


def test_a_lock_that_nobody_answers_for_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE_SECONDS", 0.5)
    code = f"""
        import fcntl
        file = open({str(lock_of(path))!r}, "a")
        fcntl.flock(file, fcntl.LOCK_EX)
        print(1, flush=True)
        input()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        with pytest.raises(StorageError, match="held by a process that can't be reached"):
            StorageEngine(path)
        process.stdin.close()
    StorageEngine(path).close()


def test_a_folder_that_no_one_can_write_to_is_read(path: Path) -> None:
    engine = StorageEngine(path)
    engine.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
    engine.close()
    lock_of(path).unlink()
    # Root may write anywhere, so it has to become someone else.
    code = f"""
        import os
        from pathlib import Path
        from mixpanel_data import MixpanelDataError
        from mixpanel_data._internal.storage import StorageEngine
        if os.getuid() == 0:
            os.setuid(65534)
        first, second = StorageEngine(Path({str(path)!r})), StorageEngine(Path({str(path)!r}))
        print(first.execute_rows("FROM t"), second.execute_rows("FROM t"))
        try:
            first.execute_rows("CREATE TABLE u AS SELECT 1")
        except MixpanelDataError as error:
            print(error.message)
    """
    path.chmod(0o444)
    path.parent.chmod(0o555)
    for parent in path.parents:
        if parent.stat().st_uid == os.getuid() and parent.is_relative_to("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)
    try:
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(code)],
            check=False,
            capture_output=True,
            text=True,
        )
    finally:
        path.parent.chmod(0o755)
    assert "[(1,)] [(1,)]" in done.stdout, done.stderr
    assert "read-only" in done.stdout


def test_a_forked_child_borrows_from_its_parent(path: Path) -> None:
    code = f"""
        import os, sys
        from pathlib import Path
        from mixpanel_data._internal.storage import StorageEngine
        engine = StorageEngine(Path({str(path)!r}))
        engine.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
        child = os.fork()
        if not child:
            engine.execute_rows("INSERT INTO t VALUES (2)")
            assert engine.participants()[0].pid == os.getppid()
            engine.close()
            sys.exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert engine.execute_rows("SELECT sum(i) FROM t") == [(3,)]
        assert engine.participants()[0].pid == os.getpid()
        orphan = os.fork()
        if not orphan:
            engine = StorageEngine(Path({str(path)!r}))
            os.kill(os.getppid(), 9)
            while engine.participants()[0].pid != os.getpid():
                pass
            engine.execute_rows("INSERT INTO t VALUES (4)")
            engine.close()
            os._exit(0)
        os.waitpid(orphan, 0)
    """
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=HANG,
    )
    assert done.returncode == -9
    assert "Traceback" not in done.stderr
    engine = StorageEngine(path)
    while engine.execute_rows("SELECT sum(i) FROM t") != [(7,)]:
        pass  # the orphan may not be done yet
    engine.close()


def test_a_script_that_forgets_to_close_hands_over(path: Path) -> None:
    code = f"""
        from pathlib import Path
        from mixpanel_data._internal.storage import StorageEngine
        engine = StorageEngine(Path({str(path)!r}))
        engine.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert lock_of(path).read_bytes() == b""
    engine = StorageEngine(path)
    assert engine.execute_rows("FROM t") == [(1,)]
    engine.close()


@pytest.mark.parametrize(
    "before",
    [
        "pass",
        # who used it first has its exit run last, after that of multiprocessing
        "import tempfile; folder = tempfile.TemporaryDirectory()",
    ],
)
def test_a_process_ends_that_closes_nothing(path: Path, before: str) -> None:
    script = f"""
        {before}
        from mixpanel_data import Workspace
        workspace = Workspace("sandbox", path={str(path)!r})
        workspace.sql("SELECT 1")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=HANG, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert lock_of(path).read_bytes() == b""


def test_a_socket_that_someone_removed_keeps_no_one_from_closing(path: Path) -> None:
    # Its thread waits at that door to the end, so in a process of its own.
    script = f"""
        import json, pathlib
        from mixpanel_data._internal.storage import StorageEngine
        path = pathlib.Path({str(path)!r})
        engine = StorageEngine(path)
        engine.execute_rows("CREATE TABLE t AS SELECT 1 AS x")
        pathlib.Path(json.loads(path.with_name(path.name + ".lock").read_bytes())["socket"]).unlink()
        engine.close()
        again = StorageEngine(path)
        print(again.execute_rows("FROM t"))
        again.close()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, timeout=HANG, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "[(1,)]\n"), done.stderr
