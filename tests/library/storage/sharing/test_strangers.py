"""What others may put where a lock, a socket or a message is looked for."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Client, answer_challenge, deliver_challenge
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixpanel_data import MixpanelDataWarning, StorageError
from mixpanel_data._internal.storage import StorageEngine
from mixpanel_data._internal.storage.ingest import spool
from mixpanel_data._internal.storage.sharing import client_session, owner, protocol
from mixpanel_data._internal.storage.sharing.address import Address, here
from tests.library.storage.sharing.holder import holding
from tests.strategies import texts, values
from tests.waiting import HANG, until

DEEP = b"[" * 100_000


def lock_of(path: Path) -> Path:
    return path.with_name(path.name + ".lock")


def give_away(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file becomes another user's; who is not root becomes another user instead."""
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        mine = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: mine + 1)


# -- the lock file --------------------------------------------------------------------------------


def test_a_lock_of_another_user_is_not_trusted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with holding(path) as trap:
        content = lock_of(path).read_bytes()
        trap.end()
    lock_of(path).write_bytes(content)
    give_away(lock_of(path), monkeypatch)
    with pytest.warns(
        MixpanelDataWarning,
        match=r"ws\.duckdb\.lock belongs to another user \(.+\), so it is not trusted: other"
        r" processes can't use ws\.duckdb while this one has it open \(remove that file",
    ):
        engine = StorageEngine(path)
    engine.execute_rows("CREATE TABLE t AS SELECT 1 AS i")
    assert engine.execute_rows("FROM t") == [(1,)]
    engine.close()
    assert lock_of(path).read_bytes() == content


def empty(place: Path) -> None:
    (place.parent / "target").write_text("precious")


def link(place: Path) -> None:
    empty(place)
    place.symlink_to(place.parent / "target")


def hard_link(place: Path) -> None:
    empty(place)
    place.hardlink_to(place.parent / "target")


def dangling(place: Path) -> None:
    place.symlink_to(place.parent / "nowhere")


@pytest.mark.parametrize(
    ("put", "told"),
    [
        (link, "is not a regular file"),
        (dangling, "is not a regular file"),
        (hard_link, "is a hard link to another file"),
        (os.mkfifo, "is not a regular file"),
        (Path.mkdir, "is not a regular file"),
    ],
)
def test_what_is_no_lock_file_is_left_alone(
    path: Path, put: Callable[[Path], object], told: str
) -> None:
    put(lock_of(path))
    before = lock_of(path).lstat()
    with pytest.warns(MixpanelDataWarning, match=f"ws.duckdb.lock {told}, so it is not trusted"):
        engine = StorageEngine(path)
    assert engine.execute_rows("SELECT 1") == [(1,)]
    engine.close()
    after = lock_of(path).lstat()
    assert (after.st_mode, after.st_size, after.st_ino) == (
        before.st_mode, before.st_size, before.st_ino,
    )  # fmt: skip
    target = path.parent / "target"
    assert not target.exists() or target.read_text() == "precious"
    assert not (path.parent / "nowhere").exists()


def test_a_spool_of_another_user_is_not_trusted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = spool.home_of(path)
    with spool.job(home, {"table": "events"}):
        pass
    assert len(spool.jobs(home)) == 1
    give_away(home, monkeypatch)
    assert spool.jobs(home) == []
    assert spool.find(home, {"table": "events"}) is None
    told = re.escape(f"{home} belongs to another user (") + ".*, so it is not trusted"
    with pytest.raises(StorageError, match=told), spool.job(home, {"table": "events"}):
        pass
    with pytest.raises(StorageError, match=told), spool.temporary(path):
        pass


def left_behind(path: Path, place: Path) -> None:
    address = Address(here(), str(place), b"token")
    with lock_of(path).open("wb") as file:
        address.write(file.fileno())
    StorageEngine(path).close()


def test_only_a_socket_is_removed_as_one(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mixpanel-data-1"
    folder.mkdir()
    file = folder / "socket"
    file.write_text("precious")
    left_behind(path, file)
    assert file.read_text() == "precious"
    file.unlink()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(file))
    left_behind(path, file)
    assert not folder.exists()


def test_a_socket_is_not_looked_for_behind_a_link_or_elsewhere(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    (tmp_path / "mixpanel-data-1").symlink_to(folder)
    left_behind(path, tmp_path / "mixpanel-data-1" / "socket")
    left_behind(path, folder / "socket")
    assert (folder / "socket").exists()


def test_a_socket_of_another_user_is_not_removed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "mixpanel-data-1"
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / "socket"))
    address = Address(here(), str(folder / "socket"), b"token")
    give_away(folder / "socket", monkeypatch)
    address.remove()
    assert (folder / "socket").exists()


owners = st.fixed_dictionaries(
    {"pid": st.integers() | values, "program": texts | values}, optional={"more": values}
)
addresses = st.fixed_dictionaries(
    {"owner": owners | values, "socket": texts | values, "token": st.just("00ff") | values}
)
contents = st.binary(max_size=200) | (values | addresses).map(json.dumps).map(str.encode)


@given(content=contents)
def test_any_content_of_a_lock_file_is_an_address_or_nothing(content: bytes) -> None:
    address = Address.parse(content)
    if address is not None:
        assert address.owner.pid > 0
        assert isinstance(address.socket, str)
        address.remove()


@pytest.mark.parametrize("content", [DEEP, DEEP[:5000], b'{"owner":' * 2000])
def test_a_deep_lock_file_is_in_nobodys_way(path: Path, content: bytes) -> None:
    lock_of(path).write_bytes(content)
    engine = StorageEngine(path)
    assert engine.execute_rows("SELECT 1") == [(1,)]
    engine.close()


# -- messages -------------------------------------------------------------------------------------


@pytest.fixture
def engine(path: Path) -> StorageEngine:
    """A database that this process owns."""
    engine = StorageEngine(path)
    yield engine
    engine.close()
    assert threads() == []


def threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("mp ")]


def clients() -> list[threading.Thread]:
    return [one for one in threads() if one.name.startswith("mp client")]


def admitted(path: Path) -> Client:
    """A connection of one that knows the token."""
    address = Address.parse(lock_of(path).read_bytes())
    connection = Client(address.socket)
    answer_challenge(connection, address.token)
    deliver_challenge(connection, address.token)
    return connection


def ends(connection: Client) -> bool:
    """Whether the other side hangs up, whatever it says before."""
    assert connection.poll(HANG)
    try:
        connection.recv_bytes()
    except (EOFError, OSError):
        return True
    return False


GREETING = json.dumps({"pid": 1, "program": "test"}).encode()


@pytest.mark.parametrize(
    "greeting",
    [DEEP, DEEP[:9000], b"", b"[]", b"{}", b'{"pid": -1, "program": ""}', b"\xff", b"x" * 10**6],
)
def test_who_says_nonsense_for_its_name_is_sent_away(
    path: Path, engine: StorageEngine, greeting: bytes
) -> None:
    with admitted(path) as connection:
        with suppress(OSError):  # it may hang up on what is too long
            connection.send_bytes(greeting)
        assert ends(connection)
    until(lambda: not clients())
    assert engine.execute_rows("SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "request_",
    [
        DEEP,
        b"",
        b"[]",
        b'["run", null]',
        b'["run", {"sql": 5}]',
        b'["run", {"sql": "SELECT 1", "lent": 5}]',
        b'["run", {"sql": "SELECT 1", "unknown": 5}]',
        b'["run", {"sql": "SELECT 1", "params": 5}]',
        b'["run", {"sql": "SELECT 1", "params": ' + DEEP,
    ],
)
def test_who_asks_nonsense_is_sent_away(path: Path, engine: StorageEngine, request_: bytes) -> None:
    with admitted(path) as connection:
        connection.send_bytes(GREETING)
        connection.send_bytes(request_)
        assert ends(connection)
    until(lambda: not clients())
    assert engine.execute_rows("SELECT 1") == [(1,)]


def test_a_message_longer_than_any_is_not_waited_for(path: Path, engine: StorageEngine) -> None:
    with admitted(path) as connection:
        connection.send_bytes(GREETING)
        os.write(connection.fileno(), struct.pack("!iQ", -1, 1 << 60))
        assert ends(connection)
    until(lambda: not clients())


def test_a_deep_parameter_is_an_answer_like_any_other(path: Path, engine: StorageEngine) -> None:
    with admitted(path) as connection:
        connection.send_bytes(GREETING)
        deep = b"[" * 400 + b"]" * 400
        connection.send_bytes(b'["run", {"sql": "SELECT ?", "params": [' + deep + b"]}]")
        assert connection.recv_bytes() == protocol.Frame.ACCEPTED()
    until(lambda: not clients())
    assert engine.execute_rows("SELECT 1") == [(1,)]


requests = st.lists(
    st.binary(max_size=100)
    | values.map(json.dumps).map(str.encode)
    | st.tuples(
        st.just("run"),
        st.fixed_dictionaries(
            {"sql": st.sampled_from(["SELECT 1", "SELECT ?", "FROM range(3)", "x", ""]) | texts},
            optional={
                "params": values,
                "into": texts,
                "has_rows": st.booleans(),
                "once": st.booleans(),
                "undoable": st.booleans(),
                "in_transaction": st.booleans(),
                "commits": st.booleans(),
            },
        ),
    )
    .map(json.dumps)
    .map(str.encode),
    max_size=4,
)


def test_nonsense_of_any_kind_leaves_no_thread_and_no_traceback(
    path: Path, engine: StorageEngine
) -> None:
    @given(asked=requests)
    def ask(asked: list[bytes]) -> None:
        with admitted(path) as connection, suppress(OSError):  # it may hang up
            connection.send_bytes(GREETING)
            for one in asked:
                connection.send_bytes(one)
        until(lambda: not clients())

    ask()
    assert engine.execute_rows("SELECT 1") == [(1,)]


@given(content=st.binary(max_size=100) | values.map(json.dumps).map(str.encode))
def test_any_answer_is_understood_or_told(content: bytes) -> None:
    for read in (protocol.columns, protocol.participants, protocol.raised):
        with suppress(StorageError):
            read(content)


@pytest.mark.parametrize("read", [protocol.columns, protocol.participants, protocol.raised])
def test_a_deep_answer_is_told(read: Callable[[bytes], object]) -> None:
    with pytest.raises(StorageError, match="not understood"):
        read(DEEP)


# -- the silent -----------------------------------------------------------------------------------


def test_silent_connections_keep_nobody_out_and_leave_nothing(
    path: Path, engine: StorageEngine
) -> None:
    address = Address.parse(lock_of(path).read_bytes())
    silent = [Client(address.socket) for _ in range(300)]
    until(lambda: len(clients()) <= owner.MAX_STRANGERS)
    with admitted(path) as connection:
        connection.send_bytes(GREETING)
        connection.send_bytes(protocol.WHO)
        assert protocol.participants(connection.recv_bytes()[1:])
    for one in silent:
        one.close()
    until(lambda: not clients())


def test_a_silent_connection_is_closed_in_time(
    path: Path, engine: StorageEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_session, "HANDSHAKE_SECONDS", 0.2)
    address = Address.parse(lock_of(path).read_bytes())
    with Client(address.socket) as nothing, Client(address.socket) as half, admitted(path) as mute:
        half.recv_bytes()
        os.write(half.fileno(), b"\0")
        assert nothing.recv_bytes()
        for one in (nothing, half, mute):
            assert ends(one)
        until(lambda: not clients())


def test_silent_connections_do_not_keep_the_owner_from_closing(path: Path) -> None:
    engine = StorageEngine(path)
    address = Address.parse(lock_of(path).read_bytes())
    silent = [Client(address.socket) for _ in range(5)]
    until(lambda: len(clients()) == 5)
    engine.close()
    until(lambda: not threads())
    for one in silent:
        one.close()
